using System.Collections.Immutable;
using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Responsibilities;

/// <summary>The three lists at one moment; never changed.</summary>
internal sealed record ResponsibilityState
{
    public static readonly ResponsibilityState Empty = new();

    public ImmutableSortedDictionary<string, ResponsibilityItem> Items { get; init; } = ImmutableSortedDictionary.Create<string, ResponsibilityItem>(StringComparer.Ordinal);

    /// <summary>Last version of items that ended: their ids are not given again.</summary>
    public ImmutableSortedDictionary<string, ResponsibilityItem> Ended { get; init; } = ImmutableSortedDictionary.Create<string, ResponsibilityItem>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, Demand> Demands { get; init; } = ImmutableSortedDictionary.Create<string, Demand>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, NegativeItem> Negative { get; init; } = ImmutableSortedDictionary.Create<string, NegativeItem>(StringComparer.Ordinal);

    /// <summary>By item and month (yyyy-MM).</summary>
    public ImmutableDictionary<(string Item, string Month), ResponsibilityAssessed> Assessed { get; init; } = ImmutableDictionary<(string, string), ResponsibilityAssessed>.Empty;

    /// <summary>Whom an item without an owner went to last.</summary>
    public ImmutableDictionary<string, string> Escalated { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public long NegativeVersion { get; init; }
}

/// <summary>责任清单、需求清单、负面清单: a view over the stream <c>responsibilities</c>.</summary>
internal sealed class ResponsibilityBook(IFactLog log, TimeProvider clock, IParties parties) : FactBook(log, clock, StreamName), Requests.IResponsibilities, INegativeList
{
    public const string StreamName = "responsibilities";
    private const string List = "decree 809, arts 11, 25";

    private volatile ResponsibilityState _state = ResponsibilityState.Empty;

    public ResponsibilityState State => _state;

    public IParties Parties { get; } = parties;

    /// <summary>Set once, when the catalogue stands, which itself asks this book for the negative list.</summary>
    public ICatalogue? Catalogue { get; set; }

    long INegativeList.Version => _state.NegativeVersion;

    public bool Contains(string dataset) => _state.Negative.ContainsKey(dataset);

    public ResponsibilityItem? Find(string id) => _state.Items.GetValueOrDefault(id);

    public IEnumerable<ResponsibilityItem> Of(string dataset) => _state.Items.Values.Where(i => i.Dataset == dataset);

    public Problem? Beyond(Grant grant)
    {
        if (Catalogue?.Find(grant.Dataset) is not { } dataset)
            return CatalogueProblems.Unknown(grant.Dataset);
        if (grant.Item is { } named)
        {
            if (Find(named) is not { } item)
                return ResponsibilityProblems.Beyond.Because($"There is no item {named} in the responsibility list.", $"GET /responsibilities?dataset={grant.Dataset} lists what there is.", List);
            return GrantScope.Beyond(grant, item, dataset) is { Count: > 0 } beyond ? Refused(item, beyond) : null;
        }

        // One whole item has to hold it: two that together would are not one.
        (ResponsibilityItem Item, IReadOnlyList<string> Beyond)? nearest = null;
        foreach (var item in Of(grant.Dataset))
        {
            var beyond = GrantScope.Beyond(grant, item, dataset);
            if (beyond.Count == 0)
                return null;
            if (nearest is not { } best || beyond.Count < best.Beyond.Count)
                nearest = (item, beyond);
        }

        return nearest is { } near
            ? Refused(near.Item, near.Beyond)
            : ResponsibilityProblems.Beyond.Because($"No item of the responsibility list is about {grant.Dataset}.", $"Let {grant.Provider} list what it owes: PUT /responsibilities/{{id}}.", List);
    }

    /// <summary>Who answers for an item now: its owner while he is of the provider, else the sharing officer, else the authority.</summary>
    public (string Person, string Level) Responsible(ResponsibilityItem item)
    {
        if (item.Owner is { } owner && Parties.CallerOf(owner).Department == item.Provider)
            return (owner, "owner");
        return Parties.Find(item.Provider)?.SharingOfficer is { } officer ? (officer, "sharing-officer") : (Parties.With(Roles.Authority).FirstOrDefault() ?? "", "authority");
    }

    public ValueTask<Result<Done>> SayAsync(Func<ResponsibilityState, DateTimeOffset, Result<NewFact>> decide) => RecordAsync<Done>(now =>
        decide(_state, now).TryGet(out var fact, out var problem) ? ((IReadOnlyList<NewFact>)[fact], Done.Value) : problem);

    /// <summary>Items without an owner go to the next in line; said once for each step.</summary>
    public ValueTask<Result<int>> EscalateAsync() => RecordAsync<int>(_ =>
    {
        var facts = new List<NewFact>();
        foreach (var item in _state.Items.Values)
            if (Responsible(item) is var (person, level) && level != "owner" && _state.Escalated.GetValueOrDefault(item.Id) != person)
                facts.Add(SharingJson.Said(new OwnerMissing(item.Id, person, level), ResponsibilityJson.Default.OwnerMissing));
        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    /// <summary>A month that is over is judged, once for each item; the same twice changes nothing.</summary>
    public ValueTask<Result<int>> AssessAsync(int year, int month, Func<string, IEnumerable<DeliveryMark>> arrivals, WorkingCalendar calendar, TimeZoneInfo zone) => RecordAsync<int>(now =>
    {
        var name = Month(year, month);
        var facts = new List<NewFact>();
        if (Calendars.Clock.EndOf(new DateOnly(year, month, 1).AddMonths(1).AddDays(-1), zone) >= now)
            return ((IReadOnlyList<NewFact>)facts, 0);
        foreach (var item in _state.Items.Values.Where(i => !_state.Assessed.ContainsKey((i.Id, name))))
        {
            if (!StatusRules.Status(item, arrivals(item.Dataset), year, month, calendar, zone, now).TryGet(out var found, out var problem))
                return problem;
            if (found.Status is { } status)
                facts.Add(SharingJson.Said(new ResponsibilityAssessed(item.Id, item.Version, name, status, found.Owed, found.Delivered, found.Why, found.Quality), ResponsibilityJson.Default.ResponsibilityAssessed));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    public static string Month(int year, int month) => string.Create(CultureInfo.InvariantCulture, $"{year:0000}-{month:00}");

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        var (s, known) = (_state, ResponsibilityJson.Default);
        switch (type)
        {
            case nameof(ResponsibilityListed):
                var item = SharingJson.Read(payload, known.ResponsibilityListed).Item;
                s = s with { Items = s.Items.SetItem(item.Id, item), Ended = s.Ended.Remove(item.Id), Escalated = item.Owner is null ? s.Escalated : s.Escalated.Remove(item.Id) };
                break;
            case nameof(ResponsibilityEnded):
                var ended = SharingJson.Read(payload, known.ResponsibilityEnded).Id;
                if (s.Items.TryGetValue(ended, out var last))
                    s = s with { Items = s.Items.Remove(ended), Ended = s.Ended.SetItem(ended, last), Escalated = s.Escalated.Remove(ended) };
                break;
            case nameof(OwnerNamed):
                var named = SharingJson.Read(payload, known.OwnerNamed);
                if (s.Items.TryGetValue(named.Id, out var owned))
                    s = s with { Items = s.Items.SetItem(named.Id, owned with { Owner = named.Owner }), Escalated = s.Escalated.Remove(named.Id) };
                break;
            case nameof(OwnerMissing):
                var missing = SharingJson.Read(payload, known.OwnerMissing);
                s = s with { Escalated = s.Escalated.SetItem(missing.Id, missing.To) };
                break;
            case nameof(ResponsibilityAssessed):
                var assessed = SharingJson.Read(payload, known.ResponsibilityAssessed);
                s = s with { Assessed = s.Assessed.SetItem((assessed.Id, assessed.Month), assessed) };
                break;
            case nameof(DemandFiled):
                var filed = SharingJson.Read(payload, known.DemandFiled);
                s = s with { Demands = s.Demands.SetItem(filed.Id, new Demand(filed.Id, filed.Department, filed.What, filed.Purpose, filed.Basis, at)) };
                break;
            case nameof(DemandMatched):
                var matched = SharingJson.Read(payload, known.DemandMatched);
                s = Demand(s, matched.Id, d => d with { State = DemandState.Matched, Dataset = matched.Dataset });
                break;
            case nameof(DemandMet):
                s = Demand(s, SharingJson.Read(payload, known.DemandMet).Id, d => d with { State = DemandState.Met, MetAt = at });
                break;
            case nameof(DemandDeclined):
                var declined = SharingJson.Read(payload, known.DemandDeclined);
                s = Demand(s, declined.Id, d => d with { State = DemandState.Declined, Reason = declined.Reason });
                break;
            case nameof(NegativeListed):
                var negative = SharingJson.Read(payload, known.NegativeListed);
                s = s with { Negative = s.Negative.SetItem(negative.Dataset, new NegativeItem(negative.Dataset, negative.Law, negative.By, at)), NegativeVersion = s.NegativeVersion + 1 };
                break;
            case nameof(NegativeLifted):
                s = s with { Negative = s.Negative.Remove(SharingJson.Read(payload, known.NegativeLifted).Dataset), NegativeVersion = s.NegativeVersion + 1 };
                break;
            default:
                break;
        }

        _state = s;
    }

    private static ResponsibilityState Demand(ResponsibilityState s, string id, Func<Demand, Demand> change) =>
        s.Demands.TryGetValue(id, out var demand) ? s with { Demands = s.Demands.SetItem(id, change(demand)) } : s;

    private static Problem Refused(ResponsibilityItem item, IReadOnlyList<string> beyond) => ResponsibilityProblems.Beyond.Because(
        $"Item {item.Id} does not hold this grant: {string.Join("; ", beyond)}.", $"Narrow the grant, or let {item.Provider} widen the item first: PUT /responsibilities/{item.Id}.", List);
}
