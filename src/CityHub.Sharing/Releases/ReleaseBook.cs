using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>A release of which nobody knows how it ended: the hub was gone before it could say.</summary>
public sealed record UnclosedRelease(long Opening, string Grant, string Dataset, string Receiver);

/// <summary>
/// What the log of acts says of releases, as a view: which have no closing act, and how much left on each day under each grant. A start finds what a crash left open, tells
/// of it once, and counts quotas on from where they stood.
/// </summary>
internal sealed class ReleaseBook(IFactLog log, IView view, TimeProvider clock, TimeSpan offset)
{
    public const string ViewName = "releases";

    /// <summary>Facts that the view may be behind: a look takes a core from the requests meanwhile (8,192 at once took it for 28 ms, and a quarter of the slowest reads met one).</summary>
    private const int MostBehind = 1024;

    private const int MostChanges = 4096;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<(string Grant, string Receiver, int Day), Used> _used = new();
    private int _tidying;

    public IReadOnlyList<UnclosedRelease> Unclosed { get; private set; } = [];

    /// <summary>Before the first release of this process: every opening without a closing act is of an earlier one. A crash before an alarm is recorded leaves it to the next start.</summary>
    public async ValueTask LoadAsync(IActs acts, CancellationToken cancel)
    {
        CatchUp();
        var open = new List<UnclosedRelease>();
        foreach (var (key, value) in view.Scan("open/", "open/"))
            open.Add(OpenOf(key, value));
        Unclosed = open;
        foreach (var release in open)
            if ((await acts.RecordAsync(ReleaseActs.UnclosedFor(release), cancel)).Problem is not null)
                break;
        CatchUp();
        var today = Prefix(Today());
        foreach (var (key, value) in view.Scan(today, today))
        {
            var parts = key[today.Length..].Split('\n');
            _used[(parts[0], parts[1], Today())] = Used.Read(value.Span);
        }
    }

    public Used Of(string grant, string receiver) => _used.GetOrAdd((grant, receiver, Today()), static _ => new Used());

    /// <summary>Days that are over are forgotten, and the view follows the log, so that the next start has little to read: behind whoever calls, and one at a time.</summary>
    public void Tidy()
    {
        if (log.Head - view.Position > MostBehind && Interlocked.Exchange(ref _tidying, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static book => book.CatchUpBehind(), this, preferLocal: false);
        var today = Today();
        foreach (var key in _used.Keys)
            if (key.Day < today)
                _used.TryRemove(key, out _);
    }

    private void CatchUpBehind()
    {
        try
        {
            CatchUp();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The store is being closed, or its disk is full: the next start reads what is missing, and tells what it cannot read.
        }
        finally
        {
            Volatile.Write(ref _tidying, 0);
        }
    }

    private int Today() => DayOf(clock.GetUtcNow());

    private int DayOf(DateTimeOffset at) => DateOnly.FromDateTime(at.ToOffset(offset).DateTime).DayNumber;

    private static string Prefix(int day) => string.Create(CultureInfo.InvariantCulture, $"day/{day:D7}/");

    private static string OpenKey(long position) => string.Create(CultureInfo.InvariantCulture, $"open/{position:D19}");

    private void CatchUp()
    {
        lock (_gate)
        {
            var changes = new Dictionary<string, ReadOnlyMemory<byte>?>(StringComparer.Ordinal);
            var head = log.Head;
            if (head == view.Position)
                return;
            foreach (var fact in log.Read(view.Position, Acts.Stream))
            {
                Take(fact, changes);
                if (changes.Count < MostChanges)
                    continue;
                view.Commit(fact.Position, changes);
                changes.Clear();
                head = Math.Max(head, fact.Position);
            }

            if (changes.Count > 0 || view.Position < head)
                view.Commit(Math.Max(head, view.Position), changes);
        }
    }

    private void Take(in Fact fact, Dictionary<string, ReadOnlyMemory<byte>?> changes)
    {
        if (fact.Type is not (ReleaseActs.Opened or ReleaseActs.Closed or ReleaseActs.Unclosed))
            return;
        var said = Said.Of(fact.Payload.Span);
        if (fact.Type == ReleaseActs.Opened)
        {
            changes[OpenKey(fact.Position)] = System.Text.Encoding.UTF8.GetBytes(said.Grant + "\n" + said.Dataset + "\n" + said.Receiver);
            Add(changes, DayOf(fact.At), said.Grant, said.Receiver, 0, 0, 1);
            return;
        }

        var opening = OpenKey(said.Opening);
        if (!changes.Remove(opening)) // what was opened and closed since the last commit never stands in the view
            changes[opening] = null;
        if (fact.Type == ReleaseActs.Closed)
            Add(changes, DayOf(fact.At), said.Grant, said.Receiver, said.Rows, said.Bytes, 0);
    }

    private void Add(Dictionary<string, ReadOnlyMemory<byte>?> changes, int day, string grant, string receiver, long rows, long bytes, long requests)
    {
        var key = Prefix(day) + grant + "\n" + receiver;
        var used = (changes.TryGetValue(key, out var changed) ? changed : view.Get(key)) is { } known ? Used.Read(known.Span) : new Used();
        used.Add(rows, bytes, requests);
        changes[key] = used.Bytes();
    }

    private static UnclosedRelease OpenOf(string key, ReadOnlyMemory<byte> value)
    {
        var parts = System.Text.Encoding.UTF8.GetString(value.Span).Split('\n');
        return new(long.Parse(key.AsSpan("open/".Length), NumberStyles.None, CultureInfo.InvariantCulture), parts[0], parts[1], parts[2]);
    }

    /// <summary>What the view needs of an act; read without a document of it.</summary>
    private ref struct Said
    {
        public string Grant = "", Dataset = "", Receiver = "";
        public long Opening, Rows, Bytes;

        public Said()
        {
        }

        /// <exception cref="JsonException">The payload is no act.</exception>
        public static Said Of(ReadOnlySpan<byte> payload)
        {
            var said = new Said();
            var json = new Utf8JsonReader(payload);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var what = json.ValueTextEquals("what"u8);
                json.Read();
                if (!what)
                {
                    json.Skip();
                    continue;
                }

                while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                    said.Member(ref json);
                break;
            }

            return said;
        }

        private void Member(ref Utf8JsonReader json)
        {
            if (json.ValueTextEquals("grant"u8))
                Grant = Text(ref json);
            else if (json.ValueTextEquals("dataset"u8))
                Dataset = Text(ref json);
            else if (json.ValueTextEquals("receiver"u8))
                Receiver = Text(ref json);
            else if (json.ValueTextEquals("opening"u8))
                Opening = Number(ref json);
            else if (json.ValueTextEquals("rows"u8))
                Rows = Number(ref json);
            else if (json.ValueTextEquals("bytes"u8))
                Bytes = Number(ref json);
            else
                json.Skip();
        }

        private static string Text(ref Utf8JsonReader json)
        {
            json.Read();
            return json.GetString() ?? "";
        }

        private static long Number(ref Utf8JsonReader json)
        {
            json.Read();
            return json.GetInt64();
        }
    }
}

/// <summary>What left on one day under one grant to one receiver; taken by many streams at once, and never more than the quota.</summary>
internal sealed class Used
{
    private long _rows, _bytes, _requests;

    public static Used Read(ReadOnlySpan<byte> from) => new()
    {
        _rows = BinaryPrimitives.ReadInt64LittleEndian(from), _bytes = BinaryPrimitives.ReadInt64LittleEndian(from[8..]), _requests = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
    };

    public byte[] Bytes()
    {
        var bytes = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _rows);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), _bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), _requests);
        return bytes;
    }

    public void Add(long rows, long bytes, long requests) => (_rows, _bytes, _requests) = (_rows + rows, _bytes + bytes, _requests + requests);

    /// <summary>So many of them as are left.</summary>
    public int Rows(int wanted, long? most) => (int)Take(ref _rows, wanted, most, whole: false);

    public bool Bytes(int wanted, long? most) => Take(ref _bytes, wanted, most, whole: true) == wanted;

    public bool Request(long? most) => Take(ref _requests, 1, most, whole: true) == 1;

    public void NoRequest() => Interlocked.Decrement(ref _requests);

    /// <summary>They did not leave after all.</summary>
    public void NoRows(int rows) => Interlocked.Add(ref _rows, -rows);

    private static long Take(ref long used, long wanted, long? most, bool whole)
    {
        while (true)
        {
            var before = Volatile.Read(ref used);
            var taken = most is { } limit ? Math.Clamp(limit - before, 0, wanted) : wanted;
            if (whole && taken < wanted)
                return 0;
            if (Interlocked.CompareExchange(ref used, before + taken, before) == before)
                return taken;
        }
    }
}
