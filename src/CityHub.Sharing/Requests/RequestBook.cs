using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>
/// All requests: a view over the stream <c>requests</c>. Every transition is one fact of one append, and the fact says where it led: a table that changes later does not
/// change what was. The facts are those of <see cref="RequestMachine.Events"/>, with ShareRequested before them, DeadlineMoved and
/// DisposalClockSet beside them.
/// </summary>
internal sealed class RequestBook(IFactLog log, TimeProvider clock, IIdSource ids, RequestWorld world) : FactBook(log, clock, StreamName), IDeadlineKeeper
{
    public const string StreamName = "requests", Requested = "ShareRequested", Moved = "DeadlineMoved", ClockSet = "DisposalClockSet";

    private readonly ConcurrentDictionary<string, ShareRequest> _requests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Applicant, string Dataset, string Purpose, string OnGrant), string> _open = new();

    /// <summary>A request whose grant is to follow it.</summary>
    public event Action<ShareRequest>? GrantMoved;

    public RequestWorld World => world;

    public int Count => _requests.Count;

    public IEnumerable<ShareRequest> All => _requests.Values;

    public ShareRequest? Find(string id) => _requests.GetValueOrDefault(id);

    public Result<ShareRequest> SeenBy(string id, Caller caller) => Find(id) is { } found && found.IsSeenBy(caller) ? found : RequestProblems.Unknown(id);

    /// <summary>Drafts a request. The same department's open request for the same dataset and purpose is this one: asking twice makes one.</summary>
    public ValueTask<Result<(ShareRequest Request, bool New)>> DraftAsync(Caller caller, Wanted wanted) => RecordAsync<(ShareRequest, bool)>(now =>
    {
        if (!RequestRules.Draft(wanted, caller, world, now).TryGet(out var dataset, out var problem))
            return problem;
        var key = (caller.Department ?? "", wanted.Dataset, wanted.Purpose, wanted.OnGrant ?? "");
        if (_open.TryGetValue(key, out var known) && Find(known) is { } open)
            return ((IReadOnlyList<NewFact>)[], (open, false));
        if (wanted.OnGrant is { } old && !_requests.Values.Any(r => r.Grant?.Id == old && r.Applicant == caller.Department))
            return RequestProblems.NoGrant(old);
        var request = new ShareRequest
        {
            Id = $"r-{ids.Next():n}",
            Applicant = caller.Department ?? "",
            Provider = dataset.Provider,
            By = caller.Person,
            Wanted = wanted,
        };
        var fact = Fact(Requested, json =>
        {
            json.WriteString("id"u8, request.Id);
            json.WriteString("by"u8, caller.Person);
            json.WriteString("department"u8, request.Applicant);
            json.WriteString("provider"u8, request.Provider);
            json.WritePropertyName("wanted"u8);
            RequestJson.Write(json, wanted);
        });
        return ((IReadOnlyList<NewFact>)[fact], (request, true));
    });

    /// <summary>Lets something happen to a request, or says why not.</summary>
    public async ValueTask<Result<ShareRequest>> HappenAsync(string id, RequestEvent happened, Caller caller, Details said)
    {
        var done = await RecordAsync<Done>(now =>
        {
            if (!SeenBy(id, caller).TryGet(out var request, out var problem)
                || !RequestRules.Decide(request, happened, caller, said, world, now).TryGet(out var decided, out problem))
                return problem;
            return ((IReadOnlyList<NewFact>)[FactOf(request, happened, caller, said, decided)], Done.Value);
        });
        return done.Ok ? Find(id) is { } request ? request : RequestProblems.Unknown(id) : done.Problem;
    }

    /// <summary>Deadlines that passed, grants that ran out, grants that nobody used: at most one of them for each request at a look; the next look finds the rest.</summary>
    public ValueTask<Result<int>> RecordPassedAsync() => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var request in _requests.Values)
        {
            if (RequestRules.Due(request, world, now) is { } happened
                && RequestRules.Decide(request, happened, RequestRules.TheClock, Details.None, world, now).TryGet(out var decided, out _))
                facts.Add(FactOf(request, happened, RequestRules.TheClock, Details.None, decided));
            else if (request is { UncountedSince: { } since, Grant.Obligations.DestroyWithin: { } within } && world.Deadlines.Within(RequestRules.Disposal, since, within).TryGet(out var destroyBy, out _))
                facts.Add(Fact(ClockSet, json =>
                {
                    Head(json, request, RequestRules.TheClock, request.State);
                    RequestJson.Write(json, "clock", destroyBy);
                }));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    /// <summary>The explicit fact by which a changed calendar moves the deadlines that run; without it none moves.</summary>
    /// <returns>How many moved.</returns>
    public ValueTask<Result<int>> MoveDeadlinesAsync(Caller caller, string reason) => RecordAsync<int>(now =>
    {
        if (!caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("Deadlines are moved by the Authority.", "Ask a person with the role of the Authority.", "decree 809, art. 8");
        if (reason.Length == 0)
            return RequestProblems.Missing("reason: the notice that changed the calendar");
        var facts = new List<NewFact>();
        foreach (var request in _requests.Values)
        {
            if (request.Clock is not { Missed: false } running)
                continue;
            if (!RequestRules.Anew(request, running.Deadline, world.Deadlines).TryGet(out var anew, out var problem))
                return problem;
            if (anew.Due == running.Deadline.Due)
                continue;
            facts.Add(Fact(Moved, json =>
            {
                Head(json, request, caller, request.State);
                json.WriteString("reason"u8, reason);
                RequestJson.Write(json, "before", running.Deadline);
                RequestJson.Write(json, "clock", running.Deadline with { Due = anew.Due });
            }));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var fact = document.RootElement;
        var id = GrantJson.Text(fact, "id");
        if (type == Requested)
        {
            var request = Drafted(id, fact, at, payload);
            _requests[id] = request;
            _open[KeyOf(request)] = id;
            return;
        }

        if (!_requests.TryGetValue(id, out var before))
            return;
        var after = Evolve(before, type, fact, at, payload);
        _requests[id] = after;
        if (!after.Open && _open.TryGetValue(KeyOf(after), out var open) && open == id)
            _open.TryRemove(KeyOf(after), out _);
        if (after.Grant is not null)
            GrantMoved?.Invoke(after);
    }

    private static (string, string, string, string) KeyOf(ShareRequest request) => (request.Applicant, request.Wanted.Dataset, request.Wanted.Purpose, request.Wanted.OnGrant ?? "");

    private static ShareRequest Drafted(string id, JsonElement fact, DateTimeOffset at, ReadOnlyMemory<byte> payload) => new()
    {
        Id = id,
        Applicant = GrantJson.Text(fact, "department"),
        Provider = GrantJson.Text(fact, "provider"),
        By = GrantJson.Text(fact, "by"),
        Wanted = RequestJson.ReadWanted(fact.GetProperty("wanted"u8)).Value,
        History = [new Step(at, Requested, GrantJson.Text(fact, "by"), GrantJson.Text(fact, "department"), RequestState.Draft, payload)],
    };

    /// <summary>The request after a fact: the only place where one changes, for what is decided now and for what the log says.</summary>
    private static ShareRequest Evolve(ShareRequest request, string type, JsonElement fact, DateTimeOffset at, ReadOnlyMemory<byte> payload)
    {
        var to = Enum.Parse<RequestState>(GrantJson.Text(fact, "to"), ignoreCase: true);
        var happened = RequestMachine.ByFact(type)?.Event;
        var deadline = RequestJson.ReadDeadline(fact, "clock");
        var missed = happened == RequestEvent.DeadlinePassed || (deadline == request.Clock?.Deadline && request.Clock is { Missed: true });
        var next = request with
        {
            State = to,
            Clock = deadline is null ? null : new Running(deadline, missed),
            EscalatedTo = happened == RequestEvent.DeadlinePassed ? RequestJson.ReadOwner(fact, "escalatedTo") : to == request.State ? request.EscalatedTo : null,
            Grant = fact.TryGetProperty("grant"u8, out var grant) ? GrantJson.Read(grant) : request.Grant,
            History = request.History.Add(new Step(at, type, GrantJson.Text(fact, "by"), GrantJson.Optional(fact, "department") ?? "", to, payload)),
        };
        if (type == ClockSet)
            next = next with { UncountedSince = null };
        else if (fact.TryGetProperty("uncounted"u8, out _))
            next = next with { UncountedSince = at };
        var said = fact.TryGetProperty("said"u8, out var details) ? details : default;
        return happened switch
        {
            RequestEvent.AskMaterials => next with { Missing = [.. GrantJson.Strings(said.GetProperty("missing"u8))], MaterialsAskedAt = at, Stopped = request.Clock?.Deadline },
            RequestEvent.Supplement => next with { Documents = request.Documents.AddRange(RequestJson.ReadDocuments(said)), SupplementedAt = at },
            RequestEvent.AskExtension => next with { ExtensionAsked = true },
            RequestEvent.Extend => next with { Extended = true },
            RequestEvent.Negotiate => next with { Negotiated = true },
            RequestEvent.File => next with { Filed = true },
            RequestEvent.ChangeService or RequestEvent.EndService => next with { Negotiated = false, Filed = false },
            RequestEvent.Deliver => next with { ActiveSince = at },
            RequestEvent.ProveDisposal => next with { UncountedSince = null },
            _ => next,
        };
    }

    private static NewFact FactOf(ShareRequest request, RequestEvent happened, Caller caller, Details said, Decided decided) => Fact(RequestMachine.Of(happened).Fact, json =>
    {
        Head(json, request, caller, decided.To);
        json.WriteString("from"u8, GrantJson.Word(request.State));
        RequestJson.Write(json, "clock", decided.Clock);
        if (decided.Grant is { } grant)
        {
            json.WritePropertyName("grant"u8);
            GrantJson.Write(json, grant);
        }

        if (decided.EscalatedTo is { } owner)
            RequestJson.Write(json, "escalatedTo", owner);
        if (decided.Uncounted is { } uncounted)
            json.WriteString("uncounted"u8, uncounted.Code);
        if (happened == RequestEvent.Extend)
            json.WriteString("notified"u8, request.Applicant); // art. 21: the applicant is told of the extension.
        if (said.Json.EnumerateObject().Any())
        {
            json.WritePropertyName("said"u8);
            said.Json.WriteTo(json);
        }
    });

    private static void Head(Utf8JsonWriter json, ShareRequest request, Caller caller, RequestState to)
    {
        json.WriteString("id"u8, request.Id);
        json.WriteString("by"u8, caller.Person);
        if (caller.Department is { } department)
            json.WriteString("department"u8, department);
        json.WriteString("to"u8, GrantJson.Word(to));
    }
}
