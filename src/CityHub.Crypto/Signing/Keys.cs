using System.Diagnostics.CodeAnalysis;

namespace CityHub.Crypto;

/// <summary>What a signature is checked with. Safe for many threads at once; a bad signature is <see langword="false"/>, never an exception.</summary>
public interface IVerificationKey
{
    SignatureAlgorithm Algorithm { get; }

    /// <summary>The one encoding of the key, as in <see cref="SignatureAlgorithm"/>.</summary>
    ReadOnlyMemory<byte> Bytes { get; }

    bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}

/// <summary>
/// A handle on a private key, in a file now, in a hardware module (PKCS#11, SDF of GM/T 0018) later: it signs, and the key never comes out.
/// Safe for many threads at once. Disposing it forgets the key.
/// </summary>
public interface ISigningKey : IDisposable
{
    IVerificationKey Public { get; }

    byte[] Sign(ReadOnlySpan<byte> message);
}

public static class VerificationKeys
{
    /// <exception cref="FormatException">The bytes are not a key of the algorithm; the message says why.</exception>
    public static IVerificationKey Parse(SignatureAlgorithm algorithm, ReadOnlySpan<byte> bytes) =>
        TryParse(algorithm, bytes, out var key, out var why) ? key : throw new FormatException(why);

    public static bool TryParse(SignatureAlgorithm algorithm, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out IVerificationKey? key, [NotNullWhen(false)] out string? why)
    {
        key = null;
        var size = algorithm.PublicKeySize();
        if (bytes.Length != size)
        {
            why = FormattableString.Invariant($"A public key of {algorithm.Word()} has {size} bytes, this one has {bytes.Length}.");
            return false;
        }

        key = algorithm switch
        {
            SignatureAlgorithm.Ed25519 => Ed25519VerificationKey.Read(bytes, out why),
            SignatureAlgorithm.MlDsa44 => MlDsa44VerificationKey.Read(bytes, out why),
            SignatureAlgorithm.Sm2 => Sm2VerificationKey.Read(bytes, out why),
            _ => throw SignatureAlgorithms.Unknown(algorithm),
        };
        if (key is null)
        {
            why ??= "Not a public key.";
            return false;
        }

        why = null;
        return true;
    }
}
