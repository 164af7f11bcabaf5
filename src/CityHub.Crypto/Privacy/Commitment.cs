using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>
/// What stands in a leaf in place of a field: H(salt ‖ field) with a salt of 32 random bytes for each field. It shows nothing of the field while the salt is secret,
/// opens to one field only, and means nothing any more once the salt is destroyed. The salt has one length, so that no byte can be moved between it and the field.
/// </summary>
public static class Commitment
{
    public const int SaltSize = 32, Size = HashFunction.Size;

    public static void Make(HashFunction hash, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> field, Span<byte> into)
    {
        RequireSalt(salt);
        hash.Hash(salt, field, into);
    }

    public static byte[] Make(HashFunction hash, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> field)
    {
        var commitment = new byte[Size];
        Make(hash, salt, field, commitment);
        return commitment;
    }

    /// <summary>Whether the opening belongs to the commitment; takes the same time wherever the first difference is.</summary>
    public static bool Opens(HashFunction hash, ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> field)
    {
        if (salt.Length != SaltSize)
            return false;
        Span<byte> expected = stackalloc byte[Size];
        hash.Hash(salt, field, expected);
        return CryptographicOperations.FixedTimeEquals(expected, commitment);
    }

    private static void RequireSalt(ReadOnlySpan<byte> salt)
    {
        if (salt.Length != SaltSize)
            throw new ArgumentException("A salt has 32 bytes.", nameof(salt));
    }
}
