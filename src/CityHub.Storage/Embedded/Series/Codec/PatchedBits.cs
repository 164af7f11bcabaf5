using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// Unsigned numbers in the width that costs least; the few that need more bits keep their low bits in place and their high bits in a
/// list of patches behind it. Reading is a shift and a mask per number.
/// </summary>
internal static class PatchedBits
{
    /// <summary>Numbers in one list; a block has no more.</summary>
    public const int Most = 1024;

    /// <summary>How many of the numbers need how many bits.</summary>
    [InlineArray(65)]
    public struct Widths
    {
        int _first;
    }

    /// <summary>The width that costs least, and what it costs in bits.</summary>
    public static (int Width, long Bits) Cheapest(in Widths widths, int count)
    {
        (int best, long least) = (64, 64L * count);
        int beyond = 0;
        for (int width = 64; width >= 0; width--)
        {
            long bits = (long)width * count;
            if (bits < least)
            {
                // A patch: a byte for its place, and its high bits in groups of seven.
                for (int b = width + 1; b <= 64 && beyond > 0; b++)
                {
                    bits += widths[b] * (8L + (b - width + 6) / 7 * 8);
                }

                if (bits < least)
                {
                    (best, least) = (width, bits);
                }
            }

            beyond += widths[width];
        }

        return (best, least);
    }

    public static void Write(ByteWriter to, ReadOnlySpan<ulong> values)
    {
        Widths widths = default;
        foreach (ulong value in values)
        {
            widths[64 - BitOperations.LeadingZeroCount(value)]++;
        }

        int width = Cheapest(widths, values.Length).Width;
        int patches = 0;
        for (int b = width + 1; b <= 64; b++)
        {
            patches += widths[b];
        }

        to.Byte((byte)width);
        to.Varint((ulong)patches);
        if (width > 0)
        {
            Pack(to.Take(Bytes(values.Length, width)), values, width);
        }

        for (int i = 0, last = 0; patches > 0; i++)
        {
            ulong high = width == 64 ? 0 : values[i] >> width;
            if (high != 0)
            {
                to.Varint((ulong)(i - last));
                to.Varint(high);
                last = i;
                patches--;
            }
        }
    }

    public static void Read(ref ByteReader from, scoped Span<ulong> values)
    {
        int width = from.Byte();
        if (width > 64)
        {
            ByteReader.Damage("a column is wider than its numbers");
        }

        int patches = from.Count(values.Length);
        ReadOnlySpan<byte> all = from.Rest;
        _ = from.Take(Bytes(values.Length, width));
        if (width == 0)
        {
            values.Clear();
        }
        else
        {
            Unpack(all, values, width);
        }

        for (int at = 0; patches > 0; patches--)
        {
            at += from.Count(values.Length - 1 - at);
            ulong high = from.Varint();
            if (width == 64 || (width > 0 && high >> (64 - width) != 0))
            {
                ByteReader.Damage("a patch is wider than a number");
            }

            values[at] |= high << width;
        }
    }

    static int Bytes(int count, int width) => (int)(((long)count * width + 7) >> 3);

    static void Pack(Span<byte> to, ReadOnlySpan<ulong> values, int width)
    {
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        ulong held = 0;
        int bits = 0, at = 0;
        foreach (ulong wide in values)
        {
            ulong value = wide & mask;
            held |= value << bits;
            bits += width;
            if (bits >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(to[at..], held);
                at += 8;
                bits -= 64;
                held = bits == 0 ? 0 : value >> (width - bits);
            }
        }

        for (; bits > 0; bits -= 8, held >>= 8)
        {
            to[at++] = (byte)held;
        }
    }

    /// <param name="from">Begins with the packed bytes; what follows them is read over and masked away, so that all but the last numbers take one load.</param>
    static void Unpack(ReadOnlySpan<byte> from, Span<ulong> values, int width)
    {
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int fast = width > 56 ? 0 : values.Length, bit = 0, i = 0;
        for (; i < fast && (bit >> 3) + 8 <= from.Length; i++, bit += width)
        {
            values[i] = (BinaryPrimitives.ReadUInt64LittleEndian(from[(bit >> 3)..]) >> (bit & 7)) & mask;
        }

        for (; i < values.Length; i++, bit += width)
        {
            ulong value = 0;
            for (int got = 0, at = bit >> 3, skip = bit & 7; got < width; at++)
            {
                value |= ((ulong)from[at] >> skip) << got;
                got += 8 - skip;
                skip = 0;
            }

            values[i] = value & mask;
        }
    }
}
