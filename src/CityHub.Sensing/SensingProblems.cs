using CityHub.Core.Problems;

namespace CityHub.Sensing;

/// <summary>Refusals that more than one folder of this room uses.</summary>
public static class SensingProblems
{
    public static readonly ProblemKind BadRequest = new("sensing-bad-request", "The request was not understood", 400);
    public static readonly ProblemKind TooLarge = new("sensing-too-large", "More was sent than this address takes", 413);
}
