using CityHub.Core.Problems;

namespace CityHub.Sharing.Corrections;

/// <summary>What corrections refuse, each with its rule and its way forward.</summary>
public static class CorrectionProblems
{
    public static readonly ProblemKind CorrectionUnknown = new("correction-unknown", "There is no such correction request for you", 404);
    public static readonly ProblemKind CorrectionEventNotPossible = new("correction-event-not-possible", "The correction request is not where this could happen", 409);
    public static readonly ProblemKind CorrectionDetailsMissing = new("correction-details-missing", "The correction request does not say all that it has to", 422);
    public static readonly ProblemKind CorrectionFieldUnknown = new("correction-field-unknown", "The dataset has no such field", 422);

    public static Problem Unknown(string id) => CorrectionUnknown.Because(
        $"There is no correction request {id}, or it is not yours to see.", "GET /sharing/corrections lists those that you see.", "decree 809, art. 26");

    public static Problem NotPossible(CorrectionState state, CorrectionEvent happened)
    {
        var possible = string.Join(", ", CorrectionMachine.PossibleIn(state).Where(e => e != CorrectionEvent.DeadlinePassed).Select(CorrectionMachine.Path));
        return CorrectionEventNotPossible.Because(
            $"A correction request that is {state} does not take \"{CorrectionMachine.Path(happened)}\".",
            possible.Length == 0 ? "It is answered; file an objection: POST /sharing/corrections with kind objection." : $"Possible now: {possible}.",
            "decree 809, art. 26");
    }

    public static Problem Missing(string what) => CorrectionDetailsMissing.Because(
        $"Missing or unusable: {what}.", "Give it and send again; nothing was recorded.", "decree 809, art. 26");

    public static Problem NoField(string dataset, string field) => CorrectionFieldUnknown.Because(
        $"{dataset} has no field {field}.", "Name a field of the catalogue entry: a correction is about a record and a field, not about a dataset.", "decree 809, art. 26");

    public static Problem NotYours(CorrectionEvent happened) => SharingProblems.NotYours.Because(
        $"\"{CorrectionMachine.Path(happened)}\" is for {(happened == CorrectionEvent.Withdraw ? "who filed it" : "an officer of the provider")}.", "Ask that office.", "decree 809, art. 26");

    public static Problem NotAFiler() => SharingProblems.NotYours.Because(
        "A correction is asked for by a department that uses the data, or by the person whom they are about.", "Log in as an officer of your department, or as a citizen.", "decree 809, art. 26; PIPL, art. 46");
}
