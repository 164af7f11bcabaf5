using System.Buffers;
using System.Text.Json;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// The members of a Subscription (5.2.12) on their way in and out: in, unknown and read-only ones are left behind and words become IRIs;
/// out, IRIs become the reader's words and the hub's own members are added.
/// </summary>
internal static class SubscriptionMembers
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "id", "type", "subscriptionName", "description", "entities", "watchedAttributes", "timeInterval", "q", "geoQ", "csf", "isActive", "notification", "expiresAt", "throttling",
        "temporalQ", "scopeQ", "lang", "notificationTrigger", "datasetId", "localOnly", "splitEntities", "jsonldContext", "expandValues", "jsonKeys",
    };

    private static readonly HashSet<string> KnownInNotification = new(StringComparer.Ordinal)
    {
        "attributes", "pick", "omit", "format", "endpoint", "showChanges", "sysAttrs", "join", "joinLevel",
    };

    private static readonly HashSet<string> KnownInEndpoint = new(StringComparer.Ordinal) { "uri", "accept", "timeout", "cooldown", "receiverInfo", "notifierInfo" };

    private const string TypeSeparators = ",|;()";
    private const string ProjectionSeparators = ",|{}";

    /// <summary>The members to store. A fragment keeps its nulls: they ask for removal.</summary>
    public static ReadOnlyMemory<byte> Expand(JsonElement subscription, LdContext context, bool fragment) => Write(json =>
    {
        json.WriteStartObject();
        foreach (var member in subscription.EnumerateObject())
        {
            var name = member.Name is "@id" ? "id" : member.Name is "@type" ? "type" : member.Name;
            if (!Known.Contains(name) || (member.Value.ValueKind == JsonValueKind.Null && !fragment))
                continue;
            json.WritePropertyName(name);
            Member(json, name, member.Value, word => context.ExpandVocab(word));
        }

        json.WriteEndObject();
    });

    /// <summary>5.8.2: the members of the fragment in place of those that were there; a null takes one away.</summary>
    public static ReadOnlyMemory<byte> Merge(ReadOnlyMemory<byte> members, ReadOnlyMemory<byte> fragment)
    {
        using var old = JsonDocument.Parse(members);
        using var changed = JsonDocument.Parse(fragment);
        return Write(json =>
        {
            json.WriteStartObject();
            foreach (var member in old.RootElement.EnumerateObject())
                if (!changed.RootElement.TryGetProperty(member.Name, out _))
                    member.WriteTo(json);
            foreach (var member in changed.RootElement.EnumerateObject())
                if (member.Value.ValueKind != JsonValueKind.Null)
                    member.WriteTo(json);
            json.WriteEndObject();
        });
    }

    /// <summary>The subscription as a reader gets it.</summary>
    public static void Write(Utf8JsonWriter json, Subscription subscription, SubscriptionStats stats, LdContext context, bool sysAttrs, bool withContext, long now)
    {
        using var members = JsonDocument.Parse(subscription.Document.Members);
        json.WriteStartObject();
        foreach (var member in members.RootElement.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            if (member.Name == "notification")
                Notification(json, member.Value, word => context.CompactVocab(word), stats);
            else
                Member(json, member.Name, member.Value, word => context.CompactVocab(word));
        }

        if (!members.RootElement.TryGetProperty("notificationTrigger"u8, out _))
        {
            // The default is told (table 5.2.12-1).
            json.WriteStartArray("notificationTrigger"u8);
            json.WriteStringValue("attributeCreated"u8);
            json.WriteStringValue("attributeUpdated"u8);
            json.WriteEndArray();
        }

        json.WriteString("status"u8, subscription.StatusAt(now));
        if (subscription.Document.HostedContext is { } hosted && !members.RootElement.TryGetProperty("jsonldContext"u8, out _))
            json.WriteString("jsonldContext"u8, hosted);
        if (sysAttrs)
        {
            Entities.EntityWriter.WriteTime(json, "createdAt"u8, subscription.Document.CreatedAt);
            Entities.EntityWriter.WriteTime(json, "modifiedAt"u8, subscription.Document.ModifiedAt);
        }

        if (withContext)
            Entities.EntityWriter.WriteContext(json, context);
        json.WriteEndObject();
    }

    private static void Member(Utf8JsonWriter json, string name, JsonElement value, Func<string, string> word)
    {
        switch (name)
        {
            case "entities" when value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var selector in value.EnumerateArray())
                    Selector(json, selector, word);
                json.WriteEndArray();
                break;
            case "watchedAttributes":
                WordList(json, value, ProjectionSeparators, word);
                break;
            case "notification":
                Notification(json, value, word, null);
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    private static void Selector(Utf8JsonWriter json, JsonElement selector, Func<string, string> word)
    {
        if (selector.ValueKind != JsonValueKind.Object)
        {
            selector.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (var member in selector.EnumerateObject())
        {
            var name = member.Name is "@id" ? "id" : member.Name is "@type" ? "type" : member.Name;
            if (name is not ("id" or "type" or "idPattern"))
                continue;
            json.WritePropertyName(name);
            if (name == "type")
                WordList(json, member.Value, TypeSeparators, word);
            else
                member.Value.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void Notification(Utf8JsonWriter json, JsonElement value, Func<string, string> word, SubscriptionStats? stats)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            if (!KnownInNotification.Contains(member.Name))
                continue;
            json.WritePropertyName(member.Name);
            if (member.Name is "attributes" or "pick" or "omit")
                WordList(json, member.Value, ProjectionSeparators, word);
            else if (member.Name == "endpoint" && member.Value.ValueKind == JsonValueKind.Object)
            {
                json.WriteStartObject();
                foreach (var inner in member.Value.EnumerateObject())
                    if (KnownInEndpoint.Contains(inner.Name))
                        inner.WriteTo(json);
                json.WriteEndObject();
            }
            else
                member.Value.WriteTo(json);
        }

        stats?.Write(json);
        json.WriteEndObject();
    }

    /// <summary>A text, or a list of texts, with every word in it mapped; anything else stays for validation to refuse.</summary>
    private static void WordList(Utf8JsonWriter json, JsonElement value, string separators, Func<string, string> word)
    {
        if (value.ValueKind == JsonValueKind.String)
            json.WriteStringValue(Words(value.GetString() ?? "", separators, word));
        else if (value.ValueKind == JsonValueKind.Array)
        {
            json.WriteStartArray();
            foreach (var item in value.EnumerateArray())
                WordList(json, item, separators, word);
            json.WriteEndArray();
        }
        else
            value.WriteTo(json);
    }

    private static string Words(string text, string separators, Func<string, string> word)
    {
        var mapped = new System.Text.StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var length = text.AsSpan(at).IndexOfAny(separators);
            var end = length < 0 ? text.Length : at + length;
            var one = text[at..end].Trim();
            if (one.Length > 0)
                mapped.Append(one is "*" or "id" or "type" or "scope" or "@id" or "@type" or "createdAt" or "modifiedAt" or "expiresAt" ? one : word(one));
            if (end < text.Length)
                mapped.Append(text[end]);
            at = end + 1;
        }

        return mapped.ToString();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
            write(json);
        return buffer.WrittenMemory.ToArray();
    }
}
