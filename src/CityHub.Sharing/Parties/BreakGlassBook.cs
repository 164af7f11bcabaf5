using System.Collections.Immutable;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Sharing.Parties;

/// <param name="Owner">The provider of the dataset.</param>
/// <param name="Receiver">The department of those who are to look.</param>
/// <param name="For">Who is to look.</param>
/// <param name="Minutes">From the confirmation on.</param>
internal sealed record GlassOpened(
    string Id, string Dataset, string Owner, string Receiver, IReadOnlyList<string> For, IReadOnlyList<string> Fields, string Purpose, int Minutes, string Reason, string By, string Department);

/// <param name="Notified">Departments that are told: both that consented, and the one whose people look.</param>
internal sealed record GlassConfirmed(string Id, string By, string Department, DateTimeOffset Until, IReadOnlyList<string> Notified);

internal sealed record GlassClosed(string Id, string By);

/// <summary>Somebody who had no part in it looked at it afterwards.</summary>
internal sealed record GlassReviewed(string Id, string By, bool Justified, string Text);

/// <summary>One emergency access to one dataset.</summary>
internal sealed record Glass(GlassOpened What, DateTimeOffset At)
{
    public GlassConfirmed? Confirmed { get; init; }

    public DateTimeOffset? ConfirmedAt { get; init; }

    public string? ClosedBy { get; init; }

    public GlassReviewed? Review { get; init; }

    /// <summary>Behind every other id: where an ordinary grant permits it, too, that one is used.</summary>
    public string Grant => "x-emergency-" + What.Id;

    public bool IsOpen(DateTimeOffset now) => Confirmed is { } confirmed && now < confirmed.Until && ClosedBy is null;

    public bool IsOver(DateTimeOffset now) => ClosedBy is not null || Confirmed?.Until <= now;
}

/// <summary>
/// Emergency access to data that no grant gives: opened by one department, confirmed by another, one of them the provider; an hour at most. While it is open it is a grant as any
/// other, for the persons, fields and purpose that it names, so that one decision is made for both and every look is in the ledger. It opens no key: what its provider has
/// locked stays locked. A view over the stream <c>break-glass</c>.
/// </summary>
internal sealed partial class BreakGlassBook(IFactLog log, TimeProvider clock, IParties parties, ICatalogue catalogue, GrantBook grants, IPurposes purposes, ILogger? logger = null)
    : FactBook(log, clock, StreamName), IDeadlineKeeper
{
    public const string StreamName = "break-glass";

    private readonly ILogger _logger = logger ?? NullLogger.Instance;
    private volatile ImmutableSortedDictionary<string, Glass> _all = ImmutableSortedDictionary.Create<string, Glass>(StringComparer.Ordinal);

    public IParties Parties { get; } = parties;

    public IReadOnlyDictionary<string, Glass> All => _all;

    /// <summary>For the figure that everybody who watches the hub sees.</summary>
    public int OpenNow => _all.Values.Count(g => g.IsOpen(Clock.GetUtcNow()));

    public ValueTask<Result<Done>> SayAsync(Func<IReadOnlyDictionary<string, Glass>, DateTimeOffset, Result<NewFact>> decide) => RecordAsync<Done>(now =>
        decide(_all, now).TryGet(out var fact, out var problem) ? ((IReadOnlyList<NewFact>)[fact], Done.Value) : problem);

    /// <summary>The dataset, as long as an emergency may be opened for it; refused where no release could keep what the grant would say.</summary>
    public Result<Dataset> Opens(GlassOpened what, DateTimeOffset now)
    {
        if (catalogue.Find(what.Dataset) is not { State: DatasetState.Published } dataset)
            return SharingProblems.DatasetUnknown.Because($"There is no published dataset {what.Dataset}.", "GET /catalogue lists them.", BreakGlass.Rule);
        var grant = GrantOf(new Glass(what, now) { Confirmed = new GlassConfirmed(what.Id, what.By, what.Department, now + BreakGlass.Longest, []), ConfirmedAt = now }, dataset, now);
        return GrantCheck.Executable(grant, dataset, catalogue, purposes) is { } cannot ? cannot : dataset;
    }

    /// <summary>
    /// Lets the grants follow: made when it was confirmed, ended when it was closed or its time is over. Of a crash behind the confirmation the next start leaves nothing undone; what
    /// has run out permits nothing, whether or not it was marked.
    /// </summary>
    public async ValueTask<Result<int>> RecordPassedAsync()
    {
        var (moved, now) = (0, Clock.GetUtcNow());
        foreach (var glass in _all.Values)
        {
            if (glass.Confirmed is null || catalogue.Find(glass.What.Dataset) is not { } dataset)
                continue;
            var (known, wanted) = (grants.Find(glass.Grant), GrantOf(glass, dataset, now));
            if (known is null ? wanted.State != GrantState.Active : known.State == wanted.State || known.State != GrantState.Active)
                continue;
            if (!(await grants.FollowAsync(known is null ? wanted : known with { State = wanted.State })).TryGet(out _, out var problem))
                return problem;
            moved++;
        }

        return moved;
    }

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        switch (type)
        {
            case nameof(GlassOpened):
                var opened = SharingJson.Read(payload, PartyJson.Default.GlassOpened);
                _all = _all.SetItem(opened.Id, new Glass(opened, at));
                break;
            case nameof(GlassConfirmed):
                var confirmed = SharingJson.Read(payload, PartyJson.Default.GlassConfirmed);
                Change(confirmed.Id, g => g with { Confirmed = confirmed, ConfirmedAt = at });
                break;
            case nameof(GlassClosed):
                var closed = SharingJson.Read(payload, PartyJson.Default.GlassClosed);
                Change(closed.Id, g => g with { ClosedBy = closed.By });
                break;
            case nameof(GlassReviewed):
                var reviewed = SharingJson.Read(payload, PartyJson.Default.GlassReviewed);
                Change(reviewed.Id, g => g with { Review = reviewed });
                break;
            default:
                break;
        }
    }

    /// <summary>Said aloud: whoever watches the hub's log hears of it.</summary>
    public void Tell(Glass glass)
    {
        if (glass.Confirmed is { } confirmed)
            LogBroken(glass.What.Id, glass.What.Dataset, glass.What.Receiver, confirmed.Until, glass.What.By, confirmed.By);
    }

    private void Change(string id, Func<Glass, Glass> change)
    {
        if (_all.TryGetValue(id, out var glass))
            _all = _all.SetItem(id, change(glass));
    }

    private static Grant GrantOf(Glass glass, Dataset dataset, DateTimeOffset now)
    {
        var what = glass.What;
        var until = glass.Confirmed?.Until ?? now;
        return new Grant
        {
            Id = glass.Grant, Version = 1, Dataset = dataset.Id, Provider = dataset.Provider, Receiver = what.Receiver, Persons = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, what.For),
            Rights = Rights.Obtain | Rights.Use, Purpose = what.Purpose, Modes = (dataset.Modes & DeliveryModes.Api) != 0 ? DeliveryModes.Api : dataset.Modes,
            Obligations = new Obligations
            {
                Fields = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, what.Fields), Grain = dataset.Grain, Expires = until, Onward = false, TellSubject = true,
            },
            From = glass.ConfirmedAt ?? now, Until = until, Basis = BreakGlass.Rule, State = glass.ClosedBy is not null ? GrantState.Terminated : until <= now ? GrantState.Expired : GrantState.Active,
            SignedBy = glass.Confirmed?.By ?? what.By,
        };
    }

    [LoggerMessage(LogLevel.Warning, "Emergency access {Id}: {Receiver} reads {Dataset} until {Until}, by {By} and {ConfirmedBy}")]
    private partial void LogBroken(string id, string dataset, string receiver, DateTimeOffset until, string by, string confirmedBy);
}
