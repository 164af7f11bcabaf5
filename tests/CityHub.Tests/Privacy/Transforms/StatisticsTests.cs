using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class StatisticsTests
{
    [Fact]
    public void A_sample_has_the_rate_of_rows_in_their_order_each_equally_often()
    {
        var table = Table.Of(["n"], Enumerable.Range(0, 20).Select(i => new[] { $"{i}" }));
        var counts = new int[20];
        for (var seed = 0; seed < 2000; seed++)
        {
            using var context = ReleaseContext(seed: seed);
            var made = Cells(new Sample(0.25m).Apply(table, context), "n").Select(int.Parse).ToArray();
            Assert.Equal(5, made.Length);
            Assert.Equal(made.Distinct().Order(), made);
            foreach (var row in made)
                counts[row]++;
        }

        // 500 ± 19; χ² with 19 degrees of freedom exceeds 43.8 once in a thousand.
        Assert.True(counts.Sum(count => Math.Pow(count - 500, 2) / 500) * (19.0 / 20) / 0.75 < 43.8);
    }

    [Fact]
    public void A_stratified_sample_has_the_rate_of_each_stratum_and_at_least_some()
    {
        using var context = ReleaseContext();
        var made = Cells(new Sample(0.2m, ["district"], 2).Apply(People, context), "district");
        Assert.Equal((5, 4, 3, 2), (made.Count(v => v == "East"), made.Count(v => v == "West"), made.Count(v => v == "Hill"), made.Count(v => v == "Lake")));
    }

    [Fact]
    public void Groups_are_counted_added_and_averaged_and_small_ones_are_hidden()
    {
        using var context = ReleaseContext();
        var table = Table.Of(
            ["area", "who", "income"],
            ["a", "1", "10"], ["a", "2", "20"], ["a", "3", ""], ["b", "1", "5"], ["b", "2", "5"], ["c", "1", "1"], ["c", "1", "1"], ["c", "2", "3.5"]);
        var rows = new Aggregate(["area"], new CellRules(3), ["income"], ["income"], 1).Apply(table, context);
        Assert.Equal(["area", "count", "sum of income", "mean of income"], rows.Columns.Select(column => column.Name));
        Assert.Equal(["3", "*", "3"], Cells(rows, "count"));
        Assert.Equal(["30", "*", "5.5"], Cells(rows, "sum of income"));
        Assert.Equal(["15", "*", "1.8"], Cells(rows, "mean of income"));

        // Three rows of two persons are two contributors.
        var persons = new Aggregate(["area"], new CellRules(3), contributor: "who", leaveOut: true).Apply(table, context);
        Assert.Equal(["a"], Cells(persons, "area"));
    }

    [Theory]
    [InlineData("90,5,5", 1, 89, 0, false)] // one makes up 90 %
    [InlineData("90,5,5", 1, 90, 0, true)]
    [InlineData("60,35,5", 2, 94, 0, false)] // two make up 95 %
    [InlineData("60,32,8", 2, 94, 0, true)]
    [InlineData("60,35,5", 0, 0, 10, false)] // the second knows the first to within 5, and 10 % of 60 are 6
    [InlineData("60,34,6", 0, 0, 10, true)]
    [InlineData("-90,5,5", 1, 89, 0, false)] // a loss is dominant, too
    [InlineData("0,0,0", 2, 50, 10, true)]
    public void A_cell_that_leans_on_few_is_hidden(string contributions, int n, int percent, int p, bool published)
    {
        using var context = ReleaseContext();
        var table = Table.Of(["v"], contributions.Split(',').Select(value => new[] { value }));
        Assert.Equal(published, new Aggregate([], new CellRules(2, n, percent, p), ["v"]).Apply(table, context)["sum of v"][0] != "*");
    }

    [Fact]
    public void No_published_cell_breaks_a_rule()
    {
        using var context = ReleaseContext();
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1000]).Array[1, 60].Sample(
            cells =>
            {
                var table = Table.Of(["g", "v"], cells.Select(one => new[] { $"{one.Item1}", $"{one.Item2}" }));
                var rows = new Aggregate(["g"], new CellRules(3, 2, 80, 20), ["v"]).Apply(table, context);
                for (var row = 0; row < rows.Rows; row++)
                {
                    var values = cells.Where(one => $"{one.Item1}" == rows["g"][row]).Select(one => one.Item2).OrderDescending().ToArray();
                    var bad = values.Length < 3 || values.Take(2).Sum() > 0.8 * values.Sum() || values.Skip(2).Sum() < 0.2 * values[0];
                    Assert.Equal(bad ? "*" : $"{values.Sum()}", rows["sum of v"][row]);
                }
            },
            iter: 200,
            threads: 1);
    }
}
