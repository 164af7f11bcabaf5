using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Standards.Calibres;

/// <summary>A formula bound to the columns of a table: all its figures come of one pass over the rows.</summary>
internal sealed class CompiledCalibre
{
    private delegate bool Test(RowBatch batch, int row);

    private readonly Formula _formula;
    private readonly Test? _population;
    private readonly List<(Formula.Figure Figure, int Column, Test? Where)> _figures;

    private CompiledCalibre(Formula formula, Test? population, List<(Formula.Figure, int, Test?)> figures) => (_formula, _population, _figures) = (formula, population, figures);

    /// <summary>Refused when a field is not there or its values are of another kind than the formula takes them for.</summary>
    public static Result<CompiledCalibre> Bind(Formula formula, Condition? population, TableSchema schema)
    {
        Test? among = null;
        if (population is not null && !BindTest(population, schema).TryGet(out among, out var problem))
            return problem;
        var figures = new List<(Formula.Figure, int, Test?)>();
        foreach (var figure in formula.Figures())
        {
            var column = -1;
            if (figure.Field is { } field)
            {
                column = schema.IndexOf(field);
                if (column < 0)
                    return Unknown(field, schema);
                if (figure.Function is not ("count" or "distinct") && schema.Columns[column].Type is not (ColumnType.Integer or ColumnType.Number))
                    return StandardsProblems.NotACalibre.Because($"{figure.Function}({field}): {field} is {schema.Columns[column].Type}, not a number.", "count and distinct take any field.");
            }

            Test? where = null;
            if (figure.Where is { } condition && !BindTest(condition, schema).TryGet(out where, out var wrong))
                return wrong;
            figures.Add((figure, column, where));
        }

        return new CompiledCalibre(formula, among, figures);
    }

    /// <summary>The value; null where there is none, such as the mean of no rows or a ratio over 0.</summary>
    public async ValueTask<double?> EvaluateAsync(IRows rows, CancellationToken cancel)
    {
        var sums = _figures.ConvertAll(f => new Accumulator(f.Figure.Function));
        while (await rows.NextAsync(cancel) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
            {
                if (_population is { } among && !among(batch, row))
                    continue;
                for (var i = 0; i < _figures.Count; i++)
                    if (_figures[i] is var (_, column, where) && (where is null || where(batch, row)) && (column < 0 || !batch.Columns[column].IsNull(row)))
                        sums[i].Take(column < 0 ? null : batch.Columns[column], row);
            }

        var values = new Dictionary<Formula.Figure, double?>();
        for (var i = 0; i < _figures.Count; i++)
            values[_figures[i].Figure] = sums[i].Value;
        return Value(_formula, values) is { } value && double.IsFinite(value) ? value : null;
    }

    private static double? Value(Formula formula, Dictionary<Formula.Figure, double?> values) => formula switch
    {
        Formula.Constant constant => constant.Value,
        Formula.Figure figure => values[figure],
        Formula.Binary { Operator: '+' } b => Value(b.Left, values) + Value(b.Right, values),
        Formula.Binary { Operator: '-' } b => Value(b.Left, values) - Value(b.Right, values),
        Formula.Binary { Operator: '*' } b => Value(b.Left, values) * Value(b.Right, values),
        Formula.Binary { Operator: '/' } b => Value(b.Right, values) is { } under and not 0 ? Value(b.Left, values) / under : null,
        _ => null,
    };

    private static Result<Test> BindTest(Condition condition, TableSchema schema)
    {
        switch (condition)
        {
            case Condition.And and:
                return BindTest(and.Left, schema).Then(left => BindTest(and.Right, schema).Map<Test>(right => (batch, row) => left(batch, row) && right(batch, row)));
            case Condition.Or or:
                return BindTest(or.Left, schema).Then(left => BindTest(or.Right, schema).Map<Test>(right => (batch, row) => left(batch, row) || right(batch, row)));
            case Condition.Not not:
                return BindTest(not.Inner, schema).Map<Test>(inner => (batch, row) => !inner(batch, row));
            case Condition.IsNull missing:
                var at = schema.IndexOf(missing.Field);
                return at < 0 ? Unknown(missing.Field, schema) : new Test((batch, row) => batch.Columns[at].IsNull(row));
            case Condition.In among:
                return among.Values.Select(v => BindCompare(among.Field, "=", v, schema)).Aggregate((all, one) =>
                    all.Then(left => one.Map<Test>(right => (batch, row) => left(batch, row) || right(batch, row))));
            case Condition.Compare compare:
                return BindCompare(compare.Field, compare.Operator, compare.Value, schema);
            default:
                return StandardsProblems.NotACalibre.Because($"{condition} cannot be tested.");
        }
    }

    private static Result<Test> BindCompare(string field, string op, Literal value, TableSchema schema)
    {
        var column = schema.IndexOf(field);
        if (column < 0)
            return Unknown(field, schema);
        var type = schema.Columns[column].Type;
        switch (type)
        {
            case ColumnType.Text when value.Text is { } text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                return new Test((batch, row) => !batch.Columns[column].IsNull(row) && Holds(op, batch.Columns[column].Utf8(row).SequenceCompareTo(utf8)));
            case ColumnType.Number when value.Number is { } number:
                return new Test((batch, row) => !batch.Columns[column].IsNull(row) && Holds(op, batch.Columns[column].Numbers[row].CompareTo(number)));
            case ColumnType.Integer when value.Number is { } number:
                return new Test((batch, row) => !batch.Columns[column].IsNull(row) && Holds(op, ((double)batch.Columns[column].Integers[row]).CompareTo(number)));
            case ColumnType.Boolean when value.Truth is { } truth:
                return Integers(truth ? 1 : 0);
            case ColumnType.Date when value.Text is { } day && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date):
                return Integers(date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber);
            case ColumnType.Instant when value.Text is { } time && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at):
                return Integers((at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
            default:
                return StandardsProblems.NotACalibre.Because($"{field} is {type}; {value} is not of that kind.", "Texts, dates ('2026-03-01') and instants ('2026-03-01T08:00:00Z') stand in single quotes.");
        }

        Test Integers(long wanted) => (batch, row) => !batch.Columns[column].IsNull(row) && Holds(op, batch.Columns[column].Integers[row].CompareTo(wanted));
    }

    private static bool Holds(string op, int order) => op switch
    {
        "=" => order == 0,
        "!=" => order != 0,
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        _ => order >= 0,
    };

    private static Problem Unknown(string field, TableSchema schema) =>
        StandardsProblems.NotACalibre.Because($"There is no field {field}.", $"The table has {string.Join(", ", schema.Columns.Select(c => c.Name))}.");

    private sealed class Accumulator(string function)
    {
        private readonly HashSet<string>? _texts = function == "distinct" ? new(StringComparer.Ordinal) : null;
        private readonly HashSet<long>? _integers = function == "distinct" ? [] : null;
        private long _count;
        private double _sum;
        private double _lost;
        private double _least = double.PositiveInfinity;
        private double _most = double.NegativeInfinity;

        public double? Value => function switch
        {
            "count" => _count,
            "distinct" => (_texts?.Count ?? 0) + (_integers?.Count ?? 0),
            "sum" => _sum + _lost,
            "mean" => _count == 0 ? null : (_sum + _lost) / _count,
            "min" => _count == 0 ? null : _least,
            _ => _count == 0 ? null : _most,
        };

        public void Take(ColumnBatch? column, int row)
        {
            _count++;
            if (column is null || function == "count")
                return;
            if (function == "distinct")
            {
                if (column.Type == ColumnType.Text)
                    _texts?.Add(column.Text(row));
                else
                    _integers?.Add(column.Type == ColumnType.Number ? BitConverter.DoubleToInt64Bits(column.Numbers[row] + 0.0) : column.Integers[row]);
                return;
            }

            var value = column.Type == ColumnType.Number ? column.Numbers[row] : column.Integers[row];
            (_least, _most) = (Math.Min(_least, value), Math.Max(_most, value));

            // What a sum loses is kept beside it (Neumaier): a million cents are ten thousand.
            var next = _sum + value;
            _lost += Math.Abs(_sum) >= Math.Abs(value) ? _sum - next + value : value - next + _sum;
            _sum = next;
        }
    }
}
