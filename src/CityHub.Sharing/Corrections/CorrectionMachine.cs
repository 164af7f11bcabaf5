using System.Collections.Frozen;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Corrections;

public enum CorrectionState
{
    Filed,
    Verifying,

    /// <summary>The record was wrong and has been put right.</summary>
    Corrected,

    /// <summary>The record is right as it is.</summary>
    Upheld,

    /// <summary>Not decided in substance, for a reason that is said.</summary>
    Rejected,
    Withdrawn,
}

public enum CorrectionEvent
{
    Verify,
    Correct,
    Uphold,
    Reject,
    Withdraw,
    DeadlinePassed,
}

/// <summary>The life of a correction request 校核申请 and of an objection 异议 (art. 26) as one table.</summary>
public static class CorrectionMachine
{
    public static readonly FrozenDictionary<(CorrectionState State, CorrectionEvent Event), CorrectionState?> Table =
        (from state in Enum.GetValues<CorrectionState>() from happened in Enum.GetValues<CorrectionEvent>() select (state, happened)).ToFrozenDictionary(p => p, p => Follow(p.state, p.happened));

    public static Result<CorrectionState> Next(CorrectionState state, CorrectionEvent happened) =>
        Table[(state, happened)] is { } next ? next : CorrectionProblems.NotPossible(state, happened);

    public static IEnumerable<CorrectionEvent> PossibleIn(CorrectionState state) => Enum.GetValues<CorrectionEvent>().Where(e => Table[(state, e)] is not null);

    public static string Path(CorrectionEvent happened) => happened switch
    {
        CorrectionEvent.Verify => "verify",
        CorrectionEvent.Correct => "correct",
        CorrectionEvent.Uphold => "uphold",
        CorrectionEvent.Reject => "reject",
        CorrectionEvent.Withdraw => "withdraw",
        _ => "deadline-passed",
    };

    private static CorrectionState? Follow(CorrectionState state, CorrectionEvent happened) => (state, happened) switch
    {
        (CorrectionState.Filed, CorrectionEvent.Verify) => CorrectionState.Verifying,
        (CorrectionState.Verifying, CorrectionEvent.Correct) => CorrectionState.Corrected,
        (CorrectionState.Verifying, CorrectionEvent.Uphold) => CorrectionState.Upheld,
        (CorrectionState.Verifying, CorrectionEvent.Reject) => CorrectionState.Rejected,
        (CorrectionState.Filed or CorrectionState.Verifying, CorrectionEvent.Withdraw) => CorrectionState.Withdrawn,
        (CorrectionState.Filed or CorrectionState.Verifying, CorrectionEvent.DeadlinePassed) => state,
        _ => null,
    };
}
