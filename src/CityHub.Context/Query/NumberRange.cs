namespace CityHub.Context.Query;

/// <summary>What a comparison with a number lets through, closed at both ends (open ends are checked on the entity).</summary>
public readonly record struct NumberRange(int Attribute, double From, double To)
{
    public bool Contains(double number) => number >= From && number <= To;

    /// <summary>A condition that every match of the expression meets and that one column can check; null when there is none.</summary>
    public static NumberRange? Of(QExpression? expression) => expression switch
    {
        QAnd and => and.All.Select(Of).FirstOrDefault(r => r is not null),
        QTerm { Path: { Name: { } name, Linked: null, Sub.Count: 0, Inside.Count: 0 } } term => Of(name, term),
        _ => null,
    };

    private static NumberRange? Of(int name, QTerm term)
    {
        if (term is { Range: (QNumber from, QNumber to), Operator: QOperator.Equal })
            return new NumberRange(name, from.Value, to.Value);
        if (term.Values is not [QNumber { Value: var value }])
            return null;
        return term.Operator switch
        {
            QOperator.Equal => new NumberRange(name, value, value),
            QOperator.Less or QOperator.LessOrEqual => new NumberRange(name, double.NegativeInfinity, value),
            QOperator.Greater or QOperator.GreaterOrEqual => new NumberRange(name, value, double.PositiveInfinity),
            _ => null,
        };
    }
}
