using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>
/// Deterministic authenticated encryption SIV (RFC 5297): S2V over CMAC, then counter mode. The same text with the same header gives the same bytes, and nothing but that equality and the
/// length is shown; what was changed does not decrypt. With AES it is the RFC's, with SM4 the same construction over the other cipher. It belongs to one thread and does not own the keys.
/// </summary>
public sealed class Siv
{
    /// <summary>How much longer the ciphertext is.</summary>
    public const int TagSize = 16;

    private readonly IBlockKey mac, counter;
    private readonly byte[] k1 = new byte[16], k2 = new byte[16];

    /// <param name="mac">The first half of the RFC's key.</param>
    /// <param name="counter">The second half.</param>
    public Siv(IBlockKey mac, IBlockKey counter)
    {
        (this.mac, this.counter) = (mac, counter);
        mac.Encrypt(k1, k1);
        Double(k1);
        k1.CopyTo(k2, 0);
        Double(k2);
    }

    /// <param name="header">Bound to the text, not encrypted: where it may be used.</param>
    public byte[] Seal(ReadOnlySpan<byte> header, ReadOnlySpan<byte> text)
    {
        var whole = new byte[TagSize + text.Length];
        S2V(header, text, whole.AsSpan(0, TagSize));
        Count(whole.AsSpan(0, TagSize), text, whole.AsSpan(TagSize));
        return whole;
    }

    /// <summary>The text; null where a key, the header or a byte is not the one of <see cref="Seal"/>.</summary>
    public byte[]? Open(ReadOnlySpan<byte> header, ReadOnlySpan<byte> sealedText)
    {
        if (sealedText.Length < TagSize)
            return null;
        var text = new byte[sealedText.Length - TagSize];
        Count(sealedText[..TagSize], sealedText[TagSize..], text);
        Span<byte> expected = stackalloc byte[TagSize];
        S2V(header, text, expected);
        if (CryptographicOperations.FixedTimeEquals(expected, sealedText[..TagSize]))
            return text;
        CryptographicOperations.ZeroMemory(text);
        return null;
    }

    /// <summary>RFC 5297, 2.4, with one header.</summary>
    private void S2V(ReadOnlySpan<byte> header, ReadOnlySpan<byte> text, Span<byte> into)
    {
        Span<byte> d = stackalloc byte[16], one = stackalloc byte[16];
        d.Clear();
        Cmac(d, d);
        Double(d);
        Cmac(header, one);
        Xor(d, one);
        if (text.Length >= 16)
        {
            var t = text.ToArray();
            Xor(t.AsSpan(t.Length - 16), d);
            Cmac(t, into);
            CryptographicOperations.ZeroMemory(t);
            return;
        }

        Double(d);
        for (var i = 0; i < text.Length; i++)
            d[i] ^= text[i];
        d[text.Length] ^= 0x80;
        Cmac(d, into);
    }

    /// <summary>NIST SP 800-38B.</summary>
    private void Cmac(ReadOnlySpan<byte> data, Span<byte> into)
    {
        Span<byte> chain = stackalloc byte[16];
        chain.Clear();
        while (data.Length > 16)
        {
            Xor(chain, data[..16]);
            mac.Encrypt(chain, chain);
            data = data[16..];
        }

        for (var i = 0; i < data.Length; i++)
            chain[i] ^= data[i];
        if (data.Length < 16)
            chain[data.Length] ^= 0x80;
        Xor(chain, data.Length == 16 ? k1 : k2);
        mac.Encrypt(chain, into);
    }

    /// <summary>RFC 5297, 2.5: the tag, with bits 31 and 63 cleared, is the first counter.</summary>
    private void Count(ReadOnlySpan<byte> tag, ReadOnlySpan<byte> text, Span<byte> into)
    {
        Span<byte> q = stackalloc byte[16], stream = stackalloc byte[16];
        tag.CopyTo(q);
        q[8] &= 0x7f;
        q[12] &= 0x7f;
        for (var at = 0; at < text.Length; at += 16)
        {
            counter.Encrypt(q, stream);
            var size = Math.Min(16, text.Length - at);
            for (var i = 0; i < size; i++)
                into[at + i] = (byte)(text[at + i] ^ stream[i]);
            for (var i = 15; i >= 0 && ++q[i] == 0; i--)
            {
            }
        }
    }

    /// <summary>Times x in GF(2^128).</summary>
    private static void Double(Span<byte> block)
    {
        var carry = (block[0] >> 7) * 0x87;
        for (var i = 0; i < 15; i++)
            block[i] = (byte)((block[i] << 1) | (block[i + 1] >> 7));
        block[15] = (byte)((block[15] << 1) ^ carry);
    }

    private static void Xor(Span<byte> into, ReadOnlySpan<byte> other)
    {
        for (var i = 0; i < 16; i++)
            into[i] ^= other[i];
    }
}
