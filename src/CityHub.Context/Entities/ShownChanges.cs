using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>
/// What a notification tells beside the state of an entity (5.8.6): which attribute instances are gone, what the changed ones were before, and when the
/// entity was deleted. Instances are told apart by reference.
/// </summary>
public sealed class ShownChanges
{
    private readonly Dictionary<Attribute, (Attribute? Before, long DeletedAt)> _instances = new(ReferenceEqualityComparer.Instance);
    private Entity? _deleted;
    private long _deletedAt;

    /// <summary>The instance as it is to be shown in place of one that is gone: its value is NGSI-LD Null.</summary>
    public static Attribute Gone(Attribute attribute) => new()
    {
        Name = attribute.Name,
        Dataset = attribute.Dataset,
        Kind = attribute.Kind,
        Value = attribute.Kind == AttributeKind.LanguageProperty ? NullMap : NgsiLdNull.Json,
        CreatedAt = attribute.CreatedAt,
        ModifiedAt = attribute.ModifiedAt,
    };

    internal static bool IsGone(Attribute attribute) =>
        NgsiLdNull.Is(attribute.Value) || (attribute.Kind == AttributeKind.LanguageProperty && attribute.Value.Span.SequenceEqual(NullMap.Span));

    private static ReadOnlyMemory<byte> NullMap { get; } = "{\"@none\":\"urn:ngsi-ld:null\"}"u8.ToArray();

    public void Deleted(Entity entity, long at) => (_deleted, _deletedAt) = (entity, at);

    /// <param name="before">Shown as the previous value; null: none is.</param>
    public void Add(Attribute shown, Attribute? before, long deletedAt) => _instances[shown] = (before, deletedAt);

    internal bool Says(Attribute attribute) => _instances.TryGetValue(attribute, out var change) && change.Before is not null;

    internal void Write(Utf8JsonWriter json, Entity entity)
    {
        if (ReferenceEquals(entity, _deleted))
            EntityWriter.WriteTime(json, "deletedAt"u8, _deletedAt);
    }

    internal void Write(Utf8JsonWriter json, Attribute attribute, LdContext context, bool sysAttrs)
    {
        if (!_instances.TryGetValue(attribute, out var change))
            return;
        if (sysAttrs)
            EntityWriter.WriteTime(json, "deletedAt"u8, change.DeletedAt);
        if (change.Before is { } before)
            EntityWriter.WritePrevious(json, before, context);
    }
}
