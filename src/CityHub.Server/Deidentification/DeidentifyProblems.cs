using System.Collections.Frozen;
using CityHub.Core.Problems;
using CityHub.Privacy;

namespace CityHub.Server.Deidentification;

/// <summary>What the library refuses, as problems of the hub: one kind for each of <see cref="PrivacyCodes"/>.</summary>
internal static class DeidentifyProblems
{
    public static readonly ProblemKind TableUnreadable = new(PrivacyCodes.TableUnreadable, "The table cannot be read", 422);
    public static readonly ProblemKind ColumnUnknown = new(PrivacyCodes.ColumnUnknown, "There is no such column", 422);
    public static readonly ProblemKind ColumnUnusable = new(PrivacyCodes.ColumnUnusable, "The column does not hold what is needed", 422);
    public static readonly ProblemKind HierarchyUnusable = new(PrivacyCodes.HierarchyUnusable, "The hierarchy cannot be used", 422);
    public static readonly ProblemKind ModelUnusable = new(PrivacyCodes.ModelUnusable, "The anonymity model does not fit", 422);
    public static readonly ProblemKind NoSolution = new(PrivacyCodes.NoSolution, "No generalisation fulfils the models", 422);
    public static readonly ProblemKind TransformUnusable = new(PrivacyCodes.TransformUnusable, "The transform does not fit", 422);
    public static readonly ProblemKind SchemeUnreadable = new(PrivacyCodes.SchemeUnreadable, "The scheme cannot be read", 422);
    public static readonly ProblemKind SchemeBroken = new(PrivacyCodes.SchemeBroken, "The new data break the scheme", 409);
    public static readonly ProblemKind DirectIdentifierLeft = new(PrivacyCodes.DirectIdentifierLeft, "A direct identifier would be released", 422);
    public static readonly ProblemKind QueryUnusable = new(PrivacyCodes.QueryUnusable, "The question cannot be answered privately", 422);
    public static readonly ProblemKind BudgetExhausted = new(PrivacyCodes.BudgetExhausted, "The privacy budget does not reach", 403);
    public static readonly ProblemKind BudgetUnusable = new(PrivacyCodes.BudgetUnusable, "The budget ledger cannot be used", 503);
    public static readonly ProblemKind OutputUnwritable = new("privacy-output-unwritable", "The result cannot be written", 507);

    private static readonly FrozenDictionary<string, ProblemKind> Kinds = new[]
    {
        TableUnreadable, ColumnUnknown, ColumnUnusable, HierarchyUnusable, ModelUnusable, NoSolution, TransformUnusable, SchemeUnreadable, SchemeBroken, DirectIdentifierLeft, QueryUnusable, BudgetExhausted, BudgetUnusable,
    }.ToFrozenDictionary(kind => kind.Code, StringComparer.Ordinal);

    public static Problem Of(PrivacyRefusal refusal) => Kinds[refusal.Code].Because(refusal.Detail, refusal.Hint, refusal.Rule);

    /// <summary>Whether a code of the library has its kind; a test walks them.</summary>
    internal static bool Knows(string code) => Kinds.ContainsKey(code);
}
