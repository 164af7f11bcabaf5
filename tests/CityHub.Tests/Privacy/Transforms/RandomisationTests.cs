using System.Globalization;
using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class RandomisationTests
{
    public static TheoryData<string> Swaps => ["permute", "swap", "rank-swap"];

    [Theory]
    [MemberData(nameof(Swaps))]
    public void What_changes_rows_keeps_the_distribution_in_each_group(string kind)
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 50]).Array[2, 80].Sample(
            cells =>
            {
                var table = Table.Of(["g", "v"], cells.Select(one => new[] { $"{one.Item1}", $"{one.Item2}" }));
                using var context = ReleaseContext(seed: cells.Length);
                Transform transform = kind switch { "permute" => new Permute(["v"], "g"), "swap" => new Swap(["v"], 0.4m, "g"), _ => new RankSwap("v", 20, "g") };
                var made = transform.Apply(table, context);
                Assert.Equal(Cells(table, "g"), Cells(made, "g"));
                foreach (var group in new[] { "0", "1", "2" })
                    Assert.Equal(Of(table, group), Of(made, group));
            },
            iter: 100,
            threads: 1);

        static IEnumerable<string> Of(Table table, string group) => Enumerable.Range(0, table.Rows).Where(row => table["g"][row] == group).Select(row => table["v"][row]).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void A_permutation_reaches_every_row_and_keeps_columns_together()
    {
        var table = Table.Of(["a", "b", "c"], Enumerable.Range(0, 1000).Select(i => new[] { $"{i}", $"x{i}", $"{i}" }));
        using var context = ReleaseContext();
        var made = new Permute(["a", "b"]).Apply(table, context);
        Assert.Equal(Cells(made, "a").Select(a => "x" + a), Cells(made, "b"));
        Assert.InRange(Enumerable.Range(0, 1000).Count(row => made["a"][row] == made["c"][row]), 0, 8); // 1 is expected
    }

    [Fact]
    public void A_swap_moves_the_share_of_rows_that_was_asked_for()
    {
        var table = Table.Of(["v"], Enumerable.Range(0, 1000).Select(i => new[] { $"{i}" }));
        using var context = ReleaseContext();
        var made = new Swap(["v"], 0.3m).Apply(table, context);
        Assert.Equal(300, Enumerable.Range(0, 1000).Count(row => made["v"][row] != table["v"][row]));
    }

    [Fact]
    public void A_rank_swap_goes_no_farther_than_its_reach()
    {
        var table = Table.Of(["v"], Enumerable.Range(0, 1000).Select(i => new[] { $"{i * 37 % 1000}" }));
        using var context = ReleaseContext();
        var made = new RankSwap("v", 5).Apply(table, context);
        var distances = Enumerable.Range(0, 1000).Select(row => Math.Abs(int.Parse(made["v"][row], CultureInfo.InvariantCulture) - int.Parse(table["v"][row], CultureInfo.InvariantCulture))).ToArray();
        Assert.InRange(distances.Max(), 1, 50);
        Assert.True(distances.Count(distance => distance > 0) > 950);
    }

    [Fact]
    public void Noise_is_on_the_grid_within_bounds_and_of_its_scale()
    {
        var table = Table.Of(["v"], Enumerable.Range(0, 20_000).Select(_ => new[] { "1049" }).Append([""]));
        using var context = ReleaseContext();
        var made = new AddNoise("v", 100, 3, 2, min: 900).Apply(table, context);
        Assert.Equal("", made["v"][20_000]);
        var values = Cells(made, "v").Take(20_000).Select(value => int.Parse(value, CultureInfo.InvariantCulture)).ToArray();
        Assert.All(values, value => Assert.Equal(0, value % 100));
        Assert.Equal(900, values.Min());

        // P(0) of a discrete Laplace of scale 3/2 is (1 − q) / (1 + q) with q = e^(−2/3): 0.3215 ± 0.0033.
        Assert.InRange(values.Count(value => value == 1000) / 20_000.0, 0.3215 - 0.013, 0.3215 + 0.013);
    }

    [Fact]
    public void Groups_of_microaggregation_have_at_least_k_rows_and_the_mean_stays()
    {
        var gen = from k in Gen.Int[2, 7]
                  from d in Gen.Int[1, 3]
                  from n in Gen.Int[k, 80]
                  from points in Gen.Double[-1000, 1000].Array[n].Array[d]
                  select (k, points);
        gen.Sample(
            one =>
            {
                var n = one.points[0].Length;
                var groups = one.points.Length == 1 ? Mdav.Univariate(one.points[0], one.k) : Mdav.Multivariate(one.points, one.k);
                foreach (var size in groups.CountBy(group => group))
                    Assert.InRange(size.Value, one.k, (2 * one.k) - 1);

                var names = one.points.Select((_, i) => $"c{i}").ToArray();
                var table = Table.Of(names, Enumerable.Range(0, n).Select(row => one.points.Select(column => Numbers.Write((decimal)column[row])).ToArray()));
                using var context = ReleaseContext();
                var made = new Microaggregate(names, one.k, 6).Apply(table, context);
                for (var i = 0; i < names.Length; i++)
                    Assert.Equal(one.points[i].Average(), Cells(made, names[i]).Average(value => double.Parse(value, CultureInfo.InvariantCulture)), 1e-5);
                Assert.All(Enumerable.Range(0, n).CountBy(row => string.Join(';', names.Select(name => made[name][row]))), combination => Assert.True(combination.Value >= one.k));
            },
            iter: 150,
            threads: 1);
    }

    [Fact]
    public void Groups_of_one_column_are_the_best_there_are()
    {
        Gen.Select(Gen.Int[2, 3], Gen.Int[0, 30].Array[4, 11]).Sample(
            (k, numbers) =>
            {
                var values = numbers.Select(number => (double)number).ToArray();
                Assert.Equal(Best([.. values.Order()], k, 0), Cost(values, Mdav.Univariate(values, k)), 6);
            },
            iter: 100,
            threads: 1);

        static double Cost(double[] values, int[] groups) => Enumerable.Range(0, values.Length).GroupBy(row => groups[row]).Sum(group => Spread([.. group.Select(row => values[row])]));

        static double Spread(double[] values) => values.Sum(value => Math.Pow(value - values.Average(), 2));

        // All ways to cut the sorted numbers into runs of at least k.
        static double Best(double[] sorted, int k, int from) => from == sorted.Length ? 0 : Enumerable.Range(from + k, Math.Max(0, sorted.Length - from - k + 1))
            .Select(to => Spread(sorted[from..to]) + Best(sorted, k, to)).DefaultIfEmpty(double.PositiveInfinity).Min();
    }

    [Fact]
    public void Multivariate_groups_are_of_neighbours()
    {
        // Ten clouds far from each other of seven points each, in a random order: MDAV with k = 7 finds the clouds.
        using var entropy = new SeededEntropy(3);
        var cloud = Enumerable.Range(0, 70).Select(i => i % 10).ToArray();
        entropy.Shuffle(cloud.AsSpan());
        var x = cloud.Select(c => (c % 4 * 100) + (entropy.NextBelow(100) / 50.0)).ToArray();
        var y = cloud.Select(c => (c / 4 * 100) + (entropy.NextBelow(100) / 50.0)).ToArray();
        var groups = Mdav.Multivariate([x, y], 7);
        Assert.Equal(10, cloud.Zip(groups).Distinct().Count());
    }

    [Fact]
    public void A_table_smaller_than_k_and_a_text_are_refused_with_the_row()
    {
        using var context = ReleaseContext();
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new Microaggregate(["a"], 3).Apply(Table.Of(["a"], ["1"], ["2"]), context)).Code);
        var refusal = Refused(() => new Microaggregate(["a"], 2).Apply(Table.Of(["a"], ["1"], ["many"]), context));
        Assert.Equal(("a", 3L), (refusal.Column, refusal.Row));
    }
}
