using System.Buffers.Binary;
using System.Globalization;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Facts;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// When entities of each type of each tenant were told anew, in quarters of an hour (no time zone is finer): a view over the changes of the broker. A value counts when it was observed, without such a time when
/// it came; what came later than something newer belongs to the history and counts for nothing.
/// </summary>
internal sealed class EntityHours : IChangeObserver
{
    private const long Quarter = TimeSpan.TicksPerMinute * 15;
    private const int QuartersOfDay = 96;

    private readonly Lock _gate = new();
    private readonly IView _view;

    /// <summary>By tenant and IRI id of the type: each day (UTC, from year 1) with a bit for each of its quarters.</summary>
    private readonly Dictionary<(string Tenant, int Type), SortedDictionary<int, UInt128>> _days = [];
    private readonly HashSet<(string Tenant, int Type, int Day)> _unsaved = [];

    public EntityHours(IView view)
    {
        _view = view;
        foreach (var (key, value) in view.Scan())
            if (key.Split('\n') is [var tenant, var type, var day])
                Days((tenant, Iris.Intern(type)))[int.Parse(day, CultureInfo.InvariantCulture)] = BinaryPrimitives.ReadUInt128LittleEndian(value.Span);
    }

    /// <summary>Up to here the changes are durable in the view: the broker has to start from it.</summary>
    public long Position => _view.Position;

    /// <summary>The beginning of each quarter of an hour in which something was told, oldest first.</summary>
    public IReadOnlyList<DateTimeOffset> Of(string tenant, string type)
    {
        lock (_gate)
            return _days.TryGetValue((tenant, Iris.Intern(type)), out var days)
                ? [.. days.SelectMany(d => Enumerable.Range(0, QuartersOfDay).Where(q => (d.Value >> q & 1) == 1).Select(q => new DateTimeOffset(d.Key * TimeSpan.TicksPerDay + q * Quarter, TimeSpan.Zero)))]
                : [];
    }

    public void Changed(in EntityChange change)
    {
        if (change is not { After: { } entity, Edit: { Set.Count: > 0 } edit })
            return;
        var newest = 0L;
        foreach (var attribute in edit.Set)
            newest = Math.Max(newest, attribute.ObservedAt == 0 ? edit.At : Math.Min(attribute.ObservedAt, edit.At));
        var (day, bit) = ((int)(newest / TimeSpan.TicksPerDay), UInt128.One << (int)(newest % TimeSpan.TicksPerDay / Quarter));
        lock (_gate)
            foreach (var type in entity.Types)
                if (Days((change.Tenant, type)) is var days && days.GetValueOrDefault(day) is var quarters && (quarters & bit) == 0)
                {
                    days[day] = quarters | bit;
                    _unsaved.Add((change.Tenant, type, day));
                }
    }

    /// <summary>A crash before it leaves the view further back, and the broker tells the changes after its position again: a bit that is set twice is set.</summary>
    public void Secure(long position)
    {
        lock (_gate)
        {
            _view.Commit(Math.Max(position, _view.Position), [.. _unsaved.Select(u => KeyValuePair.Create<string, ReadOnlyMemory<byte>?>(
                string.Create(CultureInfo.InvariantCulture, $"{u.Tenant}\n{Iris.Text(u.Type)}\n{u.Day}"), Bytes(_days[(u.Tenant, u.Type)][u.Day])))]);
            _unsaved.Clear();
        }
    }

    private SortedDictionary<int, UInt128> Days((string Tenant, int Type) of) => _days.TryGetValue(of, out var days) ? days : _days[of] = [];

    private static byte[] Bytes(UInt128 quarters)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, quarters);
        return bytes;
    }
}
