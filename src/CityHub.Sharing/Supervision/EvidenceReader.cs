using System.Text.Json;
using CityHub.Core.Facts;

namespace CityHub.Sharing.Supervision;

/// <summary>
/// Reads evidence out of the facts of the other slices, in the order of the log: clocks of requests and corrections begin, move and stop with their facts; missed clocks of the
/// catalogue; rows that no catalogue has; releases; and what supervision recorded itself.
/// </summary>
/// <param name="providerOf">Of a request or a correction, by its stream and id.</param>
internal sealed class EvidenceReader(IFactLog log, SupervisionBook book, Func<string, string, string?> providerOf)
{
    private static readonly HashSet<string> Streams = new(StringComparer.Ordinal) { "requests", "corrections", "catalogue", "deliveries", Acts.Stream };

    private readonly Lock _gate = new();
    private readonly List<Evidence> _read = [];

    /// <summary>The clock that runs for a matter.</summary>
    private readonly Dictionary<string, (string Id, string Article, DateTimeOffset Began, DateTimeOffset Due)> _clocks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _departments = new(StringComparer.Ordinal);
    private long _position;

    /// <summary>All there is, supervision's own among it.</summary>
    public IReadOnlyList<Evidence> Read()
    {
        lock (_gate)
        {
            var head = log.Head;
            foreach (var stream in Streams)
                foreach (var fact in log.Read(_position, stream))
                {
                    if (fact.Position > head)
                        break;
                    Take(fact);
                }

            _position = head;
            return [.. _read.Concat(book.Evidence).OrderBy(e => e.Position)];
        }
    }

    private void Take(in Fact fact)
    {
        using var json = JsonDocument.Parse(fact.Payload);
        var root = json.RootElement;
        switch (fact.Stream)
        {
            case "requests" or "corrections":
                Clock(fact, root);
                break;
            case "catalogue" when fact.Type == "CatalogueDeadlineMissed" && Text(root, "article") == Calendars.JurisdictionProfile.Update:
                _read.Add(new Evidence.ClockBegan(fact.At, Text(root, "department"), fact.Position, $"catalogue/{Text(root, "id")}/{fact.Position}", Article(Text(root, "article")), root.GetProperty("due").GetDateTimeOffset()));
                break;
            case "deliveries" when fact.Type == "DeliveryReceived" && root.TryGetProperty("published", out var published) && published.ValueKind == JsonValueKind.False:
                _read.Add(new Evidence.DeliveredUncatalogued(fact.At, Text(root, "by"), fact.Position, Text(root, "dataset")));
                break;
            case Acts.Stream when fact.Type == Releases.ReleaseActs.Opened && root.TryGetProperty("what", out var what) && what.TryGetProperty("receiver", out var receiver) && receiver.GetString() is { Length: > 0 } department:
                _read.Add(new Evidence.Released(fact.At, department, fact.Position, Text(what, "grant")));
                break;
            default:
                break;
        }
    }

    /// <summary>Each fact of a request or a correction says which clock runs after it; none: nothing is owed.</summary>
    private void Clock(in Fact fact, JsonElement root)
    {
        var matter = $"{fact.Stream}/{Text(root, "id")}";
        var runs = _clocks.TryGetValue(matter, out var running);
        var next = root.TryGetProperty("clock", out var clock) && clock.ValueKind == JsonValueKind.Object
            ? (Article: Article(Text(clock, "article")), Began: clock.GetProperty("began").GetDateTimeOffset(), Due: clock.GetProperty("due").GetDateTimeOffset())
            : ((string Article, DateTimeOffset Began, DateTimeOffset Due)?)null;
        if (runs && next is { } same && same.Article == running.Article && same.Began == running.Began)
        {
            if (same.Due != running.Due)
                _read.Add(new Evidence.ClockMoved(fact.At, Department(fact.Stream, matter, root), fact.Position, running.Id, same.Due));
            _clocks[matter] = (running.Id, same.Article, same.Began, same.Due);
            return;
        }

        if (runs)
        {
            _read.Add(new Evidence.ClockStopped(fact.At, Department(fact.Stream, matter, root), fact.Position, running.Id));
            _clocks.Remove(matter);
        }

        if (next is not { } begins)
            return;
        var id = $"{matter}/{begins.Article}/{fact.Position}";
        _clocks[matter] = (id, begins.Article, begins.Began, begins.Due);
        _read.Add(new Evidence.ClockBegan(fact.At, Department(fact.Stream, matter, root), fact.Position, id, begins.Article, begins.Due));
    }

    private string Department(string stream, string matter, JsonElement root)
    {
        if (!_departments.TryGetValue(matter, out var department))
            _departments[matter] = department = providerOf(stream, Text(root, "id")) ?? "";
        return department;
    }

    /// <summary><c>809/21-conditional</c> is a clock of <c>809/21</c>.</summary>
    private static string Article(string article) => article.Split('-')[0];

    private static string Text(JsonElement root, string member) => root.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
}
