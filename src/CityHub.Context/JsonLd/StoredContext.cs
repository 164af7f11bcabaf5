using System.Buffers;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;

namespace CityHub.Context.JsonLd;

/// <summary>The kinds of clause 5.13.1.</summary>
public enum ContextKind
{
    /// <summary>Added by a client (5.13.2).</summary>
    Hosted,

    /// <summary>Downloaded because a request named it.</summary>
    Cached,

    /// <summary>Made by the hub, so that a context given inline can be named in a Link header.</summary>
    ImplicitlyCreated,
}

/// <summary>A context document that the hub keeps.</summary>
/// <param name="Id">Local identifier, the last segment of its URL here.</param>
/// <param name="Url">Where a cached one came from; null for one that is served here.</param>
/// <param name="Body">The JSON document with its <c>@context</c> member.</param>
/// <param name="CreatedAt">UTC ticks.</param>
public sealed record StoredContext(string Id, ContextKind Kind, string? Url, ReadOnlyMemory<byte> Body, long CreatedAt)
{
    private long _hits;
    private long _lastUsed;

    /// <summary>Since the hub started: how often it was used for a request or served.</summary>
    public long Hits => Volatile.Read(ref _hits);

    /// <summary>UTC ticks; 0 when it was not used since the hub started.</summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    internal void Use(long now)
    {
        Interlocked.Increment(ref _hits);
        Volatile.Write(ref _lastUsed, now);
    }
}

/// <summary>The facts of the stream <c>contexts</c>: ContextAdded and ContextDownloaded with the document, ContextDeleted without.</summary>
internal static class ContextFacts
{
    public const string Added = "ContextAdded";
    public const string Downloaded = "ContextDownloaded";
    public const string Deleted = "ContextDeleted";

    public static NewFact Keep(StoredContext stored) => new(stored.Kind == ContextKind.Cached ? Downloaded : Added, Write(stored, withBody: true));

    public static NewFact Delete(StoredContext stored) => new(Deleted, Write(stored, withBody: false));

    /// <summary>What a fact that keeps a context says.</summary>
    public static StoredContext Read(in Fact fact)
    {
        using var json = JsonDocument.Parse(fact.Payload);
        var root = json.RootElement;
        return new StoredContext(
            IdOf(root),
            Enum.Parse<ContextKind>(root.GetProperty("kind"u8).GetString() ?? ""),
            root.TryGetProperty("url"u8, out var url) ? url.GetString() : null,
            root.TryGetProperty("body"u8, out var body) ? Encoding.UTF8.GetBytes(body.GetRawText()) : ReadOnlyMemory<byte>.Empty,
            fact.At.UtcTicks);
    }

    private static string IdOf(JsonElement root) => root.GetProperty("id"u8).GetString() ?? "";

    private static ReadOnlyMemory<byte> Write(StoredContext stored, bool withBody)
    {
        var buffer = new ArrayBufferWriter<byte>(stored.Body.Length + 128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, stored.Id);
            json.WriteString("kind"u8, stored.Kind.ToString());
            if (stored.Url is { } url)
                json.WriteString("url"u8, url);
            if (withBody)
            {
                json.WritePropertyName("body"u8);
                json.WriteRawValue(stored.Body.Span);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
