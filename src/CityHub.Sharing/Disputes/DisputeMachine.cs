using System.Collections.Frozen;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Disputes;

/// <summary>争议 (art. 28): the two talk; then the authority of their level; across levels or regions the common superior; at last the government.</summary>
public enum DisputeState
{
    Negotiating,
    SameLevelMediation,
    CommonSuperior,
    Government,
    Settled,
    Ruled,
    Withdrawn,
}

public enum DisputeEvent
{
    /// <summary>A side says how it sees the matter.</summary>
    State,
    OfferSettlement,
    Settle,
    Escalate,
    Rule,
    Withdraw,
}

/// <summary>The life of a dispute as one table. Where an escalation out of the talks leads depends on whether both are of one level and region.</summary>
public static class DisputeMachine
{
    public static readonly FrozenDictionary<(DisputeState State, DisputeEvent Event, bool SameLevel), DisputeState?> Table =
        (from state in Enum.GetValues<DisputeState>() from happened in Enum.GetValues<DisputeEvent>() from same in new[] { true, false } select (state, happened, same))
        .ToFrozenDictionary(p => p, p => Follow(p.state, p.happened, p.same));

    public static Result<DisputeState> Next(DisputeState state, DisputeEvent happened, bool sameLevel) =>
        Table[(state, happened, sameLevel)] is { } next ? next : DisputeProblems.NotPossible(state, happened);

    public static IEnumerable<DisputeEvent> PossibleIn(DisputeState state) => Enum.GetValues<DisputeEvent>().Where(e => Table[(state, e, true)] is not null);

    public static string Path(DisputeEvent happened) => happened switch
    {
        DisputeEvent.State => "state",
        DisputeEvent.OfferSettlement => "offer-settlement",
        DisputeEvent.Settle => "settle",
        DisputeEvent.Escalate => "escalate",
        DisputeEvent.Rule => "rule",
        _ => "withdraw",
    };

    /// <summary>The role that rules at this stage.</summary>
    public static Roles RulerOf(DisputeState state) => state == DisputeState.SameLevelMediation ? Roles.Authority : Roles.SuperiorAuthority;

    public static string Who(DisputeState state, DisputeEvent happened) => happened switch
    {
        DisputeEvent.Rule => RulerOf(state) == Roles.Authority ? "the sharing authority of their level" : "the superior authority or the government",
        DisputeEvent.Withdraw => "who raised it",
        DisputeEvent.Settle => "the side to which the settlement was offered",
        DisputeEvent.Escalate => "an officer of either side, or who mediates",
        _ => "an officer of either side",
    };

    private static DisputeState? Follow(DisputeState state, DisputeEvent happened, bool sameLevel)
    {
        if (state is DisputeState.Settled or DisputeState.Ruled or DisputeState.Withdrawn)
            return null;
        return (state, happened) switch
        {
            (_, DisputeEvent.State or DisputeEvent.OfferSettlement) => state,
            (_, DisputeEvent.Settle) => DisputeState.Settled,
            (_, DisputeEvent.Withdraw) => DisputeState.Withdrawn,
            (DisputeState.Negotiating, DisputeEvent.Escalate) => sameLevel ? DisputeState.SameLevelMediation : DisputeState.CommonSuperior,
            (DisputeState.SameLevelMediation or DisputeState.CommonSuperior, DisputeEvent.Escalate) => DisputeState.Government,
            (DisputeState.SameLevelMediation or DisputeState.CommonSuperior or DisputeState.Government, DisputeEvent.Rule) => DisputeState.Ruled,
            _ => null,
        };
    }
}
