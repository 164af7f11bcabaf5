using System.Security.Cryptography;
using CityHub.Crypto.Curve25519;
using BouncyEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace CityHub.Crypto;

/// <summary>
/// Verification of Ed25519 (RFC 8032, 5.1.7) by the rule on which all verifiers agree, so that what we accept nobody else refuses:
/// the key is the canonical encoding of a point of prime order; S is below L; R is canonical and not the identity; and S·B = R + k·A without the cofactor.
/// With such keys an R that has a part of low order cannot satisfy the equation, and the equations with and without the cofactor are the same.
/// What the rule refuses and others accept (keys of low or mixed order) no honest signer makes.
/// </summary>
internal sealed class Ed25519VerificationKey : IVerificationKey
{
    private const int MessageOnStack = 512;

    private readonly byte[] bytes;

    /// <summary>Of −A, so that R can be computed with additions alone.</summary>
    private readonly Comb negated;

    private Ed25519VerificationKey(byte[] bytes, Comb negated) => (this.bytes, this.negated) = (bytes, negated);

    public SignatureAlgorithm Algorithm => SignatureAlgorithm.Ed25519;

    public ReadOnlyMemory<byte> Bytes => bytes;

    public static Ed25519VerificationKey? Read(ReadOnlySpan<byte> bytes, out string? why)
    {
        if (!Point.TryRead(bytes, out var point))
        {
            why = "This Ed25519 key is not the canonical encoding of a point of the curve (RFC 8032, 5.1.3).";
            return null;
        }

        var comb = new Comb(point.Negated());
        if (point.IsIdentity || !comb.Times(Scalar.Order).IsIdentity)
        {
            why = "This Ed25519 key has low or mixed order: verifiers would not agree on its signatures, and no key generator makes it.";
            return null;
        }

        why = null;
        return new Ed25519VerificationKey(bytes.ToArray(), comb);
    }

    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64 || !Scalar.TryRead(signature[32..], out var s))
            return false;

        var k = Challenge(signature[..32], message);
        var point = Comb.Base.Times(s).Plus(negated.Times(k));
        Span<byte> r = stackalloc byte[32];
        point.Write(r);
        return signature[..32].SequenceEqual(r) && !(r[0] == 1 && !r[1..].ContainsAnyExcept((byte)0));
    }

    /// <summary>k = SHA-512(R ‖ A ‖ M) modulo L.</summary>
    private Scalar Challenge(ReadOnlySpan<byte> r, ReadOnlySpan<byte> message)
    {
        Span<byte> hash = stackalloc byte[64];
        if (message.Length <= MessageOnStack)
        {
            Span<byte> whole = stackalloc byte[64 + MessageOnStack];
            r.CopyTo(whole);
            bytes.CopyTo(whole[32..]);
            message.CopyTo(whole[64..]);
            SHA512.HashData(whole[..(64 + message.Length)], hash);
        }
        else
        {
            using var running = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
            running.AppendData(r);
            running.AppendData(bytes);
            running.AppendData(message);
            running.GetHashAndReset(hash);
        }

        return Scalar.Reduce(hash);
    }

    public override string ToString() => $"ed25519 {Convert.ToHexStringLower(bytes)}";
}

/// <summary>Signs with BouncyCastle, whose tables are read in the same way for every key and every number.</summary>
internal sealed class Ed25519SigningKey : ISigningKey
{
    private readonly Secret seed;
    private readonly byte[] publicBytes = new byte[32];

    public Ed25519SigningKey(ReadOnlySpan<byte> seed)
    {
        this.seed = new Secret(seed);
        BouncyEd25519.GeneratePublicKey(this.seed.Bytes, 0, publicBytes, 0);
        Public = VerificationKeys.Parse(SignatureAlgorithm.Ed25519, publicBytes);
    }

    public IVerificationKey Public { get; }

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var signature = new byte[64];
        var copy = message.ToArray();
        BouncyEd25519.Sign(seed.Bytes, 0, publicBytes, 0, copy, 0, copy.Length, signature, 0);
        return signature;
    }

    public void Dispose() => seed.Dispose();

    public override string ToString() => $"a signing key, {Public}";
}
