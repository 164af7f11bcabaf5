using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Sensing.Mapping;
using CityHub.Server.DemoCity;
using CityHub.Tests.Sensing;

namespace CityHub.Tests.Server.DemoCity;

public sealed class WireTests
{
    /// <summary>History is recorded without the wire and live values come over it: both must say the same.</summary>
    [Fact]
    public async Task What_a_device_sends_is_read_as_what_it_measured()
    {
        var city = new Shuzhou(1);
        var at = new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
        var things = new Things(city, new Curves(1), new Incident(at), 1, int.MaxValue);
        var mappings = new Dictionary<string, PayloadMapping>(StringComparer.Ordinal);
        foreach (var (kind, json) in Wire.Mappings)
            mappings[kind] = (await MappingCompiler.CompileAsync(MappingDeclaration.Read(Encoding.UTF8.GetBytes(json)).Value, new PlainVocabulary(), TestContext.Current.CancellationToken)).Value.Mapping;
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var thing in things.All)
        {
            if (things.Read(thing, at) is not { } measured)
                continue;
            kinds.Add(thing.Kind);
            var read = mappings[thing.Kind].Map(Wire.Payload(thing, measured), new MappingSource(thing.DeviceId, "t") { Entity = thing.EntityId }, default).Value.Observations.Single();
            Assert.Equal((measured.Entity, measured.Type, measured.ObservedAt), (read.Entity, read.Type, read.ObservedAt));
            Assert.Equal(measured.Values.Select(Say), read.Values.Select(Say));
        }

        Assert.Equal(8, kinds.Count);

        static string Say(ObservedValue value)
        {
            var text = Encoding.UTF8.GetString(value.Value.Span);
            return $"{value.Attribute} {(double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number.ToString("R", CultureInfo.InvariantCulture) : text)} {value.Unit}";
        }
    }
}
