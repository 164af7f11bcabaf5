using System.Diagnostics;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>The bar of the draws is measured in the bench; here it is only looked that nothing makes them ten times slower. CITYHUB_TEST_FULL=1 prints figures.</summary>
public sealed class DpSpeedTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("10")]
    [InlineData("1000000")]
    [InlineData("20/3")]
    public void Laplace_draws_are_many_each_second(string scale)
    {
        var laplace = new DiscreteLaplace(ExactRational.Parse(scale));
        var random = new ExactRandom(new CryptoEntropy());
        var into = new long[20_000];
        var best = 0.0;
        var draws = Environment.GetEnvironmentVariable("CITYHUB_TEST_FULL") == "1" ? 300 : 20;
        for (var i = 0; i < draws; i++)
        {
            var start = Stopwatch.GetTimestamp();
            laplace.Fill(random, into);
            best = Math.Max(best, into.Length / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{scale}: {best / 1e6:0.00} million draws each second"));
        Assert.True(best > 300_000, FormattableString.Invariant($"{best:0} draws each second"));
    }
}
