using System.Globalization;
using System.Text;
using CityHub.Sharing.Access;

namespace CityHub.Tests.Flows;

/// <summary>
/// Random grants and random questions. The oracle is a tenant that holds nothing but what the grant lets through, worked out here by other means: whatever is asked of the city under the grant is
/// answered as the same question to that tenant, to the byte; what is outside the grant has no influence on any answer.
/// </summary>
public sealed class EntityGuardOracleTests
{
    private const int Grants = 30, Questions = 18;

    private static readonly string[] Asked =
    [
        "/entities?type=AirStation&options=count", "/entities?type=AirStation&options=count&limit=3&offset=2", "/entities?type=AirStation&q=PM25%3E40", "/entities?type=AirStation&q=PM10%3C50&options=count",
        "/entities?type=AirStation&q=contact==%22c3%22", "/entities?type=AirStation&q=(PM25%3E50%7Cdistrict==%22east%22)&options=count", "/entities?type=AirStation&orderBy=PM10;desc&limit=5", "/entities?type=AirStation&orderBy=contact",
        "/entities?type=AirStation&attrs=PM10,contact&options=count", "/entities?type=AirStation&pick=PM25", "/entities?local=true&options=count", "/entities?attrs=near&options=count",
        "/entities?type=AirStation&georel=near;maxDistance==40000&geometry=Point&coordinates=[106.5,29.5]&options=count", "/entities?type=AirStation&orderBy=location;dist-asc&geometry=Point&coordinates=[106.5,29.5]",
        "/entities?type=AirStation&join=inline", "/entities?type=AirStation&join=flat&joinLevel=2", "/entities?type=AirStation&join=inline&q=near%7BPM10%7D%3E50", "/entities?type=AirStation&q=near&options=count",
        "/entities/urn:s:3", "/entities/urn:s:7?join=inline", "/entities/urn:s:5?attrs=contact", "/types", "/types?details=true", "/types/AirStation", "/attributes?details=true", "/attributes/contact", "/attributes/PM10",
        "/temporal/entities?type=AirStation&timerel=after&timeAt=2026-01-01T00:00:00Z&options=temporalValues,count", "/temporal/entities?type=AirStation&timerel=after&timeAt=2026-01-01T00:00:00Z&options=temporalValues&q=PM10%3E50",
        "/temporal/entities/urn:s:4?options=temporalValues", "/temporal/entities/urn:s:8?options=temporalValues&attrs=contact",
    ];

    [Fact]
    public async Task Nothing_outside_one_grant_is_in_any_answer()
    {
        await using var city = await EntityCity.BuildAsync();
        var random = new Random(5);
        var stations = Enumerable.Range(0, 24).Select(i => Station.Make(i, random)).ToList();
        await city.PutAsync("[" + string.Join(',', stations.Select(s => s.Json(_ => true))) + "]");
        await city.PutAsync("""[{"id":"urn:p:1","type":"Plant","contact":{"type":"Property","value":"c3"},"near":{"type":"Relationship","object":"urn:s:3"}}]""");
        using var fire = city.As("fire-rescue");
        var told = 0;
        for (var g = 0; g < Grants; g++)
        {
            string[] fields = ["id", "observed_at", .. new[] { "dust", "coarse", "district", "contact", "plant", "longitude", "latitude" }.Where(_ => random.Next(2) == 0)];
            var rules = new List<RowRule>();
            string[] districts = [.. new[] { "east", "west", "north" }.Where(_ => random.Next(3) > 0)];
            var least = random.Next(60);
            if (random.Next(2) == 0 && districts.Length > 0)
                rules.Add(EntityCity.In("district", districts));
            if (random.Next(3) == 0)
                rules.Add(new RowRule("dust", RowTest.Between, [least.ToString(CultureInfo.InvariantCulture), ""]));
            var grant = await city.GrantAsync("fire-rescue", fields, rules);

            var tenant = $"oracle{g}";
            var seen = stations.Where(s => rules.TrueForAll(r => r.Field == "district" ? s.District is { } at && districts.Contains(at) : s.Dust is { } dust && dust >= least)).ToList();
            await city.PutAsync("""[{"id":"urn:x","type":"Gone"}]""", tenant); // so that there is such a tenant
            await city.Hub.SendAsync(HttpMethod.Delete, "/ngsi-ld/v1/entities/urn:x", tenant: tenant);
            await city.Hub.SendAsync(HttpMethod.Delete, "/ngsi-ld/v1/temporal/entities/urn:x", tenant: tenant);
            if (seen.Count > 0)
                await city.PutAsync("[" + string.Join(',', seen.Select(s => s.Json(attribute => Within(attribute, fields)))) + "]", tenant);
            fire.DefaultRequestHeaders.Remove("CityHub-Grant");
            fire.DefaultRequestHeaders.Add("CityHub-Grant", grant.Id);
            for (var i = 0; i < Questions; i++)
            {
                var path = "/ngsi-ld/v1" + Asked[random.Next(Asked.Length)];
                var answer = await EntityCity.GetAsync(fire, path);
                var oracle = await EntityCity.GetAsync(city.Hub.Http, path, tenant: tenant);
                var where = $"{path} under {string.Join(',', fields)} where {string.Join(" and ", rules)}: {answer.Text}\n{oracle.Text}";
                told += answer.Text.Contains("urn:s:", StringComparison.Ordinal) ? 1 : 0;
                Assert.True(oracle.Status == answer.Status, where);
                Assert.True(oracle.Text == answer.Text, where);
                foreach (var header in new[] { "NGSILD-Results-Count", "Link" })
                    Assert.True(oracle.Headers.GetValueOrDefault(header) == answer.Headers.GetValueOrDefault(header), where);
            }
        }

        Assert.True(told > Grants * Questions / 4, $"Only {told} answers told of a station: the questions are too narrow.");
    }

    private static bool Within(string attribute, string[] fields) => attribute switch
    {
        "PM25" => fields.Contains("dust"), "PM10" => fields.Contains("coarse"), "near" => fields.Contains("plant"),
        "location" => fields.Contains("longitude") && fields.Contains("latitude"), _ => fields.Contains(attribute),
    };

    private sealed record Station(int Number, int? Dust, int? Coarse, string? District, string? Contact, int? Near, double? X)
    {
        public static Station Make(int number, Random random) => new(
            number, Maybe(random, 100), Maybe(random, 100), random.Next(5) == 0 ? null : new[] { "east", "west", "north" }[random.Next(3)], random.Next(4) == 0 ? null : $"c{random.Next(6)}", Maybe(random, 24), random.Next(4) == 0 ? null : 106 + random.NextDouble());

        public string Json(Func<string, bool> has)
        {
            var json = new StringBuilder($"{{\"id\":\"urn:s:{Number}\",\"type\":\"AirStation\"");
            void Add(string name, string? value, string kind = "Property", string member = "value")
            {
                if (value is not null && has(name))
                    json.Append(CultureInfo.InvariantCulture, $",\"{name}\":{{\"type\":\"{kind}\",\"{member}\":{value},\"observedAt\":\"2026-02-01T00:00:00Z\"}}");
            }

            Add("PM25", Dust?.ToString(CultureInfo.InvariantCulture));
            Add("PM10", Coarse?.ToString(CultureInfo.InvariantCulture));
            Add("district", District is null ? null : $"\"{District}\"");
            Add("contact", Contact is null ? null : $"\"{Contact}\"");
            Add("near", Near is null ? null : $"\"urn:s:{Near}\"", "Relationship", "object");
            Add("location", X is null ? null : string.Create(CultureInfo.InvariantCulture, $"{{\"type\":\"Point\",\"coordinates\":[{X:0.0000},29.5]}}"), "GeoProperty");
            return json.Append('}').ToString();
        }

        private static int? Maybe(Random random, int below) => random.Next(4) == 0 ? null : random.Next(below);
    }
}
