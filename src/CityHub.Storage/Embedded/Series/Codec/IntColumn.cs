using System.Numerics;
using System.Runtime.CompilerServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// A column of whole numbers: as distances from the first, as steps, or as changes of the step, whichever is smallest, after division
/// by what all steps have in common (clocks tick in seconds or milliseconds, not in 100 ns). Lossless for every input: the arithmetic
/// wraps on both sides.
/// </summary>
internal static class IntColumn
{
    const int Distances = 0, Steps = 1, Changes = 2, Constant = 3, Divided = 4;

    /// <summary>Beyond this a sum of steps might wrap, and what wraps has no common divisor.</summary>
    const long Large = 1L << 61;

    [SkipLocalsInit]
    public static void Write(ByteWriter to, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        to.Zigzag(values[0]);
        if (values.Length == 1)
        {
            return;
        }

        int count = values.Length - 1;
        Span<long> steps = stackalloc long[PatchedBits.Most];
        Span<long> distances = stackalloc long[PatchedBits.Most];
        steps = steps[..count];
        distances = distances[..count];
        ulong divisor = Prepare(values, steps, distances);
        if (divisor == 0)
        {
            to.Byte(Constant);
            return;
        }

        if (divisor > 1)
        {
            Divide(steps, divisor);
            Divide(distances, divisor);
        }

        Span<ulong> packed = stackalloc ulong[PatchedBits.Most];
        packed = packed[..count];
        long distance = Middle(distances), step = Middle(steps);
        long costOfDistances = Cost(distances, distance), costOfSteps = Cost(steps, step), costOfChanges = CostOfChanges(steps);
        int order = costOfChanges < costOfSteps && costOfChanges < costOfDistances ? Changes : costOfSteps < costOfDistances ? Steps : Distances;
        to.Byte((byte)(order | (divisor > 1 ? Divided : 0)));
        if (divisor > 1)
        {
            to.Varint(divisor);
        }

        switch (order)
        {
            case Distances:
                to.Zigzag(distance);
                Zigzag(distances, distance, packed);
                PatchedBits.Write(to, packed);
                break;
            case Steps:
                to.Zigzag(step);
                Zigzag(steps, step, packed);
                PatchedBits.Write(to, packed);
                break;
            default:
                to.Zigzag(steps[0]);
                for (int i = 1; i < count; i++)
                {
                    packed[i - 1] = ByteWriter.ZigzagOf(steps[i] - steps[i - 1]);
                }

                PatchedBits.Write(to, packed[..(count - 1)]);
                break;
        }
    }

    [SkipLocalsInit]
    public static void Read(ref ByteReader from, scoped Span<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        long value = values[0] = from.Zigzag();
        if (values.Length == 1)
        {
            return;
        }

        int mode = from.Byte();
        if (mode == Constant)
        {
            values.Fill(value);
            return;
        }

        if (mode > (Changes | Divided) || (mode & 3) == Constant)
        {
            ByteReader.Damage("a column has an unknown form");
        }

        long divisor = (mode & Divided) == 0 ? 1 : (long)from.Varint();
        long reference = from.Zigzag();
        Span<ulong> packed = stackalloc ulong[PatchedBits.Most];
        Span<long> rest = values[1..];
        packed = packed[..((mode & 3) == Changes ? rest.Length - 1 : rest.Length)];
        PatchedBits.Read(ref from, packed);
        switch (mode & 3)
        {
            case Distances:
                for (int i = 0; i < packed.Length; i++)
                {
                    rest[i] = value + (ByteReader.ZigzagBack(packed[i]) + reference) * divisor;
                }

                break;
            case Steps:
                for (int i = 0; i < packed.Length; i++)
                {
                    rest[i] = value += (ByteReader.ZigzagBack(packed[i]) + reference) * divisor;
                }

                break;
            default:
                long step = reference * divisor;
                rest[0] = value += step;
                for (int i = 0; i < packed.Length; i++)
                {
                    rest[i + 1] = value += step += ByteReader.ZigzagBack(packed[i]) * divisor;
                }

                break;
        }
    }

    /// <summary>Steps and distances, and the largest number that divides them all: 0 when every value is the first.</summary>
    static ulong Prepare(ReadOnlySpan<long> values, Span<long> steps, Span<long> distances)
    {
        long first = values[0], before = first;
        bool large = first is > Large or < -Large;
        ulong divisor = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            long value = values[i + 1];
            large |= value is > Large or < -Large;
            long step = steps[i] = value - before;
            distances[i] = value - first;
            before = value;
            if (divisor != 1 && step != 0)
            {
                ulong size = step < 0 ? (ulong)-step : (ulong)step;
                if (divisor == 0 || size % divisor != 0)
                {
                    divisor = divisor == 0 ? size : Common(size, divisor);
                }
            }
        }

        return large && divisor > 1 ? 1 : divisor;
    }

    static ulong Common(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }

    static void Divide(Span<long> values, ulong divisor)
    {
        long by = (long)divisor;
        foreach (ref long value in values)
        {
            value /= by;
        }
    }

    /// <summary>A number from the middle of the values: distances from it are small on both sides, whatever a few outliers do.</summary>
    static long Middle(ReadOnlySpan<long> values)
    {
        Span<long> some = stackalloc long[15];
        int count = Math.Min(some.Length, values.Length);
        for (int i = 0; i < count; i++)
        {
            some[i] = values[(int)((long)i * values.Length / count)];
        }

        some[..count].Sort();
        return some[count / 2];
    }

    static void Zigzag(ReadOnlySpan<long> values, long reference, Span<ulong> packed)
    {
        for (int i = 0; i < values.Length; i++)
        {
            packed[i] = ByteWriter.ZigzagOf(values[i] - reference);
        }
    }

    static long Cost(ReadOnlySpan<long> values, long reference)
    {
        PatchedBits.Widths widths = default;
        foreach (long value in values)
        {
            widths[64 - BitOperations.LeadingZeroCount(ByteWriter.ZigzagOf(value - reference))]++;
        }

        return PatchedBits.Cheapest(widths, values.Length).Bits;
    }

    static long CostOfChanges(ReadOnlySpan<long> steps)
    {
        PatchedBits.Widths widths = default;
        for (int i = 1; i < steps.Length; i++)
        {
            widths[64 - BitOperations.LeadingZeroCount(ByteWriter.ZigzagOf(steps[i] - steps[i - 1]))]++;
        }

        return PatchedBits.Cheapest(widths, steps.Length - 1).Bits;
    }
}
