namespace CityHub.Privacy;

/// <summary>
/// A class passes when each sensitive value that it has is, in it, neither rarer nor more frequent than two bounds that depend only on the whole table. Delta-disclosure and
/// both beta-likenesses are of this form; what they say about a frequency is turned into bounds once, to the last bit, so that a test takes no logarithm.
/// </summary>
internal sealed class FrequencyTest : ClassTest
{
    private readonly double[] least, most;

    private FrequencyTest(double[] least, double[] most) => (this.least, this.most) = (least, most);

    /// <param name="allowed">Whether a value with this frequency in the whole table may have that one in a class: true at equality, false from some point on to either side.</param>
    public static FrequencyTest Of(ReadOnlySpan<int> whole, int records, Func<double, double, bool> allowed)
    {
        var least = new double[whole.Length];
        var most = new double[whole.Length];
        for (var code = 0; code < whole.Length; code++)
        {
            if (whole[code] == 0)
                continue;
            var frequency = (double)whole[code] / records;
            most[code] = Furthest(frequency, 1, one => allowed(frequency, one));
            least[code] = Furthest(frequency, 0, one => allowed(frequency, one));
        }

        return new FrequencyTest(least, most);
    }

    public override bool Passes(int size, ReadOnlySpan<int> counts)
    {
        if (counts.Length != least.Length)
            throw new ArgumentException("The counts of a class are by the values of the whole table.", nameof(counts));
        for (var code = 0; code < counts.Length; code++)
        {
            var count = counts[code];
            if (count == 0)
                continue;
            var frequency = (double)count / size;
            if (frequency > most[code] || frequency < least[code])
                return false;
        }

        return true;
    }

    /// <summary>The number nearest to <paramref name="end"/> that is allowed, between it and <paramref name="inside"/>: bisection over the bits of doubles, which are in their order.</summary>
    private static double Furthest(double inside, double end, Func<double, bool> allowed)
    {
        if (allowed(end))
            return end;
        long good = BitConverter.DoubleToInt64Bits(inside), bad = BitConverter.DoubleToInt64Bits(end);
        while (Math.Abs(good - bad) > 1)
        {
            var middle = good + (bad - good) / 2;
            if (allowed(BitConverter.Int64BitsToDouble(middle)))
                good = middle;
            else
                bad = middle;
        }

        return BitConverter.Int64BitsToDouble(good);
    }
}
