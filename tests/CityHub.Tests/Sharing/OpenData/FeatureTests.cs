using CityHub.Sharing.OpenData.Features;
using CsCheck;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>OGC API Features: pages, boxes, times, systems, and unknown parameters.</summary>
public sealed class FeatureTests
{
    private const string Items = "/ogc/collections/parks/items";

    [Fact]
    public async Task Only_datasets_with_a_place_that_the_caller_sees_are_collections()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        Assert.Equal(["parks"], (await doors.GetAsync("/ogc/collections")).GetProperty("collections").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
        await doors.GetAsync("/ogc/collections/air", 404);
        Assert.Equal(4, (await doors.GetAsync("/ogc/conformance")).GetProperty("conformsTo").GetArrayLength());
        Assert.Equal("3.0.3", (await doors.GetAsync("/ogc/api")).GetProperty("openapi").GetString());
        Assert.Equal(5, (await doors.GetAsync("/ogc/")).GetProperty("links").GetArrayLength());
    }

    [Fact]
    public async Task Pages_count_exactly_and_lead_on()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        var ids = new List<long>();
        var at = Items + "?limit=10";
        while (at is not null)
        {
            var page = await doors.GetAsync(at);
            Assert.Equal(25, page.GetProperty("numberMatched").GetInt64());
            Assert.Equal(page.GetProperty("features").GetArrayLength(), page.GetProperty("numberReturned").GetInt64());
            ids.AddRange(page.GetProperty("features").EnumerateArray().Select(one => one.GetProperty("id").GetInt64()));
            at = page.GetProperty("links").EnumerateArray().FirstOrDefault(one => one.GetProperty("rel").GetString() == "next") is { ValueKind: System.Text.Json.JsonValueKind.Object } next ? next.GetProperty("href").GetString() : null;
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), ids);
    }

    [Theory]
    [InlineData("bbox=106,29,106.5,29.5", 6)]
    [InlineData("bbox=29,106,29.5,106.5&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326", 6)]
    [InlineData("bbox=29,106,29.5,106.5&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4490", 6)]
    [InlineData("bbox=11799866,3375577,11855546,3439512&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857", 6)]
    [InlineData("bbox=106,29,0,106.5,29.5,100", 6)]
    [InlineData("bbox=170,0,107,90", 11)]
    [InlineData("datetime=2026-11-01T01:00:00Z", 1)]
    [InlineData("datetime=2026-10-31T01:00:00Z/..", 3)]
    [InlineData("datetime=../2026-10-10T01:00:00Z", 2)]
    [InlineData("name=公园7", 1)]
    [InlineData("id=3&name=公园7", 0)]
    public async Task Filters_find_what_they_say(string query, long expected)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        Assert.Equal(expected, (await doors.GetAsync($"{Items}?limit=100&{query}")).GetProperty("numberMatched").GetInt64());
    }

    [Theory]
    [InlineData("colour=red")]
    [InlineData("limit=0")]
    [InlineData("limit=x")]
    [InlineData("bbox=1,2,3")]
    [InlineData("bbox=1,5,2,3")]
    [InlineData("crs=EPSG:4326")]
    [InlineData("datetime=yesterday")]
    [InlineData("id=x")]
    [InlineData("f=html")]
    public async Task What_is_unknown_or_unfit_is_a_400(string query)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        await doors.GetAsync($"{Items}?{query}", 400);
    }

    [Fact]
    public async Task Coordinates_and_the_header_follow_the_system()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        using var response = await doors.Client.GetAsync($"{Items}/3?crs=http://www.opengis.net/def/crs/EPSG/0/4326", TestContext.Current.CancellationToken);
        Assert.Equal("<http://www.opengis.net/def/crs/EPSG/0/4326>", response.Headers.GetValues("Content-Crs").Single());
        Assert.Contains("[29.3,106.3]", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(106.3, (await doors.GetAsync(Items + "/3")).GetProperty("geometry").GetProperty("coordinates")[0].GetDouble());
        Assert.Equal("feature-unknown", (await doors.GetAsync(Items + "/99", 404)).GetProperty("code").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await doors.GetAsync(Items + "/24")).GetProperty("geometry").ValueKind);
    }

    [Fact]
    public void Every_system_leads_back_to_where_it_came_from() => Gen.Select(Gen.Double[-180, 180], Gen.Double[-85, 85], Gen.Int[0, 3]).Sample((longitude, latitude, which) =>
    {
        var crs = Crs.All[which];
        var (first, second) = crs.From(longitude, latitude);
        var (x, y) = crs.Back(first, second);
        return Math.Abs(x - longitude) < 1e-9 && Math.Abs(y - latitude) < 1e-9;
    });
}
