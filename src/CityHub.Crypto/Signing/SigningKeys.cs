using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>Ways in for private keys. There is no way out.</summary>
public static class SigningKeys
{
    /// <summary>Each algorithm's private key is made of 32 bytes: the seed of Ed25519 and ML-DSA-44, the number d of SM2.</summary>
    public const int SecretSize = 32;

    /// <exception cref="FormatException">Not 32 bytes, or no number that SM2 allows.</exception>
    public static ISigningKey FromSecret(SignatureAlgorithm algorithm, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretSize)
            throw new FormatException(FormattableString.Invariant($"A private key has {SecretSize} bytes, this one has {secret.Length}."));
        return algorithm switch
        {
            SignatureAlgorithm.Ed25519 => new Ed25519SigningKey(secret),
            SignatureAlgorithm.MlDsa44 => new MlDsa44SigningKey(secret),
            SignatureAlgorithm.Sm2 => new Sm2SigningKey(secret),
            _ => throw SignatureAlgorithms.Unknown(algorithm),
        };
    }

    /// <summary>A new key that lives in memory only; a key that shall last is made by an <see cref="IKeyStore"/>.</summary>
    public static ISigningKey Generate(SignatureAlgorithm algorithm)
    {
        Span<byte> secret = stackalloc byte[SecretSize];
        try
        {
            Draw(algorithm, secret);
            return FromSecret(algorithm, secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    internal static void Draw(SignatureAlgorithm algorithm, Span<byte> secret)
    {
        do
        {
            RandomNumberGenerator.Fill(secret);
        }
        while (algorithm == SignatureAlgorithm.Sm2 && !Sm2.IsPrivateKey(new Org.BouncyCastle.Math.BigInteger(1, secret)));
    }
}
