using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Privacy;

namespace CityHub.Server.Deidentification;

/// <summary>Outcomes as one line of JSON.</summary>
internal static class JsonLine
{
    public static string Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, string name, RiskFigures risk)
    {
        json.WriteStartObject(name);
        json.WriteNumber("records", risk.Records);
        json.WriteNumber("classes", risk.Classes);
        json.WriteNumber("smallestClass", risk.Sizes.Smallest);
        json.WriteNumber("largestClass", risk.Sizes.Largest);
        json.WriteNumber("highest", risk.Highest);
        json.WriteNumber("average", risk.Average);
        json.WriteNumber("lowest", risk.Lowest);
        json.WriteNumber("prosecutor", risk.Highest);
        json.WriteNumber("journalist", risk.Journalist);
        json.WriteNumber("marketer", risk.Marketer);
        json.WriteNumber("shareAtHighest", risk.ShareAtHighest);
        json.WriteNumber("sampleUnique", risk.SampleUnique);
        if (risk.Population is { } population)
        {
            json.WriteStartObject("populationUnique");
            json.WriteNumber("dankar", population.Dankar);
            json.WriteNumber("pitman", population.Pitman ?? 0); // 0: no estimate, as the reference writes it
            json.WriteNumber("zayatz", population.Zayatz);
            json.WriteNumber("snb", population.Snb ?? 0);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
