using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Disputes;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.Supervision;

/// <summary>
/// Reads evidence out of the facts of the other slices, in the order of the log: the clocks of requests, corrections, catalogue and disputes; services that ended under a receiver;
/// what is to be disposed of; flow-back that was opened; rows that no catalogue has; releases; emergencies. Beside it stands what supervision recorded itself.
/// </summary>
internal sealed class EvidenceReader(IFactLog log, SupervisionBook book)
{
    private static readonly string[] Streams =
    [
        CatalogueBook.StreamName, DeliveryBook.StreamName, RequestBook.StreamName, CorrectionBook.StreamName, GrantBook.StreamName, DisputeBook.StreamName, BreakGlassBook.StreamName, SupervisionBook.StreamName, Acts.Stream,
    ];

    private readonly Lock _gate = new();
    private readonly List<Evidence> _read = [];

    /// <summary>The clock that runs for a matter.</summary>
    private readonly Dictionary<string, Running> _clocks = new(StringComparer.Ordinal);

    /// <summary>Of a dataset, a request or a correction: by its stream and id.</summary>
    private readonly Dictionary<string, string> _providers = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Asked> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Dataset, string Provider, string? Request)> _services = new(StringComparer.Ordinal);

    /// <summary>Grants whose dataset was withdrawn under them.</summary>
    private readonly Dictionary<string, HashSet<string>> _cut = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _published = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _handlers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _emergencies = new(StringComparer.Ordinal);

    /// <summary>Where a receiver took rows since it last said what it did with them: of these releases the first is the one that counts.</summary>
    private readonly HashSet<(string Department, string Grant)> _released = [];
    private long _position;

    /// <summary>All there is, supervision's own among it.</summary>
    public IReadOnlyList<Evidence> Read()
    {
        lock (_gate)
        {
            var head = log.Head;
            foreach (var fact in InOrder(_position, head))
            {
                try
                {
                    using var json = JsonDocument.Parse(fact.Payload);
                    Take(fact, json.RootElement);
                }
                catch (Exception odd) when (odd is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
                {
                    // One fact that does not say what its kind says must not switch supervision off.
                }
            }

            _position = head;
            return [.. _read.Concat(book.Evidence).OrderBy(e => e.Position)];
        }
    }

    /// <summary>The facts of the streams as the log has them, without holding them: acts are many.</summary>
    private IEnumerable<Fact> InOrder(long after, long head)
    {
        var next = new PriorityQueue<IEnumerator<Fact>, long>();
        foreach (var stream in Streams)
            Put(log.Read(after, stream).GetEnumerator());
        while (next.TryDequeue(out var facts, out _))
        {
            yield return facts.Current;
            Put(facts);
        }

        void Put(IEnumerator<Fact> facts)
        {
            if (facts.MoveNext() && facts.Current.Position <= head)
                next.Enqueue(facts, facts.Current.Position);
            else
                facts.Dispose();
        }
    }

    private void Take(in Fact fact, JsonElement root)
    {
        switch (fact.Stream)
        {
            case RequestBook.StreamName:
                Request(fact, root);
                break;
            case CorrectionBook.StreamName:
                if (fact.Type == CorrectionBook.Filed)
                    _providers[Matter(fact, root)] = Text(root, "provider");
                if (fact.Type != CorrectionBook.HoldersNotified)
                    Clock(fact, Matter(fact, root), ClockOf(root));
                break;
            case CatalogueBook.StreamName:
                Catalogue(fact, root);
                break;
            case GrantBook.StreamName:
                Grant(fact, root.GetProperty("grant"));
                break;
            case DisputeBook.StreamName:
                Dispute(fact, root);
                break;
            case BreakGlassBook.StreamName:
                Emergency(fact, root);
                break;
            case DeliveryBook.StreamName when fact.Type == nameof(DeliveryReceived) && root.TryGetProperty("published", out var published) && published.ValueKind == JsonValueKind.False:
                var dataset = Text(root, "dataset");
                _read.Add(new Evidence.DeliveredUncatalogued(fact.At, _providers.GetValueOrDefault(Entry(dataset)) ?? "", fact.Position, dataset));
                break;
            case SupervisionBook.StreamName when fact.Type == nameof(Evidence.Used):
                _released.Remove((Text(root, "department"), Text(root, "grant")));
                break;
            case Acts.Stream when fact.Type == ReleaseActs.Opened && root.TryGetProperty("what", out var what):
                Release(fact, Text(what, "receiver"), Text(what, "grant"));
                break;
            default:
                break;
        }
    }

    private void Request(in Fact fact, JsonElement root)
    {
        var id = Text(root, "id");
        if (fact.Type == RequestBook.Requested)
        {
            _requests[id] = new Asked(Text(root, "department"), Text(root, "provider"));
            _providers[Matter(fact, root)] = Text(root, "provider");
            return;
        }

        if (!_requests.TryGetValue(id, out var request))
            return;
        var (happened, grant, clock) = (RequestMachine.ByFact(fact.Type)?.Event, RequestRules.GrantId(id), ClockOf(root));
        if (clock is { Article: var article } && article == Article(RequestRules.Disposal))
        {
            // Not a service that is owed, but something to be destroyed: by the receiver.
            if (clock.Due != request.DisposeBy)
                _read.Add(new Evidence.GrantOver(fact.At, request.Applicant, fact.Position, grant, clock.Due));
            request = request with { DisposeBy = clock.Due };
            clock = null;
        }

        Clock(fact, Matter(fact, root), clock);
        if (happened is RequestEvent.EndService or RequestEvent.ChangeService)
            _read.Add(new Evidence.ServiceEnded(fact.At, request.Provider, fact.Position, grant, request.Negotiated, request.Filed));
        if (happened == RequestEvent.ProveDisposal)
            _read.Add(new Evidence.Disposed(fact.At, request.Applicant, fact.Position, grant));
        _requests[id] = happened switch
        {
            RequestEvent.Negotiate => request with { Negotiated = true },
            RequestEvent.File => request with { Filed = true },
            RequestEvent.EndService or RequestEvent.ChangeService => request with { Negotiated = false, Filed = false },
            _ => request,
        };
    }

    /// <summary>The clock of art. 17 waits for the renewed entry: it stands still while that lies with the authority, and ends when it is published.</summary>
    private void Catalogue(in Fact fact, JsonElement root)
    {
        if (fact.Type == nameof(DatasetDrafted) && root.TryGetProperty("entry", out var entry))
            _providers[Entry(Text(entry, "id"))] = Text(entry, "provider");
        var id = fact.Type == nameof(DatasetDrafted) ? Text(root.GetProperty("entry"), "id") : Text(root, "id");
        var (matter, due) = (Entry(id), ClockOf(root, "updateDue"));
        switch (fact.Type)
        {
            case nameof(UpdateExtended) when due is not null && _clocks.ContainsKey(Still(matter)):
                _clocks[Still(matter)] = due;
                break;
            case nameof(DatasetDrafted) or nameof(CatalogueChangeReported) or nameof(UpdateExtended) when due is not null:
                Clock(fact, matter, due);
                break;
            case nameof(DatasetSubmitted) when _clocks.TryGetValue(matter, out var running):
                Clock(fact, matter, null);
                _clocks[Still(matter)] = running;
                break;
            case nameof(DatasetReturned) or nameof(DatasetWithdrawn) when !IsPublished(id, root) && _clocks.Remove(Still(matter), out var still):
                Clock(fact, matter, due ?? still);
                break;
            case nameof(DatasetPublished):
                _clocks.Remove(Still(matter));
                Clock(fact, matter, null);
                _published[id] = root.GetProperty("version").GetInt32();
                _read.Add(new Evidence.Published(fact.At, _providers.GetValueOrDefault(matter) ?? "", fact.Position, id));
                if (_cut.Remove(id, out var cut))
                    foreach (var grant in cut)
                        if (_services.TryGetValue(grant, out var back))
                            _read.Add(new Evidence.ServiceRestored(fact.At, back.Provider, fact.Position, grant));
                break;
            case nameof(DatasetWithdrawn) when IsPublished(id, root):
                Clock(fact, matter, null);
                _published.Remove(id);
                foreach (var (grant, service) in _services.Where(s => s.Value.Dataset == id))
                {
                    var request = service.Request is { } of ? _requests.GetValueOrDefault(of) : null;
                    _read.Add(new Evidence.ServiceEnded(fact.At, service.Provider, fact.Position, grant, request is { Negotiated: true }, request is { Filed: true }));
                    (_cut.TryGetValue(id, out var cutOff) ? cutOff : _cut[id] = []).Add(grant);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>Services that run: grants of one department that are active. What stands for everybody is nobody's to negotiate, and an emergency ends by itself.</summary>
    private void Grant(in Fact fact, JsonElement grant)
    {
        var (id, dataset, provider, receiver) = (Text(grant, "id"), Text(grant, "dataset"), Text(grant, "provider"), Text(grant, "receiver"));
        if (fact.Type == GrantBook.FlowBackOpened)
            _read.Add(new Evidence.FlowBackOpened(fact.At, provider, fact.Position, dataset, receiver));
        if (receiver is GrantBook.Everybody or GrantBook.Public || grant.TryGetProperty("persons", out _))
            return;
        if (Text(grant, "state") == GrantJson.Word(GrantState.Active))
            _services[id] = (dataset, provider, GrantJson.Optional(grant, "request"));
        else
            _services.Remove(id);
    }

    private void Dispute(in Fact fact, JsonElement root)
    {
        var id = Text(root, "id");
        if (fact.Type is DisputeBook.Escalated or DisputeBook.Ruled or DisputeBook.Settled or DisputeBook.Withdrawn && _handlers.Remove(id, out var handled))
            _read.Add(new Evidence.DisputeHandled(fact.At, handled, fact.Position, id));
        if (fact.Type == DisputeBook.Escalated)
            _handlers[id] = Text(root, "handler");
        if (fact.Type is DisputeBook.Escalated or DisputeBook.ClockSet && ClockOf(root) is { } clock && _handlers.TryGetValue(id, out var handler))
            _read.Add(new Evidence.DisputeBrought(fact.At, handler, fact.Position, id, clock.Due));
    }

    private void Emergency(in Fact fact, JsonElement root)
    {
        var id = Text(root, "id");
        if (fact.Type == nameof(GlassOpened))
            _emergencies[id] = Text(root, "receiver");
        if (_emergencies.GetValueOrDefault(id) is not { Length: > 0 } receiver)
            return;
        if (fact.Type == nameof(GlassConfirmed))
            _read.Add(new Evidence.EmergencyOpened(fact.At, receiver, fact.Position, id));
        else if (fact.Type == nameof(GlassReviewed))
            _read.Add(new Evidence.EmergencyReviewed(fact.At, receiver, fact.Position, id));
    }

    private void Release(in Fact fact, string receiver, string grant)
    {
        if (receiver is not ("" or Decider.Public or "citizen") && _released.Add((receiver, grant)))
            _read.Add(new Evidence.Released(fact.At, receiver, fact.Position, grant));
    }

    /// <summary>The clock that runs after a fact; none: nothing is owed any more.</summary>
    private void Clock(in Fact fact, string matter, Running? next)
    {
        var department = _providers.GetValueOrDefault(matter) ?? "";
        var runs = _clocks.TryGetValue(matter, out var running);
        if (runs && next is not null && next.Article == running?.Article && next.Began == running.Began)
        {
            if (next.Due != running.Due)
                _read.Add(new Evidence.ClockMoved(fact.At, department, fact.Position, running.Id, next.Due));
            _clocks[matter] = running with { Due = next.Due };
            return;
        }

        if (runs && running is not null)
        {
            _read.Add(new Evidence.ClockStopped(fact.At, department, fact.Position, running.Id));
            _clocks.Remove(matter);
        }

        if (next is null)
            return;
        next = next with { Id = $"{matter}/{next.Article}/{fact.Position}" };
        _clocks[matter] = next;
        _read.Add(new Evidence.ClockBegan(fact.At, department, fact.Position, next.Id, next.Article, next.Due));
    }

    private bool IsPublished(string dataset, JsonElement root) => _published.TryGetValue(dataset, out var version) && root.GetProperty("version").GetInt32() == version;

    private static Running? ClockOf(JsonElement root, string member = "clock") => root.TryGetProperty(member, out var clock) && clock.ValueKind == JsonValueKind.Object
        ? new Running("", Article(Text(clock, "article")), clock.GetProperty("began").GetDateTimeOffset(), clock.GetProperty("due").GetDateTimeOffset())
        : null;

    private static string Matter(in Fact fact, JsonElement root) => $"{fact.Stream}/{Text(root, "id")}";

    private static string Entry(string dataset) => $"{CatalogueBook.StreamName}/{dataset}";

    private static string Still(string matter) => matter + " with the authority";

    /// <summary><c>809/21-conditional</c> is a clock of <c>809/21</c>.</summary>
    private static string Article(string article) => article.Split('-')[0];

    private static string Text(JsonElement root, string member) => root.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    private sealed record Running(string Id, string Article, DateTimeOffset Began, DateTimeOffset Due);

    private sealed record Asked(string Applicant, string Provider)
    {
        public bool Negotiated { get; init; }

        public bool Filed { get; init; }

        public DateTimeOffset? DisposeBy { get; init; }
    }
}
