using System.Diagnostics;
using System.Text;
using CityHub.Context.JsonLd;

namespace CityHub.Bench.Fuzz;

/// <summary>
/// Mutated JSON-LD contexts. What is refused must be refused as a value with a reason; what is accepted must give back every name that it shortens, and keep the
/// core's words as they are.
/// </summary>
public static class ContextFuzz
{
    private static readonly string[] Seeds =
    [
        """{"city":"https://example.org/city#","speed":"city:speed","name":{"@id":"https://schema.org/name","@language":"zh"},"ref":{"@id":"city:ref","@type":"@id"}}""",
        """["https://example.org/a.jsonld",{"@vocab":"https://example.org/v#","x":null,"y":{"@id":"y","@container":"@list"}},"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"]""",
        """{"@version":1.1,"@base":"https://example.org/","@language":"en","id":"@id","kind":"@type","labels":{"@id":"https://example.org/l","@container":["@language","@set"]}}""",
        """{"back":{"@reverse":"https://example.org/of"},"n":{"@id":"https://example.org/n","@nest":"@nest"},"p":{"@id":"https://example.org/p/","@prefix":true},"q":"p:q","speed":{"@id":"q:r","@protected":true}}""",
        """{"@import":"https://example.org/a.jsonld","@propagate":false,"t":{"@id":"https://example.org/t","@context":{"u":"https://example.org/u"}}}""",
        """{"a":"b:c","b":"https://example.org/b#","c":"a:d","d":{"@type":"@vocab"},"open311:meta":"https://example.org/open311:meta"}""",
    ];

    private static readonly string[] Tokens =
    [
        "{", "}", "[", "]", ":", ",", "null", "true", "1.1", "\"@id\"", "\"@type\"", "\"@vocab\"", "\"@context\"", "\"@container\"", "\"@reverse\"", "\"@none\"", "\"@json\"", "\"@graph\"", "\"@index\"",
        "\"@import\"", "\"@protected\"", "\"@unknown\"", "\"\"", "\"_:b\"", "\"city:\"", "\":x\"", "\"a b\"", "\"speed\"", "\"https://example.org/a.jsonld\"", "\"https://example.org/loop.jsonld\"", "\"../x\"",
        "\"a\":\"b:c\",", "\"Property\":\"https://x.example/P\",", "\\ud800", "\\u0040id", "[[[[[[[[[[[[[[[[[[[[[", "{\"@context\":{\"@context\":", "1e999", "\u0000",
    ];

    private static readonly string[] Names = ["speed", "city:x", "name", "ref", "x", "y", "kind", "Property", "observedAt", "unknown", "a", "c:1", "open311:meta", "p:z", "https://example.org/n"];

    /// <summary>Compiles that many mutated contexts. Deterministic from the seed.</summary>
    public static FuzzReport Run(int seed, int count)
    {
        var random = new Random(seed);
        var (accepted, slowest) = (0, 0.0);
        var failures = new List<string>();
        for (var i = 0; i < count && failures.Count < 10; i++)
        {
            var text = Mutated(random);
            var start = Stopwatch.GetTimestamp();
            try
            {
                if (Check(text, out var wrong))
                    accepted++;
                if (wrong is not null)
                    failures.Add($"{wrong}\n  of {text}");
            }
            catch (Exception e)
            {
                failures.Add($"{e.GetType().Name}: {e.Message} {string.Join(' ', (e.StackTrace ?? "").Split('\n').Take(4))}\n  of {text}");
            }

            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new FuzzReport(count, accepted, failures, slowest);
    }

    private static bool Check(string text, out string? wrong)
    {
        wrong = null;
        if (!LdContext.Compile(Encoding.UTF8.GetBytes(text), Document).TryGet(out var context, out var problem))
        {
            wrong = problem.Detail.Length == 0 ? "A refusal says nothing." : null;
            return false;
        }

        foreach (var name in Names)
        {
            var iri = context.ExpandVocab(name);
            var shortest = context.CompactVocab(iri);
            if (context.ExpandVocab(shortest) != iri)
                wrong = $"{name} is {iri}, which is shortened to {shortest}, which is {context.ExpandVocab(shortest)}.";
        }

        if (context.ExpandVocab("Property") != "https://uri.etsi.org/ngsi-ld/Property" || context.ExpandVocab("observedAt") != "https://uri.etsi.org/ngsi-ld/observedAt")
            wrong = "A word of the core means something else.";
        return true;
    }

    private static ReadOnlyMemory<byte>? Document(string url) => url switch
    {
        "https://example.org/a.jsonld" => """{"@context":{"a":"https://example.org/a","z":{"@id":"a:z","@type":"@id"}}}"""u8.ToArray(),
        "https://example.org/loop.jsonld" => """{"@context":["https://example.org/loop.jsonld",{"a":"https://example.org/a"}]}"""u8.ToArray(),
        _ => null,
    };

    private static string Mutated(Random random)
    {
        var text = new StringBuilder(Seeds[random.Next(Seeds.Length)]);
        for (var times = random.Next(5); times > 0; times--)
        {
            var at = random.Next(text.Length + 1);
            switch (random.Next(6))
            {
                case 0:
                    text.Insert(at, (char)random.Next(1, 256));
                    break;
                case 1:
                    text.Remove(at, Math.Min(text.Length - at, random.Next(1, 8)));
                    break;
                case 2:
                    text.Insert(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                default:
                    // One string for another: what it makes of JSON is JSON.
                    var all = text.ToString();
                    var open = all.IndexOf('"', Math.Min(at, all.Length - 1 < 0 ? 0 : all.Length - 1));
                    var close = open < 0 ? -1 : all.IndexOf('"', open + 1);
                    if (close > open)
                        text.Remove(open, close - open + 1).Insert(open, Tokens[random.Next(7, 31)]);
                    break;
            }
        }

        return text.ToString();
    }
}
