using System.Buffers;
using System.Text.Json;

namespace CityHub.Sharing.OpenData.Dcat;

/// <summary>A graph as JSON-LD 1.1, flattened, under a context of prefixes alone: no remote context has to be fetched to read it.</summary>
internal static class JsonLdWriter
{
    public static ReadOnlyMemory<byte> Write(Graph graph)
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ReleaseBody.JsonOptions.Encoder, Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartObject("@context"u8);
            foreach (var (prefix, space) in Names.Prefixes)
            {
                // A urn ends in no gen-delim: it is a prefix only when it says so (JSON-LD 1.1, 9.15).
                json.WriteStartObject(prefix);
                json.WriteString("@id"u8, space);
                json.WriteBoolean("@prefix"u8, true);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartArray("@graph"u8);
            foreach (var subject in graph.Triples.GroupBy(triple => triple.Subject))
            {
                json.WriteStartObject();
                json.WriteString("@id"u8, IdOf(subject.Key));
                foreach (var predicate in subject.GroupBy(triple => triple.Predicate, StringComparer.Ordinal))
                {
                    json.WriteStartArray(predicate.Key == Names.IsA ? "@type" : Names.Short(predicate.Key) ?? predicate.Key);
                    foreach (var triple in predicate)
                        Value(json, triple.Object, predicate.Key == Names.IsA);
                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void Value(Utf8JsonWriter json, Term term, bool type)
    {
        if (type)
        {
            json.WriteStringValue(Names.Short(term.Value) ?? term.Value);
            return;
        }

        json.WriteStartObject();
        if (term.Kind == TermKind.Literal)
        {
            json.WriteString("@value"u8, term.Value);
            if (term.Language is { } language)
                json.WriteString("@language"u8, language);
            else if (term.Datatype is { } datatype)
                json.WriteString("@type"u8, Names.Short(datatype) ?? datatype);
        }
        else
        {
            json.WriteString("@id"u8, IdOf(term));
        }

        json.WriteEndObject();
    }

    private static string IdOf(Term term) => term.Kind == TermKind.Blank ? "_:" + term.Value : term.Value;
}
