using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.Corrections;

/// <summary>What is said to be wrong, in plain words; never in a fact.</summary>
/// <param name="Record">Key of the record.</param>
/// <param name="Claimed">What the field should say.</param>
public sealed record Claim(string Record, string Claimed)
{
    /// <summary>Papers that show it, by name and hash: names of papers name people.</summary>
    public IReadOnlyList<Document> Evidence { get; init; } = [];
}

/// <summary>校核申请 or 异议: about one field of one record. What it says of the record stands here only as salted commitments.</summary>
public sealed record CorrectionRequest
{
    public required string Id { get; init; }

    /// <summary>An objection to an answer, or to what is recorded, rather than a request to check.</summary>
    public bool Objection { get; init; }

    /// <summary>The correction request that an objection is about.</summary>
    public string? About { get; init; }

    public required string Dataset { get; init; }

    public required string Provider { get; init; }

    public required string Field { get; init; }

    /// <summary>Null: a citizen, whom no fact names.</summary>
    public string? Department { get; init; }

    public required string RecordCommitment { get; init; }

    public required string ClaimCommitment { get; init; }

    /// <summary>One for each paper, over its name and its hash.</summary>
    public IReadOnlyList<string> EvidenceCommitments { get; init; } = [];

    /// <summary>Position of the act with the sealed claim.</summary>
    public long Act { get; init; }

    public DateTimeOffset FiledAt { get; init; }

    public CorrectionState State { get; init; }

    public Running? Clock { get; init; }

    public Owner? EscalatedTo { get; init; }

    public string? Reason { get; init; }

    /// <summary>Receivers of live grants who were told that a record was corrected.</summary>
    public IReadOnlyList<string> Notified { get; init; } = [];
}

/// <summary>
/// All correction requests: a view over the stream <c>corrections</c>, whose facts are CorrectionFiled, CorrectionVerifying, CorrectionAnswered, CorrectionWithdrawn,
/// HoldersNotified and DeadlineMissed. The claim itself is sealed in an act under a key of its own, and the person who filed finds it again by his acts.
/// </summary>
internal sealed class CorrectionBook(IFactLog log, TimeProvider clock, IIdSource ids, IActs acts, Action<Span<byte>> entropy, ICatalogue catalogue, IDepartments departments, IDeadlines deadlines, GrantBook grants)
    : FactBook(log, clock, StreamName), IDeadlineKeeper
{
    public const string StreamName = "corrections", Filed = "CorrectionFiled", Verifying = "CorrectionVerifying", Answered = "CorrectionAnswered", Withdrawn = "CorrectionWithdrawn",
        HoldersNotified = "HoldersNotified", Missed = "DeadlineMissed", Opened = "CorrectionOpened";

    private readonly ConcurrentDictionary<string, CorrectionRequest> _corrections = new(StringComparer.Ordinal);

    public IEnumerable<CorrectionRequest> All => _corrections.Values;

    public CorrectionRequest? Find(string id) => _corrections.GetValueOrDefault(id);

    public Owner OwnerOf(CorrectionRequest correction) => correction.EscalatedTo ?? (correction.State is CorrectionState.Filed or CorrectionState.Verifying || correction.Department is null
        ? Owners.Officer(correction.Provider, departments)
        : Owners.Officer(correction.Department, departments));

    /// <summary>The citizen's own, found by his sealed acts: no fact says that they are his.</summary>
    public IEnumerable<CorrectionRequest> OwnOf(string person) =>
        acts.Of(person).Where(a => a.Type == Filed).Select(a => Find(TextOf(a.What, "correction"))).OfType<CorrectionRequest>();

    public bool IsSeenBy(CorrectionRequest correction, Caller caller) =>
        caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor)
        || (caller.Department is { } department && (department == correction.Provider || department == correction.Department))
        || (caller.Is(Roles.Citizen) && OwnOf(caller.Person).Any(c => c.Id == correction.Id));

    public Result<CorrectionRequest> SeenBy(string id, Caller caller) => Find(id) is { } found && IsSeenBy(found, caller) ? found : CorrectionProblems.Unknown(id);

    /// <summary>Seals the claim first, then records that it was filed. A crash between leaves a sealed claim that nobody filed.</summary>
    public async ValueTask<Result<CorrectionRequest>> FileAsync(Caller caller, string dataset, string field, Claim claim, IReadOnlyList<Document> evidence, bool objection, string? about, CancellationToken cancel)
    {
        var citizen = caller.Is(Roles.Citizen);
        if (!citizen && !(caller.Department is not null && caller.Is(Roles.DataOfficer | Roles.SharingOfficer)))
            return CorrectionProblems.NotAFiler();
        if (catalogue.Find(dataset) is not { State: DatasetState.Published } entry)
            return SharingProblems.DatasetUnknown.Because($"There is no dataset {dataset} for you.", "GET /sharing/catalogue lists what there is.", "decree 809, art. 26");
        if (entry.Fields.All(f => f.Name != field))
            return CorrectionProblems.NoField(dataset, field);
        if (claim.Record.Length == 0 || claim.Claimed.Length == 0)
            return CorrectionProblems.Missing("record and claimed: which record, and what it should say");
        if (citizen && entry.Subject is null)
            return CorrectionProblems.Missing($"{dataset} is not about persons; a citizen corrects his own data");
        if (about is not null && !SeenBy(about, caller).Ok)
            return CorrectionProblems.Unknown(about);
        var id = $"c-{ids.Next():n}";
        var (saltRecord, saltClaim) = (Salt(), Salt());
        var papers = evidence.Select(document => (Document: document, Salt: Salt())).ToList();
        var sealedClaim = Json(json =>
        {
            json.WriteString("record"u8, claim.Record);
            json.WriteString("claimed"u8, claim.Claimed);
            json.WriteBase64String("recordSalt"u8, saltRecord);
            json.WriteBase64String("claimSalt"u8, saltClaim);
            Write(json, papers);
            if (citizen)
                json.WriteString("person"u8, caller.Person);
        });
        var what = Json(json =>
        {
            json.WriteString("correction"u8, id);
            json.WriteString("dataset"u8, dataset);
            json.WriteString("field"u8, field);
            json.WriteString("provider"u8, entry.Provider);
        });
        List<ActSubject> subjects = [new(KeyOf(id), sealedClaim)];
        if (citizen)
            subjects.Add(new(caller.Person, Json(json => json.WriteString("field"u8, field))));
        if (!(await acts.RecordAsync(new Act(Filed, what) { Subjects = subjects }, cancel)).TryGet(out var act, out var problem))
            return problem;
        var filed = await RecordAsync<Done>(now => deadlines.Start(JurisdictionProfile.Correction, now).Map<(IReadOnlyList<NewFact>, Done)>(due => ([Fact(Filed, json =>
        {
            json.WriteString("id"u8, id);
            json.WriteBoolean("objection"u8, objection);
            if (about is not null)
                json.WriteString("about"u8, about);
            json.WriteString("dataset"u8, dataset);
            json.WriteString("provider"u8, entry.Provider);
            json.WriteString("field"u8, field);
            if (!citizen)
            {
                json.WriteString("department"u8, caller.Department);
                json.WriteString("by"u8, caller.Person);
            }

            json.WriteString("record"u8, Commitment(saltRecord, claim.Record));
            json.WriteString("claim"u8, Commitment(saltClaim, claim.Claimed));
            json.WriteNumber("act"u8, act.Position);
            GrantJson.Texts(json, "evidence"u8, papers.Select(p => Commitment(p.Salt, $"{p.Document.Name}\n{p.Document.Sha256}")));
            RequestJson.Write(json, "clock", due);
        })], Done.Value)));
        return filed.Ok ? Find(id) is { } made ? made : CorrectionProblems.Unknown(id) : filed.Problem;
    }

    /// <summary>The claim in plain words, for an officer of the provider; recorded before it is shown, and shown to the person whom it is about.</summary>
    public async ValueTask<Result<Claim>> OpenAsync(string id, Caller caller, CancellationToken cancel)
    {
        if (!SeenBy(id, caller).TryGet(out var correction, out var problem))
            return problem;
        if (!caller.IsOf(correction.Provider, Roles.DataOfficer) && !caller.IsOf(correction.Provider, Roles.SharingOfficer))
            return CorrectionProblems.NotYours(CorrectionEvent.Verify);
        var found = acts.Of(KeyOf(id), correction.Act - 1).Take(1).ToList();
        if (found.Count == 0)
            return CorrectionProblems.Missing("the sealed claim; it was forgotten");
        using var document = JsonDocument.Parse(found[0].Fields);
        var root = document.RootElement;
        var what = Json(json =>
        {
            json.WriteString("correction"u8, id);
            json.WriteString("department"u8, caller.Department);
            json.WriteString("by"u8, caller.Person);
        });
        IReadOnlyList<ActSubject> subjects = GrantJson.Optional(root, "person") is { } person ? [new(person, Json(json => json.WriteString("field"u8, correction.Field)))] : [];
        if (!(await acts.RecordAsync(new Act(Opened, what) { Subjects = subjects }, cancel)).TryGet(out _, out problem))
            return problem;
        return new Claim(GrantJson.Text(root, "record"), GrantJson.Text(root, "claimed")) { Evidence = [.. RequestJson.ReadDocuments(root)] };
    }

    public async ValueTask<Result<CorrectionRequest>> HappenAsync(string id, CorrectionEvent happened, Caller caller, string reason)
    {
        var done = await RecordAsync<Done>(now =>
        {
            if (!SeenBy(id, caller).TryGet(out var correction, out var problem))
                return problem;
            var may = happened switch
            {
                CorrectionEvent.DeadlinePassed => false,
                CorrectionEvent.Withdraw => correction.Department is null ? caller.Is(Roles.Citizen) : caller.Department == correction.Department && caller.Is(Roles.DataOfficer | Roles.SharingOfficer),
                CorrectionEvent.Verify => caller.IsOf(correction.Provider, Roles.DataOfficer | Roles.SharingOfficer),
                _ => caller.IsOf(correction.Provider, Roles.SharingOfficer),
            };
            if (!may)
                return CorrectionProblems.NotYours(happened);
            if (!CorrectionMachine.Next(correction.State, happened).TryGet(out var to, out problem))
                return problem;
            if (happened is CorrectionEvent.Reject or CorrectionEvent.Uphold && reason.Length == 0)
                return CorrectionProblems.Missing("reason: why the record stays as it is");
            var facts = new List<NewFact>
            {
                Fact(to == CorrectionState.Verifying ? Verifying : to == CorrectionState.Withdrawn ? Withdrawn : Answered, json =>
                {
                    json.WriteString("id"u8, id);
                    json.WriteString("to"u8, GrantJson.Word(to));
                    if (correction.Department is not null || !caller.Is(Roles.Citizen))
                        json.WriteString("by"u8, caller.Person);
                    if (reason.Length > 0)
                        json.WriteString("reason"u8, reason);
                    RequestJson.Write(json, "clock", to == CorrectionState.Verifying ? correction.Clock?.Deadline : null);
                }),
            };
            if (to == CorrectionState.Corrected)
                facts.Add(Notify(correction));
            return ((IReadOnlyList<NewFact>)facts, Done.Value);
        });
        return done.Ok ? Find(id) is { } found ? found : CorrectionProblems.Unknown(id) : done.Problem;
    }

    public ValueTask<Result<int>> RecordPassedAsync() => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var correction in _corrections.Values)
            if (correction.Clock is { Missed: false } running && running.Deadline.Due < now && CorrectionMachine.Table[(correction.State, CorrectionEvent.DeadlinePassed)] is { } to)
                facts.Add(Fact(Missed, json =>
                {
                    json.WriteString("id"u8, correction.Id);
                    json.WriteString("to"u8, GrantJson.Word(to));
                    RequestJson.Write(json, "clock", running.Deadline);
                    RequestJson.Write(json, "escalatedTo", Owners.Above(OwnerOf(correction), departments));
                }));
        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    public static string KeyOf(string id) => "correction:" + id;

    /// <summary>H(salt ‖ text), as in leaves.</summary>
    public static string Commitment(ReadOnlySpan<byte> salt, string text)
    {
        byte[] input = [.. salt, .. Encoding.UTF8.GetBytes(text)];
        return Convert.ToHexStringLower(SHA256.HashData(input));
    }

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var fact = document.RootElement;
        var id = GrantJson.Text(fact, "id");
        var deadline = RequestJson.ReadDeadline(fact, "clock");
        if (type == Filed)
        {
            _corrections[id] = new CorrectionRequest
            {
                Id = id,
                Objection = fact.GetProperty("objection"u8).GetBoolean(),
                About = GrantJson.Optional(fact, "about"),
                Dataset = GrantJson.Text(fact, "dataset"),
                Provider = GrantJson.Text(fact, "provider"),
                Field = GrantJson.Text(fact, "field"),
                Department = GrantJson.Optional(fact, "department"),
                RecordCommitment = GrantJson.Text(fact, "record"),
                ClaimCommitment = GrantJson.Text(fact, "claim"),
                EvidenceCommitments = fact.TryGetProperty("evidence"u8, out var papers) ? [.. GrantJson.Strings(papers)] : [],
                Act = fact.GetProperty("act"u8).GetInt64(),
                FiledAt = at,
                Clock = deadline is null ? null : new Running(deadline, false),
            };
            return;
        }

        if (!_corrections.TryGetValue(id, out var correction))
            return;
        if (type == HoldersNotified)
        {
            _corrections[id] = correction with { Notified = [.. GrantJson.Strings(fact.GetProperty("receivers"u8))] };
            return;
        }

        var to = Enum.Parse<CorrectionState>(GrantJson.Text(fact, "to"), ignoreCase: true);
        _corrections[id] = correction with
        {
            State = to,
            Clock = deadline is null ? null : new Running(deadline, type == Missed || correction.Clock is { Missed: true }),
            EscalatedTo = type == Missed ? RequestJson.ReadOwner(fact, "escalatedTo") : to == correction.State ? correction.EscalatedTo : null,
            Reason = GrantJson.Optional(fact, "reason") ?? correction.Reason,
        };
    }

    private NewFact Notify(CorrectionRequest correction)
    {
        var live = grants.All.Where(g => g.Dataset == correction.Dataset && g.State is (GrantState.Delivering or GrantState.Active or GrantState.Suspended))
            .OrderBy(g => g.Id, StringComparer.Ordinal).ToList();
        return Fact(HoldersNotified, json =>
        {
            json.WriteString("id"u8, correction.Id);
            json.WriteString("dataset"u8, correction.Dataset);
            json.WriteString("field"u8, correction.Field);
            GrantJson.Texts(json, "grants"u8, live.Select(g => g.Id));
            GrantJson.Texts(json, "receivers"u8, live.Select(g => g.Receiver).Distinct(StringComparer.Ordinal));
        });
    }

    private byte[] Salt()
    {
        var salt = new byte[32];
        entropy(salt);
        return salt;
    }

    private static void Write(Utf8JsonWriter json, List<(Document Document, byte[] Salt)> papers)
    {
        json.WriteStartArray("documents"u8);
        foreach (var (document, salt) in papers)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, document.Name);
            json.WriteString("sha256"u8, document.Sha256);
            json.WriteBase64String("salt"u8, salt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string TextOf(ReadOnlyMemory<byte> utf8, string name)
    {
        using var document = JsonDocument.Parse(utf8);
        return GrantJson.Optional(document.RootElement, name) ?? "";
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
