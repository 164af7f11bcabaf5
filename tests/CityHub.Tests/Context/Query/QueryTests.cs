using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;

namespace CityHub.Tests.Context.Query;

public sealed class QueryTests
{
    private static readonly Entity Vehicle = Read(
        """
        {"id":"urn:v:1","type":["Vehicle","Car"],"scope":["/Shuzhou/Binjiang","/Fleet"],
         "speed":[{"type":"Property","value":55,"observedAt":"2026-01-01T10:00:00Z","unitCode":"KMH","source":{"type":"Property","value":"gps"}},
                  {"type":"Property","value":57,"datasetId":"urn:d:2"}],
         "brand":{"type":"Property","value":"Mercedes"},
         "address":{"type":"Property","value":{"city":"枢州","zip":[1,2]}},
         "colour":{"type":"LanguageProperty","languageMap":{"en":"red","fr":"rouge"}},
         "owner":{"type":"Relationship","object":"urn:p:1"},
         "tested":{"type":"Property","value":true},
         "built":{"type":"Property","value":"2020-05-01T00:00:00Z"},
         "location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.5,29.5]}}}
        """);

    /// <summary>The words of the vehicle are known before any query names them.</summary>
    static QueryTests()
    {
    }

    private static readonly Entity Person = Read("""{"id":"urn:p:1","type":"Person","name":{"type":"Property","value":"Li"}}""");

    [Theory]
    [InlineData("speed==55", true)]
    [InlineData("speed==57", true)]
    [InlineData("speed==56", false)]
    [InlineData("speed>54;speed<56", true)]
    [InlineData("speed>60|brand==\"Mercedes\"", true)]
    [InlineData("(speed>60|brand==\"Audi\");tested==true", false)]
    [InlineData("speed==50..56", true)]
    [InlineData("speed==1,2,55", true)]
    [InlineData("speed!=55", true)]
    [InlineData("brand!=\"Mercedes\"", false)]
    [InlineData("nothing!=1", false)]
    [InlineData("brand", true)]
    [InlineData("!brand", false)]
    [InlineData("!nothing", true)]
    [InlineData("brand~=\"^Mer\"", true)]
    [InlineData("brand!~=\"^Mer\"", false)]
    [InlineData("speed.source==\"gps\"", true)]
    [InlineData("speed.observedAt>2026-01-01T09:00:00Z", true)]
    [InlineData("speed.unitCode==\"KMH\"", true)]
    [InlineData("address[city]==\"枢州\"", true)]
    [InlineData("address[zip]==2", true)]
    [InlineData("colour[fr]==\"rouge\"", true)]
    [InlineData("colour[*]==\"red\"", true)]
    [InlineData("colour[*]!=\"red\"", false)]
    [InlineData("owner==urn:p:1", true)]
    [InlineData("owner>\"urn:a\"", false)]
    [InlineData("owner{name}==\"Li\"", true)]
    [InlineData("owner{Person:name}==\"Li\"", true)]
    [InlineData("owner{Vehicle:name}==\"Li\"", false)]
    [InlineData("tested==true", true)]
    [InlineData("tested==1", false)]
    [InlineData("brand>5", false)]
    [InlineData("built<2021-01-01", true)]
    public void A_q_finds_what_clause_4_9_says(string q, bool expected) =>
        Assert.Equal(expected, QParser.Parse(q, LdContext.Core).Value.Matches(Vehicle, id => id == "urn:p:1" ? Person : null));

    [Theory]
    [InlineData("")]
    [InlineData("speed==")]
    [InlineData("==5")]
    [InlineData("(speed==5")]
    [InlineData("speed==5)")]
    [InlineData("speed>1..2")]
    [InlineData("speed==\"open")]
    [InlineData("address[city")]
    [InlineData("brand~=(")]
    public void A_q_that_cannot_be_read_is_refused_with_the_place(string q) =>
        Assert.Equal("bad-request-data", QParser.Parse(q, LdContext.Core).Problem?.Code);

    [Fact]
    public void A_q_of_ten_thousand_random_texts_is_answered_or_refused_and_never_fails()
    {
        const string signs = "abz.,;|()[]{}!=<>~\"\\ 0159:-*枢";
        var random = new Random(4);
        for (var i = 0; i < 10_000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => signs[random.Next(signs.Length)])]);
            var parsed = QParser.Parse(text, LdContext.Core);
            if (parsed.Ok)
                parsed.Value.Matches(Vehicle, _ => Person);
        }
    }

    [Theory]
    [InlineData("Vehicle", true)]
    [InlineData("Bus,Car", true)]
    [InlineData("Vehicle;Car", true)]
    [InlineData("Vehicle;Bus", false)]
    [InlineData("(Bus|Car);Vehicle", true)]
    [InlineData("*", true)]
    public void Types_are_selected_as_clause_4_17_says(string selection, bool expected) =>
        Assert.Equal(expected, TypeSelection.Parse(selection, LdContext.Core).Value.Matches(Vehicle.Types));

    [Theory]
    [InlineData("/Shuzhou/Binjiang", true)]
    [InlineData("/Shuzhou", false)]
    [InlineData("/Shuzhou/#", true)]
    [InlineData("/+/Binjiang", true)]
    [InlineData("/Fleet;/Shuzhou/#", true)]
    [InlineData("/Other|/Fleet", true)]
    public void Scopes_are_found_as_clause_4_19_says(string scopeQ, bool expected) =>
        Assert.Equal(expected, ScopeQuery.Parse(scopeQ).Value.Matches(Vehicle.Scopes));

    [Theory]
    [InlineData("near;maxDistance==2000", "Point", "[106.51,29.5]", true)]
    [InlineData("near;maxDistance==500", "Point", "[106.51,29.5]", false)]
    [InlineData("near;minDistance==500", "Point", "[106.51,29.5]", true)]
    [InlineData("within", "Polygon", "[[[106,29],[107,29],[107,30],[106,30],[106,29]]]", true)]
    [InlineData("disjoint", "Polygon", "[[[106,29],[107,29],[107,30],[106,30],[106,29]]]", false)]
    [InlineData("equals", "Point", "[106.5,29.5]", true)]
    public void Places_are_found_as_clause_4_10_says(string georel, string geometry, string coordinates, bool expected) =>
        Assert.Equal(expected, GeoQuery.Parse(georel, geometry, coordinates, null, LdContext.Core).Value.Matches(Vehicle));

    [Fact]
    public void Pages_follow_the_order_of_creation_and_count_what_matches()
    {
        var table = new EntityTable();
        for (var i = 0; i < 100; i++)
            table.Put(Read($$$"""{"id":"urn:v:{{{i}}}","type":"Vehicle","speed":{"type":"Property","value":{{{i}}}}}"""));
        table.Remove("urn:v:51");
        var query = new EntityQuery { Q = QParser.Parse("speed>=50", LdContext.Core).Value, Types = TypeSelection.Parse("Vehicle", LdContext.Core).Value, Limit = 3, Offset = 1, Count = true };

        var page = query.Run(table, 0, TestContext.Current.CancellationToken);

        Assert.Equal(["urn:v:52", "urn:v:53", "urn:v:54"], page.Entities.Select(e => e.Id));
        Assert.Equal(49, page.Total);
        Assert.True(page.More);
    }

    [Fact]
    public void Columns_and_places_find_what_looking_at_every_entity_finds()
    {
        var random = new Random(11);
        var table = new EntityTable();
        string[] queries = ["speed>=50", "speed==7", "speed<3;level>1", "speed!=5", "speed==10..20", "level==\"x\"|speed>95"];
        for (var step = 0; step < 3_000; step++)
        {
            var id = $"urn:v:{random.Next(400)}";
            if (random.Next(5) == 0)
                table.Remove(id);
            else
                table.Put(Read($$$$"""
                    {"id":"{{{{id}}}}","type":"{{{{(random.Next(4) == 0 ? "Bus" : "Vehicle")}}}}",
                     "speed":{{{{(random.Next(6) == 0 ? """[{"type":"Property","value":7},{"type":"Property","value":99,"datasetId":"urn:d"}]""" : $$$"""{"type":"Property","value":{{{random.Next(100)}}}}""")}}}},
                     "level":{"type":"Property","value":{{{{(random.Next(3) == 0 ? "\"x\"" : random.Next(4).ToString(System.Globalization.CultureInfo.InvariantCulture))}}}}},
                     "location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[{{{{random.Next(100) / 100.0}}}},{{{{random.Next(100) / 100.0}}}}]}}}
                    """));
            if (step % 50 != 0)
                continue;
            foreach (var q in queries)
                Same(table, new EntityQuery { Q = QParser.Parse(q, LdContext.Core).Value, Types = TypeSelection.Parse("Vehicle", LdContext.Core).Value, Limit = 1_000, Count = true });
            Same(table, new EntityQuery { Geo = GeoQuery.Parse("near;maxDistance==9000", "Point", "[0.5,0.5]", null, LdContext.Core).Value, Limit = 1_000, Count = true });
            Same(table, new EntityQuery
            {
                Geo = GeoQuery.Parse("within", "Polygon", "[[[0,0],[0.5,0],[0.5,0.5],[0,0]]]", null, LdContext.Core).Value, Q = QParser.Parse("speed>20", LdContext.Core).Value, Limit = 1_000, Count = true,
            });
        }
    }

    private static void Same(EntityTable table, EntityQuery query)
    {
        var page = query.Run(table, 0, TestContext.Current.CancellationToken);
        Assert.Equal(table.All().Where(e => query.Matches(e, table.Find, 0)).Select(e => e.Id), page.Entities.Select(e => e.Id));
        Assert.Equal(page.Entities.Count, page.Total);
    }

    private static Entity Read(string json)
    {
        var fragment = EntityReader.Read(Encoding.UTF8.GetBytes(json), LdContext.Core, ReadMode.Entity).Value;
        return EntityChanges.Create(fragment, fragment.Id ?? "", 1).Apply(null) ?? throw new InvalidOperationException();
    }
}
