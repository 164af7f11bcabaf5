using CityHub.Core.Problems;

namespace CityHub.Sharing.Releases;

/// <summary>Every way in which a release that a grant permits is refused all the same, or ends.</summary>
public static class ReleaseProblems
{
    public static readonly ProblemKind FieldUnknown = new("query-field-unknown", "The release has no such field", 400);
    public static readonly ProblemKind QueryNotClear = new("query-not-clear", "The question cannot be answered as it stands", 400);
    public static readonly ProblemKind QueryTooLarge = new("query-too-large", "Too many rows to sort, tell apart or group", 422);
    public static readonly ProblemKind RowsNotReleased = new("rows-not-released", "Only answers about groups leave, not rows", 403);
    public static readonly ProblemKind MeasureNotReleased = new("measure-not-released", "This measure would tell of single persons", 403);
    public static readonly ProblemKind GroupsNotKept = new("groups-not-kept-apart", "It cannot be seen to that groups tell of nobody", 409);
    public static readonly ProblemKind VerifyNotClear = new("verify-not-clear", "A verification is about one row and its fields", 400);
    public static readonly ProblemKind NoRows = new("data-not-delivered", "The provider has not delivered the dataset yet", 404);
    public static readonly ProblemKind RowUnknown = new("row-unknown", "The release has no such row", 404);
    public static readonly ProblemKind QuotaUsedUp = new("quota-used-up", "The day's quota of the grant is used up", 429);
    public static readonly ProblemKind PublicBusy = new("public-releases-busy", "As many releases run for the public as the hub takes at once", 503) { RetryAfter = 2 };
    public static readonly ProblemKind NoiseUsedUp = new("noise-budget-used-up", "The privacy budget does not reach", 403);
    public static readonly ProblemKind OnlyAsRelease = new("only-as-release", "The grant asks for more than entities as they are can keep", 403);
    public static readonly ProblemKind Ended = new("release-ended", "The grant does not hold any more", 403);
}
