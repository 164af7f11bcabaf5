using CityHub.Core.Problems;

namespace CityHub.Standards.Quality;

/// <summary>The refusals of quality rules.</summary>
public static class QualityProblems
{
    public static readonly ProblemKind Malformed = new("quality-rules-malformed", "The quality rules cannot be used as they are declared", 400);
    public static readonly ProblemKind Unknown = new("quality-rules-unknown", "There are no quality rules of that name", 404);
    public static readonly ProblemKind OtherSchema = new("quality-rules-other-schema", "The quality rules are not for these columns", 422);
    public static readonly ProblemKind BeyondGrant = new("quality-rules-beyond-grant", "A rule looks into a dataset that the department was not given", 403);
}
