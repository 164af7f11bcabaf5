using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Facts;

namespace CityHub.Context.Temporal;

/// <summary>An entity as the history knows it: it outlives the entity itself.</summary>
/// <param name="DeletedAt">UTC ticks; 0 while it lives.</param>
public sealed record HistoryEntity(string Id, int[] Types, long CreatedAt, long ModifiedAt, long DeletedAt)
{
    /// <summary>When its history was deleted; 0 when it was not. What lives on has a history again from its next change.</summary>
    internal long ErasedAt { get; init; }
}

/// <summary>
/// Which entities have a history. Those that live are in the broker's tables; kept here, and in a view, are only those that were deleted, whose
/// history was recorded or deleted by itself.
/// </summary>
internal sealed class HistoryDirectory
{
    private readonly ConcurrentDictionary<(string Tenant, string Id), HistoryEntity> _kept = new();
    private readonly Broker _broker;
    private readonly IView? _view;
    private readonly Lock _gate = new();
    private HashSet<(string Tenant, string Id)> _unsaved = [];

    public HistoryDirectory(Broker broker, IView? view)
    {
        (_broker, _view) = (broker, view);
        foreach (var (key, value) in view?.Scan() ?? [])
            if (key.IndexOf(' ', StringComparison.Ordinal) is var space && space >= 0)
                _kept[(key[..space], key[(space + 1)..])] = Read(key[(space + 1)..], value);
    }

    public long Position => _view?.Position ?? long.MaxValue;

    public HistoryEntity? Find(string tenant, string id)
    {
        var live = _broker.Table(tenant)?.Find(id);
        if (!_kept.TryGetValue((tenant, id), out var kept))
            return live is null ? null : Of(live);
        if (kept.ErasedAt != 0)
            return live is not null && live.ModifiedAt > kept.ErasedAt ? Of(live) : null;
        return live is null ? kept : kept with { Types = Union(kept.Types, live.Types), ModifiedAt = Math.Max(kept.ModifiedAt, live.ModifiedAt), DeletedAt = 0 };
    }

    public IEnumerable<HistoryEntity> All(string tenant)
    {
        foreach (var (of, id) in _kept.Keys)
            if (of == tenant && Find(tenant, id) is { } kept)
                yield return kept;
        foreach (var live in _broker.Table(tenant)?.All() ?? [])
            if (!_kept.ContainsKey((tenant, live.Id)))
                yield return Of(live);
    }

    public bool HasTenant(string tenant) => _kept.Keys.Any(k => k.Tenant == tenant);

    /// <summary>A change of an entity that lives, or has lived until now.</summary>
    public void Changed(in EntityChange change)
    {
        var edit = change.Edit;
        if (edit.Kind == EditKind.Deleted)
        {
            var known = Kept(change.Tenant, edit.Id) ?? (change.Before is { } before ? Of(before) : new HistoryEntity(edit.Id, edit.Types ?? [], edit.At, edit.At, 0));
            Keep(change.Tenant, known with { Types = Union(known.Types, change.Before?.Types ?? []), ModifiedAt = edit.At, DeletedAt = edit.At });
        }
        else if (change is { Before: { } was, After: { } now } && !ReferenceEquals(was.Types, now.Types) && !was.Types.All(now.Types.Contains))
        {
            // Its history is of what it was, too: a new type does not free what was observed under the old one.
            var known = Kept(change.Tenant, edit.Id) ?? Of(was);
            Keep(change.Tenant, known with { Types = Union(known.Types, was.Types), ModifiedAt = edit.At });
        }
        else if (edit.Kind == EditKind.Created && Kept(change.Tenant, edit.Id) is { DeletedAt: not 0 } again)
            Keep(change.Tenant, again with { DeletedAt = 0, ModifiedAt = edit.At });
    }

    /// <summary>History that was recorded by itself (5.6.11, 5.6.12).</summary>
    public void Recorded(string tenant, EntityEdit edit)
    {
        if (Kept(tenant, edit.Id) is { } known)
            Keep(tenant, known with { Types = Union(known.Types, edit.Types ?? []), ModifiedAt = edit.At, DeletedAt = edit.Kind == EditKind.Created ? 0 : known.DeletedAt });
        else if (Find(tenant, edit.Id) is not { } live || edit.Types is { } types && !types.All(live.Types.Contains))
            Keep(tenant, new HistoryEntity(edit.Id, edit.Types ?? [], edit.At, edit.At, 0));
    }

    /// <summary>The history of an entity is deleted (5.6.16).</summary>
    public void Erased(string tenant, string id, long at) => Keep(tenant, new HistoryEntity(id, [], at, at, 0) { ErasedAt = at });

    public void Save(long position)
    {
        if (_view is null)
            return;
        HashSet<(string Tenant, string Id)> unsaved;
        lock (_gate)
            (unsaved, _unsaved) = (_unsaved, []);
        var saved = false;
        try
        {
            _view.Commit(Math.Max(position, _view.Position), [.. unsaved.Select(k => KeyValuePair.Create<string, ReadOnlyMemory<byte>?>($"{k.Tenant} {k.Id}", Write(_kept[k])))]);
            saved = true;
        }
        finally
        {
            if (!saved)
                lock (_gate)
                    _unsaved.UnionWith(unsaved);
        }
    }

    private HistoryEntity? Kept(string tenant, string id) => _kept.TryGetValue((tenant, id), out var kept) && kept.ErasedAt == 0 ? kept : null;

    private void Keep(string tenant, HistoryEntity entity)
    {
        _kept[(tenant, entity.Id)] = entity;
        if (_view is not null)
            lock (_gate)
                _unsaved.Add((tenant, entity.Id));
    }

    private static HistoryEntity Of(Entity live) => new(live.Id, live.Types, live.CreatedAt, live.ModifiedAt, 0);

    private static int[] Union(int[] types, int[] more) => more.All(types.Contains) ? types : [.. types.Union(more).Order()];

    private static ReadOnlyMemory<byte> Write(HistoryEntity entity)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("types"u8);
            foreach (var type in entity.Types)
                json.WriteStringValue(Iris.Utf8(type));
            json.WriteEndArray();
            json.WriteNumber("createdAt"u8, entity.CreatedAt);
            json.WriteNumber("modifiedAt"u8, entity.ModifiedAt);
            json.WriteNumber("deletedAt"u8, entity.DeletedAt);
            json.WriteNumber("erasedAt"u8, entity.ErasedAt);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static HistoryEntity Read(string id, ReadOnlyMemory<byte> value)
    {
        using var json = JsonDocument.Parse(value);
        var root = json.RootElement;
        int[] types = [.. root.GetProperty("types"u8).EnumerateArray().Select(t => Iris.Intern(t.GetString() ?? ""))];
        return new HistoryEntity(id, types, root.GetProperty("createdAt"u8).GetInt64(), root.GetProperty("modifiedAt"u8).GetInt64(), root.GetProperty("deletedAt"u8).GetInt64())
        {
            ErasedAt = root.GetProperty("erasedAt"u8).GetInt64(),
        };
    }
}
