using CityHub.Core.Problems;

namespace CityHub.Sharing.Disputes;

/// <summary>What disputes refuse, each with its rule and its way forward.</summary>
public static class DisputeProblems
{
    public static readonly ProblemKind DisputeUnknown = new("dispute-unknown", "There is no such dispute for you", 404);
    public static readonly ProblemKind DisputeEventNotPossible = new("dispute-event-not-possible", "The dispute is not where this could happen", 409);
    public static readonly ProblemKind DisputeDetailsMissing = new("dispute-details-missing", "The dispute does not say all that it has to", 422);

    public static Problem Unknown(string id) => DisputeUnknown.Because(
        $"There is no dispute {id}, or it is not yours to see.", "GET /sharing/disputes lists those that you see; rulings are open to all: GET /sharing/disputes/rulings?q=.", "decree 809, art. 28");

    public static Problem NotPossible(DisputeState state, DisputeEvent happened)
    {
        var possible = string.Join(", ", DisputeMachine.PossibleIn(state).Select(DisputeMachine.Path));
        return DisputeEventNotPossible.Because(
            $"A dispute that is {state} does not take \"{DisputeMachine.Path(happened)}\".",
            possible.Length == 0 ? "It is decided; what is new is a new dispute." : $"Possible now: {possible}.",
            "decree 809, art. 28");
    }

    public static Problem Missing(string what) => DisputeDetailsMissing.Because($"Missing or unusable: {what}.", "Give it and send again; nothing was recorded.", "decree 809, art. 28");

    public static Problem NotHeard(Dispute dispute) => DisputeDetailsMissing.Because(
        $"The position of {dispute.Against} is missing: both are heard.",
        dispute.Hearing is { } hearing ? $"It has time until {Http.RoomHttp.Time(hearing.Deadline.Due)}; after that it may be ruled on the file." : "Its time begins when the calendar of the year is known: POST /sharing/calendars.",
        "decree 809, art. 28");

    public static Problem NotYours(DisputeEvent happened, DisputeState state) => SharingProblems.NotYours.Because(
        $"\"{DisputeMachine.Path(happened)}\" while it is {state} is for {DisputeMachine.Who(state, happened)}.", "Ask that office.", "decree 809, art. 28");
}
