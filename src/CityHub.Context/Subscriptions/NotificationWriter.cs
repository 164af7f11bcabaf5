using System.Buffers;
using System.Text.Json;
using CityHub.Context.Consumption;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Subscriptions;

/// <summary>Notification bodies (5.3.1): the entities as the subscription asks for them, in an envelope that names it.</summary>
internal static class NotificationWriter
{
    /// <summary>The data of a notification about one change. Null: nothing is left to tell.</summary>
    public static ReadOnlyMemory<byte>? Data(Subscription subscription, ChangeSet change, Func<string, Entity?> linked, long now)
    {
        var changes = new ShownChanges();
        var entity = change.After is { } after ? Changed(subscription, change, after, changes, now) : Deleted(subscription, change, changes);
        if (entity is null)
            return null;
        return Data(subscription, [entity], How(subscription, linked) with { Changes = changes });
    }

    /// <summary>The data of a notification about entities as they are (timeInterval).</summary>
    public static ReadOnlyMemory<byte> Data(Subscription subscription, IReadOnlyList<Entity> entities, Func<string, Entity?> linked) =>
        Data(subscription, entities, How(subscription, linked));

    public static ReadOnlyMemory<byte> Envelope(Subscription subscription, Guid id, long now, ReadOnlyMemory<byte> data)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, $"urn:ngsi-ld:Notification:{id}");
            json.WriteString("type"u8, "Notification"u8);
            json.WriteString("subscriptionId"u8, subscription.Id);
            EntityWriter.WriteTime(json, "notifiedAt"u8, now);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(data.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static Representation How(Subscription subscription, Func<string, Entity?> linked) =>
        subscription.Joins ? subscription.How with { Linked = linked } : subscription.How;

    private static ReadOnlyMemory<byte> Data(Subscription subscription, IReadOnlyList<Entity> entities, Representation how)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
        {
            var withContext = subscription.Media == MediaType.JsonLd;
            if (subscription.Media == MediaType.GeoJson)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "FeatureCollection"u8);
                json.WriteStartArray("features"u8);
                foreach (var entity in entities)
                    EntityWriter.WriteFeature(json, entity, subscription.Context, how, withContext: false);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            else if (how is { Linked: not null, JoinInline: false })
                QueryEntities.WriteFlat(json, entities, subscription.Context, how, withContext);
            else
            {
                json.WriteStartArray();
                foreach (var entity in entities)
                    EntityWriter.Write(json, entity, subscription.Context, how, withContext);
                json.WriteEndArray();
            }
        }

        return buffer.WrittenMemory;
    }

    private static Entity? Changed(Subscription subscription, ChangeSet change, Entity after, ShownChanges changes, long now)
    {
        if (Visible.At(after, now) is not { } visible)
            return null;
        List<Attribute>? attributes = null;
        foreach (var attribute in change.Attributes)
        {
            if (attribute.After is { } changed)
            {
                if (subscription.ShowChanges && attribute.Before is { } before)
                    changes.Add(changed, before, 0);
            }
            else if (attribute.Before is { } gone && subscription.ShowsDeleted && subscription.Watches(gone.Name))
                Show(subscription, gone, change.At, attributes ??= [.. visible.Attributes], changes);
        }

        return attributes is null ? visible : With(visible, Whole(subscription, attributes), visible.Scopes);
    }

    /// <summary>A deleted entity: its id, types and deletedAt; with showChanges all it was, and for attributeDeleted the watched attributes, as nulls.</summary>
    private static Entity? Deleted(Subscription subscription, ChangeSet change, ShownChanges changes)
    {
        if (change.Before is not { } before)
            return null;
        var attributes = new List<Attribute>();
        if (subscription.ShowChanges || (subscription.Triggers & Triggers.AttributeDeleted) != 0)
            foreach (var gone in before.Attributes)
                if (subscription.ShowChanges || subscription.Watches(gone.Name))
                    Show(subscription, gone, change.At, attributes, changes);

        var entity = With(before, Whole(subscription, attributes), []);
        changes.Deleted(entity, change.At);
        return entity;
    }

    private static void Show(Subscription subscription, Attribute gone, long at, List<Attribute> attributes, ShownChanges changes)
    {
        var shown = ShownChanges.Gone(gone);
        changes.Add(shown, subscription.ShowChanges ? gone : null, at);
        attributes.Add(shown);
    }

    /// <summary>An attribute that is gone with all its instances is one null: its default instance says so for the others, unless each has a previous value to show.</summary>
    private static List<Attribute> Whole(Subscription subscription, List<Attribute> attributes)
    {
        if (subscription.ShowChanges)
            return attributes;
        foreach (var attribute in attributes.Where(a => a.Dataset is null && ShownChanges.IsGone(a)).ToList())
            if (attributes.TrueForAll(a => a.Name != attribute.Name || ShownChanges.IsGone(a)))
                attributes.RemoveAll(a => a.Name == attribute.Name && a.Dataset is not null);
        return attributes;
    }

    private static Entity With(Entity entity, List<Attribute> attributes, string[] scopes) => new()
    {
        Id = entity.Id,
        Types = entity.Types,
        Scopes = scopes,
        CreatedAt = entity.CreatedAt,
        ModifiedAt = entity.ModifiedAt,
        ExpiresAt = entity.ExpiresAt,
        Attributes = AttributeOrder.Sorted(attributes),
    };
}
