using System.Text.Json;
using CityHub.Http;

namespace CityHub.Standards.Quality;

/// <summary>The quality of a dataset after the Data Quality Vocabulary of W3C, as JSON-LD: one dqv:QualityMeasurement per dimension, and one for all of them.</summary>
internal static class DqvWriter
{
    public const string Metrics = "https://cityhub.example/ns/quality/";

    /// <param name="dataset">IRI of the dataset.</param>
    public static void Write(Utf8JsonWriter json, string dataset, JudgedDelivery judged)
    {
        json.WriteStartObject();
        json.WriteStartObject("@context"u8);
        json.WriteString("dqv"u8, "http://www.w3.org/ns/dqv#");
        json.WriteString("dcat"u8, "http://www.w3.org/ns/dcat#");
        json.WriteString("prov"u8, "http://www.w3.org/ns/prov#");
        json.WriteString("skos"u8, "http://www.w3.org/2004/02/skos/core#");
        json.WriteString("xsd"u8, "http://www.w3.org/2001/XMLSchema#");
        json.WriteEndObject();
        json.WriteStartArray("@graph"u8);
        json.WriteStartObject();
        json.WriteString("@id"u8, dataset);
        json.WriteString("@type"u8, "dcat:Dataset");
        json.WriteStartArray("dqv:hasQualityMeasurement"u8);
        foreach (var (name, score) in Scores(judged))
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "dqv:QualityMeasurement");
            Id(json, "dqv:computedOn", dataset);
            Id(json, "dqv:isMeasurementOf", Metrics + name);
            json.WriteStartObject("dqv:value"u8);
            json.WriteString("@type"u8, "xsd:double");
            json.WriteNumber("@value"u8, score);
            json.WriteEndObject();
            json.WriteStartObject("prov:generatedAtTime"u8);
            json.WriteString("@type"u8, "xsd:dateTime");
            json.WriteString("@value"u8, RoomHttp.Time(judged.At));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        foreach (var (name, _) in Scores(judged))
        {
            var at = Array.IndexOf(Dimensions.Names, name);
            json.WriteStartObject();
            json.WriteString("@id"u8, Metrics + name);
            json.WriteString("@type"u8, "dqv:Metric");
            json.WriteStartArray("skos:definition"u8);
            Words(json, "en", at < 0 ? "The weighted mean of the six dimensions" : $"Rows without a fault in the dimension \"{name}\" over rows");
            Words(json, "zh", at < 0 ? "六个维度得分的加权平均" : $"{Dimensions.Zh[at]}：无此类问题的记录占比");
            json.WriteEndArray();
            Id(json, "dqv:expectedDataType", "http://www.w3.org/2001/XMLSchema#double");
            if (at >= 0)
            {
                json.WriteStartObject("dqv:inDimension"u8);
                json.WriteString("@id"u8, $"{Metrics}dimension/{name}");
                json.WriteString("@type"u8, "dqv:Dimension");
                json.WriteStartArray("skos:prefLabel"u8);
                Words(json, "en", name);
                Words(json, "zh", Dimensions.Zh[at]);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<(string Name, double Score)> Scores(JudgedDelivery judged)
    {
        foreach (var name in Dimensions.Names)
            if (judged.Scores.TryGetValue(name, out var score))
                yield return (name, score);
        if (judged.Score is { } all)
            yield return ("overall", all);
    }

    private static void Id(Utf8JsonWriter json, string name, string iri)
    {
        json.WriteStartObject(name);
        json.WriteString("@id"u8, iri);
        json.WriteEndObject();
    }

    private static void Words(Utf8JsonWriter json, string language, string text)
    {
        json.WriteStartObject();
        json.WriteString("@language"u8, language);
        json.WriteString("@value"u8, text);
        json.WriteEndObject();
    }
}
