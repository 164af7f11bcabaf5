using System.Diagnostics.CodeAnalysis;

namespace CityHub.Crypto;

/// <summary>
/// Hash, signature and MAC that belong together. A suite is named in every object that was made with it, and a reader says which one it expects:
/// there is nothing to negotiate, so that nobody in between can talk two parties into less.
/// </summary>
public sealed class CryptoSuite
{
    private CryptoSuite(string id, HashFunction hash, SignatureAlgorithm signature, SignatureAlgorithm? secondSignature, MacFunction mac) =>
        (Id, Hash, Signature, SecondSignature, Mac) = (id, hash, signature, secondSignature, mac);

    /// <summary>The one of C2SP and RFC 6962: SHA-256, Ed25519, and ML-DSA-44 beside it where a signature has to outlive quantum computers.</summary>
    public static CryptoSuite Intl { get; } = new("intl", HashFunctions.Sha256, SignatureAlgorithm.Ed25519, SignatureAlgorithm.MlDsa44, MacFunctions.HmacSha256);

    /// <summary>GM/T 0003 and 0004, what GB/T 39786 asks for: SM3, SM2.</summary>
    public static CryptoSuite Gm { get; } = new("gm", HashFunctions.Sm3, SignatureAlgorithm.Sm2, null, MacFunctions.HmacSm3);

    public static IReadOnlyList<CryptoSuite> All { get; } = [Intl, Gm];

    public string Id { get; }

    public HashFunction Hash { get; }

    /// <summary>Has to be there and to be good.</summary>
    public SignatureAlgorithm Signature { get; }

    /// <summary>May stand beside the first, never in its place.</summary>
    public SignatureAlgorithm? SecondSignature { get; }

    public MacFunction Mac { get; }

    /// <summary>Exactly an id, in exactly its letters; nothing is trimmed, folded or guessed.</summary>
    public static bool TryParse(string? id, [NotNullWhen(true)] out CryptoSuite? suite)
    {
        suite = null;
        foreach (var one in All)
        {
            if (string.Equals(one.Id, id, StringComparison.Ordinal))
                suite = one;
        }

        return suite is not null;
    }

    /// <summary>Whether an object that says it was made with <paramref name="id"/> may be read where this suite is expected.</summary>
    public bool Accepts(string? id, [NotNullWhen(false)] out string? why)
    {
        why = string.Equals(Id, id, StringComparison.Ordinal) ? null : $"The suite {Id} is expected here, and this was made with {Shown(id)}.";
        return why is null;
    }

    /// <summary>A good signature with the suite's own algorithm. A key of another algorithm is refused, whatever it has signed.</summary>
    public bool Verify(IVerificationKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => key.Algorithm == Signature && key.Verify(message, signature);

    public override string ToString() => Id;

    internal static string Shown(string? id) => string.IsNullOrEmpty(id) ? "none" : id.Length <= 32 ? $"\"{id}\"" : $"\"{id.AsSpan(0, 32)}…\"";
}
