using System.Buffers.Binary;

namespace CityHub.Crypto.Curve25519;

/// <summary>A number below the order L = 2^252 + 27742317777372353535851937790883648493 of the base point. For public values only.</summary>
internal readonly struct Scalar
{
    /// <summary>L − 2^252.</summary>
    private const ulong C0 = 0x5812631a5cf5d3ed, C1 = 0x14def9dea2f79cd6;

    private const ulong Top = 1UL << 60;

    private readonly ulong a, b, c, d;

    private Scalar(ulong a, ulong b, ulong c, ulong d) => (this.a, this.b, this.c, this.d) = (a, b, c, d);

    /// <summary>L itself: what a point of prime order is multiplied with to become the identity.</summary>
    public static readonly Scalar Order = new(C0, C1, 0, Top);

    /// <summary>RFC 8032, 5.1.7 (1): the number has to be below L, so that a signature has one form only.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Scalar scalar)
    {
        scalar = new Scalar(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        if (scalar.d != Top)
            return scalar.d < Top;
        return scalar.c == 0 && (scalar.b < C1 || scalar.b == C1 && scalar.a < C0);
    }

    /// <summary>64 bytes modulo L, from the top in steps of 32 bits: what stands above 2^252 is q, and q·2^252 is −q·(L − 2^252).</summary>
    public static Scalar Reduce(ReadOnlySpan<byte> bytes)
    {
        ulong a = 0, b = 0, c = 0, d = 0;
        for (var i = 60; i >= 0; i -= 4)
        {
            var q = d >> 28;
            d = (d << 32 | c >> 32) & (Top - 1);
            c = c << 32 | b >> 32;
            b = b << 32 | a >> 32;
            a = a << 32 | BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..]);

            var high0 = Math.BigMul(q, C0, out var low0);
            var high1 = Math.BigMul(q, C1, out var low1);
            var middle = high0 + low1;
            if (middle < high0)
                high1++;

            var borrow = Subtract(ref a, low0, 0);
            borrow = Subtract(ref b, middle, borrow);
            borrow = Subtract(ref c, high1, borrow);
            borrow = Subtract(ref d, 0, borrow);
            if (borrow == 0)
                continue;
            // Below zero by less than L, because q·(L − 2^252) is below 2^158.
            var carry = Add(ref a, C0, 0);
            carry = Add(ref b, C1, carry);
            carry = Add(ref c, 0, carry);
            Add(ref d, Top, carry);
        }

        // What is left is below 2^252 or was brought up by L once, and so below L.
        return new Scalar(a, b, c, d);
    }

    /// <summary>How many digits of <paramref name="width"/> bits a number below 2^253 has, the carry of the highest included.</summary>
    public static int DigitsOf(int width) => (253 + width) / width;

    /// <summary>The number as Σ digit[i]·2^(wi) with digits of −2^(w−1) … 2^(w−1); w is 7 at most.</summary>
    public void Write(Span<sbyte> digits, int width)
    {
        Span<ulong> words = [a, b, c, d, 0];
        int mask = (1 << width) - 1, half = 1 << (width - 1), carry = 0, bit = 0;
        for (var i = 0; i < digits.Length; i++, bit += width)
        {
            var (word, from) = (bit >> 6, bit & 63);
            var window = words[word] >> from;
            if (from + width > 64)
                window |= words[word + 1] << (64 - from);
            var digit = (int)(window & (uint)mask) + carry;
            carry = digit > half ? 1 : 0;
            digits[i] = (sbyte)(digit - (carry << width));
        }
    }

    private static ulong Subtract(ref ulong x, ulong y, ulong borrow)
    {
        var difference = x - y;
        var under = x < y ? 1UL : 0;
        under |= difference < borrow ? 1UL : 0;
        x = difference - borrow;
        return under;
    }

    private static ulong Add(ref ulong x, ulong y, ulong carry)
    {
        var sum = x + y;
        var over = sum < x ? 1UL : 0;
        x = sum + carry;
        return over | (x < sum ? 1UL : 0);
    }
}
