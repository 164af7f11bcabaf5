using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Crypto;

/// <summary>
/// The text of a key file, five lines that begin with these words, in this order:
/// <code>
/// cityhub-key v1
/// name: city-log
/// algorithm: ed25519
/// public: (base64)
/// secret: (base64 of 32 bytes)
/// </code>
/// The name is that of the file and the public key that of the secret, so that a file that was renamed, mixed up or damaged is told.
/// Read and written as bytes that are zeroed; the secret is never a string.
/// </summary>
internal static class KeyFile
{
    private const string FirstLine = "cityhub-key v1\n";

    /// <summary>A key of ML-DSA-44 is the largest, 1,752 characters.</summary>
    public const int MaxLength = 4096;

    /// <summary>The caller zeroes what it gets.</summary>
    public static byte[] Write(string name, IVerificationKey key, ReadOnlySpan<byte> secret)
    {
        var before = Encoding.UTF8.GetBytes(
            $"{FirstLine}name: {name}\nalgorithm: {key.Algorithm.Word()}\npublic: {Convert.ToBase64String(key.Bytes.Span)}\nsecret: ");
        var text = GC.AllocateUninitializedArray<byte>(before.Length + Base64.GetMaxEncodedToUtf8Length(secret.Length) + 1, pinned: true);
        before.CopyTo(text, 0);
        Base64.EncodeToUtf8(secret, text.AsSpan(before.Length), out _, out _);
        text[^1] = (byte)'\n';
        return text;
    }

    /// <summary>The key, or null and why there is none.</summary>
    public static ISigningKey? Read(ReadOnlySpan<byte> text, string name, out string? why)
    {
        if (!Take(ref text, FirstLine.AsSpan()[..^1], out var nothing) || !nothing.IsEmpty)
        {
            why = "it does not begin with \"cityhub-key v1\"";
            return null;
        }

        if (!Take(ref text, "name: ", out var itsName) || !Take(ref text, "algorithm: ", out var word) || !Take(ref text, "public: ", out var publicText)
            || !Take(ref text, "secret: ", out var secretText) || !text.IsEmpty)
        {
            why = "it needs the lines name, algorithm, public and secret in this order, and nothing else";
            return null;
        }

        if (!itsName.SequenceEqual(Encoding.UTF8.GetBytes(name)))
        {
            why = $"it holds a key of another name, {Encoding.UTF8.GetString(itsName)}";
            return null;
        }

        if (!SignatureAlgorithms.TryParse(Encoding.UTF8.GetString(word), out var algorithm))
        {
            why = "its algorithm is not known here";
            return null;
        }

        Span<byte> secret = stackalloc byte[Base64.GetMaxDecodedFromUtf8Length(MaxLength)];
        ISigningKey? key = null;
        try
        {
            if (Base64.DecodeFromUtf8(secretText, secret, out var read, out var length) != System.Buffers.OperationStatus.Done || read != secretText.Length)
            {
                why = "its secret is not base64";
                return null;
            }

            key = SigningKeys.FromSecret(algorithm, secret[..length]);
        }
        catch (FormatException)
        {
            why = "its secret is not one of the algorithm";
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }

        if (publicText.SequenceEqual(Encoding.UTF8.GetBytes(Convert.ToBase64String(key.Public.Bytes.Span))))
        {
            why = null;
            return key;
        }

        key.Dispose();
        why = "its public key is not that of its secret";
        return null;
    }

    private static bool Take(ref ReadOnlySpan<byte> text, ReadOnlySpan<char> start, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        var end = text.IndexOf((byte)'\n');
        if (end < start.Length || !Ascii.Equals(text[..start.Length], start))
            return false;
        rest = text[start.Length..end];
        text = text[(end + 1)..];
        return true;
    }
}
