using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Facts;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>
/// The temporal evolution of every entity (clause 4.5.6): each change of an attribute adds an instance to its series. A view over the broker's stream,
/// fed on the log's thread, so that who has his answer finds it in the history.
/// </summary>
public sealed class History : IChangeObserver
{
    /// <summary>Facts of the history alone: instances recorded (POST, attrs), and removals.</summary>
    public const string Recorded = "HistoryRecorded";
    public const string Removed = "HistoryRemoved";
    public const string Revised = "HistoryRevised";

    public const string ScopeIri = EntityPass.ScopeIri;

    private readonly ISeries _series;
    private readonly HistoryDirectory _entities;

    /// <param name="view">Keeps the entities that only the history knows; null: they are known for as long as the process lives.</param>
    public History(ISeries series, Broker broker, IView? view = null) => (_series, _entities) = (series, new HistoryDirectory(broker, view));

    public ISeries Series => _series;

    /// <summary>Up to here everything is durable: where the log is to be read from after a start.</summary>
    public long Position => Math.Min(_series.Position, _entities.Position);

    public HistoryEntity? Find(string tenant, string id) => _entities.Find(tenant, id);

    /// <summary>In no order.</summary>
    public IEnumerable<HistoryEntity> All(string tenant) => _entities.All(tenant);

    public bool HasTenant(string tenant) => _entities.HasTenant(tenant);

    /// <summary>Forgets what is older than its entity's type allows.</summary>
    /// <param name="keep">Per type IRI; <c>*</c> for those without a rule of their own. Of several types the one that keeps longest decides.</param>
    /// <returns>How many instances.</returns>
    public long Forget(IReadOnlyDictionary<string, TimeSpan> keep, DateTimeOffset now)
    {
        var gone = 0L;
        foreach (var span in keep.Values.Distinct())
            gone += _series.Expire(key => KeptFor(key, keep) == span, (now - span).UtcTicks);
        return gone;
    }

    public void Changed(in EntityChange change)
    {
        var edit = change.Edit;
        _entities.Changed(change);
        if (change.Position <= _series.Position)
            return;
        foreach (var attribute in edit.Set)
            Append(change.Tenant, edit.Id, attribute);
        // Readings older than what is known: senders repeat those too, and the same one again is the same instance.
        foreach (var attribute in edit.Past)
            Put(change.Tenant, edit.Id, attribute);
        if (edit.Scopes is { Length: > 0 } scopes)
            Append(change.Tenant, edit.Id, ScopeInstance(scopes, edit.At));
        if (edit.Kind == EditKind.Deleted || edit.Kind == EditKind.Replaced)
            Close(change.Tenant, edit, change.Before);
        foreach (var removed in edit.Removed)
            foreach (var gone in change.Before?.Attributes ?? [])
                if (removed.Matches(gone))
                    Append(change.Tenant, edit.Id, Deleted(gone, edit.At));
    }

    public void Noted(string tenant, in Fact fact, object? state)
    {
        var replay = fact.Position > _series.Position;
        switch (fact.Type)
        {
            case Recorded:
                foreach (var edit in EntityFacts.Decode(fact.Payload))
                {
                    _entities.Recorded(tenant, edit);
                    if (replay)
                        foreach (var attribute in edit.Past)
                            Put(tenant, edit.Id, attribute);
                }

                break;
            case Revised when replay:
                foreach (var edit in EntityFacts.Decode(fact.Payload))
                    foreach (var attribute in edit.Past)
                        Revise(tenant, edit.Id, attribute);
                break;
            case Removed:
                Remove(tenant, fact, replay);
                break;
        }
    }

    public void GroupChanged(long position) => _series.Advance(position);

    public void Secure(long position)
    {
        _series.Flush();
        _entities.Save(position);
    }

    /// <summary>The payload of a <see cref="Removed"/> fact.</summary>
    public static byte[] Removal(string id, int? attribute, string? dataset, bool all, string? instanceId)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            if (attribute is { } name)
                json.WriteString("attribute"u8, Iris.Utf8(name));
            if (dataset is not null)
                json.WriteString("datasetId"u8, dataset);
            if (all)
                json.WriteBoolean("all"u8, true);
            if (instanceId is not null)
                json.WriteString("instanceId"u8, instanceId);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static Attribute Deleted(Attribute gone, long at) => gone with
    {
        Value = NgsiLdNull.Json, Sub = [], ObservedAt = 0, UnitCode = null, ObjectType = [], CreatedAt = gone.CreatedAt, ModifiedAt = at, ExpiresAt = 0,
    };

    public static bool IsDeleted(Attribute attribute) => NgsiLdNull.Is(attribute.Value);

    public static Attribute ScopeInstance(string[] scopes, long at) => new()
    {
        Name = Iris.Intern(ScopeIri),
        Kind = AttributeKind.Property,
        Value = JsonSerializer.SerializeToUtf8Bytes(scopes, HistoryJson.Default.StringArray) is var array && scopes.Length == 1 ? array.AsMemory(1, array.Length - 2).ToArray() : array,
        ObservedAt = at,
        ObservedDigits = 7,
        CreatedAt = at,
        ModifiedAt = at,
    };

    private TimeSpan? KeptFor(SeriesKey key, IReadOnlyDictionary<string, TimeSpan> keep)
    {
        TimeSpan? longest = null;
        foreach (var type in Find(key.Tenant, key.Entity)?.Types ?? [])
            if (keep.TryGetValue(Iris.Text(type), out var span) && (longest is null || span > longest))
                longest = span;
        return longest ?? (keep.TryGetValue("*", out var others) ? others : null);
    }

    private void Close(string tenant, EntityEdit edit, Entity? before)
    {
        foreach (var gone in before?.Attributes ?? [])
            if (edit.Kind == EditKind.Deleted || !edit.Set.Any(s => s.Name == gone.Name && s.Dataset == gone.Dataset))
                Append(tenant, edit.Id, Deleted(gone, edit.At));
    }

    private void Append(string tenant, string id, Attribute attribute) =>
        _series.Append(new SeriesKey(tenant, id, Iris.Text(attribute.Name), attribute.Dataset ?? ""), [Samples.Of(attribute)]);

    /// <summary>Recorded history: an instance of the same attribute, dataset and time is replaced (5.6.11).</summary>
    private void Put(string tenant, string id, Attribute attribute)
    {
        var key = new SeriesKey(tenant, id, Iris.Text(attribute.Name), attribute.Dataset ?? "");
        var sample = Samples.Of(attribute);
        if (attribute.ObservedAt != 0 && _series.Extent(key) is { Count: > 0 } extent && sample.Time <= extent.Last)
            foreach (var same in _series.Read(key, sample.Time, sample.Time + 1))
            {
                _series.Replace(key, same.Sequence, sample);
                return;
            }

        _series.Append(key, [sample]);
    }

    private void Revise(string tenant, string id, Attribute attribute)
    {
        foreach (var key in _series.Of(tenant, id))
            if (key.Attribute == Iris.Text(attribute.Name) && attribute.InstanceId is { } instance && Samples.TryParse(key, instance, out var sequence))
                _series.Replace(key, sequence, Samples.Of(attribute));
    }

    private void Remove(string tenant, in Fact fact, bool replay)
    {
        using var json = JsonDocument.Parse(fact.Payload);
        var root = json.RootElement;
        var id = root.GetProperty("id"u8).GetString() ?? "";
        var attribute = root.TryGetProperty("attribute"u8, out var name) ? name.GetString() : null;
        var dataset = root.TryGetProperty("datasetId"u8, out var given) ? given.GetString() ?? "" : "";
        var all = root.TryGetProperty("all"u8, out _);
        var instance = root.TryGetProperty("instanceId"u8, out var one) ? one.GetString() : null;
        if (attribute is null)
            _entities.Erased(tenant, id, fact.At.UtcTicks);
        if (!replay)
            return;
        foreach (var key in _series.Of(tenant, id))
        {
            if (attribute is not null && key.Attribute != attribute)
                continue;
            if (instance is not null)
            {
                if (Samples.TryParse(key, instance, out var sequence))
                    _series.Remove(key, sequence);
            }
            else if (attribute is null || all || key.Dataset == dataset)
                _series.Remove(key);
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class HistoryJson : System.Text.Json.Serialization.JsonSerializerContext;
