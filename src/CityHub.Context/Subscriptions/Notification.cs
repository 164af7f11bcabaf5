using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CityHub.Context.Http;

namespace CityHub.Context.Subscriptions;

/// <summary>One notification on its way. Its body leaves memory when it is stored and others wait before it.</summary>
internal sealed class Notification
{
    /// <summary>Rises with every notification: the order of delivery within a subscription.</summary>
    public required long Number { get; init; }

    public required string Tenant { get; init; }

    public required string Subscription { get; init; }

    /// <summary>UTC ticks when it was written.</summary>
    public required long At { get; init; }

    public required MediaType Media { get; init; }

    /// <summary>URL of the context, for the Link header; null where the body carries it.</summary>
    public string? Context { get; init; }

    /// <summary>Who was to be told, and what of guarded types is in it: two JSON objects, for the guard; null where nothing in it is guarded.</summary>
    public (ReadOnlyMemory<byte> Subscriber, ReadOnlyMemory<byte> Shown)? Guarded { get; init; }

    public ReadOnlyMemory<byte>? Body { get; set; }

    /// <summary>It is in the view, or in the commit that is being made. Under the outbox's lock.</summary>
    public bool Stored { get; set; }

    public string Key => string.Create(CultureInfo.InvariantCulture, $"{PendingView.NotificationPrefix}{Number:D19}");

    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> body)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("tenant"u8, Tenant);
            json.WriteString("subscription"u8, Subscription);
            json.WriteNumber("at"u8, At);
            json.WriteString("media"u8, Media.ToString());
            if (Context is { } context)
                json.WriteString("context"u8, context);
            if (Guarded is var (subscriber, shown))
            {
                json.WritePropertyName("subscriber"u8);
                json.WriteRawValue(subscriber.Span);
                json.WritePropertyName("shown"u8);
                json.WriteRawValue(shown.Span);
            }

            json.WritePropertyName("body"u8);
            json.WriteRawValue(body.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>All but the body, which stays where it is until its turn.</summary>
    public static Notification Decode(string key, ReadOnlyMemory<byte> stored)
    {
        using var json = JsonDocument.Parse(stored);
        var root = json.RootElement;
        return new Notification
        {
            Number = long.Parse(key.AsSpan(PendingView.NotificationPrefix.Length), CultureInfo.InvariantCulture),
            Tenant = root.GetProperty("tenant"u8).GetString() ?? "",
            Subscription = root.GetProperty("subscription"u8).GetString() ?? "",
            At = root.GetProperty("at"u8).GetInt64(),
            Media = Enum.Parse<MediaType>(root.GetProperty("media"u8).GetString() ?? ""),
            Context = root.TryGetProperty("context"u8, out var context) ? context.GetString() : null,
            Guarded = root.TryGetProperty("shown"u8, out var shown) ? (Raw(root.GetProperty("subscriber"u8)), Raw(shown)) : null,
            Stored = true,
        };
    }

    public static ReadOnlyMemory<byte> BodyOf(ReadOnlyMemory<byte> stored)
    {
        using var json = JsonDocument.Parse(stored);
        return Raw(json.RootElement.GetProperty("body"u8));
    }

    private static ReadOnlyMemory<byte> Raw(JsonElement value) => System.Text.Encoding.UTF8.GetBytes(value.GetRawText());
}
