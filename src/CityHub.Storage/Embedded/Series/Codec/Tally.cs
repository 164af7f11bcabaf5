using System.Runtime.Intrinsics;
using CityHub.Core.Series;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// The statistics of one bucket under way. Numbers are summed in four lanes of two over at most 1,024, and those sums with Neumaier's
/// correction, so that ten million values of 0.1 give 1,000,000 to the last digits.
/// </summary>
internal struct Tally
{
    double _sum, _sumRest, _squares, _squaresRest;

    public long Count { get; private set; }

    public long Numbers { get; private set; }

    public double Min { get; private set; }

    public double Max { get; private set; }

    public static Tally Empty => new() { Min = double.PositiveInfinity, Max = double.NegativeInfinity };

    public readonly double Sum => Whole(_sum, _sumRest);

    public readonly double SumOfSquares => Whole(_squares, _squaresRest);

    public readonly Bucket Bucket(long start, long end) => new(start, end, Count, Numbers, Sum, SumOfSquares, Min, Max);

    public readonly BlockSummary Summary(long first, long last, int offset, int length) =>
        new(first, last, (int)Count, (int)Numbers, Sum, SumOfSquares, Min, Max, offset, length);

    public void Add(in BlockSummary block)
    {
        Count += block.Count;
        if (block.Numbers > 0)
        {
            Add(block.Numbers, block.Sum, block.SumOfSquares, block.Min, block.Max);
        }
    }

    public void Add(in Tally other)
    {
        Count += other.Count;
        if (other.Numbers > 0)
        {
            Add(other.Numbers, other.Sum, other.SumOfSquares, other.Min, other.Max);
        }
    }

    public void Add(double value)
    {
        Count++;
        if (!double.IsNaN(value))
        {
            Add(1, value, value * value, value, value);
        }
    }

    /// <summary>NaN stands for a sample without a number: counted, and no more.</summary>
    public void Add(ReadOnlySpan<double> values)
    {
        Count += values.Length;
        if (values.Length < 8)
        {
            foreach (double value in values)
            {
                if (!double.IsNaN(value))
                {
                    Add(1, value, value * value, value, value);
                }
            }

            return;
        }

        Vector256<double> sumA = default, sumB = default, squaresA = default, squaresB = default;
        Vector256<double> min = Vector256.Create(double.PositiveInfinity), max = Vector256.Create(double.NegativeInfinity);
        Vector256<long> missing = default;
        int whole = values.Length & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            Vector256<double> a = Vector256.Create(values.Slice(i, 4)), b = Vector256.Create(values.Slice(i + 4, 4));
            Vector256<double> isA = Vector256.Equals(a, a), isB = Vector256.Equals(b, b);
            missing += (~isA).AsInt64() + (~isB).AsInt64();
            min = Vector256.Min(min, Vector256.Min(
                Vector256.ConditionalSelect(isA, a, Vector256.Create(double.PositiveInfinity)), Vector256.ConditionalSelect(isB, b, Vector256.Create(double.PositiveInfinity))));
            max = Vector256.Max(max, Vector256.Max(
                Vector256.ConditionalSelect(isA, a, Vector256.Create(double.NegativeInfinity)), Vector256.ConditionalSelect(isB, b, Vector256.Create(double.NegativeInfinity))));
            a &= isA;
            b &= isB;
            sumA += a;
            sumB += b;
            squaresA += a * a;
            squaresB += b * b;
        }

        int numbers = whole + (int)Vector256.Sum(missing);
        if (numbers > 0)
        {
            (double least, double most) = (double.PositiveInfinity, double.NegativeInfinity);
            for (int lane = 0; lane < 4; lane++)
            {
                least = Math.Min(least, min[lane]);
                most = Math.Max(most, max[lane]);
            }

            Add(numbers, Vector256.Sum(sumA + sumB), Vector256.Sum(squaresA + squaresB), least, most);
        }

        foreach (double value in values[whole..])
        {
            if (!double.IsNaN(value))
            {
                Add(1, value, value * value, value, value);
            }
        }
    }

    void Add(long numbers, double sum, double squares, double min, double max)
    {
        Numbers += numbers;
        Careful(ref _sum, ref _sumRest, sum);
        Careful(ref _squares, ref _squaresRest, squares);
        Min = Math.Min(Min, min);
        Max = Math.Max(Max, max);
    }

    static void Careful(ref double sum, ref double rest, double value)
    {
        double next = sum + value;
        rest += Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum;
        sum = next;
    }

    /// <summary>Beyond the finite numbers the correction is not a number; the plain sum is right there.</summary>
    static double Whole(double sum, double rest) => double.IsFinite(rest) ? sum + rest : sum;
}
