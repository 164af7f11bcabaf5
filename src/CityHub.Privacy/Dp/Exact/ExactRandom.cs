using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CityHub.Privacy;

/// <summary>
/// Random whole numbers and coins of exactly the probability that is asked for, from uniform bits. One thread at a time.
/// </summary>
/// <remarks>
/// All comparisons are lazy. A uniform real U of [0, 1) is an endless string of random bits; after 64 of them, w, it is known that w/2^64 ≤ U &lt; (w + 1)/2^64.
/// Where a number p lies outside of that, U &lt; p is decided; where it lies inside, the next 64 bits are drawn. So the coin U &lt; p has probability p itself and not
/// p rounded to 64 bits, and the second word is needed once in 2^64 / (a few) coins. Where p is exp(-k), it is only known between two bounds
/// (<see cref="ExactExponential"/>), which are moved together until the bits are outside of them.
/// </remarks>
public sealed class ExactRandom
{
    /// <summary>2^64 · exp(-k), rounded down, for k = 1 to 44; exp(-45) is below 2^-64.</summary>
    private static readonly ulong[] PowersOfE = Powers();

    /// <summary>4 KiB at a time: the generator's fixed costs vanish, and 512 words last for a hundred draws.</summary>
    private readonly ulong[] words = new ulong[512];
    private readonly IEntropy entropy;
    private int next;
    private ulong pool;
    private int pooled;

    public ExactRandom(IEntropy entropy)
    {
        this.entropy = entropy;
        next = words.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong NextWord()
    {
        var at = next;
        if ((uint)at >= (uint)words.Length)
            at = Refill();
        next = at + 1;
        return words[at];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool NextBit()
    {
        if (pooled == 0)
        {
            pool = NextWord();
            pooled = 64;
        }

        var bit = (pool & 1) != 0;
        pool >>= 1;
        pooled--;
        return bit;
    }

    /// <summary>Uniform from 0 to <paramref name="bound"/> - 1 (Lemire 2019).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Below(ulong bound)
    {
        var product = (UInt128)NextWord() * bound;
        if ((ulong)product < bound)
            product = BelowRarely(product, bound);
        return (ulong)(product >> 64);
    }

    /// <summary>Uniform from 0 to <paramref name="bound"/> - 1, by rejection of the bits that are too large.</summary>
    public BigInteger Below(BigInteger bound)
    {
        if (bound.Sign <= 0)
            throw new ArgumentOutOfRangeException(nameof(bound));
        if (bound <= ulong.MaxValue)
            return Below((ulong)bound);
        var bits = (int)(bound - 1).GetBitLength();
        while (true)
        {
            var value = Bits(bits);
            if (value < bound)
                return value;
        }
    }

    public BigInteger Bits(int bits)
    {
        var value = BigInteger.Zero;
        for (; bits >= 64; bits -= 64)
            value = (value << 64) | NextWord();
        return bits == 0 ? value : (value << bits) | (NextWord() >> (64 - bits));
    }

    /// <summary>True with probability <paramref name="above"/> / <paramref name="below"/>, which is at most 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Bernoulli(ulong above, ulong below)
    {
        while (true)
        {
            // U · below against above, both in units of 2^-64: the word says that the former is in [product, product + below).
            var product = (UInt128)NextWord() * below;
            if ((ulong)(product >> 64) >= above)
                return false;
            var rest = ((UInt128)above << 64) - product;
            if (rest >= below)
                return true;
            above = (ulong)rest; // inside: what is left of U is again a uniform real, and has to be below rest / below
        }
    }

    /// <inheritdoc cref="Bernoulli(ulong, ulong)"/>
    public bool Bernoulli(BigInteger above, BigInteger below)
    {
        while (true)
        {
            var rest = (above << 64) - (below * NextWord());
            if (rest.Sign <= 0)
                return false;
            if (rest >= below)
                return true;
            above = rest;
        }
    }

    /// <summary>True with probability exp(-<paramref name="x"/>), x ≥ 0.</summary>
    public bool BernoulliExp(ExactRational x) => BernoulliExp(x.Numerator, x.Denominator);

    /// <summary>True with probability exp(-above / below).</summary>
    public bool BernoulliExp(BigInteger above, BigInteger below)
    {
        var whole = BigInteger.DivRem(above, below, out var fraction);
        if (!whole.IsZero && Trials() < whole)
            return false;
        return below < 1UL << 56 ? BernoulliExp((ulong)fraction, (ulong)below) : BernoulliExpFrom(1, fraction, below);
    }

    /// <summary>True with probability exp(-above / below), for above ≤ below &lt; 2^56.</summary>
    /// <remarks>Canonne, Kamath, Steinke 2020, algorithm 1: the number of coins of x, x/2, x/3 … up to the first that fails is odd with probability 1 - x + x²/2! - …</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool BernoulliExp(ulong above, ulong below)
    {
        var coins = 1UL;
        for (var bound = below; Bernoulli(above, bound); bound += below)
        {
            if (++coins == 256) // the next bound might not fit; once in 256! draws
                return BernoulliExpFrom(coins, above, below);
        }

        return (coins & 1) != 0;
    }

    /// <summary>How many coins of probability 1/e come up before the first that does not: at least k with probability exp(-k). One word decides it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Trials()
    {
        var word = NextWord();
        var powers = PowersOfE;
        for (var k = 0; k < powers.Length; k++)
        {
            if (word > powers[k])
                return (ulong)k;
            if (word == powers[k])
                break;
        }

        return TrialsRarely(word);
    }

    private static ulong[] Powers()
    {
        var powers = new ulong[44];
        for (var k = 1; k <= powers.Length; k++)
        {
            var (low, high) = ExactExponential.Bounds(k, 192);
            powers[k - 1] = (ulong)(low >> 128);
            if (low >> 128 != high >> 128)
                throw new InvalidOperationException("exp(-k) lies on a word's edge to 192 bits.");
        }

        return powers;
    }

    /// <summary>The word lies on an edge, or beyond the table: more bits, one edge after the other, with bounds that are as fine as the bits.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong TrialsRarely(ulong word)
    {
        BigInteger drawn = word;
        var bits = 64;
        for (var k = 1UL; ; k++)
        {
            while (true)
            {
                var (low, high) = ExactExponential.Bounds(new ExactRational(k, 1), bits + 64);
                if (((drawn + 1) << 64) <= low)
                    break; // U < exp(-k)
                if ((drawn << 64) >= high)
                    return k - 1;
                drawn = (drawn << 64) | NextWord();
                bits += 64;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool BernoulliExpFrom(ulong coins, BigInteger above, BigInteger below)
    {
        while (Bernoulli(above, below * coins))
            coins++;
        return (coins & 1) != 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private UInt128 BelowRarely(UInt128 product, ulong bound)
    {
        var uneven = (0 - bound) % bound; // so many of the 2^64 words are one too many
        while ((ulong)product < uneven)
            product = (UInt128)NextWord() * bound;
        return product;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Refill()
    {
        entropy.Fill(MemoryMarshal.AsBytes(words.AsSpan()));
        return 0;
    }
}
