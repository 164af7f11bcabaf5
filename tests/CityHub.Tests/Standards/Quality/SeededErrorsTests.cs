using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Standards;
using CityHub.Standards.Mapping;
using CityHub.Standards.Quality;
using CityHub.Tests.Standards.Mapping;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Standards.Quality;

/// <summary>Ten thousand errors, sown into a table that has odd but right values as well; what the rules find is held against the list of what was sown.</summary>
public sealed class SeededErrorsTests
{
    private const int Rows = 20_000;
    private const int PerDimension = 1_700;
    private static readonly DateTimeOffset AsOf = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private static readonly TableSchema Schema = Given.Schema(
        ("key", ColumnType.Text), ("id_number", ColumnType.Text), ("sex", ColumnType.Text), ("birth", ColumnType.Date), ("phone", ColumnType.Text), ("name", ColumnType.Text),
        ("marital", ColumnType.Text), ("spouse", ColumnType.Text), ("district", ColumnType.Text), ("income", ColumnType.Number), ("wage", ColumnType.Number), ("rent", ColumnType.Number),
        ("reading", ColumnType.Number), ("started", ColumnType.Date), ("ended", ColumnType.Date), ("updated", ColumnType.Instant), ("note", ColumnType.Text)) with { Key = 0 };

    private const string Rules = """
        { "rules": [
          { "id": "id", "check": "idNumber", "field": "id_number" },
          { "id": "sex", "check": "codes", "field": "sex", "table": "sex" },
          { "id": "phone", "check": "pattern", "field": "phone", "pattern": "1[3-9]\\d{9}" },
          { "id": "phone-length", "check": "length", "field": "phone", "min": 11, "max": 11 },
          { "id": "name", "check": "required", "field": "name" },
          { "id": "spouse", "check": "required", "field": "spouse", "when": { "field": "marital", "in": ["20", "21"] } },
          { "id": "district", "check": "reference", "field": "district", "dataset": "districts", "key": "code" },
          { "id": "income", "check": "range", "field": "income", "min": 0, "max": 1000000 },
          { "id": "reading", "check": "outlier", "field": "reading" },
          { "id": "birth", "check": "birthOfId", "field": "birth", "other": "id_number" },
          { "id": "sex-of-id", "check": "sexOfId", "field": "sex", "other": "id_number" },
          { "id": "sum", "check": "sum", "field": "income", "fields": ["wage", "rent"], "tolerance": 0.005 },
          { "id": "order", "check": "order", "field": "started", "other": "ended" },
          { "id": "lead", "check": "agrees", "field": "marital", "other": "key", "dataset": "registry", "key": "key" },
          { "id": "age", "check": "maxAge", "field": "updated", "days": 30 },
          { "id": "future", "check": "notFuture", "field": "updated", "dimension": "timely" },
          { "id": "readable", "check": "readable", "field": "note" } ] }
        """;

    [Theory]
    [InlineData(20260301)]
    [InlineData(7)]
    public async Task All_sown_errors_are_found_and_hardly_anything_else(int seed)
    {
        var random = new Random(seed);
        var rows = Enumerable.Range(0, Rows).Select(i => Right(random, i)).ToArray();
        var lead = rows.ToDictionary(r => KeyHash.Of(Encoding.UTF8.GetBytes(r[0].ToString())), r => r[6].ToString());
        var sown = Sow(random, rows);
        Assert.True(sown.Sum(s => s.Count) >= 10_000);
        Assert.True(rows.Length * Schema.Columns.Count >= 100_000);
        var check = new DeliveryCheck(_ => null, _ => QualityRules.Read(Encoding.UTF8.GetBytes(Rules)).Value, TownTables.All, new Town(lead), new FakeTimeProvider(AsOf)) { MostFaults = int.MaxValue };
        await using var judged = check.Check(new MemoryRows(Schema, [.. Batches(rows)]), Schema, new DeliveryTerms("residents", "civil-affairs", null, "residents", AsOf)).Value;
        var taken = 0;
        while (await judged.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            taken += batch.Rows;

        var result = judged.Result;
        var missed = new StringBuilder();
        for (var d = 0; d < 6; d++)
        {
            var found = result.Faults.Where(f => f.Dimension == Dimensions.Names[d]).Select(f => (int)f.Row - 1).ToHashSet();
            var right = (double)found.Count(sown[d].Contains);
            var (recall, precision) = (right / sown[d].Count, found.Count == 0 ? 0 : right / found.Count);
            if (recall < 0.99 || precision < 0.99)
                missed.Append(CultureInfo.InvariantCulture, $"{Dimensions.Names[d]}: recall {recall}, precision {precision}; ")
                    .AppendJoin(", ", result.Faults.Where(f => f.Dimension == Dimensions.Names[d] && !sown[d].Contains((int)f.Row - 1)).GroupBy(f => f.Rule, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()} e.g. row {g.First().Row}"));
            Assert.Equal(1 - ((double)found.Count / Rows), result.Scores[Dimensions.Names[d]], 1e-12);
            TestContext.Current.TestOutputHelper?.WriteLine($"{Dimensions.Names[d]}: {sown[d].Count} sown, recall {recall:0.0000}, precision {precision:0.0000}");
        }

        Assert.Equal("", missed.ToString());
        Assert.Equal(Rows, result.Rows);
        Assert.Equal(Rows - result.Refused, taken);
        Assert.Equal(result.Faults.Where(f => f.Refused).Select(f => f.Row).Distinct().Count(), result.Refused);
    }

    // Right values, many of them odd.
    private static Cell[] Right(Random random, int i)
    {
        string[] names = ["王小明", "阿依古丽·买买提", "𠮷野", "李", "欧阳 娜娜", "O'Neil", "Ünal"];
        string[] notes = ["", "café JOÃO", "第一行\n第二行", "😀 好", "屯溪区 屯", "tab\there", "%, \"quoted\"", "ﾊﾝｶｸ"];
        var birth = new DateOnly(1930, 1, 1).AddDays(i % 50 == 0 ? (new DateOnly(2000, 2, 29).DayNumber - new DateOnly(1930, 1, 1).DayNumber) : random.Next(34_000));
        var order = random.Next(1000);
        var id = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{random.Next(110_101, 659_009)}{birth:yyyyMMdd}{order:000}0"));
        id[17] = IdNumber.Check(id);
        var marital = random.Next(4) switch { 0 => "10", 1 => "20", 2 => "21", _ => "30" };
        // 0.1 + 0.2; the bounds themselves; nothing at all.
        var (wage, rent) = random.Next(20) switch { 0 => (0.1, 0.2), 1 => (1_000_000.0, 0.0), 2 => (0, 0), _ => (Math.Round(random.NextDouble() * 400_000, 2), Math.Round(random.NextDouble() * 400_000, 2)) };
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var started = new DateOnly(2020, 1, 1).AddDays(random.Next(1000));
        var age = random.Next(10) switch { 0 => TimeSpan.FromDays(30), 1 => TimeSpan.Zero, _ => TimeSpan.FromMinutes(random.Next(30 * 24 * 60)) };
        return
        [
            Cell.Text($"R{i:000000}"), Cell.Text(Encoding.ASCII.GetString(id)),
            Cell.Text(random.Next(50) switch { 0 => "0", 1 => "9", _ => order % 2 == 1 ? "1" : "2" }), Cell.Of(birth),
            random.Next(5) == 0 ? Cell.Nothing : Cell.Text($"1{random.Next(3, 10)}{random.Next(1_000_000_000):000000000}"), Cell.Text(names[random.Next(names.Length)]),
            Cell.Text(marital), marital is "20" or "21" ? Cell.Text("配偶") : Cell.Nothing,
            Cell.Text($"50010{random.Next(1, 9)}"), Cell.Of(Math.Round(wage + rent, 2)), Cell.Of(wage), Cell.Of(rent),
            Cell.Of(50 + (5 * Math.Clamp(normal, -5, 5))), Cell.Of(started), random.Next(4) == 0 ? Cell.Nothing : Cell.Of(started.AddDays(random.Next(5) == 0 ? 0 : random.Next(900))),
            Cell.Of(ColumnType.Instant, ((AsOf - age).UtcTicks - DateTime.UnixEpoch.Ticks) / 10), Cell.Text(notes[random.Next(notes.Length)]),
        ];
    }

    private static HashSet<int>[] Sow(Random random, Cell[][] rows)
    {
        string[] wrecks = ["锟斤拷锟斤拷", "a\u0001b", "重庆\uFFFD\uFFFD", "cafÃ\u00A9", "烫烫烫烫", "\u007f"];
        var sown = Enumerable.Range(0, 6).Select(_ => new HashSet<int>()).ToArray();
        for (var d = 0; d < 6; d++)
            while (sown[d].Count < PerDimension)
                sown[d].Add(random.Next(1, Rows));
        var clean = Enumerable.Range(0, Rows).Where(r => !sown[Dimensions.Accurate].Contains(r)).ToArray();
        foreach (var r in sown[Dimensions.Normative])
            switch (r % 4)
            {
                case 0:
                    var id = rows[r][1].ToString().ToCharArray();
                    id[16] = (char)('0' + ((id[16] - '0' + 2) % 10)); // the sex stays, the check character does not fit
                    rows[r][1] = Cell.Text(new string(id));
                    break;
                case 1:
                    rows[r][2] = Cell.Text(r % 8 == 1 ? "男" : "3");
                    break;
                case 2:
                    rows[r][4] = Cell.Text(r % 8 == 2 ? "12345678901" : "1381234567");
                    break;
                default:
                    rows[r][4] = Cell.Text(r % 8 == 3 ? "１３８１２３４５６７８" : "138-1234-567");
                    break;
            }

        foreach (var r in sown[Dimensions.Complete])
            if (rows[r][7].HasValue && r % 2 == 0)
                rows[r][7] = Cell.Nothing;
            else
                rows[r][5] = (r % 3) switch { 0 => Cell.Nothing, 1 => Cell.Text(" 　"), _ => Cell.Text("") };
        foreach (var r in sown[Dimensions.Accurate])
            switch (r % 4)
            {
                case 0:
                    // Below zero, and still the sum of its parts.
                    (rows[r][9], rows[r][10], rows[r][11]) = (Cell.Of(-0.01), Cell.Of(-0.01), Cell.Of(0.0));
                    break;
                case 1:
                    rows[r][8] = Cell.Text(r % 8 == 1 ? "500199" : "50010");
                    break;
                case 2:
                    rows[r][12] = Cell.Of(r % 8 == 2 ? 500 : -3.5);
                    break;
                default:
                    var earlier = clean[random.Next(Math.Max(1, Array.FindIndex(clean, c => c >= r) is var n && n < 0 ? clean.Length : n))];
                    rows[r][0] = rows[earlier][0];
                    rows[r][6] = rows[earlier][6]; // what the registry says of that key
                    rows[r][7] = rows[r][6].ToString() is "20" or "21" ? Cell.Text("配偶") : Cell.Nothing;
                    break;
            }

        // A doubled row takes the spouse of the other with it: sow its missing value again.
        foreach (var r in sown[Dimensions.Complete].Where(r => sown[Dimensions.Accurate].Contains(r) && r % 4 == 3))
            rows[r][5] = Cell.Nothing;
        foreach (var r in sown[Dimensions.Consistent])
            switch (r % 5)
            {
                case 0:
                    rows[r][3] = Cell.Of(ColumnType.Date, rows[r][3].Integer + (r % 2 == 0 ? 1 : -365));
                    break;
                case 1 when rows[r][2].ToString() is "1" or "2":
                    rows[r][2] = Cell.Text(rows[r][2].ToString() == "1" ? "2" : "1");
                    break;
                case 2:
                    rows[r][14] = Cell.Of(ColumnType.Date, rows[r][13].Integer - 1);
                    break;
                case 3:
                    rows[r][6] = Cell.Text(rows[r][6].ToString() == "10" ? "30" : "10");
                    rows[r][7] = rows[r][7].HasValue || !sown[Dimensions.Complete].Contains(r) ? rows[r][7] : Cell.Nothing;
                    if (sown[Dimensions.Complete].Contains(r))
                        rows[r][5] = Cell.Nothing;
                    break;
                default:
                    rows[r][10] = Cell.Of(rows[r][10].Number + 0.01);
                    break;
            }

        foreach (var r in sown[Dimensions.Timely])
            rows[r][15] = Cell.Of(ColumnType.Instant, ((r % 2 == 0 ? AsOf.AddDays(-30).AddSeconds(-1) : AsOf.AddHours(1)).UtcTicks - DateTime.UnixEpoch.Ticks) / 10);
        foreach (var r in sown[Dimensions.Accessible])
            rows[r][16] = Cell.Text(wrecks[r % wrecks.Length]);
        return sown;
    }

    private static IEnumerable<RowBatch> Batches(Cell[][] rows)
    {
        foreach (var chunk in rows.Chunk(3000))
        {
            var builder = new CellBatch(Schema);
            foreach (var row in chunk)
                for (var i = 0; i < row.Length; i++)
                    builder.Add(i, row[i]);
            yield return builder.Batch;
        }
    }
}

/// <summary>Eight districts, and a registry.</summary>
internal sealed class Town(IReadOnlyDictionary<UInt128, string> registry) : IReferences
{
    public bool Closed { get; init; }

    public double? Reach { get; init; }

    public double? Reachable(Lookup look) => Reach;

    public ValueTask<IReadOnlySet<UInt128>?> KeysAsync(Lookup look, string column, CancellationToken cancel) =>
        new(Closed ? null : Enumerable.Range(1, 8).Select(i => KeyHash.Of(Encoding.UTF8.GetBytes($"50010{i}"))).ToHashSet());

    public ValueTask<IReadOnlyDictionary<UInt128, string>?> ValuesAsync(Lookup look, string key, string column, CancellationToken cancel) => new(Closed ? null : registry);
}
