using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;

namespace CityHub.Sensing.DeadLetters;

/// <summary>A payload that did not become observations, and why.</summary>
/// <param name="Number">Counts up; later letters have larger numbers.</param>
/// <param name="Excerpt">The beginning of the payload: text, or base64 where it is none.</param>
/// <param name="Bytes">How long the payload was.</param>
public sealed record DeadLetter(long Number, DateTimeOffset At, string Device, string Topic, string Reason, string Excerpt, bool IsText, int Bytes);

/// <summary>
/// The dead letters of one tenant: a view over the stream <c>dead-letters</c>. A device that sends nonsense all day must not fill the log: of each
/// device an hour's first hundred are kept, of all together an hour's first thousand; the others are counted, and the count is a fact too.
/// </summary>
internal sealed class DeadLetterBook(IFactLog log, TimeProvider clock, string tenant) : TenantBook(log, clock, StreamName, tenant)
{
    public const string StreamName = "dead-letters";
    public const string Kept = "PayloadRefused";
    public const string Overflowed = "RefusedPayloadsCounted";
    public const int MostOfDevice = 100;
    public const int MostOfAll = 1_000;
    private const int MostShown = 10_000;
    private const int ExcerptBytes = 512;
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Queue<DeadLetter> _letters = new();
    private readonly Dictionary<string, long> _uncounted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _overflow = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ofDevice = new(StringComparer.Ordinal);
    private long _window;
    private int _ofAll;
    private long _number;

    /// <summary>Payloads refused beyond what is kept, by device.</summary>
    public IReadOnlyDictionary<string, long> Overflow
    {
        get
        {
            lock (_gate)
            {
                var sum = new Dictionary<string, long>(_overflow, StringComparer.Ordinal);
                foreach (var (device, count) in _uncounted)
                    sum[device] = sum.GetValueOrDefault(device) + count;
                return sum;
            }
        }
    }

    /// <summary>Keeps a letter, or counts it. Returns when it is durable.</summary>
    public async ValueTask<Result<Done>> KeepAsync(string device, string topic, string reason, ReadOnlyMemory<byte> payload)
    {
        if (!TakeRoom(device))
            return Done.Value;
        var head = payload.Span[..Math.Min(payload.Length, ExcerptBytes)];
        var isText = TryText(head, out var excerpt);
        return await RecordAsync<Done>(_ => (
            (IReadOnlyList<NewFact>)[Fact(Kept, json =>
            {
                json.WriteString("device"u8, device);
                json.WriteString("topic"u8, topic);
                json.WriteString("reason"u8, reason);
                json.WriteString(isText ? "text"u8 : "base64"u8, excerpt);
                json.WriteNumber("bytes"u8, payload.Length);
            })],
            Done.Value));
    }

    /// <summary>Records what was only counted since the last time; with the timer, and at the end.</summary>
    public ValueTask<Result<int>> CountAsync()
    {
        KeyValuePair<string, long>[] counts;
        lock (_gate)
        {
            if (_uncounted.Count == 0)
                return new ValueTask<Result<int>>(0);
            counts = [.. _uncounted];
            _uncounted.Clear();
        }

        return RecordAsync<int>(_ => (
            (IReadOnlyList<NewFact>)[Fact(Overflowed, json =>
            {
                json.WriteStartObject("counts"u8);
                foreach (var (device, count) in counts)
                    json.WriteNumber(device, count);
                json.WriteEndObject();
            })],
            counts.Length));
    }

    /// <summary>The youngest first, before a number.</summary>
    public IReadOnlyList<DeadLetter> Page(string? device, long before, int limit)
    {
        lock (_gate)
            return [.. _letters.Reverse().Where(l => l.Number < before && (device is null || l.Device == device)).Take(limit)];
    }

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        if (type == Overflowed)
        {
            foreach (var count in root.GetProperty("counts"u8).EnumerateObject())
                _overflow.AddOrUpdate(count.Name, count.Value.GetInt64(), (_, known) => known + count.Value.GetInt64());
            return;
        }

        if (type != Kept)
            return;
        var isText = root.TryGetProperty("text"u8, out var excerpt);
        if (!isText)
            excerpt = root.GetProperty("base64"u8);
        lock (_gate)
        {
            _letters.Enqueue(new DeadLetter(
                ++_number, at, root.GetProperty("device"u8).GetString() ?? "", root.GetProperty("topic"u8).GetString() ?? "", root.GetProperty("reason"u8).GetString() ?? "",
                excerpt.GetString() ?? "", isText, root.GetProperty("bytes"u8).GetInt32()));
            if (_letters.Count > MostShown)
                _letters.Dequeue();
        }
    }

    private bool TakeRoom(string device)
    {
        lock (_gate)
        {
            var window = Clock.GetUtcNow().UtcTicks / Window.Ticks;
            if (window != _window)
            {
                (_window, _ofAll) = (window, 0);
                _ofDevice.Clear();
            }

            var mine = _ofDevice.GetValueOrDefault(device);
            if (mine < MostOfDevice && _ofAll < MostOfAll)
            {
                _ofDevice[device] = mine + 1;
                _ofAll++;
                return true;
            }

            _uncounted[device] = _uncounted.GetValueOrDefault(device) + 1;
            return false;
        }
    }

    private static bool TryText(ReadOnlySpan<byte> head, out string excerpt)
    {
        // The cut may have gone through a character.
        for (var cut = 0; cut < 4 && cut <= head.Length; cut++)
        {
            if (!Utf8.IsValid(head[..^cut]))
                continue;
            excerpt = Encoding.UTF8.GetString(head[..^cut]);
            if (!excerpt.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
                return true;
        }

        excerpt = Convert.ToBase64String(head);
        return false;
    }
}
