using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>
/// A handle on a symmetric key, in memory now, in a hardware module later: it makes MACs, other keys and ciphers, and never comes out itself.
/// Safe for many threads at once. Disposing it forgets the key.
/// </summary>
public interface ISecretKey : IDisposable
{
    void Mac(MacFunction mac, ReadOnlySpan<byte> data, Span<byte> into);

    /// <summary>Another key, for one purpose: whoever has it learns nothing of this one or of those for other purposes (NIST SP 800-108r1, a PRF of one step).</summary>
    ISecretKey Derive(MacFunction mac, ReadOnlySpan<byte> purpose);

    /// <summary>The key of a block cipher, the first bytes of this one. Derive first, so that each cipher has a key of its own. The handle belongs to one thread.</summary>
    IBlockKey Open(BlockCipher cipher);
}

public static class SecretKeys
{
    public const int Size = 32;

    /// <summary>A handle on 32 bytes, which are copied; the caller wipes its own.</summary>
    public static ISecretKey Of(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
            throw new ArgumentException(FormattableString.Invariant($"A secret key has {Size} bytes, this one has {key.Length}."), nameof(key));
        return new SecretKey(key);
    }

    /// <summary>A new key from the operating system.</summary>
    public static ISecretKey Create()
    {
        Span<byte> key = stackalloc byte[Size];
        RandomNumberGenerator.Fill(key);
        var handle = new SecretKey(key);
        CryptographicOperations.ZeroMemory(key);
        return handle;
    }

    private sealed class SecretKey(ReadOnlySpan<byte> key) : ISecretKey
    {
        private readonly Secret secret = new(key);

        private static ReadOnlySpan<byte> Domain => "cityhub/derive/v1\0"u8;

        public void Mac(MacFunction mac, ReadOnlySpan<byte> data, Span<byte> into) => mac.Compute(secret.Bytes, data, into);

        public ISecretKey Derive(MacFunction mac, ReadOnlySpan<byte> purpose)
        {
            Span<byte> derived = stackalloc byte[MacFunction.Size];
            mac.Compute(secret.Bytes, [.. Domain, .. purpose], derived);
            var handle = new SecretKey(derived);
            CryptographicOperations.ZeroMemory(derived);
            return handle;
        }

        public IBlockKey Open(BlockCipher cipher) => cipher.Open(secret.Bytes.AsSpan(0, cipher.KeySize));

        public void Dispose() => secret.Dispose();

        public override string ToString() => "(secret)";
    }
}
