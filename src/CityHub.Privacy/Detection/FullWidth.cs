using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CityHub.Privacy;

/// <summary>A stretch of UTF-8 whose full-width forms (U+FF01 to U+FF5E, three bytes) have become ASCII, and the way back to where its bytes were.</summary>
internal sealed class FullWidth : IDisposable
{
    private readonly byte[] bytes = ArrayPool<byte>.Shared.Rent(PiiScanner.Chunk + PiiScanner.Before + PiiScanner.After);
    private readonly List<(int Here, int There)> shifts = []; // from Here on, There is the place in the original
    private int length;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>Whether a full-width letter, digit or @ is in it: only they can be part of a number. Punctuation is, in Chinese prose, everywhere, and left alone.</summary>
    public static bool IsIn(ReadOnlySpan<byte> text)
    {
        var at = 0;
        ref var first = ref MemoryMarshal.GetReference(text);
        for (; at + 34 <= text.Length; at += 32)
        {
            var lead = Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)at), Vector256.Create((byte)0xEF));
            if (lead == Vector256<byte>.Zero)
                continue;
            var second = Vector256.LoadUnsafe(ref first, (nuint)at + 1);
            var third = Vector256.LoadUnsafe(ref first, (nuint)at + 2);
            var upper = Vector256.Equals(second, Vector256.Create((byte)0xBC))
                & (In(third, 0x90, 0x99) | In(third, 0xA0, 0xBA));
            var lower = Vector256.Equals(second, Vector256.Create((byte)0xBD)) & In(third, 0x81, 0x9A);
            if ((lead & (upper | lower)) != Vector256<byte>.Zero)
                return true;
        }

        for (; at + 2 < text.Length; at++)
        {
            if (text[at] == 0xEF && ((text[at + 1] == 0xBC && text[at + 2] is (>= 0x90 and <= 0x99) or (>= 0xA0 and <= 0xBA)) || (text[at + 1] == 0xBD && text[at + 2] is >= 0x81 and <= 0x9A)))
                return true;
        }

        return false;
    }

    /// <param name="from">Where the stretch begins in the original; at a whole character.</param>
    public void Read(ReadOnlySpan<byte> text, int from, int to)
    {
        shifts.Clear();
        shifts.Add((0, from));
        length = 0;
        var at = from;
        while (at < to)
        {
            var next = text[at..to].IndexOf((byte)0xEF);
            var plain = next < 0 ? to - at : next;
            text.Slice(at, plain).CopyTo(bytes.AsSpan(length));
            (at, length) = (at + plain, length + plain);
            if (at == to)
                break;
            var ascii = at + 2 >= to ? 0 : text[at + 1] switch
            {
                0xBC when text[at + 2] is >= 0x81 and <= 0xBF => text[at + 2] - 0x60,
                0xBD when text[at + 2] is >= 0x80 and <= 0x9E => text[at + 2] - 0x20,
                _ => 0,
            };
            if (ascii == 0)
            {
                bytes[length++] = text[at++];
                continue;
            }

            bytes[length++] = (byte)ascii;
            at += 3;
            shifts.Add((length, at));
        }
    }

    /// <summary>The place in the original of a place here.</summary>
    public int ToOriginal(int here)
    {
        var shift = Last(here, original: false);
        return shift.There + (here - shift.Here);
    }

    /// <summary>The place here of a place in the original; within a character that was changed, the place behind it.</summary>
    public int FromOriginal(int there)
    {
        if (there <= shifts[0].There)
            return 0;
        var shift = Last(there, original: true);
        return Math.Min(shift.Here + (there - shift.There), length);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> In(Vector256<byte> v, byte low, byte high) => Vector256.LessThanOrEqual(v - Vector256.Create(low), Vector256.Create((byte)(high - low)));

    private (int Here, int There) Last(int place, bool original)
    {
        int low = 0, high = shifts.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if ((original ? shifts[middle].There : shifts[middle].Here) <= place)
                low = middle;
            else
                high = middle - 1;
        }

        return shifts[low];
    }
}
