using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CityHub.Privacy;

/// <summary>Where random bits come from; it comes in as an argument, so that a test and a demonstration can be repeated. An instance belongs to one thread.</summary>
public interface IEntropy
{
    /// <summary>Fills all of <paramref name="into"/> with independent, evenly distributed bytes.</summary>
    void Fill(Span<byte> into);
}

/// <summary>The generator of the operating system, asked for 4 KiB at a time because each question costs about a microsecond. What has been handed out is wiped here.</summary>
public sealed class CryptoEntropy : IEntropy
{
    private readonly byte[] buffer = new byte[4096];
    private int used = 4096;

    public void Fill(Span<byte> into)
    {
        if (into.Length >= buffer.Length)
        {
            RandomNumberGenerator.Fill(into);
            return;
        }

        if (buffer.Length - used < into.Length)
        {
            RandomNumberGenerator.Fill(buffer);
            used = 0;
        }

        var taken = buffer.AsSpan(used, into.Length);
        taken.CopyTo(into);
        taken.Clear();
        used += into.Length;
    }
}

/// <summary>The same bytes for the same seed on every machine: AES-256 in counter mode under SHA-256 of the seed. For tests and demonstrations; whoever knows the seed knows the noise.</summary>
public sealed class SeededEntropy : IEntropy, IDisposable
{
    private const int Block = 16;

    private readonly Aes aes = Aes.Create();
    private readonly byte[] buffer = new byte[256 * Block];
    private int used;
    private long counter;

    public SeededEntropy(ReadOnlySpan<byte> seed)
    {
        Span<byte> key = stackalloc byte[32];
        SHA256.HashData(seed, key);
        aes.SetKey(key);
        used = buffer.Length;
    }

    public SeededEntropy(long seed)
        : this(BitConverter.GetBytes(BitConverter.IsLittleEndian ? seed : BinaryPrimitives.ReverseEndianness(seed)))
    {
    }

    public void Fill(Span<byte> into)
    {
        while (into.Length > 0)
        {
            if (used == buffer.Length)
                Refill();
            var take = Math.Min(into.Length, buffer.Length - used);
            buffer.AsSpan(used, take).CopyTo(into);
            used += take;
            into = into[take..];
        }
    }

    public void Dispose() => aes.Dispose();

    private void Refill()
    {
        buffer.AsSpan().Clear();
        for (var at = 0; at < buffer.Length; at += Block)
            BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(at + 8), counter++);
        aes.EncryptEcb(buffer, buffer, PaddingMode.None);
        used = 0;
    }
}

/// <summary>Whole numbers from random bits, each equally likely: by rejection, never by a remainder that prefers the small ones.</summary>
public static class EntropyDraws
{
    public static ulong NextUInt64(this IEntropy entropy)
    {
        Span<byte> bytes = stackalloc byte[8];
        entropy.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>0 to <paramref name="bound"/> − 1.</summary>
    public static ulong NextBelow(this IEntropy entropy, ulong bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        var mask = ulong.MaxValue >> (int)ulong.LeadingZeroCount((bound - 1) | 1);
        while (true)
        {
            var drawn = entropy.NextUInt64() & mask;
            if (drawn < bound)
                return drawn;
        }
    }

    /// <inheritdoc cref="NextBelow(IEntropy, ulong)"/>
    public static int NextBelow(this IEntropy entropy, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var mask = uint.MaxValue >> (int)uint.LeadingZeroCount((uint)(bound - 1) | 1);
        Span<byte> bytes = stackalloc byte[4];
        while (true)
        {
            entropy.Fill(bytes);
            var drawn = BinaryPrimitives.ReadUInt32LittleEndian(bytes) & mask;
            if (drawn < (uint)bound)
                return (int)drawn;
        }
    }

    /// <summary>Every order is equally likely (Fisher and Yates).</summary>
    public static void Shuffle<T>(this IEntropy entropy, Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = entropy.NextBelow(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
