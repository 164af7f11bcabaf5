using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace CityHub.Crypto;

/// <summary>Between our 64 bytes r ‖ s and the DER of GM/T 0009 (SEQUENCE of two INTEGERs), which other programs, the openssl command among them, read and write.</summary>
public static class Sm2Encoding
{
    public static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64)
            throw new FormatException("An SM2 signature has 64 bytes.");
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Minimal(signature[..32]));
            writer.WriteIntegerUnsigned(Minimal(signature[32..]));
        }

        return writer.Encode();
    }

    public static bool TryFromDer(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out byte[]? signature)
    {
        signature = null;
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var both = new byte[64];
            if (!Take(sequence, both.AsSpan(0, 32)) || !Take(sequence, both.AsSpan(32)) || sequence.HasData)
                return false;
            signature = both;
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool Take(AsnReader from, Span<byte> into)
    {
        var number = from.ReadIntegerBytes().Span;
        if (number[0] >= 0x80)
            return false; // below zero
        if (number[0] == 0 && number.Length > 1)
            number = number[1..];
        if (number.Length > into.Length)
            return false;
        number.CopyTo(into[(into.Length - number.Length)..]);
        return true;
    }

    private static ReadOnlySpan<byte> Minimal(ReadOnlySpan<byte> number)
    {
        var first = number.IndexOfAnyExcept((byte)0);
        return first < 0 ? number[^1..] : number[first..];
    }
}
