using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Bench.Fuzz;

/// <param name="Accepted">Payloads that were read (and then written and read again).</param>
/// <param name="Failures">Payloads that broke a rule, with what they broke; at most ten.</param>
/// <param name="SlowestMs">The longest that one payload took.</param>
public sealed record FuzzReport(int Payloads, int Accepted, IReadOnlyList<string> Failures, double SlowestMs);

/// <summary>
/// Mutated payloads for the codec. What is refused must be refused as a value; what is accepted must be valid JSON when it is written, and must read back
/// as the same: normalized and concise, in the words of the same context.
/// </summary>
public static class CodecFuzz
{
    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly LdContext[] Contexts =
    [
        LdContext.Core,
        LdContext.Expanded,
        ContextCompiler.Compile(
            """{"city":"https://example.org/city#","speed":"city:speed","name":"https://schema.org/name","Vehicle":"city:Vehicle","street":"city:street","urn":"https://example.org/urn/","ref":{"@id":"city:ref","@type":"@id"}}"""u8.ToArray(),
            static _ => null).Value,
    ];

    /// <summary>Every kind, every representation: what mutations start from.</summary>
    private static readonly byte[][] Seeds =
    [
        """{"id":"urn:ngsi-ld:Vehicle:A1","type":"Vehicle","speed":{"type":"Property","value":55.5,"unitCode":"KMH","observedAt":"2026-11-23T08:00:00.250Z","source":{"type":"Property","value":"GPS"}},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.55,29.56]}}}"""u8.ToArray(),
        """{"id":"urn:ngsi-ld:Vehicle:A2","type":["Vehicle","Bus"],"scope":["/a/b","/c"],"expiresAt":"2030-01-01T00:00:00Z","speed":[{"type":"Property","value":1},{"type":"Property","value":2,"datasetId":"urn:d:2","unitCode":"KMH"}],"inDistrict":{"type":"Relationship","object":["urn:ngsi-ld:D:1","urn:ngsi-ld:D:2"],"objectType":"District"}}"""u8.ToArray(),
        """{"id":"urn:ngsi-ld:Vehicle:A3","type":"Vehicle","name":{"type":"LanguageProperty","languageMap":{"zh":"枢州","en":["Shuzhou","City"],"@none":"x"}},"kind":{"type":"VocabProperty","vocab":["Bus","city:Tram"]},"raw":{"type":"JsonProperty","json":{"a":[1,null,{"b":" "}]}},"list":{"type":"ListProperty","valueList":[1,"2",{"street":"x"}]},"links":{"type":"ListRelationship","objectList":[{"object":"urn:a:1"},"urn:a:2"]}}"""u8.ToArray(),
        """{"id":"urn:x:1","type":"T","a":5,"b":"text","c":[1,2,3],"d":{"value":{"street":"Long \"Road\" \u4e2d","deep":{"x":[{"y":1}]}}},"e":{"object":"urn:x:2"},"f":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},"g":{"value":true,"quality":0.5,"h":{"languageMap":{"en":"x"}}},"when":{"type":"Property","value":{"@type":"DateTime","@value":"2026-11-23T08:00:00Z"}}}"""u8.ToArray(),
        """ { "id" : "urn:x:1" , "type" : "T" , "a" : { "type" : "Property" , "value" : [ { "type" : "Property" , "value" : 1 } ] , "valueType" : "xsd:double" , "lang" : "en" } , "area" : { "type" : "Property", "value" : {"type":"MultiPoint","coordinates":[[1,2]]} } , "@context" : "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld" } """u8.ToArray(),
        """{"id":"urn:x:1","type":"T","a":"urn:ngsi-ld:null","b":{"value":"urn:ngsi-ld:null"},"c":{"value":{"d":null,"e":"urn:ngsi-ld:null"},"unitCode":null,"observedAt":"urn:ngsi-ld:null"},"n":{"languageMap":{"@none":"urn:ngsi-ld:null"}},"m":{"dataset":{"@none":1,"urn:d:1":2}}}"""u8.ToArray(),
        """{"value":5,"observedAt":"2026-11-23T08:00:00Z","accuracy":{"value":0.1,"by":{"object":"urn:x:9"}}}"""u8.ToArray(),
        """[{"value":1},{"value":2,"datasetId":"urn:d:1"}]"""u8.ToArray(),
        """{"id":"urn:x:1","type":"T","ngsildproof":{"type":"Property","entityIdSealed":"urn:x:1","entityTypeSealed":"T","value":{"type":"DataIntegrityProof","created":"2025-01-27T21:02:24Z"}},"https://example.org/p":{"https://example.org/q":3,"value":7},"city:z":1e5,"中文":{"value":"𠮷","observedAt":"2026-01-01T00:00:00,5Z"}}"""u8.ToArray(),
    ];

    private static readonly byte[][] Tokens = [.. new[]
    {
        "{", "}", "[", "]", ":", ",", "\"", "null", "true", "-0", "1e400", "1E-5", "0.1", "\"\"", "\"urn:ngsi-ld:null\"", "\"urn:x:1\"", "\"type\"", "\"value\"", "\"object\"",
        "\"Property\"", "\"Relationship\"", "\"GeoProperty\"", "\"LanguageProperty\"", "\"JsonProperty\"", "\"ListRelationship\"", "\"@context\"", "\"@type\"", "\"@value\"", "\"@none\"",
        "\"datasetId\"", "\"observedAt\"", "\"id\"", "\"dataset\"", "\"coordinates\"", "\"Point\"", "\"2026-13-01T00:00:00Z\"", "\"2026-11-23T08:00:00Z\"", "\\ud800", "\\udc00", "\\u0000",
        "\\u0074", "\\", "\u00ff", "[[", "]]", "{\"a\":", "\"urn:", "\"ngsi-ld:hasValue\"", "\"city:speed\"", "\"https://uri.etsi.org/ngsi-ld/observedAt\"", "{}", "[]", "  ", "\n", "\0", "+1", "01",
    }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] MemberNames = [.. new[]
    {
        "type", "value", "object", "languageMap", "vocab", "json", "valueList", "objectList", "objectType", "observedAt", "unitCode", "datasetId", "instanceId", "createdAt", "expiresAt",
        "entity", "previousValue", "lang", "valueType", "scope", "id", "@id", "@type", "@value", "@none", "dataset", "coordinates", "speed", "name", "location", "a", "city:speed",
        "ngsi-ld:hasValue", "ngsi-ld:scope", "https://uri.etsi.org/ngsi-ld/observedAt", "https://example.org/x", "ngsildproof", "entityTypeSealed", "en", "", "a b", "1", "\\u0076alue", "中文",
    }.Select(n => Encoding.UTF8.GetBytes($"\"{n}\""))];

    private static readonly byte[][] Values = [.. new[]
    {
        "null", "true", "0", "-1.5e3", "1e400", "\"\"", "\"x\"", "\"urn:ngsi-ld:null\"", "\"urn:x:1\"", "\"@none\"", "\"Property\"", "\"Relationship\"", "\"GeoProperty\"",
        "\"LanguageProperty\"", "\"VocabProperty\"", "\"JsonProperty\"", "\"ListProperty\"", "\"ListRelationship\"", "\"Point\"", "\"2026-11-23T08:00:00Z\"", "\"\\u4e2d \\\"\"",
        "\"\\ud83d\\ude00\"", "[]", "{}", "[1,null]", "[{}]", "{\"value\":1}", "{\"type\":\"Property\",\"value\":[{\"value\":2}]}", "{\"type\":\"Point\",\"coordinates\":[1,2]}",
        "{\"coordinates\":[1,2],\"type\":\"Point\",\"x\":1}", "{\"type\":\"Property\",\"value\":{\"type\":\"Point\",\"coordinates\":[1,2]}}", "{\"a\":{\"type\":\"Property\",\"value\":1}}",
        "[{\"datasetId\":\"urn:d:1\",\"value\":1},{\"value\":{\"a b\":1}}]", "{\"dataset\":{\"@none\":{\"x\":1},\"urn:d:1\":[1]}}", "{\"languageMap\":{\"en\":[\"a\",\"b\"]}}",
        "{\"vocab\":\"speed\"}", "{\"json\":{\"street\":null}}", "{\"objectList\":[]}", "{\"object\":[\"urn:x:1\"]}", "{\"@type\":\"DateTime\",\"@value\":\"2026\"}",
    }.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Reads that many mutated payloads in every mode. Deterministic from the seed.</summary>
    public static FuzzReport Run(int seed, int count)
    {
        var random = new Random(seed);
        var (accepted, slowest) = (0, 0.0);
        var failures = new List<string>();
        for (var i = 0; i < count && failures.Count < 10; i++)
        {
            var payload = Mutated(random);
            var start = Stopwatch.GetTimestamp();
            try
            {
                if (Check(payload, Contexts[i % Contexts.Length], (ReadMode)(i % 7), simplified: i % 3 == 0, out var wrong))
                    accepted++;
                if (wrong is not null)
                    failures.Add($"{wrong}\n  in {(ReadMode)(i % 7)} of {Encoding.UTF8.GetString(payload)}");
            }
            catch (Exception e)
            {
                failures.Add($"{e.Message} {string.Join(' ', (e.StackTrace ?? "").Split('\n').Take(4))}\n  in {(ReadMode)(i % 7)} of {Encoding.UTF8.GetString(payload)}");
            }

            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new FuzzReport(count, accepted, failures, slowest);
    }

    private static bool Check(byte[] payload, LdContext context, ReadMode mode, bool simplified, out string? wrong)
    {
        wrong = null;
        PayloadContext.Find(payload);
        EntityReader.Items(payload, 100);
        var name = context.Name("speed"u8);
        if (EntityReader.ReadAttribute(payload, name, context, mode, simplified).TryGet(out var instances, out _) && mode is ReadMode.Entity or ReadMode.Append && instances.All(i => !i.Value.IsEmpty))
            Written(json => EntityWriter.WriteAttribute(json, instances, context, Representation.Default));
        if (!EntityReader.Read(payload, context, mode, simplified).TryGet(out var fragment, out var problem))
        {
            wrong = problem.Detail.Length == 0 ? "A refusal says nothing." : null;
            return false;
        }

        if (mode != ReadMode.Entity)
            return true;
        var entity = new Entity { Id = fragment.Id ?? "", Types = fragment.Types, Scopes = fragment.Scopes ?? [], ExpiresAt = fragment.ExpiresAt ?? 0, Attributes = fragment.Attributes };
        foreach (var format in new[] { Format.Normalized, Format.Concise, Format.Simplified })
        {
            var text = Written(json => EntityWriter.Write(json, entity, context, new Representation { Format = format, SysAttrs = format == Format.Normalized }, withContext: false));
            if (format == Format.Simplified)
                continue; // It leaves things out: that it is JSON is all there is to say.
            var again = EntityReader.Read(text, context, ReadMode.Entity);
            if (!again.Ok)
                wrong = $"{format} was refused when read back: {again.Problem.Detail} {Encoding.UTF8.GetString(text)}";
            else if (again.Value.Id != entity.Id || !again.Value.Types.SequenceEqual(entity.Types) || !(again.Value.Scopes ?? []).SequenceEqual(entity.Scopes) ||
                !Same(again.Value.Attributes, entity.Attributes, format == Format.Normalized))
                wrong = $"{format} read back as something else: {Encoding.UTF8.GetString(text)}";
        }

        var feature = Written(json => EntityWriter.WriteFeature(json, entity, context, new Representation { GeometryProperty = context.Name("location"u8), Lang = ["zh"] }, withContext: false));
        return feature.Length > 0;
    }

    /// <summary>The bytes, when they are JSON.</summary>
    private static byte[] Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            write(json);
        var bytes = buffer.WrittenSpan.ToArray();
        using var parsed = JsonDocument.Parse(bytes);
        return bytes;
    }

    private static bool Same(IReadOnlyList<Attribute> a, IReadOnlyList<Attribute> b, bool expiry)
    {
        if (a.Count != b.Count)
            return false;
        for (var i = 0; i < a.Count; i++)
            if (a[i].Name != b[i].Name || a[i].Kind != b[i].Kind || a[i].Dataset != b[i].Dataset || a[i].UnitCode != b[i].UnitCode || a[i].ObservedAt != b[i].ObservedAt ||
                a[i].ObservedDigits != b[i].ObservedDigits || expiry && a[i].ExpiresAt != b[i].ExpiresAt || !a[i].ObjectType.SequenceEqual(b[i].ObjectType) ||
                !SameJson(a[i].Value, b[i].Value) || !Same(a[i].Sub, b[i].Sub, expiry))
                return false;
        return true;
    }

    private static bool SameJson(ReadOnlyMemory<byte> a, ReadOnlyMemory<byte> b)
    {
        if (a.Span.SequenceEqual(b.Span))
            return true;
        using var first = JsonDocument.Parse(a);
        using var second = JsonDocument.Parse(b);
        return JsonElement.DeepEquals(first.RootElement, second.RootElement);
    }

    private static byte[] Mutated(Random random)
    {
        var bytes = new List<byte>(Seeds[random.Next(Seeds.Length)]);
        for (var times = random.Next(4); times >= 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(20))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 12)));
                    break;
                case 2:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 3:
                    ReplaceToken(bytes, at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2 + 1), Math.Min(bytes.Count / 2, random.Next(1, 60))));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 6:
                    // Deep nesting, opened and closed.
                    var depth = random.Next(1, 80);
                    var list = random.Next(2) == 0;
                    ReplaceToken(bytes, at, [.. Enumerable.Repeat(list ? "["u8.ToArray() : "{\"a\":"u8.ToArray(), depth).SelectMany(t => t), (byte)'1', .. Enumerable.Repeat(list ? (byte)']' : (byte)'}', depth)]);
                    break;
                case 7 or 8 or 9 or 10 or 11 or 12 or 13 or 14 or 15:
                    Exchange(bytes, random);
                    break;
                default:
                    // A member or value from another payload.
                    var other = Seeds[random.Next(Seeds.Length)];
                    var from = random.Next(other.Length);
                    ReplaceToken(bytes, at, TokenAt([.. other], from) is var (start, end) ? other[start..end] : []);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A name for a name or a value for a value: what it makes of JSON is JSON.</summary>
    private static void Exchange(List<byte> bytes, Random random)
    {
        var tokens = new List<(int Start, int End, bool IsName)>();
        try
        {
            var json = bytes.ToArray();
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 200 });
            while (reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                var isName = reader.TokenType == JsonTokenType.PropertyName;
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray || start == 0)
                    continue;
                var whole = reader;
                if (!isName)
                    whole.Skip();
                // A name ends before its colon; the reader says it behind.
                tokens.Add((start, isName ? start + reader.ValueSpan.Length + 2 : (int)whole.BytesConsumed, isName));
            }
        }
        catch (JsonException)
        {
            return;
        }

        if (tokens.Count == 0)
            return;
        var (from, to, name) = tokens[random.Next(tokens.Count)];
        bytes.RemoveRange(from, to - from);
        bytes.InsertRange(from, name ? MemberNames[random.Next(MemberNames.Length)] : Values[random.Next(Values.Length)]);
    }

    /// <summary>Puts bytes in the place of the string or the scalar at or after an index.</summary>
    private static void ReplaceToken(List<byte> bytes, int at, byte[] by)
    {
        var (start, end) = TokenAt(bytes, at);
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, by);
    }

    private static (int Start, int End) TokenAt(List<byte> bytes, int at)
    {
        while (at < bytes.Count && !(bytes[at] is (byte)'"' or (byte)'-' || char.IsAsciiLetterOrDigit((char)bytes[at])))
            at++;
        var end = at;
        if (at < bytes.Count && bytes[at] == '"')
        {
            end = bytes.IndexOf((byte)'"', at + 1);
            return (at, end < 0 ? bytes.Count : end + 1);
        }

        while (end < bytes.Count && bytes[end] is not ((byte)',' or (byte)'}' or (byte)']' or (byte)'"' or (byte)':'))
            end++;
        return (at, end);
    }
}
