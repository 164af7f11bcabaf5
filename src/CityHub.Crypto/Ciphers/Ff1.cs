using System.Buffers.Binary;

namespace CityHub.Crypto;

/// <summary>
/// Format-preserving encryption FF1 (NIST SP 800-38G, algorithms 7 and 8): a text of numerals becomes one of the same length and alphabet, and back.
/// A domain is at least a million (SP 800-38G rev. 1 draft, 5.1): below that all pairs can be tried. A half is at most 12 bytes here (57 decimal digits in all), so that a
/// round is one block and 128-bit arithmetic. It belongs to one thread and does not own the key.
/// </summary>
public sealed class Ff1
{
    /// <summary>The smallest number of texts of one length, radix^length.</summary>
    public const int MinDomain = 1_000_000;

    private const int Rounds = 10, MaxHalf = 12, MaxTweak = 1 << 16;

    private readonly IBlockKey key;
    private readonly UInt128[] powers;

    /// <param name="radix">How many numerals there are, 2 to 65536.</param>
    public Ff1(IBlockKey key, int radix)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(radix, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(radix, 1 << 16);
        (this.key, Radix) = (key, radix);

        var list = new List<UInt128> { UInt128.One };
        var limit = UInt128.One << (MaxHalf * 8);
        while (list[^1] <= limit / (uint)radix)
            list.Add(list[^1] * (uint)radix);
        powers = [.. list];
        MaxLength = 2 * (powers.Length - 1);
        MinLength = 2;
        while (Power(radix, MinLength) < MinDomain)
            MinLength++;
    }

    public int Radix { get; }

    public int MinLength { get; }

    public int MaxLength { get; }

    /// <summary>Encrypts in place. A different tweak, which need not be secret, gives a different permutation.</summary>
    /// <param name="numerals">Each from 0 to <see cref="Radix"/> − 1; <see cref="MinLength"/> to <see cref="MaxLength"/> of them.</param>
    public void Encrypt(Span<ushort> numerals, ReadOnlySpan<byte> tweak) => Run(numerals, tweak, decrypt: false);

    /// <inheritdoc cref="Encrypt"/>
    public void Decrypt(Span<ushort> numerals, ReadOnlySpan<byte> tweak) => Run(numerals, tweak, decrypt: true);

    private void Run(Span<ushort> numerals, ReadOnlySpan<byte> tweak, bool decrypt)
    {
        if (numerals.Length < MinLength || numerals.Length > MaxLength)
            throw new ArgumentException(FormattableString.Invariant($"FF1 with radix {Radix} takes {MinLength} to {MaxLength} numerals, not {numerals.Length}."), nameof(numerals));
        if (tweak.Length > MaxTweak)
            throw new ArgumentException("A tweak has at most 65536 bytes.", nameof(tweak));

        // 1. The halves, A of u and B of v numerals.
        int n = numerals.Length, u = n / 2, v = n - u;
        var a = Number(numerals[..u]);
        var b = Number(numerals[u..]);

        // 2. to 5. What is the same in all rounds: b, d, P and Q up to its last block.
        var bytes = (BitLength(powers[v] - 1) + 7) / 8;
        var d = (4 * ((bytes + 3) / 4)) + 4;
        Span<byte> chain = stackalloc byte[16], last = stackalloc byte[16], round = stackalloc byte[16], number = stackalloc byte[16];
        Prepare(chain, last, tweak, u, n, bytes);

        // 6. The rounds, forward or back.
        for (var step = 0; step < Rounds; step++)
        {
            var i = decrypt ? Rounds - 1 - step : step;
            var m = i % 2 == 0 ? u : v;
            BinaryPrimitives.WriteUInt128BigEndian(number, decrypt ? a : b);
            last.CopyTo(round);
            round[15 - bytes] = (byte)i;
            number[(16 - bytes)..].CopyTo(round[(16 - bytes)..]);
            for (var j = 0; j < 16; j++)
                round[j] ^= chain[j];
            key.Encrypt(round, round);
            var y = (BinaryPrimitives.ReadUInt128BigEndian(round) >> (8 * (16 - d))) % powers[m];
            if (decrypt)
                (a, b) = ((b + powers[m] - y) % powers[m], a);
            else
                (a, b) = (b, (a + y) % powers[m]);
        }

        Numerals(a, numerals[..u]);
        Numerals(b, numerals[u..]);
    }

    /// <summary>The CBC-MAC over P and all blocks of Q but the last, which alone changes from round to round: the number in it is at most 12 bytes, the round 1.</summary>
    private void Prepare(Span<byte> chain, Span<byte> last, ReadOnlySpan<byte> tweak, int u, int n, int bytes)
    {
        chain[0] = 1;
        chain[1] = 2;
        chain[2] = 1;
        chain[3] = (byte)(Radix >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(chain[4..], (ushort)Radix);
        chain[6] = Rounds;
        chain[7] = (byte)u;
        BinaryPrimitives.WriteInt32BigEndian(chain[8..], n);
        BinaryPrimitives.WriteInt32BigEndian(chain[12..], tweak.Length);
        key.Encrypt(chain, chain);
        var at = 0;
        var blocks = (tweak.Length + bytes + 1 + 15) / 16;
        for (var block = 0; block < blocks - 1; block++, at += 16)
        {
            for (var j = 0; j < 16; j++)
                chain[j] ^= at + j < tweak.Length ? tweak[at + j] : (byte)0;
            key.Encrypt(chain, chain);
        }

        last.Clear();
        if (at < tweak.Length)
            tweak[at..].CopyTo(last);
    }

    private UInt128 Number(ReadOnlySpan<ushort> numerals)
    {
        var number = UInt128.Zero;
        foreach (var numeral in numerals)
        {
            if (numeral >= Radix)
                throw new ArgumentException(FormattableString.Invariant($"A numeral is {numeral} and the radix {Radix}."), nameof(numerals));
            number = (number * (uint)Radix) + numeral;
        }

        return number;
    }

    private void Numerals(UInt128 number, Span<ushort> into)
    {
        for (var i = into.Length - 1; i >= 0; i--)
            (number, into[i]) = (number / (uint)Radix, (ushort)(number % (uint)Radix));
    }

    private static double Power(int radix, int length) => Math.Pow(radix, length);

    private static int BitLength(UInt128 number) => 128 - (int)UInt128.LeadingZeroCount(number);
}
