using CityHub.Core.Problems;

namespace CityHub.Sharing.Access;

/// <summary>Every way of saying no to an ask, and to a grant or a purpose that cannot stand.</summary>
public static class AccessProblems
{
    public static readonly ProblemKind AskNotClear = new("ask-not-clear", "The ask contradicts itself", 400);
    public static readonly ProblemKind RolesInConflict = new("roles-in-conflict", "Managing, auditing and operating exclude each other", 403);
    public static readonly ProblemKind OperatorReadsNothing = new("operator-reads-nothing", "Who runs the platform reads no data", 403);
    public static readonly ProblemKind DatasetNotPublished = new("dataset-not-published", "The dataset is not published", 409);
    public static readonly ProblemKind DatasetNegative = new("dataset-negative", "The dataset is on the negative list", 403);
    public static readonly ProblemKind DatasetWithheld = new("dataset-withheld", "The law withholds this dataset from sharing", 403);
    public static readonly ProblemKind PurposeUnknown = new("purpose-unknown", "The purpose is not in the list of purposes", 403);
    public static readonly ProblemKind GrantUnknown = new("grant-unknown", "You have no such grant", 404);
    public static readonly ProblemKind GrantNotActive = new("grant-not-active", "The grant is not active", 403);
    public static readonly ProblemKind GrantNotInForce = new("grant-not-in-force", "The grant is not in force at this time", 403);
    public static readonly ProblemKind RightNotGranted = new("right-not-granted", "Another right was granted than the one used", 403);
    public static readonly ProblemKind ModeNotGranted = new("mode-not-granted", "It may not be delivered this way", 403);
    public static readonly ProblemKind PurposeNotCovered = new("purpose-not-covered", "It was granted for another purpose", 403);
    public static readonly ProblemKind FieldsNotGranted = new("fields-not-granted", "Some of these fields were not granted", 403);
    public static readonly ProblemKind AreaNotGranted = new("area-not-granted", "The area lies outside the grant", 403);
    public static readonly ProblemKind PeriodNotGranted = new("period-not-granted", "The period lies outside the grant", 403);
    public static readonly ProblemKind GrantNotExecutable = new("grant-not-executable", "The grant says something that no release can keep", 422);

    public static readonly ProblemKind PurposeNotProper = new("purpose-not-proper", "The purpose cannot be listed like this", 422);
    public static readonly ProblemKind PurposeChangeUnknown = new("purpose-change-unknown", "No such change of the purposes waits for a decision", 404);
    public static readonly ProblemKind FourEyes = new("purpose-four-eyes", "Another person has to decide", 403);

    private static readonly Dictionary<string, ProblemKind> Kinds = new ProblemKind[]
    {
        SharingProblems.DatasetUnknown, SharingProblems.AccessRefused, AskNotClear, RolesInConflict, OperatorReadsNothing, DatasetNotPublished, DatasetNegative, DatasetWithheld,
        PurposeUnknown, GrantUnknown, GrantNotActive, GrantNotInForce, RightNotGranted, ModeNotGranted, PurposeNotCovered, FieldsNotGranted, AreaNotGranted, PeriodNotGranted,
    }.ToDictionary(kind => kind.Code, StringComparer.Ordinal);

    /// <summary>The refusal of a decision as every route answers it.</summary>
    public static Problem Of(Refuse refuse) => Kinds.GetValueOrDefault(refuse.Code, SharingProblems.AccessRefused).Because(refuse.Why, refuse.WayForward, refuse.Rule);
}
