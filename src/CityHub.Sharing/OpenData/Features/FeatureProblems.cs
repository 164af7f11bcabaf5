using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Features;

/// <summary>The refusals of the OGC API door.</summary>
public static class FeatureProblems
{
    public static readonly ProblemKind BadParameter = new("features-bad-parameter", "The parameter is unknown or cannot be used", 400);
    public static readonly ProblemKind NotFound = new("feature-unknown", "There is no such collection or feature for you", 404);
}
