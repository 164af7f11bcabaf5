using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Server.Http;
using CityHub.Storage.Embedded;

namespace CityHub.Server.Export;

/// <summary>
/// The log as lines of JSON with the salts of its facts, so that the same log can be made of them. A payload that would not survive as JSON in one line stands as <c>payloadBase64</c>.
/// </summary>
internal static class FactArchive
{
    public const string FileName = "facts.jsonl";

    /// <summary>Of a payload; deeper ones stand as base64.</summary>
    private const int MostDepth = 64;

    public static void Write(IBufferWriter<byte> to, in Fact fact)
    {
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = Json.Relaxed, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("position", fact.Position);
            json.WriteString("stream", fact.Stream);
            json.WriteNumber("version", fact.Version);
            json.WriteString("type", fact.Type);
            json.WriteString("at", fact.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
            json.WriteBase64String("salt", fact.Salt.Span);
            if (IsOneLine(fact.Payload.Span))
            {
                json.WritePropertyName("payload");
                json.WriteRawValue(fact.Payload.Span, skipInputValidation: true);
            }
            else
            {
                json.WriteBase64String("payloadBase64", fact.Payload.Span);
            }

            json.WriteEndObject();
        }

        to.Write("\n"u8);
    }

    /// <exception cref="FormatException">A line is not a fact.</exception>
    public static Fact Read(ReadOnlySpan<byte> line)
    {
        var fact = default(Fact) with { Stream = "", Type = "" };
        var json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = MostDepth + 1 }); // the line is an object around the payload
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString();
                json.Read();
                switch (name)
                {
                    case "position": fact = fact with { Position = json.GetInt64() }; break;
                    case "stream": fact = fact with { Stream = json.GetString() ?? "" }; break;
                    case "version": fact = fact with { Version = json.GetInt64() }; break;
                    case "type": fact = fact with { Type = json.GetString() ?? "" }; break;
                    case "at": fact = fact with { At = json.GetDateTimeOffset() }; break;
                    case "salt": fact = fact with { Salt = json.GetBytesFromBase64() }; break;
                    case "payloadBase64": fact = fact with { Payload = json.GetBytesFromBase64() }; break;
                    case "payload":
                        // Byte for byte as it was written: leaves of the ledger commit to the bytes.
                        var start = (int)json.TokenStartIndex;
                        json.Skip();
                        fact = fact with { Payload = line[start..(int)json.BytesConsumed].ToArray() };
                        break;
                    default: throw new FormatException($"a fact has no {name}");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException(e.Message, e);
        }

        return fact.Stream.Length == 0 || fact.Type.Length == 0 ? throw new FormatException("a fact has no stream or no type") : fact;
    }

    /// <summary>All facts of an archive, in its order.</summary>
    /// <exception cref="FormatException">A line is not a fact; the message has its number.</exception>
    public static IEnumerable<Fact> Read(Stream file)
    {
        var buffer = new byte[1 << 20];
        var (used, line) = (0, 0L);
        while (true)
        {
            var read = file.Read(buffer, used, buffer.Length - used);
            var end = used + read;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start..end).IndexOf((byte)'\n')) >= 0; start += length + 1)
            {
                line++;
                yield return Numbered(buffer.AsSpan(start, length), line);
            }

            buffer.AsSpan(start..end).CopyTo(buffer);
            used = end - start;
            if (read == 0)
            {
                if (used > 0)
                    throw new FormatException($"line {line + 1} is cut short");
                yield break;
            }

            if (used == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private static Fact Numbered(ReadOnlySpan<byte> line, long number)
    {
        try
        {
            return Read(line);
        }
        catch (FormatException e)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {number}: {e.Message}"), e);
        }
    }

    private static bool IsOneLine(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || payload.IndexOfAny((byte)'\n', (byte)'\r') >= 0 || payload[0] is (byte)' ' or (byte)'\t' || payload[^1] is (byte)' ' or (byte)'\t')
            return false;
        var json = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = MostDepth });
        try
        {
            while (json.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
