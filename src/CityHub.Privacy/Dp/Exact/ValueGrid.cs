using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The values that a column can have in a release: from a lower to an upper bound in steps of a power of two. Bounds and step are said by the question and never
/// read from the data; every value is clamped and put on the grid before it meets another one.
/// </summary>
internal sealed class ValueGrid
{
    /// <summary>Squares of grid values, of 2^31 rows, stay within an Int128.</summary>
    private const int LargestBits = 46;

    /// <exception cref="PrivacyException">The bounds are none, or the grid between them has less than 2 or more than 2^46 points.</exception>
    public ValueGrid(DpBounds bounds, string column)
    {
        if (bounds.Lower >= bounds.Upper)
            throw Unusable(column, $"The lower bound {bounds.Lower} of {column} is not below the upper one, {bounds.Upper}.");
        Bits = bounds.GridBits ?? Finest(bounds.Upper - bounds.Lower);
        if (Bits is < -100 or > 100)
            throw Unusable(column, $"A grid of 2^{-Bits} for {column} is out of range.");
        Lower = Scale(bounds.Lower).Ceiling();
        Upper = Scale(bounds.Upper).Floor();
        var largest = BigInteger.Max(BigInteger.Abs(Lower), BigInteger.Abs(Upper));
        if (Lower >= Upper || largest.GetBitLength() > LargestBits)
            throw Unusable(column, $"Between {bounds.Lower} and {bounds.Upper} a grid of 2^{-Bits} is too coarse or too fine.");
    }

    /// <summary>A step is 2^-Bits.</summary>
    public int Bits { get; }

    /// <summary>In steps.</summary>
    public BigInteger Lower { get; }

    /// <summary>In steps.</summary>
    public BigInteger Upper { get; }

    /// <summary>The number of steps of a value; false for a text that is no number, which counts as absent.</summary>
    public bool TryPlace(string text, out long steps)
    {
        steps = 0;
        if (!ExactRational.TryParse(text, out var value))
            return false;
        var floor = Scale(value).Floor();
        steps = (long)BigInteger.Max(Lower, BigInteger.Min(Upper, floor));
        return true;
    }

    /// <summary>A number of steps as the value that it stands for.</summary>
    public ExactRational Value(ExactRational steps) => Bits >= 0 ? steps / (BigInteger.One << Bits) : steps * (BigInteger.One << -Bits);

    private ExactRational Scale(ExactRational value) => Bits >= 0 ? value * (BigInteger.One << Bits) : value / (BigInteger.One << -Bits);

    /// <summary>At least 2^20 steps from bound to bound.</summary>
    private static int Finest(ExactRational width)
    {
        var bits = 20;
        for (; width >= 2; width /= 2)
            bits--;
        for (; width < 1; width *= 2)
            bits++;
        return bits;
    }

    private static PrivacyException Unusable(string column, string detail) => new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, detail, "Give bounds that are known without the data, lower before upper, and leave the grid to us or take fewer bits.", "value grid") { Column = column }.ToException();
}
