using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.Disputes;

/// <summary>How one side sees it, with its papers.</summary>
public sealed record Position(string Department, string Text, DateTimeOffset At, IReadOnlyList<Document> Documents);

/// <summary>What was decided, and why: a precedent for those who come later.</summary>
/// <param name="OnFile">One side had been given time to say how it sees the matter, and said nothing.</param>
public sealed record Ruling(string By, DisputeState Stage, string Text, string Basis, DateTimeOffset At, bool OnFile = false);

/// <summary>争议 between two departments about a request, a grant or a correction.</summary>
public sealed record Dispute
{
    public required string Id { get; init; }

    /// <summary>Id of the request, grant or correction.</summary>
    public required string About { get; init; }

    public required string Title { get; init; }

    public required string RaisedBy { get; init; }

    public required string Against { get; init; }

    public required bool SameLevel { get; init; }

    public DisputeState State { get; init; }

    public ImmutableList<Position> Positions { get; init; } = [];

    /// <summary>Who offered to settle, and how; null: nobody does.</summary>
    public Position? Offer { get; init; }

    public Ruling? Ruling { get; init; }

    /// <summary>By when the other side says how it sees the matter; then it is ruled on the file. Null: it is not before anybody who rules, or <see cref="ClockMissing"/>.</summary>
    public Running? Hearing { get; init; }

    /// <summary>By when who has it settles it or rules.</summary>
    public Running? Clock { get; init; }

    /// <summary>From when on the two clocks would count, if the calendar had the year; null: they do.</summary>
    public DateTimeOffset? ClockMissing { get; init; }

    public ImmutableList<(DateTimeOffset At, string Fact, DisputeState To)> History { get; init; } = [];

    public bool IsHeard => Positions.Any(p => p.Department == Against);

    public bool IsOf(string? department) => department is not null && (department == RaisedBy || department == Against);
}

/// <summary>
/// All disputes: a view over the stream <c>disputes</c>, whose facts are DisputeRaised, PositionStated, SettlementOffered, DisputeSettled, DisputeEscalated, DisputeRuled, DisputeWithdrawn and,
/// from the clock, PositionMissed, DeadlineMissed and DisputeClockSet.
/// </summary>
internal sealed class DisputeBook(IFactLog log, TimeProvider clock, IIdSource ids, IDepartments departments, IDeadlines deadlines) : FactBook(log, clock, StreamName), IDeadlineKeeper
{
    public const string StreamName = "disputes", Raised = "DisputeRaised", Stated = "PositionStated", Offered = "SettlementOffered", Settled = "DisputeSettled", Escalated = "DisputeEscalated",
        Ruled = "DisputeRuled", Withdrawn = "DisputeWithdrawn", PositionMissed = "PositionMissed", Missed = "DeadlineMissed", ClockSet = "DisputeClockSet";

    private readonly ConcurrentDictionary<string, Dispute> _disputes = new(StringComparer.Ordinal);
    private readonly RulingIndex _rulings = new();

    public IEnumerable<Dispute> All => _disputes.Values;

    public Dispute? Find(string id) => _disputes.GetValueOrDefault(id);

    public static bool IsSeenBy(Dispute dispute, Caller caller) => dispute.IsOf(caller.Department) || caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor);

    public Result<Dispute> SeenBy(string id, Caller caller) => Find(id) is { } found && IsSeenBy(found, caller) ? found : DisputeProblems.Unknown(id);

    /// <summary>Rulings that say all the words: precedents, open to every department.</summary>
    public IEnumerable<Dispute> Precedents(string query) => _rulings.Find(query).Select(Find).OfType<Dispute>();

    public Owner OwnerOf(Dispute dispute) => dispute.State switch
    {
        DisputeState.Negotiating => Owners.Officer(dispute.Offer is { } offer && offer.Department == dispute.Against ? dispute.RaisedBy : dispute.Against, departments),
        DisputeState.SameLevelMediation => Owners.Officer(departments.Authority, departments) with { Role = Roles.Authority },
        DisputeState.CommonSuperior or DisputeState.Government =>
            Owners.Officer(departments.Find(departments.Authority)?.Superior ?? departments.Authority, departments) with { Role = Roles.SuperiorAuthority },
        _ => Owners.Officer(dispute.RaisedBy, departments),
    };

    public async ValueTask<Result<Dispute>> RaiseAsync(Caller caller, string about, string against, string title, Position position)
    {
        var id = $"d-{ids.Next():n}";
        var raised = await RecordAsync<Done>(now =>
        {
            if (caller.Department is not { } own || !caller.Is(Roles.SharingOfficer | Roles.Head))
                return SharingProblems.NotYours.Because("A dispute is raised by the sharing officer or the head of a department.", "Ask that officer.", "decree 809, art. 28");
            if (about.Length == 0 || title.Length == 0 || position.Text.Length == 0)
                return DisputeProblems.Missing("about, title and text: what it is about, and how you see it");
            if (own == against || departments.Find(own) is not { } mine || departments.Find(against) is not { } other)
                return DisputeProblems.Missing($"against: another department ({against} is none)");
            // Same level and same region: one authority is above both.
            var same = mine.Level == other.Level && AdminCodes.Prefix(mine.AdminCode) == AdminCodes.Prefix(other.AdminCode);
            return ((IReadOnlyList<NewFact>)[Fact(Raised, json =>
            {
                json.WriteString("id"u8, id);
                json.WriteString("by"u8, caller.Person);
                json.WriteString("about"u8, about);
                json.WriteString("title"u8, title);
                json.WriteString("against"u8, against);
                json.WriteBoolean("sameLevel"u8, same);
                json.WriteString("to"u8, GrantJson.Word(DisputeState.Negotiating));
                Write(json, position with { Department = own });
            })], Done.Value);
        });
        return raised.Ok ? Find(id) is { } made ? made : DisputeProblems.Unknown(id) : raised.Problem;
    }

    public async ValueTask<Result<Dispute>> HappenAsync(string id, DisputeEvent happened, Caller caller, string text, string basis, IReadOnlyList<Document> documents)
    {
        var done = await RecordAsync<Done>(now =>
        {
            if (!SeenBy(id, caller).TryGet(out var dispute, out var problem))
                return problem;
            if (!May(dispute, happened, caller))
                return DisputeProblems.NotYours(happened, dispute.State);
            if (!DisputeMachine.Next(dispute.State, happened, dispute.SameLevel).TryGet(out var to, out problem))
                return problem;
            if (happened is DisputeEvent.State or DisputeEvent.OfferSettlement or DisputeEvent.Rule or DisputeEvent.Escalate && text.Length == 0)
                return DisputeProblems.Missing("text");
            if (happened == DisputeEvent.Settle && dispute.Offer is null)
                return DisputeProblems.Missing("an offer of the other side to settle");
            if (happened == DisputeEvent.Rule && basis.Length == 0)
                return DisputeProblems.Missing("basis: the law on which the ruling stands");
            // Both are heard; who lets the time pass is ruled upon by what is on file.
            if (happened == DisputeEvent.Rule && !dispute.IsHeard && !(dispute.Hearing?.Deadline.Due < now))
                return DisputeProblems.NotHeard(dispute);
            return ((IReadOnlyList<NewFact>)[Fact(FactOf(happened), json =>
            {
                json.WriteString("id"u8, id);
                json.WriteString("by"u8, caller.Person);
                json.WriteString("to"u8, GrantJson.Word(to));
                if (basis.Length > 0)
                    json.WriteString("basis"u8, basis);
                if (happened == DisputeEvent.Rule && !dispute.IsHeard)
                    json.WriteBoolean("onFile"u8, true);
                if (happened == DisputeEvent.Escalate)
                {
                    json.WriteString("handler"u8, OwnerOf(dispute with { State = to }).Department);
                    Clocks(json, dispute, now);
                }

                Write(json, new Position(caller.Department ?? "", text, now, documents));
            })], Done.Value);
        });
        return done.Ok ? Find(id) is { } found ? found : DisputeProblems.Unknown(id) : done.Problem;
    }

    /// <summary>Sides that said nothing in time, disputes that nobody ruled upon in time, and clocks whose year has come into the calendar.</summary>
    public ValueTask<Result<int>> RecordPassedAsync() => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var dispute in _disputes.Values)
        {
            if (dispute.ClockMissing is { } since && deadlines.Start(JurisdictionProfile.Ruling, since).Ok && deadlines.Start(JurisdictionProfile.Hearing, since).Ok)
                facts.Add(ByClock(ClockSet, dispute, json => Clocks(json, dispute, since)));
            if (dispute.Hearing is { Missed: false } hearing && hearing.Deadline.Due < now && !dispute.IsHeard)
                facts.Add(ByClock(PositionMissed, dispute, json => json.WriteString("silent"u8, dispute.Against)));
            if (dispute.Clock is { Missed: false } running && running.Deadline.Due < now)
                facts.Add(ByClock(Missed, dispute, json => RequestJson.Write(json, "escalatedTo", Owners.Above(OwnerOf(dispute), departments))));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    public static bool May(Dispute dispute, DisputeEvent happened, Caller caller)
    {
        var party = dispute.IsOf(caller.Department) && caller.Is(Roles.SharingOfficer | Roles.Head);
        return happened switch
        {
            // Who is a party does not judge.
            DisputeEvent.Rule => caller.Is(DisputeMachine.RulerOf(dispute.State)) && !dispute.IsOf(caller.Department),
            DisputeEvent.Withdraw => party && caller.Department == dispute.RaisedBy,
            DisputeEvent.Settle => party && dispute.Offer?.Department != caller.Department,
            DisputeEvent.Escalate => party || caller.Is(Roles.Authority | Roles.SuperiorAuthority),
            _ => party,
        };
    }

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var fact = document.RootElement;
        var id = GrantJson.Text(fact, "id");
        var to = Enum.Parse<DisputeState>(GrantJson.Text(fact, "to"), ignoreCase: true);
        var said = new Position(GrantJson.Optional(fact, "department") ?? "", GrantJson.Optional(fact, "text") ?? "", at, [.. RequestJson.ReadDocuments(fact)]);
        if (type == Raised)
        {
            _disputes[id] = new Dispute
            {
                Id = id,
                About = GrantJson.Text(fact, "about"),
                Title = GrantJson.Text(fact, "title"),
                RaisedBy = said.Department,
                Against = GrantJson.Text(fact, "against"),
                SameLevel = fact.GetProperty("sameLevel"u8).GetBoolean(),
                Positions = [said],
                History = [(at, type, to)],
            };
            return;
        }

        if (!_disputes.TryGetValue(id, out var dispute))
            return;
        var moved = dispute with { State = to, History = dispute.History.Add((at, type, to)) };
        dispute = type switch
        {
            PositionMissed => dispute with { Hearing = dispute.Hearing is { } hearing ? hearing with { Missed = true } : null },
            Missed => dispute with { Clock = dispute.Clock is { } running ? running with { Missed = true } : null },
            ClockSet => Counting(dispute, fact),
            Escalated => Counting(moved, fact),
            Settled or Withdrawn => moved with { Hearing = null, Clock = null, ClockMissing = null },
            Stated => moved with { Positions = dispute.Positions.Add(said) },
            Offered => moved with { Offer = said },
            Ruled => moved with
            {
                Hearing = null, Clock = null, ClockMissing = null,
                Ruling = new Ruling(GrantJson.Text(fact, "by"), dispute.State, said.Text, GrantJson.Optional(fact, "basis") ?? "", at, fact.TryGetProperty("onFile"u8, out _)),
            },
            _ => moved,
        };
        _disputes[id] = dispute;
        if (dispute.Ruling is { } ruling && type == Ruled)
            _rulings.Add(id, dispute.Title, ruling.Text, ruling.Basis);
    }

    /// <summary>Where the calendar lacks the year, nothing waits for it: the matter goes on, and its clocks count when the year is there.</summary>
    private void Clocks(Utf8JsonWriter json, Dispute dispute, DateTimeOffset began)
    {
        if (!deadlines.Start(JurisdictionProfile.Ruling, began).TryGet(out var ruling, out _) || !deadlines.Start(JurisdictionProfile.Hearing, began).TryGet(out var hearing, out _))
        {
            json.WriteString("clockMissing"u8, RoomHttp.Time(began));
            return;
        }

        RequestJson.Write(json, "clock", ruling);
        // Who has been given his time once is not given it again at the next level.
        RequestJson.Write(json, "hearing", dispute.Hearing?.Deadline ?? hearing);
    }

    private static Dispute Counting(Dispute dispute, JsonElement fact) => dispute with
    {
        Clock = RequestJson.ReadDeadline(fact, "clock") is { } clock ? new Running(clock, false) : null,
        Hearing = RequestJson.ReadDeadline(fact, "hearing") is { } hearing ? new Running(hearing, dispute.Hearing is { Missed: true }) : dispute.Hearing,
        ClockMissing = fact.TryGetProperty("clockMissing"u8, out var since) ? since.GetDateTimeOffset() : null,
    };

    private static NewFact ByClock(string type, Dispute dispute, Action<Utf8JsonWriter> write) => Fact(type, json =>
    {
        json.WriteString("id"u8, dispute.Id);
        json.WriteString("by"u8, RequestRules.TheClock.Person);
        json.WriteString("to"u8, GrantJson.Word(dispute.State));
        write(json);
    });

    private static string FactOf(DisputeEvent happened) => happened switch
    {
        DisputeEvent.State => Stated,
        DisputeEvent.OfferSettlement => Offered,
        DisputeEvent.Settle => Settled,
        DisputeEvent.Escalate => Escalated,
        DisputeEvent.Rule => Ruled,
        _ => Withdrawn,
    };

    private static void Write(Utf8JsonWriter json, Position position)
    {
        json.WriteString("department"u8, position.Department);
        json.WriteString("text"u8, position.Text);
        json.WriteStartArray("documents"u8);
        foreach (var document in position.Documents)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, document.Name);
            json.WriteString("sha256"u8, document.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
