using CityHub.Bench.Ledger;

namespace CityHub.Tests.Crypto;

public sealed class CryptoBenchTests
{
    [Fact]
    public void Every_hash_and_every_algorithm_has_its_figures()
    {
        var figures = CryptoBench.Run(TimeSpan.FromMilliseconds(1));
        Assert.Equal(4 + 3 * 3, figures.Count);
        Assert.Equal(figures.Count, figures.Select(figure => figure.What).Distinct(StringComparer.Ordinal).Count());
        Assert.All(figures, figure => Assert.True(figure.PerSecond > 0, figure.What));
    }
}
