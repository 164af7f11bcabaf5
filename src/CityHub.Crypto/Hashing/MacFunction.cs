using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>HMAC (RFC 2104, GM/T 0042) over a hash function: 32 bytes that only the holder of the key can make.</summary>
public abstract class MacFunction
{
    public const int Size = 32;

    private protected MacFunction()
    {
    }

    public abstract string Name { get; }

    public abstract void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> into);

    /// <summary>Takes the same time wherever the first difference is.</summary>
    public bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[Size];
        Compute(key, data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    public sealed override string ToString() => Name;
}

public static class MacFunctions
{
    public static MacFunction HmacSha256 { get; } = new HmacSha256Function();

    public static MacFunction HmacSm3 { get; } = new HmacSm3Function();

    private sealed class HmacSha256Function : MacFunction
    {
        public override string Name => "HMAC-SHA-256";

        public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> into) => HMACSHA256.HashData(key, data, into[..Size]);
    }

    private sealed class HmacSm3Function : MacFunction
    {
        /// <summary>SM3 works on blocks of 64 bytes, as SHA-256 does.</summary>
        private const int Block = 64;

        public override string Name => "HMAC-SM3";

        public override void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> into)
        {
            Span<byte> inner = stackalloc byte[Block];
            Span<byte> outer = stackalloc byte[Block + HashFunction.Size];
            inner.Clear();
            if (key.Length > Block)
                HashFunctions.Sm3.Hash(key, inner);
            else
                key.CopyTo(inner);
            for (var i = 0; i < Block; i++)
            {
                outer[i] = (byte)(inner[i] ^ 0x5c);
                inner[i] ^= 0x36;
            }

            HashFunctions.Sm3.Hash(inner, data, outer[Block..]);
            HashFunctions.Sm3.Hash(outer, into);
            CryptographicOperations.ZeroMemory(inner);
            CryptographicOperations.ZeroMemory(outer);
        }
    }
}
