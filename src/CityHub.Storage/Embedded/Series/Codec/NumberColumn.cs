using System.Numerics;
using System.Runtime.CompilerServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// A column of doubles, bit for bit. What people and devices send has few decimals: 23.4 is 234 with one decimal, and whole numbers
/// pack well. What does not fit (NaN, -0.0, full-precision values) is listed beside them; a column of such values is packed as XOR
/// with the value before.
/// </summary>
internal static class NumberColumn
{
    const int Same = 0, Decimals = 1, Xor = 2;
    const int MostDecimals = 17;
    const double Largest = 1L << 53;

    static readonly double[] Powers = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

    public static void Write(ByteWriter to, ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (AllSame(values))
        {
            to.Byte(Same);
            to.Fixed64(Bits(values[0]));
            return;
        }

        int start = to.Length;
        int decimals = DecimalsOf(values);
        if (decimals >= 0)
        {
            int others = WriteDecimals(to, values, decimals);
            if (others <= values.Length / 16)
            {
                return;
            }
        }

        // Both were plausible: the smaller one stays.
        int afterDecimals = to.Length;
        WriteXor(to, values);
        int decimalBytes = afterDecimals - start, xorBytes = to.Length - afterDecimals;
        if (decimals >= 0 && decimalBytes <= xorBytes)
        {
            to.Rewind(afterDecimals);
        }
        else if (decimals >= 0)
        {
            Span<byte> all = to.WrittenFrom(start);
            all[decimalBytes..].CopyTo(all);
            to.Rewind(start + xorBytes);
        }
    }

    public static void Read(ref ByteReader from, scoped Span<double> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        switch (from.Byte())
        {
            case Same:
                values.Fill(BitConverter.UInt64BitsToDouble(from.Fixed64()));
                break;
            case Decimals:
                ReadDecimals(ref from, values);
                break;
            case Xor:
                ReadXor(ref from, values);
                break;
            default:
                ByteReader.Damage("a column of numbers has an unknown form");
                break;
        }
    }

    static bool AllSame(ReadOnlySpan<double> values)
    {
        ulong first = Bits(values[0]);
        foreach (double value in values)
        {
            if (Bits(value) != first)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The decimals that most of the values need, by a look at 32 of them; -1 when hardly any of them has few.</summary>
    static int DecimalsOf(ReadOnlySpan<double> values)
    {
        int looked = Math.Min(32, values.Length), found = 0, most = 0;
        for (int i = 0; i < looked; i++)
        {
            double value = values[(int)((long)i * values.Length / looked)];
            for (int decimals = most; decimals <= MostDecimals; decimals++)
            {
                if (TryScale(value, decimals, out _))
                {
                    (found, most) = (found + 1, decimals);
                    break;
                }
            }
        }

        return found * 4 >= looked ? most : -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TryScale(double value, int decimals, out long whole)
    {
        double scaled = Math.Round(value * Powers[decimals]);
        if (!(Math.Abs(scaled) < Largest))
        {
            whole = 0;
            return false;
        }

        whole = (long)scaled;
        return Bits(whole / Powers[decimals]) == Bits(value);
    }

    [SkipLocalsInit]
    static int WriteDecimals(ByteWriter to, ReadOnlySpan<double> values, int decimals)
    {
        Span<long> wholes = stackalloc long[PatchedBits.Most];
        Span<short> others = stackalloc short[PatchedBits.Most];
        int count = 0;
        long before = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (TryScale(values[i], decimals, out long whole))
            {
                before = whole;
            }
            else
            {
                others[count++] = (short)i;
            }

            wholes[i] = before;
        }

        to.Byte(Decimals);
        to.Byte((byte)decimals);
        IntColumn.Write(to, wholes[..values.Length]);
        to.Varint((ulong)count);
        for (int i = 0, last = 0; i < count; i++)
        {
            int at = others[i];
            to.Varint((ulong)(at - last));
            to.Fixed64(Bits(values[at]));
            last = at;
        }

        return count;
    }

    [SkipLocalsInit]
    static void ReadDecimals(ref ByteReader from, scoped Span<double> values)
    {
        int decimals = from.Count(MostDecimals);
        double power = Powers[decimals];
        Span<long> wholes = stackalloc long[PatchedBits.Most];
        wholes = wholes[..values.Length];
        IntColumn.Read(ref from, wholes);
        for (int i = 0; i < wholes.Length; i++)
        {
            values[i] = wholes[i] / power;
        }

        int others = from.Count(values.Length);
        for (int at = 0; others > 0; others--)
        {
            at += from.Count(values.Length - 1 - at);
            values[at] = BitConverter.UInt64BitsToDouble(from.Fixed64());
        }
    }

    [SkipLocalsInit]
    static void WriteXor(ByteWriter to, ReadOnlySpan<double> values)
    {
        Span<ulong> changes = stackalloc ulong[PatchedBits.Most];
        changes = changes[..values.Length];
        ulong before = 0, all = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong bits = Bits(values[i]);
            all |= changes[i] = bits ^ before;
            before = bits;
        }

        int shift = BitOperations.TrailingZeroCount(all);
        foreach (ref ulong change in changes)
        {
            change >>= shift;
        }

        to.Byte(Xor);
        to.Byte((byte)shift);
        PatchedBits.Write(to, changes);
    }

    [SkipLocalsInit]
    static void ReadXor(ref ByteReader from, scoped Span<double> values)
    {
        int shift = from.Byte();
        if (shift > 63)
        {
            ByteReader.Damage("a column of numbers is shifted too far");
        }

        Span<ulong> changes = stackalloc ulong[PatchedBits.Most];
        changes = changes[..values.Length];
        PatchedBits.Read(ref from, changes);
        ulong bits = 0;
        for (int i = 0; i < changes.Length; i++)
        {
            values[i] = BitConverter.UInt64BitsToDouble(bits ^= changes[i] << shift);
        }
    }

    static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
}
