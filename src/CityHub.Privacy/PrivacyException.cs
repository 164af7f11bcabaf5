namespace CityHub.Privacy;

/// <summary>A refusal: which rule said no, about what, and the way forward. Its <see cref="PrivacyRefusal.Code"/> is stable.</summary>
public sealed class PrivacyException : Exception
{
    public PrivacyException(PrivacyRefusal refusal)
        : base(refusal.Detail) => Refusal = refusal;

    public PrivacyException(PrivacyRefusal refusal, Exception inner)
        : base(refusal.Detail, inner) => Refusal = refusal;

    public PrivacyRefusal Refusal { get; }
}

/// <summary>What was refused and why; a value, so that a program can tell it on.</summary>
/// <param name="Code">One of <see cref="PrivacyCodes"/>.</param>
/// <param name="Detail">What was wrong here, in a sentence.</param>
/// <param name="Hint">The way forward.</param>
/// <param name="Rule">The model, clause or setting that refused.</param>
public sealed record PrivacyRefusal(string Code, string Detail, string? Hint = null, string? Rule = null)
{
    /// <summary>The attribute it is about.</summary>
    public string? Column { get; init; }

    /// <summary>The row of the file it is about, counted from 1 with the header as row 1.</summary>
    public long? Row { get; init; }

    public PrivacyException ToException() => new(this);
}

/// <summary>The stable codes of all refusals; each has a page that says what to do.</summary>
public static class PrivacyCodes
{
    /// <summary>A table cannot be read: its encoding, a ragged row, no header, two columns of one name.</summary>
    public const string TableUnreadable = "privacy-table-unreadable";

    /// <summary>A column that is asked for is not in the table.</summary>
    public const string ColumnUnknown = "privacy-column-unknown";

    /// <summary>A column that has to hold something holds nothing, or not what the transform or model needs.</summary>
    public const string ColumnUnusable = "privacy-column-unusable";

    /// <summary>A hierarchy cannot be used: ragged, a value of the data is missing, a group that splits further up.</summary>
    public const string HierarchyUnusable = "privacy-hierarchy-unusable";

    /// <summary>A model or its parameters do not fit the table: k larger than the table, t outside of 0 to 1.</summary>
    public const string ModelUnusable = "privacy-model-unusable";

    /// <summary>No generalisation of the table passes the models within the suppression limit.</summary>
    public const string NoSolution = "privacy-no-solution";

    /// <summary>A transform or its parameters do not fit the values.</summary>
    public const string TransformUnusable = "privacy-transform-unusable";

    /// <summary>A scheme cannot be read, or is of another version.</summary>
    public const string SchemeUnreadable = "privacy-scheme-unreadable";

    /// <summary>New data break a scheme: a value it has not seen, a class too small, a model that fails.</summary>
    public const string SchemeBroken = "privacy-scheme-broken";

    /// <summary>A column that points at a person by itself would be released as it is.</summary>
    public const string DirectIdentifierLeft = "privacy-direct-identifier-left";

    /// <summary>A question to differential privacy cannot be answered: no bounds, no privacy unit, a parameter out of range.</summary>
    public const string QueryUnusable = "privacy-query-unusable";

    /// <summary>The privacy budget does not reach.</summary>
    public const string BudgetExhausted = "privacy-budget-exhausted";

    /// <summary>A budget ledger or another file of state cannot be read or written.</summary>
    public const string BudgetUnusable = "privacy-budget-unusable";
}
