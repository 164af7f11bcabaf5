using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Searches among whole numbers of any size.</summary>
internal static class IntegerSearch
{
    /// <summary>The smallest k of at least <paramref name="from"/> for which <paramref name="holds"/>, where it holds from some k on.</summary>
    public static BigInteger First(BigInteger from, Func<BigInteger, bool> holds)
    {
        var step = BigInteger.One;
        var low = from;
        while (!holds(low + step - 1))
        {
            low += step;
            step <<= 1;
        }

        var high = low + step - 1; // holds; low - 1 does not
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (holds(middle))
                high = middle;
            else
                low = middle + 1;
        }

        return high;
    }

    /// <summary>The square root, rounded down (Newton from above).</summary>
    public static BigInteger Root(BigInteger value)
    {
        if (value.Sign <= 0)
            return BigInteger.Zero;
        var root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            var better = (root + (value / root)) >> 1;
            if (better >= root)
                return root;
            root = better;
        }
    }
}
