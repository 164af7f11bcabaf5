using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace CityHub.Sharing.Subscriptions;

/// <summary>Subscriptions to tables: who may have one, what each may be sent at this moment, and the pusher that sends it.</summary>
internal sealed class SubscriptionRoom(
    SubscriptionBook book, DeliveryRoom deliveries, Releases.Releases releases, IGrants grants, ICatalogue catalogue, IParties parties, SubscriptionKeys keys, IReceivers receivers, IIdSource ids, TimeProvider clock, ILogger logger)
    : IAsyncDisposable
{
    /// <summary>Of one department.</summary>
    public const int Most = 100;

    private Pusher? _pusher;

    public SubscriptionBook Book { get; } = book;

    public DeliveryRoom Deliveries { get; } = deliveries;

    public Releases.Releases Releases { get; } = releases;

    public ICatalogue Catalogue { get; } = catalogue;

    public SubscriptionKeys Keys { get; } = keys;

    public IReceivers Receivers { get; } = receivers;

    public IIdSource Ids { get; } = ids;

    public TimeProvider Clock { get; } = clock;

    public ILogger Logger { get; } = logger;

    /// <summary>Begins to send. Before it, and without it, subscriptions are only kept.</summary>
    public void Start()
    {
        _pusher = new Pusher(this);
        Deliveries.Delivered += _ => _pusher.Wake();
        _pusher.Start();
    }

    /// <summary>Something changed by which there may be something to send.</summary>
    public void Wake() => _pusher?.Wake();

    public async ValueTask DisposeAsync()
    {
        if (_pusher is not null)
            await _pusher.DisposeAsync();
    }

    /// <summary>Data officers and sharing officers of a department subscribe for it, and nobody else is sent anything.</summary>
    public static Result<string> OfficeOf(Caller caller) => Decider.DepartmentOf(caller) is { } department && caller.Is(Roles.DataOfficer | Roles.SharingOfficer)
        ? department
        : SharingProblems.NotYours.Because($"{(caller.Person.Length == 0 ? "Nobody in particular" : caller.Person)} is no data officer and no sharing officer of a department.", "An officer of the department that receives the rows subscribes for it.", "decree 809, art. 25");

    /// <summary>
    /// What it may be sent at this moment: the same decision as for any release, for its officer as the register has him now. Refused as that refuses; nothing is recorded.
    /// </summary>
    public Result<(Ask Ask, ReleaseQuery Query, Permit Permit)> Decide(TableSubscription subscription)
    {
        var what = subscription.What;
        if (Office(what) is { } left)
            return left;
        if (ConditionOf(what) is not { } text)
            return SubscriptionProblems.NotSent.Because($"{what.Id} was made under another secret of the hub.", "Subscribe anew: the old one is of no use here.");
        Condition? where = null;
        if (text.Length > 0 && !SqlParser.Where(text).TryGet(out where, out var problem))
            return problem;
        var (ask, query) = (AskOf(what), new ReleaseQuery { Where = where });
        return Releases.Foresee(ask, query).Map(foreseen => (ask, query, foreseen.Permit));
    }

    public Ask AskOf(TableSubscribed what) => new(parties.CallerOf(what.By), Rights.Obtain, what.Dataset, what.Purpose, DeliveryModes.Subscription)
    {
        Grant = what.Grant, Case = what.Case, Fields = what.Fields is { } fields ? [.. fields] : null,
    };

    /// <summary>Null while the subscription stands and its officer has his office.</summary>
    public Problem? Office(TableSubscribed what) =>
        !Book.All.ContainsKey(what.Id) ? NoSuch(what.Id)
        : !OfficeOf(parties.CallerOf(what.By)).TryGet(out var department, out var problem) ? problem
        : department == what.Department ? null
        : SharingProblems.NotYours.Because($"{what.By} has left {what.Department}.", "Another officer of the department subscribes anew.", "decree 809, art. 25");

    /// <summary>The condition as it was written, empty: there is none; null: this hub cannot read it.</summary>
    public string? ConditionOf(TableSubscribed what) => Keys.Open(what.Id, what.Question);

    /// <summary>Null while the grant may permit something again.</summary>
    public TableSubscriptionEnded? Over(TableSubscription subscription)
    {
        var (what, now) = (subscription.What, Clock.GetUtcNow());
        return grants.Find(what.Grant) is { State: GrantState.Active or GrantState.Suspended or GrantState.Delivering } grant && now < grant.Until && !(now >= grant.Obligations.Expires)
            ? null
            : new TableSubscriptionEnded(what.Id, AccessProblems.GrantNotInForce.Code, $"grant {what.Grant}");
    }

    public static Problem NoSuch(string id) => SubscriptionProblems.Unknown.Because($"There is no subscription {id} for you here.", "GET /data/{dataset}/subscriptions lists those of your department.");
}

internal static class SubscriptionRoutes
{
    /// <summary>/data/{dataset}/subscriptions</summary>
    public static IEndpointRouteBuilder MapTableSubscriptions(this IEndpointRouteBuilder routes, SubscriptionRoom room)
    {
        Subscribe.Map(routes, room);
        ListSubscriptions.Map(routes, room);
        Unsubscribe.Map(routes, room);
        return routes;
    }
}
