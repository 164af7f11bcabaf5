namespace CityHub.Crypto;

/// <summary>
/// The mark of a person in leaves: HMAC under a key of 32 bytes that is theirs alone, over what the tag is for, e.g. the origin of the log. Who has the key finds every
/// leaf about the person; to everyone else, and to everyone once the key is destroyed, it is a random number. Another purpose gives another tag, so that logs cannot be joined by it.
/// </summary>
public static class SubjectTag
{
    public const int KeySize = 32, Size = MacFunction.Size;

    private static ReadOnlySpan<byte> Domain => "cityhub/subject-tag/v1\0"u8;

    public static void Make(MacFunction mac, ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose, Span<byte> into)
    {
        if (key.Length != KeySize)
            throw new ArgumentException("The key of a subject has 32 bytes.", nameof(key));
        Span<byte> data = purpose.Length <= 256 ? stackalloc byte[Domain.Length + 256] : new byte[Domain.Length + purpose.Length];
        Domain.CopyTo(data);
        purpose.CopyTo(data[Domain.Length..]);
        mac.Compute(key, data[..(Domain.Length + purpose.Length)], into);
    }

    public static byte[] Make(MacFunction mac, ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose)
    {
        var tag = new byte[Size];
        Make(mac, key, purpose, tag);
        return tag;
    }
}
