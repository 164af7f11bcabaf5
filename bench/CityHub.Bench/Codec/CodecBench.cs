using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;

namespace CityHub.Bench.Codec;

/// <summary>Nanoseconds and allocated bytes of one operation, the median of the rounds.</summary>
public readonly record struct CodecFigure(string What, double Nanoseconds, double Bytes)
{
    public override string ToString() => FormattableString.Invariant($"{What,-28} {Nanoseconds,8:0} ns {Bytes,8:0} B");
}

/// <summary>Reading and writing one entity of 6 properties, 1 relationship and 1 geometry: what every request of the broker pays.</summary>
public static class CodecBench
{
    /// <summary>A little over 700 bytes, as devices send them.</summary>
    public static ReadOnlyMemory<byte> Sample { get; } =
        """
        {"id":"urn:ngsi-ld:AirQualityObserved:Shuzhou:0042","type":"AirQualityObserved","no2":{"type":"Property","value":22.4,"unitCode":"GQ","observedAt":"2026-11-23T08:00:00Z"},"pm25":{"type":"Property","value":41,"unitCode":"GQ","observedAt":"2026-11-23T08:00:00Z"},"temperature":{"type":"Property","value":12.2},"relativeHumidity":{"type":"Property","value":0.54},"reliability":{"type":"Property","value":0.7},"areaServed":{"type":"Property","value":"Binjiang"},"refPointOfInterest":{"type":"Relationship","object":"urn:ngsi-ld:PointOfInterest:28079004"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.5507,29.563]}}}
        """u8.ToArray();

    public static IReadOnlyList<CodecFigure> Run(TimeSpan each)
    {
        var context = ContextCompiler.Compile(
            """["https://example.org/city.jsonld"]"""u8.ToArray(),
            _ => """{"@context":{"city":"https://example.org/city#","AirQualityObserved":"city:AirQualityObserved","no2":"city:no2","pm25":"city:pm25","temperature":"city:temperature","relativeHumidity":"city:relativeHumidity","reliability":"city:reliability","areaServed":"city:areaServed","refPointOfInterest":{"@id":"city:refPointOfInterest","@type":"@id"}}}"""u8.ToArray()).Value;
        var fragment = EntityReader.Read(Sample, context, ReadMode.Entity).Value;
        var entity = new Entity { Id = fragment.Id ?? "", Types = fragment.Types, CreatedAt = 1, ModifiedAt = 1, Attributes = fragment.Attributes };
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        return
        [
            Measure("tokens alone (the limit)", each, Tokens),
            Measure("find @context", each, () => PayloadContext.Find(Sample)),
            Measure("read", each, () => EntityReader.Read(Sample, context, ReadMode.Entity)),
            Measure("read, core context", each, () => EntityReader.Read(Sample, LdContext.Core, ReadMode.Entity)),
            Measure("write normalized", each, () => Write(Representation.Default)),
            Measure("write simplified", each, () => Write(new Representation { Format = Format.Simplified })),
            Measure("write sysAttrs", each, () => Write(new Representation { SysAttrs = true })),
        ];

        void Write(Representation how)
        {
            buffer.ResetWrittenCount();
            json.Reset();
            EntityWriter.Write(json, entity, context, how, withContext: false);
            json.Flush();
        }
    }

    private static void Tokens()
    {
        var reader = new Utf8JsonReader(Sample.Span);
        while (reader.Read())
        {
        }
    }

    private static CodecFigure Measure(string what, TimeSpan each, Action act)
    {
        for (var i = 0; i < 20_000; i++)
            act();
        var rounds = new List<(double Time, double Bytes)>();
        var all = Stopwatch.GetTimestamp();
        while (rounds.Count < 5 || Stopwatch.GetElapsedTime(all) < each)
        {
            const int times = 5_000;
            var (start, bytes) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            for (var i = 0; i < times; i++)
                act();
            rounds.Add((Stopwatch.GetElapsedTime(start).TotalNanoseconds / times, (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)times));
        }

        rounds.Sort();
        return new CodecFigure(what, rounds[rounds.Count / 2].Time, rounds[rounds.Count / 2].Bytes);
    }
}
