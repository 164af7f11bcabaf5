using System.Globalization;
using System.Text;

namespace CityHub.Server.DemoCity;

/// <summary>A place of the demo city: the city, a district, a town or a grid cell, with its own made-up outline.</summary>
/// <param name="Scope">Where it stands in the hierarchy, e.g. <c>/枢州/滨江区/柳堤镇</c>: the scope of everything in it (clause 4.18).</param>
internal sealed record Place(string Id, string Level, string Name, string EnglishName, string Scope, IReadOnlyList<(double X, double Y)> Outline)
{
    public (double X, double Y) Centre => (Outline.Average(p => p.X), Outline.Average(p => p.Y));
}

/// <summary>
/// 枢州 (Shuzhou): a city that does not exist, with three levels like a Chinese municipality: 1 city, 9 districts, 60 towns, and a grid of cells.
/// The geometry is made here from a seed: a ring city on a river, of no country's map. Same seed, same city.
/// </summary>
internal sealed class Shuzhou
{
    /// <summary>Somewhere in the open ocean: nobody's borders.</summary>
    public const double CentreX = -150.0, CentreY = 30.0;

    private const double Radius = 0.42; // degrees, about 45 km
    private const double CellDegrees = 0.02;

    private static readonly (string Chinese, string English)[] DistrictNames =
    [
        ("中枢区", "Zhongshu"), ("滨江区", "Binjiang"), ("云台区", "Yuntai"), ("锦湖区", "Jinhu"), ("南屏区", "Nanping"),
        ("石桥区", "Shiqiao"), ("青浦区", "Qingpu"), ("北岭区", "Beiling"), ("临港区", "Lingang"),
    ];

    private static readonly string[] TownFirst = ["柳", "竹", "桃", "梅", "白", "龙", "凤", "金", "玉", "松", "荷", "云"];
    private static readonly string[] TownLast = ["堤", "溪", "坪", "湾", "塘", "岩", "亭", "庄", "渡", "坡"];
    private static readonly string[] TownFirstEnglish = ["Liu", "Zhu", "Tao", "Mei", "Bai", "Long", "Feng", "Jin", "Yu", "Song", "He", "Yun"];
    private static readonly string[] TownLastEnglish = ["di", "xi", "ping", "wan", "tang", "yan", "ting", "zhuang", "du", "po"];

    public Shuzhou(int seed)
    {
        var random = new Random(seed);
        City = new Place("urn:ngsi-ld:Place:shuzhou", "city", "枢州市", "Shuzhou", "/枢州", Ring(0, 2 * Math.PI, 0, Radius, 48));
        var (districts, towns) = (new List<Place>(), new List<Place>());
        var name = 0;
        for (var d = 0; d < 9; d++)
        {
            // One district in the middle, eight around it; the towns cut each into sectors.
            var (from, to) = d == 0 ? (0.0, 2 * Math.PI) : ((d - 1) * Math.PI / 4, d * Math.PI / 4);
            var (inner, outer) = d == 0 ? (0.0, Radius * 0.35) : (Radius * 0.35, Radius * (0.9 + 0.1 * random.NextDouble()));
            var (chinese, english) = DistrictNames[d];
            var district = new Place($"urn:ngsi-ld:Place:shuzhou:{english.ToLowerInvariant()}", "district", chinese, english, $"{City.Scope}/{chinese}", Ring(from, to, inner, outer, d == 0 ? 36 : 8));
            districts.Add(district);
            var count = d == 0 ? 12 : 6;
            for (var t = 0; t < count; t++, name++)
            {
                var (first, last) = (name % TownFirst.Length, name / TownFirst.Length + name % 2 * 5);
                var (a, b) = (from + (to - from) * t / count, from + (to - from) * (t + 1) / count);
                var suffix = d == 0 ? "街道" : "镇";
                towns.Add(new Place(
                    $"{district.Id}:{TownFirstEnglish[first]}{TownLastEnglish[last]}".ToLowerInvariant(), "town", TownFirst[first] + TownLast[last] + suffix,
                    TownFirstEnglish[first] + TownLastEnglish[last], $"{district.Scope}/{TownFirst[first]}{TownLast[last]}{suffix}", Ring(a, b, inner, outer, 4)));
            }
        }

        (Districts, Towns) = (districts, towns);
    }

    public Place City { get; }

    public IReadOnlyList<Place> Districts { get; }

    /// <summary>Sixty.</summary>
    public IReadOnlyList<Place> Towns { get; }

    /// <summary>Some point of a town, away from its edges.</summary>
    public static (double X, double Y) PointIn(Place town, Random random)
    {
        var (cx, cy) = town.Centre;
        var corner = town.Outline[random.Next(town.Outline.Count)];
        var share = 0.7 * Math.Sqrt(random.NextDouble());
        return (Math.Round(cx + (corner.X - cx) * share, 5), Math.Round(cy + (corner.Y - cy) * share, 5));
    }

    /// <summary>The grid cell that a point lies in: the smallest unit of city management (S08).</summary>
    public static string CellOf((double X, double Y) point) => string.Create(
        CultureInfo.InvariantCulture, $"urn:ngsi-ld:GridCell:{(int)Math.Floor((point.X - CentreX) / CellDegrees) + 50:D3}-{(int)Math.Floor((point.Y - CentreY) / CellDegrees) + 50:D3}");

    /// <summary>Where the river is at a share of its way through the city, 0 upstream to 1 downstream.</summary>
    public static (double X, double Y) River(double share) =>
        (Math.Round(CentreX - Radius + 2 * Radius * share, 5), Math.Round(CentreY + 0.12 * Math.Sin(share * 5) - 0.05, 5));

    public static string GeoJson(Place place)
    {
        var text = new StringBuilder("{\"type\":\"Polygon\",\"coordinates\":[[");
        foreach (var (x, y) in place.Outline.Append(place.Outline[0]))
            text.Append(CultureInfo.InvariantCulture, $"[{x:0.#####},{y:0.#####}],");
        text.Length--;
        return text.Append("]]}").ToString();
    }

    private static List<(double X, double Y)> Ring(double from, double to, double inner, double outer, int steps)
    {
        var outline = new List<(double X, double Y)>();
        for (var i = 0; i <= steps; i++)
            outline.Add(At(from + (to - from) * i / steps, outer));
        if (inner > 0 || to - from < 2 * Math.PI)
            for (var i = steps; i >= 0; i--)
                outline.Add(At(from + (to - from) * i / steps, inner));
        else
            outline.RemoveAt(outline.Count - 1);
        return outline;
    }

    private static (double X, double Y) At(double angle, double radius) =>
        (Math.Round(CentreX + radius * Math.Cos(angle), 5), Math.Round(CentreY + radius * Math.Sin(angle) * 0.85, 5));
}
