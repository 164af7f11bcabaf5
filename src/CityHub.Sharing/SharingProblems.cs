using CityHub.Core.Problems;

namespace CityHub.Sharing;

/// <summary>Refusals that every slice of the room uses; each slice has its own beside them.</summary>
public static class SharingProblems
{
    public static readonly ProblemKind BadRequest = new("sharing-bad-request", "The request was not understood", 400);
    public static readonly ProblemKind TooLarge = new("sharing-too-large", "The request body is larger than this address takes", 413);
    public static readonly ProblemKind NotYours = new("sharing-not-yours", "Somebody else has to do this", 403);
    public static readonly ProblemKind DatasetUnknown = new("dataset-unknown", "There is no such dataset for you", 404);
    public static readonly ProblemKind AccessRefused = new("access-refused", "No grant permits this", 403);
}
