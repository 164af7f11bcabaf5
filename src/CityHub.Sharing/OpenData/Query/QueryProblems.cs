using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>The refusals of questions to tables.</summary>
public static class QueryProblems
{
    public static readonly ProblemKind NotSupported = new("sql-not-supported", "The question is outside the SQL that is answered here", 400);
    public static readonly ProblemKind FieldUnknown = new("field-unknown", "There is no such field in what you may have", 400);
    public static readonly ProblemKind CursorStale = new("cursor-stale", "The cursor belongs to another question", 400);

    /// <summary>What the subset is, for whoever stands at its edge.</summary>
    public const string Subset = "SELECT [DISTINCT] columns, * or count, sum, avg, min, max FROM \"table\" [WHERE …] [GROUP BY …] [ORDER BY …] [LIMIT n] [OFFSET n]; docs/reference/open-data.md";
}
