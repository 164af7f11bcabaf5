using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class EntropyTests
{
    [Fact]
    public void The_same_seed_gives_the_same_bytes_however_they_are_asked_for()
    {
        using var one = new SeededEntropy(7);
        using var other = new SeededEntropy(7);
        using var third = new SeededEntropy(8);
        var whole = new byte[10_000];
        one.Fill(whole);
        var pieces = new byte[10_000];
        for (var at = 0; at < pieces.Length; at += 37)
            other.Fill(pieces.AsSpan(at, Math.Min(37, pieces.Length - at)));
        var different = new byte[10_000];
        third.Fill(different);

        Assert.Equal(whole, pieces);
        Assert.NotEqual(whole, different);
        Assert.Equal("a169ff524c7955a61e0714cefa4d272f", Convert.ToHexStringLower(whole.AsSpan(0, 16))); // openssl: AES-256 of a block of zeros under SHA-256 of the seed
    }

    [Fact]
    public void Numbers_below_a_bound_are_equally_frequent()
    {
        using var entropy = new SeededEntropy(1);
        var counts = new int[6];
        for (var i = 0; i < 60_000; i++)
            counts[entropy.NextBelow(6)]++;
        var chiSquare = counts.Sum(count => Math.Pow(count - 10_000, 2) / 10_000);
        Assert.True(chiSquare < 20.5, $"χ² = {chiSquare}"); // 5 degrees of freedom: exceeded once in a thousand seeds
    }

    [Fact]
    public void The_system_generator_does_not_repeat_itself()
    {
        var entropy = new CryptoEntropy();
        var seen = new HashSet<ulong>();
        for (var i = 0; i < 5_000; i++)
            Assert.True(seen.Add(entropy.NextUInt64()));
    }
}
