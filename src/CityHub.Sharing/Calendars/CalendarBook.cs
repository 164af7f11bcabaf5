using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Calendars;

/// <summary>
/// The calendars and profiles of the city: those that come with the hub, and a view over the stream <c>calendars</c>, whose facts are CalendarProposed, CalendarAdded,
/// ProfileProposed and ProfileAdopted. Proposed by one person, in force by another's word.
/// </summary>
internal sealed class CalendarBook : FactBook, IDeadlines
{
    public const string StreamName = "calendars";
    public const string Proposed = "CalendarProposed", Added = "CalendarAdded", ProfileProposed = "ProfileProposed", ProfileAdopted = "ProfileAdopted";

    private readonly string _profile;
    private volatile Known _known;

    /// <param name="profile">Id of the profile in force; its newest version is.</param>
    public CalendarBook(IFactLog log, TimeProvider clock, string profile = "decree-809")
        : base(log, clock, StreamName)
    {
        _profile = profile;
        _known = Known.Nothing;
        foreach (var year in CalendarFiles.Years)
            _known = _known.With(year);
        _known = _known.With(CalendarFiles.Decree809);
    }

    public IEnumerable<CalendarYear> Years => _known.Years.Values.SelectMany(y => y).OrderBy(y => y.Jurisdiction, StringComparer.Ordinal).ThenBy(y => y.Year).ThenBy(y => y.Version);

    public IEnumerable<JurisdictionProfile> Profiles => _known.Profiles.Values.OrderBy(p => p.Id, StringComparer.Ordinal).ThenBy(p => p.Version);

    public IReadOnlyDictionary<string, Proposal<CalendarYear>> ProposedYears => _known.ProposedYears;

    public IReadOnlyDictionary<string, Proposal<JurisdictionProfile>> ProposedProfiles => _known.ProposedProfiles;

    public JurisdictionProfile Profile => Newest(_known, _profile) ?? CalendarFiles.Decree809;

    public WorkingCalendar Calendar => CalendarOf(Profile.Jurisdiction);

    public WorkingCalendar CalendarOf(string jurisdiction) => _known.Calendars.GetValueOrDefault(jurisdiction) ?? new WorkingCalendar(jurisdiction, []);

    public Result<Deadline> Start(string article, DateTimeOffset began) => Calendars.Clock.Start(Profile, article, began, Calendar);

    public Result<Deadline> Within(string article, DateTimeOffset began, TimeSpan span) => Calendars.Clock.Within(Profile, article, began, span, Calendar);

    public Result<Deadline> Extend(Deadline deadline) => ProfileOf(deadline).Then<Deadline>(p => Calendars.Clock.Extend(p, deadline, CalendarOf(p.Jurisdiction)));

    public Result<Deadline> Supplemented(Deadline deadline, DateTimeOffset asked, DateTimeOffset supplemented) =>
        ProfileOf(deadline).Then<Deadline>(p => Calendars.Clock.Supplemented(p, deadline, asked, supplemented, CalendarOf(p.Jurisdiction)));

    public Result<Deadline> Anew(Deadline deadline)
    {
        if (!ProfileOf(deadline).TryGet(out var profile, out var problem))
            return problem;
        if (!profile.Rule(deadline.Article).Ok)
            return deadline; // Not counted in working days: no calendar moves it.
        if (!Calendars.Clock.Start(profile, deadline.Article, deadline.Began, CalendarOf(profile.Jurisdiction)).TryGet(out var anew, out problem))
            return problem;
        return anew.Extendable && !deadline.Extendable ? Calendars.Clock.Extend(profile, anew, CalendarOf(profile.Jurisdiction)) : anew;
    }

    /// <summary>A new year, or a new version of one that is known. In force when a second person approves.</summary>
    public ValueTask<Result<Proposal<CalendarYear>>> ProposeAsync(Caller by, ReadOnlyMemory<byte> text) => RecordAsync<Proposal<CalendarYear>>(now =>
    {
        if (!by.Is(Roles.Authority))
            return NotAuthority();
        if (!CalendarFiles.ReadYear(text, 1).TryGet(out var year, out var problem))
            return problem;
        year = year with { Version = _known.Years.TryGetValue((year.Jurisdiction, year.Year), out var versions) ? versions[^1].Version + 1 : 1 };
        return (One(Fact(Proposed, json =>
        {
            json.WriteString("by"u8, by.Person);
            CalendarFiles.Write(json, year);
        })), _known.Proposes(year, by.Person, now));
    });

    /// <param name="read">What he read: another version, or another text, is not what he approves.</param>
    public ValueTask<Result<CalendarYear>> ApproveAsync(Caller by, string jurisdiction, int year, AsRead read) => RecordAsync<CalendarYear>(_ =>
    {
        var key = $"{jurisdiction}-{year.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        return _known.ProposedYears.TryGetValue(key, out var proposal)
            ? Settle(by, read, "The calendar " + key, proposal, Added, CalendarFiles.Write)
            : by.Is(Roles.Authority) ? CalendarProblems.NoCalendar(key) : NotAuthority();
    });

    public ValueTask<Result<Proposal<JurisdictionProfile>>> ProposeProfileAsync(Caller by, ReadOnlyMemory<byte> text) => RecordAsync<Proposal<JurisdictionProfile>>(now =>
    {
        if (!by.Is(Roles.Authority))
            return NotAuthority();
        if (!CalendarFiles.ReadProfile(text, 1).TryGet(out var read, out var problem)
            || !CalendarFiles.ReadProfile(text, (Newest(_known, read.Id)?.Version ?? 0) + 1).TryGet(out var profile, out problem))
            return problem;
        return (One(Fact(ProfileProposed, json =>
        {
            json.WriteString("by"u8, by.Person);
            CalendarFiles.Write(json, profile);
        })), _known.Proposes(profile, by.Person, now));
    });

    public ValueTask<Result<JurisdictionProfile>> AdoptAsync(Caller by, string id, AsRead read) => RecordAsync<JurisdictionProfile>(_ =>
        _known.ProposedProfiles.TryGetValue(id, out var proposal)
            ? Settle(by, read, "The profile " + id, proposal, ProfileAdopted, CalendarFiles.Write)
            : by.Is(Roles.Authority) ? CalendarProblems.NoProfile(id) : NotAuthority());

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        if (!root.TryGetProperty("version"u8, out var version))
            return;
        var by = root.GetProperty("by"u8).GetString() ?? "";
        if (type is Proposed or Added && CalendarFiles.ReadYear(payload, version.GetInt32()).TryGet(out var year, out _))
            _known = type == Proposed ? _known.With(_known.Proposes(year, by, at)) : _known.With(year);
        else if (type is ProfileProposed or ProfileAdopted && CalendarFiles.ReadProfile(payload, version.GetInt32()).TryGet(out var profile, out _))
            _known = type == ProfileProposed ? _known.With(_known.Proposes(profile, by, at)) : _known.With(profile);
    }

    private static Result<(IReadOnlyList<NewFact>, T)> Settle<T>(Caller by, AsRead read, string name, Proposal<T> proposal, string fact, Action<Utf8JsonWriter, T> write)
    {
        if (!by.Is(Roles.Authority))
            return NotAuthority();
        if (proposal.Refused(name, by.Person, read) is { } refused)
            return refused;
        return (One(Fact(fact, json =>
        {
            json.WriteString("by"u8, by.Person);
            json.WriteString("proposedBy"u8, proposal.By);
            json.WriteString("hash"u8, proposal.Hash);
            write(json, proposal.What);
        })), proposal.What);
    }

    private static IReadOnlyList<NewFact> One(NewFact fact) => [fact];

    private static Problem NotAuthority() => SharingProblems.NotYours.Because(
        "Calendars and profiles of deadlines are the Authority's.", "Ask a person with the role of the Authority to propose it, and another to approve it.", "decree 809, art. 8; GB/T 39477");

    private static JurisdictionProfile? Newest(Known known, string id) => known.Profiles.Values.Where(p => p.Id == id).MaxBy(p => p.Version);

    private Result<JurisdictionProfile> ProfileOf(Deadline deadline) =>
        _known.Profiles.GetValueOrDefault(deadline.Profile) is { } profile ? profile : CalendarProblems.NoProfile(deadline.Profile);

    /// <summary>One version of all that is known; replaced, never changed.</summary>
    private sealed record Known(
        ImmutableDictionary<(string Jurisdiction, int Year), ImmutableList<CalendarYear>> Years,
        ImmutableDictionary<string, WorkingCalendar> Calendars,
        ImmutableDictionary<string, JurisdictionProfile> Profiles,
        ImmutableDictionary<string, Proposal<CalendarYear>> ProposedYears,
        ImmutableDictionary<string, Proposal<JurisdictionProfile>> ProposedProfiles)
    {
        public static readonly Known Nothing = new(
            ImmutableDictionary<(string, int), ImmutableList<CalendarYear>>.Empty,
            ImmutableDictionary<string, WorkingCalendar>.Empty,
            ImmutableDictionary<string, JurisdictionProfile>.Empty,
            ImmutableDictionary<string, Proposal<CalendarYear>>.Empty,
            ImmutableDictionary<string, Proposal<JurisdictionProfile>>.Empty);

        public Known With(CalendarYear year)
        {
            var years = Years.SetItem((year.Jurisdiction, year.Year), (Years.GetValueOrDefault((year.Jurisdiction, year.Year)) ?? []).Add(year));
            return this with
            {
                Years = years,
                Calendars = Calendars.SetItem(year.Jurisdiction, new WorkingCalendar(year.Jurisdiction, years.Where(y => y.Key.Jurisdiction == year.Jurisdiction).SelectMany(y => y.Value))),
                ProposedYears = ProposedYears.Remove(Key(year)),
            };
        }

        public Known With(JurisdictionProfile profile) => this with { Profiles = Profiles.SetItem(profile.Name, profile), ProposedProfiles = ProposedProfiles.Remove(profile.Id) };

        public Known With(Proposal<CalendarYear> proposal) => this with { ProposedYears = ProposedYears.SetItem(Key(proposal.What), proposal) };

        public Known With(Proposal<JurisdictionProfile> proposal) => this with { ProposedProfiles = ProposedProfiles.SetItem(proposal.What.Id, proposal) };

        public Proposal<CalendarYear> Proposes(CalendarYear year, string by, DateTimeOffset at) =>
            Proposal.Of(year, year.Version, Written(json => CalendarFiles.Write(json, year)), by, at, ProposedYears.GetValueOrDefault(Key(year)));

        public Proposal<JurisdictionProfile> Proposes(JurisdictionProfile profile, string by, DateTimeOffset at) =>
            Proposal.Of(profile, profile.Version, Written(json => CalendarFiles.Write(json, profile)), by, at, ProposedProfiles.GetValueOrDefault(profile.Id));

        private static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write) => Fact("", write).Payload;

        private static string Key(CalendarYear year) => $"{year.Jurisdiction}-{year.Year.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
    }
}
