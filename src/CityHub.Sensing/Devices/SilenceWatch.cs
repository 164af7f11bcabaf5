using System.Buffers.Binary;
using CityHub.Core.Facts;
using Microsoft.Extensions.Logging;

namespace CityHub.Sensing.Devices;

/// <summary>
/// Looks (every second) whether a device missed three of its periods, and every ten seconds keeps in a view when each was last heard, so that a start
/// knows it. The time in which the hub was down is not held against a device.
/// </summary>
internal sealed class SilenceWatch
{
    public static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);

    /// <summary>No tenant begins with a control character: this key is the hub's own heartbeat.</summary>
    private const string Heartbeat = "\u0001alive";

    private readonly IFactLog _log;
    private readonly IView _view;
    private readonly TimeProvider _clock;
    private readonly Func<IEnumerable<DeviceBook>> _books;
    private readonly ILogger _logger;
    private readonly Dictionary<string, (long LastSeen, long Reference)> _kept = new(StringComparer.Ordinal);
    private readonly long _down;
    private long _keptAt;

    public SilenceWatch(IFactLog log, IViews views, TimeProvider clock, Func<IEnumerable<DeviceBook>> books, ILogger logger)
    {
        (_log, _view, _clock, _books, _logger) = (log, views.Open("devices-seen"), clock, books, logger);
        foreach (var (key, value) in _view.Scan())
            if (value.Length == 16)
                _kept[key] = (BinaryPrimitives.ReadInt64LittleEndian(value.Span), BinaryPrimitives.ReadInt64LittleEndian(value.Span[8..]));
        var now = clock.GetUtcNow().UtcTicks;
        _down = _kept.Remove(Heartbeat, out var alive) ? Math.Max(0, now - alive.LastSeen) : 0;
    }

    /// <summary>Tells a book that was just loaded when its devices were last heard.</summary>
    public void Remind(DeviceBook book)
    {
        foreach (var state in book.All)
            if (_kept.TryGetValue(Key(state), out var kept))
                state.Remember(kept.LastSeen, kept.Reference + _down);
    }

    /// <summary>One look at every device.</summary>
    public async Task LookAsync()
    {
        foreach (var book in _books())
        {
            var recorded = await book.RecordSilenceAsync();
            if (!recorded.Ok)
                _logger.LogWarning("The silence of devices could not be recorded: {Problem}", recorded.Problem);
        }

        if (_clock.GetUtcNow().UtcTicks - _keptAt >= Keep.Ticks)
            KeepNow();
    }

    /// <summary>A crash before this forgets at most ten seconds of "last heard": a device then seems that much quieter than it was, and speaks again soon.</summary>
    public void KeepNow()
    {
        var now = _clock.GetUtcNow().UtcTicks;
        var changes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>> { new(Heartbeat, Value(now, now)) };
        var live = new HashSet<string>(StringComparer.Ordinal);
        foreach (var book in _books())
        {
            foreach (var state in book.All)
            {
                var (key, seen) = (Key(state), (state.LastSeen, state.Reference));
                live.Add(key);
                if (seen.LastSeen == 0 || (_kept.TryGetValue(key, out var kept) && kept == seen))
                    continue;
                _kept[key] = seen;
                changes.Add(new(key, Value(seen.LastSeen, seen.Reference)));
            }
        }

        foreach (var gone in _kept.Keys.Where(k => !live.Contains(k) && IsOfKnownBook(k)).ToList())
        {
            _kept.Remove(gone);
            changes.Add(new(gone, null));
        }

        _view.Commit(Math.Max(_view.Position, _log.Head), changes);
        _keptAt = now;
    }

    /// <summary>Books of other tenants are loaded when they are first asked for; what is kept for them stays.</summary>
    private bool IsOfKnownBook(string key)
    {
        foreach (var book in _books())
            if (key.StartsWith(book.Tenant + "\n", StringComparison.Ordinal))
                return true;
        return false;
    }

    private static string Key(DeviceState state) => $"{state.Tenant}\n{state.Device.Id}";

    private static byte[] Value(long lastSeen, long reference)
    {
        var value = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(value, lastSeen);
        BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), reference);
        return value;
    }
}
