using System.Globalization;
using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class RiskFiguresTests
{
    private const double Usa = 317_238_626;

    [Theory]
    [InlineData("A1")]
    [InlineData("A3")]
    public void The_figures_before_are_those_of_the_reference(string tag)
    {
        var run = ReferenceRun.Of(tag);
        var risk = RiskFigures.Of(EquivalenceClasses.Of(ReferenceRun.Table, [.. run.Levels.Select(one => one.Name)]).Sizes, Usa);
        Agrees(run, "in", risk);
        Assert.NotNull(risk.Population);
        Assert.Equal(run["in_pop_unique_dankar"], risk.Population.Dankar, 1e-9);
        Assert.Equal(run["in_pop_unique_zayatz"], risk.Population.Zayatz, 1e-9);
        Assert.Equal(run["in_pop_unique_pitman"], risk.Population.Pitman ?? 0, 1e-9);
        Assert.Equal(run["in_pop_unique_snb"], risk.Population.Snb ?? 0, 1e-9);
        Assert.Equal(PopulationEstimator.Pitman, risk.Population.Chosen);
    }

    // The enlargement of a million rows, by its recipe: a tenth of the cells from another row, ages moved by up to two years.
    [Fact]
    public void The_figures_of_a_million_rows_before_are_those_of_the_reference()
    {
        var adult = ReferenceRun.Table;
        var ages = adult["age"].Values.Select(value => int.Parse(value, CultureInfo.InvariantCulture)).ToArray();
        const int rows = 1_000_000;
        var keys = new ulong[rows];
        var codes = adult.Columns.Select(column => Enumerable.Range(0, adult.Rows).Select(column.Code).ToArray()).ToArray();
        for (var i = 0; i < rows; i++)
        {
            var from = Mix((ulong)i * 32) % (ulong)adult.Rows;
            for (var d = 0; d < codes.Length; d++)
            {
                var z = Mix(((ulong)i * 32) + 1 + (ulong)d);
                var code = codes[d][z % 10 == 0 ? (z / 10) % (ulong)adult.Rows : from];
                if (d == 1)
                    code = Math.Clamp(ages[code] + (int)(Mix(((ulong)i * 32) + 20) % 5) - 2, 17, 90);
                keys[i] = (keys[i] << 7) | (uint)code;
            }
        }

        foreach (var (tag, mask) in new[] { ("B1", ulong.MaxValue), ("B2", ~(127UL << 7)) })
        {
            var run = ReferenceRun.Of(tag);
            var copy = keys.Select(key => key & mask).ToArray();
            Array.Sort(copy);
            var sizes = new List<int>();
            for (var i = 0; i < rows; i++)
            {
                if (i == 0 || copy[i] != copy[i - 1])
                    sizes.Add(0);
                sizes[^1]++;
            }

            var risk = RiskFigures.Of(ClassSizes.Of([.. sizes]), Usa);
            Agrees(run, "in", risk);
            Assert.NotNull(risk.Population);
            Assert.Equal(run["in_pop_unique_dankar"], risk.Population.Dankar, 1e-9);
            Assert.Equal(run["in_pop_unique_zayatz"], risk.Population.Zayatz, 1e-9);
            Assert.Equal(run["in_pop_unique_pitman"], risk.Population.Pitman ?? 0, 1e-9);
            Assert.Equal(run["in_pop_unique_snb"], risk.Population.Snb ?? 0, 1e-9);
        }

        static ulong Mix(ulong x)
        {
            x += 0x9E3779B97F4A7C15;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }

    [Fact]
    public void Where_nobody_is_unique_in_the_file_nobody_is_in_the_population()
    {
        var population = PopulationEstimates.Of(ClassSizes.Of([2, 5, 5]), Usa);
        Assert.Equal((0, 0, 0, 0), (population.Dankar, population.Zayatz, population.Pitman ?? -1, population.Snb ?? -1));
        Assert.Equal(PopulationEstimator.None, population.Chosen);
    }

    [Fact]
    public void A_share_above_a_threshold_does_not_count_a_class_that_just_meets_it()
    {
        var risk = RiskFigures.Of(ClassSizes.Of([1, 2, 5, 5, 20]));
        Assert.Equal(3.0 / 33, risk.ShareAbove(0.2));
        Assert.Equal(13.0 / 33, risk.ShareAbove(0.05));
        Assert.Equal(1.0 / 33, risk.ShareAbove(0.5));
        Assert.Equal(1, risk.Highest);
        Assert.Equal(0.05, risk.Lowest);
        Assert.Equal(5.0 / 33, risk.Average);
    }

    [Fact]
    public void An_empty_table_has_no_risk()
    {
        var risk = RiskFigures.Of(ClassSizes.Of([]), 1000);
        Assert.Equal((0, 0, 0, 0, 0), (risk.Highest, risk.Average, risk.Lowest, risk.SampleUnique, risk.ShareAtHighest));
        Assert.Equal(0, risk.Population?.Dankar);
    }

    [Fact]
    public void A_population_smaller_than_its_sample_is_refused()
    {
        var refusal = Assert.Throws<PrivacyException>(() => RiskFigures.Of(ClassSizes.Of([1, 2]), 2)).Refusal;
        Assert.Equal(PrivacyCodes.ModelUnusable, refusal.Code);
        Assert.Contains("2", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_sample_that_is_the_whole_population_the_uniques_are_counted()
    {
        var sizes = ClassSizes.Of([1, 1, 2, 3, 3]);
        Assert.Equal(0.2, PopulationEstimates.Of(sizes, 10).Zayatz, 1e-12);
        Assert.Equal(0.2, PopulationEstimates.Of(sizes, 10).Snb ?? 0, 1e-12);
        Assert.Equal(0.2, PopulationEstimates.Of(sizes, 10).Dankar, 1e-12);
    }

    // A population is made, a fifth of it drawn: what is estimated from that stands beside the truth. The negative binomial model is the right one for this population.
    [Theory]
    [InlineData(1, 0.15)]
    [InlineData(2, 0.1)]
    public void Estimates_from_a_fifth_of_a_known_population_come_near_the_truth(int seed, double beta)
    {
        var random = new Random(seed);
        var population = new List<int>();
        for (var one = 0; one < 40_000; one++)
        {
            // Geometric: negative binomial with α = 1.
            var size = 1 + (int)Math.Floor(Math.Log(random.NextDouble()) / Math.Log(1 - beta));
            population.Add(size);
        }

        var sample = population.Select(size => Enumerable.Range(0, size).Count(_ => random.NextDouble() < 0.2)).Where(size => size > 0).ToArray();
        var truth = (double)population.Count(size => size == 1) / population.Sum();
        var estimates = PopulationEstimates.Of(ClassSizes.Of(sample), population.Sum());
        Assert.NotNull(estimates.Snb);
        Assert.InRange(estimates.Snb.Value, truth * 0.7, truth * 1.4);
        Assert.Equal(Math.Min(estimates.Snb.Value, estimates.Zayatz), estimates.Dankar);
    }

    // Pitman's sampling formula drawn by its urn (the Chinese restaurant): θ = 50, α = 0.6; the estimate of a sample of it is compared with the uniques of the whole.
    [Fact]
    public void Pitmans_estimate_comes_near_the_truth_in_his_model()
    {
        var random = new Random(7);
        const double theta = 50, alpha = 0.6;
        var sizes = new List<int>();
        var members = new List<int>();
        for (var n = 0; n < 200_000; n++)
        {
            if (random.NextDouble() * (n + theta) < theta + (alpha * sizes.Count))
            {
                sizes.Add(0);
                members.Add(sizes.Count - 1);
            }
            else
            {
                // An old table in proportion to its size less α: a member's table is kept but for α of its size.
                int table;
                do
                    table = members[random.Next(n)];
                while (random.NextDouble() < alpha / sizes[table]);
                members.Add(table);
            }

            sizes[members[n]]++;
        }

        var shuffled = members.ToArray();
        random.Shuffle(shuffled);
        var sample = shuffled.Take(10_000).GroupBy(table => table).Select(group => group.Count()).ToArray();
        var truth = sizes.Count(size => size == 1) / 200_000.0;
        var estimates = PopulationEstimates.Of(ClassSizes.Of(sample), 200_000);
        Assert.NotNull(estimates.Pitman);
        Assert.InRange(estimates.Pitman.Value, truth * 0.9, truth * 1.1);
        Assert.Equal(PopulationEstimator.Pitman, estimates.Chosen);
    }

    [Fact]
    public void Where_everybody_is_unique_in_the_sample_the_rule_falls_back_to_zayatz()
    {
        var estimates = PopulationEstimates.Of(ClassSizes.Of([1, 1, 1, 1]), 1000);
        Assert.Null(estimates.Pitman);
        Assert.Equal(PopulationEstimator.Zayatz, estimates.Chosen);
        Assert.Equal(1, estimates.Dankar, 1e-12);
    }

    [Fact]
    public void Every_figure_is_a_share() => Gen.Int[1, 30].Array[1, 60].Select(Gen.Double[1, 50]).Sample((sizes, times) =>
    {
        var risk = RiskFigures.Of(ClassSizes.Of(sizes), sizes.Sum() * times);
        double[] shares = [risk.Highest, risk.Average, risk.Lowest, risk.SampleUnique, risk.ShareAtHighest, risk.ShareAbove(0.1), risk.Population?.Zayatz ?? 0, risk.Population?.Pitman ?? 0, risk.Population?.Snb ?? 0, risk.Population?.Dankar ?? 0];
        return shares.All(share => share is >= 0 and <= 1 + 1e-12) && risk.Lowest <= risk.Average && risk.Average <= risk.Highest;
    }, iter: 100);

    [Fact]
    public void Table_models_are_written_as_they_are_read_and_pass_at_their_threshold()
    {
        Assert.Equal("average-risk=0.01", new AverageRisk(0.01).Text);
        Assert.Equal("sample-uniqueness=0.05", new SampleUniqueness(0.05).Text);
        Assert.Equal("population-uniqueness=0.001,21893095", new PopulationUniqueness(0.001, 21_893_095).Text);
        var sizes = ClassSizes.Of([1, 3, 16]);
        Assert.True(new AverageRisk(0.15).Passes(sizes));
        Assert.False(new AverageRisk(0.149).Passes(sizes));
        Assert.True(new SampleUniqueness(0.05).Passes(sizes));
        Assert.False(new SampleUniqueness(0.049).Passes(sizes));
        Assert.False(new PopulationUniqueness(0.0, 100).Passes(sizes));
        Assert.True(new PopulationUniqueness(1, 100).Passes(sizes));
        Assert.True(new PopulationUniqueness(0, 100).Passes(ClassSizes.Of([2, 3])));
        Assert.Throws<PrivacyException>(() => new AverageRisk(0));
        Assert.Throws<PrivacyException>(() => new SampleUniqueness(double.NaN));
        Assert.Throws<PrivacyException>(() => new PopulationUniqueness(0.1, 0));
    }

    internal static void Agrees(ReferenceRun run, string side, RiskFigures risk)
    {
        Assert.Equal(run[side + "_prosecutor_max"], risk.Highest, 1e-12);
        Assert.Equal(run[side + "_highest"], risk.Highest, 1e-12);
        Assert.Equal(run[side + "_avg"], risk.Average, 1e-12);
        Assert.Equal(run[side + "_marketer"], risk.Marketer, 1e-12);
        Assert.Equal(run[side + "_lowest"], risk.Lowest, 1e-12);
        Assert.Equal(run[side + "_frac_at_highest"], risk.ShareAtHighest, 1e-12);
        Assert.Equal(run[side + "_sample_unique"], risk.SampleUnique, 1e-12);
    }
}
