using System.Numerics;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class SamplerTests
{
    static int Draws => GoodnessOfFit.Full ? 10_000_000 : 200_000;

    static ExactRandom Random(long seed) => new(new SeededEntropy(seed));

    [Theory]
    [InlineData("1/3")]
    [InlineData("1")]
    [InlineData("20/3")]
    [InlineData("100")]
    [InlineData("1000000007/1000000000")] // words
    [InlineData("100000000000000000003/30000000000000000000")] // big numbers
    public void Laplace_draws_fit_the_exact_probabilities(string scale)
    {
        var laplace = new DiscreteLaplace(ExactRational.Parse(scale));
        var draws = laplace.Scale.Denominator > ulong.MaxValue || laplace.Scale.Numerator > ulong.MaxValue ? Draws / 4 : Draws;
        var counts = GoodnessOfFit.Count(laplace, Random(11), draws);
        var s = GaussianTail.ToDouble(laplace.Scale);
        var deviate = GoodnessOfFit.Deviate(counts, x => GoodnessOfFit.Laplace(x, s), draws, (long)(40 * s) + 10);
        Assert.True(Math.Abs(deviate) < 4.5, $"{deviate} standard deviations");
    }

    [Theory]
    [InlineData("1/4")]
    [InlineData("1")]
    [InlineData("2.5")]
    [InlineData("400")]
    [InlineData("1000000000000000000001/100000000000000000000")]
    public void Gaussian_draws_fit_the_exact_probabilities(string variance)
    {
        var gaussian = new DiscreteGaussian(ExactRational.Parse(variance));
        var draws = variance.Length > 10 ? Draws / 8 : Draws;
        var counts = GoodnessOfFit.Count(gaussian, Random(12), draws);
        var sigma2 = GaussianTail.ToDouble(gaussian.Variance);
        var deviate = GoodnessOfFit.Deviate(counts, GoodnessOfFit.Gaussian(sigma2), draws, (long)(12 * Math.Sqrt(sigma2)) + 10);
        Assert.True(Math.Abs(deviate) < 4.5, $"{deviate} standard deviations");
    }

    [Fact]
    public void A_laplace_that_is_three_per_cent_too_narrow_does_not_fit()
    {
        var counts = GoodnessOfFit.Count(new DiscreteLaplace(new ExactRational(194, 10)), Random(13), 200_000);
        Assert.True(GoodnessOfFit.Deviate(counts, x => GoodnessOfFit.Laplace(x, 20), 200_000, 800) > 4.5);
    }

    [Fact]
    public void A_gaussian_that_is_rounded_from_a_real_one_does_not_fit()
    {
        var random = new Random(14);
        var counts = new Dictionary<long, long>();
        for (var i = 0; i < 200_000; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) / 2;
            var x = (long)Math.Round(normal);
            counts[x] = counts.GetValueOrDefault(x) + 1;
        }

        Assert.True(GoodnessOfFit.Deviate(counts, GoodnessOfFit.Gaussian(0.25), 200_000, 10) > 4.5);
    }

    [Fact]
    public void Moments_are_those_of_the_discrete_distributions_and_not_of_the_continuous_ones()
    {
        // Standard errors from the fourth moments; five of them.
        Assert.Equal(1.841347, GoodnessOfFit.Variance(GoodnessOfFit.Count(new DiscreteLaplace(1), Random(15), Draws)), 5 * 4.3 / Math.Sqrt(Draws));
        Assert.Equal(0.215013, GoodnessOfFit.Variance(GoodnessOfFit.Count(new DiscreteGaussian(new ExactRational(1, 4)), Random(16), Draws)), 5 * 0.43 / Math.Sqrt(Draws));
        Assert.Equal(0.99999979, GoodnessOfFit.Variance(GoodnessOfFit.Count(new DiscreteGaussian(1), Random(17), Draws)), 5 * 1.42 / Math.Sqrt(Draws));
    }

    [Fact]
    public void Many_at_once_fit_as_well_as_one_by_one()
    {
        var random = Random(18);
        var counts = new Dictionary<long, long>();
        var into = new long[1000];
        for (var i = 0; i < Draws / into.Length; i++)
        {
            new DiscreteLaplace(8).Fill(random, into);
            foreach (var x in into)
                counts[x] = counts.GetValueOrDefault(x) + 1;
        }

        Assert.InRange(GoodnessOfFit.Deviate(counts, x => GoodnessOfFit.Laplace(x, 8), Draws, 400), -4.5, 4.5);
    }

    [Fact]
    public void Very_wide_noise_has_the_spread_it_should_have()
    {
        // Scale 2^70 and σ 2^70: median of |X| is scale·ln 2 and 0.6745·σ.
        var random = Random(19);
        var laplace = new DiscreteLaplace(BigInteger.One << 70);
        var gaussian = new DiscreteGaussian(BigInteger.One << 140);
        int belowLaplace = 0, belowGaussian = 0;
        const int draws = 4000;
        for (var i = 0; i < draws; i++)
        {
            belowLaplace += BigInteger.Abs(laplace.Draw(random)) < new BigInteger(Math.ScaleB(Math.Log(2), 70)) ? 1 : 0;
            belowGaussian += BigInteger.Abs(gaussian.Draw(random)) < new BigInteger(Math.ScaleB(0.67448975, 70)) ? 1 : 0;
        }

        Assert.InRange(belowLaplace, (draws / 2) - 160, (draws / 2) + 160);
        Assert.InRange(belowGaussian, (draws / 2) - 160, (draws / 2) + 160);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(999, 1000)]
    public void Coins_come_up_as_often_as_they_should(int above, int below)
    {
        var random = Random(20);
        int words = 0, big = 0, exp = 0;
        const int draws = 100_000;
        for (var i = 0; i < draws; i++)
        {
            words += random.Bernoulli((ulong)above, (ulong)below) ? 1 : 0;
            big += random.Bernoulli((BigInteger)above, below) ? 1 : 0;
            exp += random.BernoulliExp(new ExactRational(above, below) + 1) ? 1 : 0;
        }

        var p = (double)above / below;
        var e = Math.Exp(-1 - p);
        Assert.InRange((words - (draws * p)) / Math.Sqrt(draws * p * (1 - p)), -4.5, 4.5);
        Assert.InRange((big - (draws * p)) / Math.Sqrt(draws * p * (1 - p)), -4.5, 4.5);
        Assert.InRange((exp - (draws * e)) / Math.Sqrt(draws * e * (1 - e)), -4.5, 4.5);
    }

    [Fact]
    public void A_word_on_the_edge_asks_for_the_next_one()
    {
        // 2^64/3 = 0x5555…5555.55…: after the word 0x5555…5555 the coin of 1/3 is open, and is again one of 1/3.
        Assert.True(new ExactRandom(new GoodnessOfFit.Script(0x5555555555555555, 0x5555555555555554)).Bernoulli(1, 3));
        Assert.False(new ExactRandom(new GoodnessOfFit.Script(0x5555555555555555, 0x5555555555555556)).Bernoulli(1, 3));
        Assert.True(new ExactRandom(new GoodnessOfFit.Script(0x5555555555555555, 0x5555555555555555, 0)).Bernoulli(1, 3));
        Assert.False(new ExactRandom(new GoodnessOfFit.Script(0x5555555555555555, 0x5555555555555555, ulong.MaxValue)).Bernoulli(1, (BigInteger)3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(44)]
    public void A_word_on_the_edge_of_a_power_of_e_is_decided_by_further_bits(int k)
    {
        var (low, _) = ExactExponential.Bounds(new ExactRational(k, 1), 192);
        var word = (ulong)(low >> 128);
        var second = (ulong)((low >> 64) & ulong.MaxValue);
        Assert.Equal((ulong)k - 1, new ExactRandom(new GoodnessOfFit.Script(word, second + 1)).Trials());
        Assert.True(new ExactRandom(new GoodnessOfFit.Script(word, second - 1)).Trials() >= (ulong)k);
        Assert.Equal((ulong)k - 1, new ExactRandom(new GoodnessOfFit.Script(word + 1)).Trials());
        Assert.True(new ExactRandom(new GoodnessOfFit.Script(word - 1)).Trials() >= (ulong)k);
    }

    [Fact]
    public void Beyond_the_table_of_powers_the_trials_go_on()
    {
        // U = 0.00…01 with 128 bits: between exp(-89) and exp(-88).
        Assert.Equal(88UL, new ExactRandom(new GoodnessOfFit.Script(0, 1, 0)).Trials());
    }

    [Fact]
    public void Uniform_numbers_are_uniform_also_where_the_bound_is_no_power_of_two()
    {
        var random = Random(21);
        var bound = (1UL << 63) + (1UL << 62); // a remainder of a word would prefer the lower third
        var low = 0;
        const int draws = 50_000;
        for (var i = 0; i < draws; i++)
            low += random.Below(bound) < bound / 3 ? 1 : 0;
        Assert.InRange((low - (draws / 3.0)) / Math.Sqrt(draws * 2 / 9.0), -4.5, 4.5);
    }

    [Fact]
    public void Choices_by_score_have_exactly_their_probabilities()
    {
        var random = Random(22);
        BigInteger[] losses = [3, 0, 1, 1, 9], many = [1, 2, 0, 5, 1000];
        var counts = new Dictionary<long, long>();
        const int draws = 20_000;
        for (var i = 0; i < draws; i++)
        {
            long chosen = ExactChoice.Exponential(losses, many, new ExactRational(1, 2), random);
            counts[chosen] = counts.GetValueOrDefault(chosen) + 1;
        }

        var weights = losses.Select((loss, i) => (double)many[i] * Math.Exp(-(double)loss / 2)).ToArray();
        Assert.False(counts.ContainsKey(2));
        for (var i = 0; i < weights.Length; i++)
        {
            var p = weights[i] / weights.Sum();
            if (p > 0)
                Assert.InRange((counts[i] - (draws * p)) / Math.Sqrt(draws * p * (1 - p)), -4.5, 4.5);
        }
    }

    [Fact]
    public void Permute_and_flip_has_exactly_its_probabilities()
    {
        // Two options: the better one first by lot, or after the other one failed: 1 - exp(-1)/2.
        var random = Random(23);
        var better = 0;
        const int draws = 50_000;
        for (var i = 0; i < draws; i++)
            better += ExactChoice.PermuteAndFlip([4, 6], new ExactRational(1, 2), random) == 0 ? 1 : 0;
        var p = 1 - (Math.Exp(-1) / 2);
        Assert.InRange((better - (draws * p)) / Math.Sqrt(draws * p * (1 - p)), -4.5, 4.5);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("1/2")]
    [InlineData("1000")]
    public void The_radius_of_laplace_noise_is_the_smallest_there_is(string scale)
    {
        var laplace = new DiscreteLaplace(ExactRational.Parse(scale));
        var q = Math.Exp(-1 / GaussianTail.ToDouble(laplace.Scale));
        var r = (double)laplace.Radius(new ExactRational(1, 20));
        Assert.True(2 * Math.Pow(q, r + 1) / (1 + q) <= 0.05);
        Assert.True(r == 0 || 2 * Math.Pow(q, r) / (1 + q) > 0.05);
        var k = (double)laplace.Tail(ExactRational.Parse("1e-9"));
        Assert.True(Math.Pow(q, k) / (1 + q) <= 1e-9 && Math.Pow(q, k - 1) / (1 + q) > 1e-9);
    }

    [Theory]
    [InlineData("1/4")]
    [InlineData("30")]
    [InlineData("250000")]
    [InlineData("1e14")]
    public void The_radius_of_gaussian_noise_is_no_smaller_than_it_may_be_and_hardly_larger(string variance)
    {
        var gaussian = new DiscreteGaussian(ExactRational.Parse(variance));
        var sigma = Math.Sqrt(GaussianTail.ToDouble(gaussian.Variance));
        var r = (double)gaussian.Radius(new ExactRational(1, 20));
        Assert.InRange(r, Math.Floor(1.9599 * sigma) - 1, Math.Ceiling(1.9650 * sigma) + 1);
        if (sigma > 100)
            return;
        var pmf = GoodnessOfFit.Gaussian(sigma * sigma);
        Assert.True(Enumerable.Range((int)r + 1, 600).Sum(x => 2 * pmf(x)) <= 0.05);
        Assert.True(r == 0 || Enumerable.Range((int)r, 600).Sum(x => 2 * pmf(x)) > 0.05);
    }
}
