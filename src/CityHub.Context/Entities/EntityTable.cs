using System.Collections.Concurrent;
using CityHub.Context.Query;

namespace CityHub.Context.Entities;

/// <summary>
/// The in-memory home of one tenant's durable entities. One writer (the log's thread), many readers; a reader sees each entity whole.
/// An entity keeps its slot for life, so slot order is creation order: the stable order of every page.
/// </summary>
public sealed class EntityTable
{
    private readonly ConcurrentDictionary<string, int> _slotOf = new(StringComparer.Ordinal);

    /// <summary>Held by the writer, and by who makes a column or an index out of what is there.</summary>
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<int, NumberColumn> _columns = new();
    private readonly ConcurrentDictionary<int, PointIndex> _points = new();
    private readonly ConcurrentDictionary<int, SlotList> _byType = new();
    private volatile Entity?[] _slots = new Entity?[1024];
    private int _used;

    public int Count => _slotOf.Count;

    public Entity? Find(string id) => _slotOf.TryGetValue(id, out var slot) ? Volatile.Read(ref _slots[slot]) : null;

    public void Put(Entity entity)
    {
        lock (_writing)
        {
            var slot = Store(entity.Packed());
            foreach (var (_, column) in _columns)
                column.Set(slot, entity);
            foreach (var (_, index) in _points)
                index.Set(slot, entity);
        }
    }

    public bool Remove(string id)
    {
        lock (_writing)
        {
            if (!_slotOf.TryRemove(id, out var slot))
                return false;
            foreach (var type in _slots[slot]?.Types ?? [])
                ListOf(type).Remove(slot);
            Volatile.Write(ref _slots[slot], null);
            foreach (var column in _columns.Values)
                column.Set(slot, null);
            foreach (var index in _points.Values)
                index.Set(slot, null);
            return true;
        }
    }

    /// <summary>
    /// The entities of these types (null: all) whose number in one attribute may lie in the range, in creation order. The first question after an attribute
    /// makes its column; from then on it is kept.
    /// </summary>
    internal IEnumerable<Entity> InRange(NumberRange range, IReadOnlyCollection<int>? types)
    {
        var column = Column(range.Attribute);
        if (types is { Count: 1 } && _byType.TryGetValue(types.First(), out var list))
        {
            var (items, count) = list.Snapshot();
            for (var i = 0; i < count; i++)
            {
                var next = column.Skip(items[i], range);
                if (next != items[i])
                {
                    // Over the block in one step: the list is ascending.
                    var at = Array.BinarySearch(items, i, count - i, next);
                    i = (at < 0 ? ~at : at) - 1;
                }
                else if (column.MayMatch(items[i], range) && Volatile.Read(ref _slots[items[i]]) is { } entity)
                    yield return entity;
            }

            yield break;
        }

        if (types is { Count: 0 or 1 })
            yield break;
        var used = Math.Min(Volatile.Read(ref _used), _slots.Length);
        for (var slot = 0; slot < used; slot++)
        {
            if (column.Skip(slot, range) is var next && next != slot)
                slot = next - 1;
            else if (column.MayMatch(slot, range) && Volatile.Read(ref _slots[slot]) is { } entity)
                yield return entity;
        }
    }

    /// <summary>The entities whose place may match, in creation order, and whether it certainly does; null when the index does not help.</summary>
    internal IEnumerable<(Entity Entity, bool Sure)>? At(GeoQuery query)
    {
        if (query.Property is not { } name)
            return [];
        if (!_points.TryGetValue(name, out var index))
        {
            lock (_writing)
                if (!_points.TryGetValue(name, out index))
                {
                    index = new PointIndex(name);
                    for (var slot = 0; slot < _used; slot++)
                        if (_slots[slot] is { } entity)
                            index.Set(slot, entity);
                    _points[name] = index;
                }
        }

        return index.Find(query)?.Select(f => (Volatile.Read(ref _slots[f.Slot]), f.Sure)).Where(f => f.Item1 is not null).Select(f => (f.Item1 ?? throw new InvalidOperationException(), f.Sure));
    }

    private NumberColumn Column(int name)
    {
        if (_columns.TryGetValue(name, out var column))
            return column;
        lock (_writing)
        {
            if (_columns.TryGetValue(name, out column))
                return column;
            column = new NumberColumn(name);
            for (var slot = 0; slot < _used; slot++)
                column.Set(slot, _slots[slot]);
            return _columns[name] = column;
        }
    }

    private int Store(Entity entity)
    {
        if (_slotOf.TryGetValue(entity.Id, out var slot))
        {
            var before = _slots[slot];
            Volatile.Write(ref _slots[slot], entity);
            if (before is not null && ReferenceEquals(before.Types, entity.Types))
                return slot;
            foreach (var type in before?.Types ?? [])
                if (!entity.Types.Contains(type))
                    ListOf(type).Remove(slot);
            foreach (var type in entity.Types)
                if (before is null || !before.Types.Contains(type))
                    ListOf(type).Add(slot);
            return slot;
        }

        if (_used == _slots.Length)
        {
            var larger = new Entity?[_slots.Length * 2];
            Array.Copy(_slots, larger, _used);
            _slots = larger;
        }

        slot = _used;
        _slots[slot] = entity;
        Volatile.Write(ref _used, slot + 1);

        _slotOf[entity.Id] = slot;
        foreach (var type in entity.Types)
            ListOf(type).Add(slot);
        return slot;
    }

    /// <summary>Every entity in creation order.</summary>
    public IEnumerable<Entity> All()
    {
        var slots = _slots;
        var used = Math.Min(Volatile.Read(ref _used), slots.Length);
        for (var i = 0; i < used; i++)
            if (Volatile.Read(ref slots[i]) is { } entity)
                yield return entity;
    }

    /// <summary>The entities of any of these types in creation order, each once.</summary>
    public IEnumerable<Entity> OfTypes(IReadOnlyCollection<int> types)
    {
        if (types.Count == 1)
            return Of(types.First());
        return Merged(types);
    }

    /// <summary>How many entities have each type.</summary>
    public IEnumerable<(int Type, int Count)> Types() => _byType.Where(t => t.Value.Count > 0).Select(t => (t.Key, t.Value.Count));

    public int CountOf(int type) => _byType.TryGetValue(type, out var list) ? list.Count : 0;

    private IEnumerable<Entity> Of(int type)
    {
        if (!_byType.TryGetValue(type, out var list))
            yield break;
        var (items, count) = list.Snapshot();
        for (var i = 0; i < count; i++)
        {
            // A slot may have been given up, or its entity may have lost the type, since the list was read.
            if (Volatile.Read(ref _slots[items[i]]) is { } entity && entity.Types.Contains(type))
                yield return entity;
        }
    }

    private IEnumerable<Entity> Merged(IReadOnlyCollection<int> types)
    {
        var slots = new SortedSet<int>();
        foreach (var type in types)
            if (_byType.TryGetValue(type, out var list))
            {
                var (items, count) = list.Snapshot();
                for (var i = 0; i < count; i++)
                    slots.Add(items[i]);
            }

        foreach (var slot in slots)
            if (Volatile.Read(ref _slots[slot]) is { } entity && entity.Types.Any(types.Contains))
                yield return entity;
    }

    private SlotList ListOf(int type) => _byType.GetOrAdd(type, static _ => new SlotList());

    /// <summary>
    /// Ascending slots. Readers take (array, count) and walk it without a lock: appending fills beyond their count, removal makes a new array.
    /// </summary>
    private sealed class SlotList
    {
        private readonly Lock _gate = new();
        private int[] _items = new int[16];
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public (int[] Items, int Count) Snapshot()
        {
            lock (_gate)
                return (_items, _count);
        }

        public void Add(int slot)
        {
            lock (_gate)
            {
                var at = _count;
                if (at > 0 && _items[at - 1] > slot)
                {
                    // An old entity gained this type: keep the order.
                    at = Array.BinarySearch(_items, 0, _count, slot);
                    if (at >= 0)
                        return;
                    at = ~at;
                    var inserted = new int[Math.Max(16, _count + _count / 2 + 1)];
                    Array.Copy(_items, inserted, at);
                    inserted[at] = slot;
                    Array.Copy(_items, at, inserted, at + 1, _count - at);
                    _items = inserted;
                    _count++;
                    return;
                }

                if (_count == _items.Length)
                    Array.Resize(ref _items, _count * 2);
                _items[_count] = slot;
                Volatile.Write(ref _count, _count + 1);
            }
        }

        public void Remove(int slot)
        {
            lock (_gate)
            {
                var at = Array.BinarySearch(_items, 0, _count, slot);
                if (at < 0)
                    return;
                var without = new int[Math.Max(16, _items.Length)];
                Array.Copy(_items, without, at);
                Array.Copy(_items, at + 1, without, at, _count - at - 1);
                _items = without;
                Volatile.Write(ref _count, _count - 1);
            }
        }
    }
}
