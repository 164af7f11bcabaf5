using System.Globalization;
using CityHub.Sensing.Import;
using CityHub.Sensing.Mapping;

namespace CityHub.Tests.Sensing.Import;

/// <summary>
/// Files as cities publish them, through the whole hub: what the temporal API says about hours and days is what a computation straight from the file says.
/// </summary>
public sealed class RealDataTests
{
    /// <summary>The clock of the stations.</summary>
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);

    [Fact]
    public async Task The_air_of_Beijing_by_the_hour_and_by_the_day()
    {
        var folder = SharedData.Need("beijing-air");
        await using var import = await ImportUnderTest.StartAsync();
        var files = Directory.GetFiles(folder, "*.csv").Order(StringComparer.Ordinal).ToList();
        // The mapping is the one that is suggested, with the one thing that no file says.
        var guess = (await MappingGuess.OfAsync(files[0], null, null, null, TestContext.Current.CancellationToken)).Value;
        Assert.NotNull(guess.Declaration.Time);
        var mapping = guess.Declaration with { Time = guess.Declaration.Time with { Zone = "Asia/Shanghai" } };
        var options = new ImportOptions { Mapping = mapping };
        var imported = 0L;
        foreach (var file in files)
        {
            var summary = (await import.ImportAsync(file, options)).Value;
            Assert.Null(summary.Stopped);
            Assert.Equal(0, summary.State.Refused);
            var rows = Rows(file);
            imported += rows.Count;
            Assert.Equal(rows.Sum(r => r.Present), summary.State.Recorded);
            var station = Path.GetFileName(file).Split('_')[2];
            foreach (var (attribute, column) in new[] { ("pm25", 0), ("o3", 1), ("temperature", 2) })
            {
                var (first, last) = (rows[0].Time, rows[^1].Time);
                for (var from = first; from <= last; from = from.AddDays(160))
                    await Compare(import, station, attribute, "P1D", from, from.AddDays(160), [.. rows.Where(r => r.Time >= from && r.Time < from.AddDays(160)).GroupBy(r => (r.Time - from).Days).Select(g => Of(from.AddDays(g.Key), [.. g.Select(r => r.Values[column])]))]);
                var month = first.AddDays(30);
                await Compare(import, station, attribute, "PT1H", month, month.AddDays(30), [.. rows.Where(r => r.Time >= month && r.Time < month.AddDays(30)).Select(r => Of(r.Time, [r.Values[column]]))]);
            }
        }

        Assert.Equal(350_640, imported);
        Assert.Equal(0, (await import.ImportAsync(files[0], options with { Again = true, MostRows = 4000 })).Value.State.Recorded);
    }

    [Theory]
    [InlineData("realKnownCause/nyc_taxi.csv")]
    [InlineData("realTraffic/speed_7578.csv")]
    [InlineData("realKnownCause/ambient_temperature_system_failure.csv")]
    public async Task Series_of_a_city_by_the_day(string name)
    {
        var path = SharedData.Need(Path.Combine("nab", "data", name));
        await using var import = await ImportUnderTest.StartAsync();
        var guess = (await MappingGuess.OfAsync(path, null, null, null, TestContext.Current.CancellationToken)).Value;
        Assert.Equal(("iso", "Z"), (guess.Declaration.Time?.Format, guess.Declaration.Time?.Zone));
        var options = new ImportOptions { Mapping = guess.Declaration };
        var summary = (await import.ImportAsync(path, options)).Value;
        Assert.Equal((0, true), (summary.State.Refused, summary.State.Finished));
        // The files have a few rows twice: the same value at the same time is one instance, another value is another.
        var rows = File.ReadLines(path).Skip(1).Select(l => l.Split(','))
            .Select(f => (Time: DateTime.ParseExact(f[0], "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal), Value: double.Parse(f[1], CultureInfo.InvariantCulture)))
            .Distinct().ToList();
        Assert.Equal(rows.Count, summary.State.Recorded);
        var from = rows.Min(r => r.Time).Date;
        var entity = "Observation:" + Path.GetFileNameWithoutExtension(path);
        await Compare(import, entity, "value", "P1D", from, from.AddDays(400), [.. rows.GroupBy(r => (r.Time - from).Days).OrderBy(g => g.Key).Select(g => Of(from.AddDays(g.Key), [.. g.Select(r => (double?)r.Value)]))]);
        Assert.Equal((0, rows.Count), (await import.ImportAsync(path, options with { Again = true })) is { Ok: true, Value.State: var state } ? (state.Recorded, state.Known) : default);
    }

    private static async Task Compare(ImportUnderTest import, string thing, string attribute, string period, DateTime from, DateTime to, IReadOnlyList<Expected> expected)
    {
        var id = thing.Contains(':', StringComparison.Ordinal) ? thing : "AirQualityObserved:" + thing;
        var answer = await import.Hub.GetAsync(
            $"/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:{id}?attrs={attribute}&timerel=between&timeAt={from:yyyy-MM-dd'T'HH:mm:ss'Z'}&endTimeAt={to:yyyy-MM-dd'T'HH:mm:ss'Z'}&options=aggregatedValues&aggrMethods=avg,min,max,sum,totalCount&aggrPeriodDuration={period}");
        Assert.True((int)answer.Status == 200, answer.Text);
        var told = answer.Json.GetProperty(attribute);
        // A bucket of missing values is not there: it is no zero.
        var there = expected.Where(e => e.Count > 0).ToList();
        Assert.Contains(expected, e => e.Count > 0);
        foreach (var (method, value) in new (string, Func<Expected, double>)[] { ("avg", e => e.Sum / e.Count), ("min", e => e.Min), ("max", e => e.Max), ("sum", e => e.Sum), ("totalCount", e => e.Count) })
        {
            var buckets = told.GetProperty(method);
            Assert.Equal(there.Count, buckets.GetArrayLength());
            for (var i = 0; i < there.Count; i++)
            {
                Assert.Equal(there[i].From, buckets[i][1].GetDateTime().ToUniversalTime());
                Assert.Equal(value(there[i]), buckets[i][0].GetDouble(), Math.Max(1e-9, Math.Abs(value(there[i])) * 1e-12));
            }
        }
    }

    private static Expected Of(DateTime from, IReadOnlyList<double?> values)
    {
        var there = values.OfType<double>().ToList();
        return new Expected(from, there.Count, there.Sum(), there.Count == 0 ? 0 : there.Min(), there.Count == 0 ? 0 : there.Max());
    }

    private static List<(DateTime Time, double?[] Values, int Present)> Rows(string path) =>
    [
        .. File.ReadLines(path).Skip(1).Select(line =>
        {
            var f = line.Replace("\"", "", StringComparison.Ordinal).Split(',');
            int Int(int i) => int.Parse(f[i], CultureInfo.InvariantCulture);
            double? Number(int i) => f[i].Trim() is "" or "NA" ? null : double.Parse(f[i], CultureInfo.InvariantCulture);
            return (new DateTime(Int(1), Int(2), Int(3), Int(4), 0, 0, DateTimeKind.Utc) - Beijing, new[] { Number(5), Number(10), Number(11) }, f[5..17].Count(v => v.Trim() is not ("" or "NA")));
        }),
    ];

    private sealed record Expected(DateTime From, int Count, double Sum, double Min, double Max);
}
