using System.Diagnostics;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;

namespace CityHub.Bench.Fuzz;

/// <summary>
/// Mutated queries: q, geo-queries, scopeQ and type selections. What is refused must be refused as a value with a reason; what is accepted must give the same
/// answer about an entity each time it is asked, and alone and in a table alike.
/// </summary>
public static class QueryFuzz
{
    private static readonly string[] Q =
    [
        "speed>50", "speed>=50;speed<=60.5", "speed==50..60", "name==\"Shu zhou\"", "name!=\"a\",\"b\"|(speed<1;kind)", "name~=\"^S.*u$\"", "!speed", "address[city.street]==\"x\"",
        "speed.source==\"GPS\"", "speed.observedAt>2026-01-01T00:00:00Z", "inDistrict==urn:ngsi-ld:D:1", "inDistrict{name}==\"x\"", "names[zh]==\"枢州\"", "names[*]==\"x\"",
        "createdAt>2026-01-01T00:00:00Z", "(a|b);(c|(d;e))", "active==true", "speed!~=\"5\"", "https://example.org/x==1", "city:speed>1e3", "a==2026-01-01..2026-02-01", "speed<-0.5",
    ];

    private static readonly string[] Relations = ["near;maxDistance==2000", "near;minDistance==10.5", "within", "contains", "intersects", "equals", "disjoint", "overlaps"];

    private static readonly string[] Geometries = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"];

    private static readonly string[] Coordinates =
    [
        "[106.55,29.56]", "[[106,29],[107,30]]", "[[[106,29],[107,29],[107,30],[106,30],[106,29]]]", "[[[106,29],[108,29],[108,31],[106,29]],[[106.5,29.2],[107,29.2],[107,29.5],[106.5,29.2]]]",
        "[[[[0,0],[1,0],[1,1],[0,0]]]]", "[106.55,29.56,300]", "[]", "[[106,29]]",
    ];

    private static readonly string[] Scopes = ["/city", "/city/east,/city/west", "/city/#", "/+/east;/city/#", "(/a|/b);/c", "city/east/+", "/#"];

    private static readonly string[] Types = ["Vehicle", "Vehicle,Bus", "(Vehicle;Bus)|Tram", "*", "city:Vehicle", "https://example.org/T"];

    private static readonly string[] Pieces =
    [
        "(", ")", ";", "|", ",", "..", "==", "!=", "~=", "!~=", "<", ">=", "\"", "\\", "[", "]", "{", "}", ".", "*", "!", "#", "+", "/", "%", "null", "true", "1e400", "-", "0x1", "NaN",
        "urn:", "speed", "name", "2026-13-01T00:00:00Z", "((((((((((", "[[[[[[[[", "\"(a+)+$\"", "\u0000", "中", "\ud800", " ", "\n", "maxDistance==-1", "maxDistance==1e308", "Infinity", "180.1", "-90", "1e999",
    ];

    private static readonly LdContext Words = LdContext.Compile("""{"city":"https://example.org/city#","speed":"city:speed","Vehicle":"city:Vehicle","name":"https://schema.org/name"}"""u8.ToArray()).Value;

    private static readonly Entity Known = Entity();

    private static readonly EntityTable Table = Tabled();

    /// <summary>Reads that many mutated queries. Deterministic from the seed.</summary>
    public static FuzzReport Run(int seed, int count)
    {
        var random = new Random(seed);
        var (accepted, slowest) = (0, 0.0);
        var failures = new List<string>();
        for (var i = 0; i < count && failures.Count < 10; i++)
        {
            var query = Query(random);
            var start = Stopwatch.GetTimestamp();
            try
            {
                if (Check(query, out var wrong))
                    accepted++;
                if (wrong is not null)
                    failures.Add($"{wrong}\n  of {query}");
            }
            catch (Exception e)
            {
                failures.Add($"{e.GetType().Name}: {e.Message} {string.Join(' ', (e.StackTrace ?? "").Split('\n').Take(4))}\n  of {query}");
            }

            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new FuzzReport(count, accepted, failures, slowest);
    }

    private sealed record Asked(string? Q, string? Georel, string? Geometry, string? Coordinates, string? Scope, string? Type);

    private static Asked Query(Random random) => random.Next(4) switch
    {
        0 or 1 => new Asked(Mutated(Q, random), null, null, null, null, null),
        2 => new Asked(null, Sometimes(Relations, random), Sometimes(Geometries, random), Mutated(Coordinates, random), null, null),
        _ => new Asked(null, null, null, null, Mutated(Scopes, random), Mutated(Types, random)),
    };

    private static bool Check(Asked asked, out string? wrong)
    {
        wrong = null;
        var query = new EntityQuery();
        if (asked.Q is { } q)
        {
            if (!QParser.Parse(q, Words).TryGet(out var expression, out var problem))
                return Refused(problem.Detail, out wrong);
            query = query with { Q = expression };
        }

        if (asked.Georel is { } georel)
        {
            if (!GeoQuery.Parse(georel, asked.Geometry, asked.Coordinates, null, Words).TryGet(out var geo, out var problem))
                return Refused(problem.Detail, out wrong);
            query = query with { Geo = geo };
        }

        if (asked.Scope is { } scopeQ)
        {
            if (!ScopeQuery.Parse(scopeQ).TryGet(out var scope, out var problem))
                return Refused(problem.Detail, out wrong);
            query = query with { Scope = scope };
        }

        if (asked.Type is { } type)
        {
            if (!TypeSelection.Parse(type, Words).TryGet(out var types, out var problem))
                return Refused(problem.Detail, out wrong);
            query = query with { Types = types };
        }

        var alone = query.Matches(Known, Table.Find, 1);
        if (query.Matches(Known, Table.Find, 1) != alone)
            wrong = "It answers differently when it is asked again.";
        else if ((query with { Limit = 10 }).Run(Table, 1).Entities.Count != (alone ? 1 : 0))
            wrong = $"Alone it {(alone ? "matches" : "does not match")}, in the table it is otherwise.";
        return true;
    }

    private static bool Refused(string detail, out string? wrong)
    {
        wrong = detail.Length == 0 ? "A refusal says nothing." : null;
        return false;
    }

    private static string Sometimes(string[] seeds, Random random) => random.Next(4) == 0 ? Mutated(seeds, random) : seeds[random.Next(seeds.Length)];

    private static string Mutated(string[] seeds, Random random)
    {
        var text = new StringBuilder(seeds[random.Next(seeds.Length)]);
        for (var times = random.Next(4); times > 0; times--)
        {
            var at = random.Next(text.Length + 1);
            switch (random.Next(7))
            {
                case 0:
                    text.Insert(at, (char)random.Next(1, 128));
                    break;
                case 1:
                    text.Remove(at, Math.Min(text.Length - at, random.Next(1, 6)));
                    break;
                case 2:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 3:
                    text.Insert(at, seeds[random.Next(seeds.Length)]);
                    break;
                case 4:
                    text.Append(";|,"[random.Next(3)]).Append(seeds[random.Next(seeds.Length)]);
                    break;
                case 5:
                    // Deep and wide.
                    var depth = random.Next(1, 2_000);
                    text.Insert(0, new string("([{!"[random.Next(4)], depth)).Append(new string(")]}"[random.Next(3)], depth));
                    break;
                default:
                    text.Insert(at, text.ToString(0, Math.Min(text.Length, 200)));
                    break;
            }
        }

        return text.ToString();
    }

    private static Entity Entity()
    {
        var fragment = EntityReader.Read(
            """{"id":"urn:ngsi-ld:Vehicle:A1","type":["Vehicle","Bus"],"scope":["/city/east","/a"],"speed":{"value":55.5,"observedAt":"2026-11-23T08:00:00Z","source":"GPS"},"name":"Shuzhou","active":true,"names":{"languageMap":{"zh":"枢州"}},"inDistrict":{"object":"urn:ngsi-ld:D:1"},"address":{"value":{"city":{"street":"x"}}},"location":{"type":"Point","coordinates":[106.55,29.56]}}"""u8.ToArray(),
            Words, ReadMode.Entity).Value;
        return EntityChanges.Create(fragment, fragment.Id ?? "", 1).Apply(null) ?? throw new InvalidOperationException("A creation makes an entity.");
    }

    private static EntityTable Tabled()
    {
        var table = new EntityTable();
        table.Put(Known);
        return table;
    }
}
