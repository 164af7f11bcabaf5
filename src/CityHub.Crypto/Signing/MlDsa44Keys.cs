using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace CityHub.Crypto;

/// <summary>ML-DSA-44 of FIPS 204 (5.3), pure, with an empty context.</summary>
internal sealed class MlDsa44VerificationKey : IVerificationKey
{
    private readonly byte[] bytes;
    private readonly MLDsaPublicKeyParameters key;

    private MlDsa44VerificationKey(byte[] bytes, MLDsaPublicKeyParameters key) => (this.bytes, this.key) = (bytes, key);

    public SignatureAlgorithm Algorithm => SignatureAlgorithm.MlDsa44;

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>Every string of 1,312 bytes is a key: 32 bytes of seed, and numbers of 10 bits that may have every value.</summary>
    public static MlDsa44VerificationKey Read(ReadOnlySpan<byte> bytes, out string? why)
    {
        why = null;
        var mine = bytes.ToArray();
        return new MlDsa44VerificationKey(mine, MLDsaPublicKeyParameters.FromEncoding(MLDsaParameters.ml_dsa_44, mine));
    }

    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 2420)
            return false;
        var signer = new MLDsaSigner(MLDsaParameters.ml_dsa_44, deterministic: true);
        signer.Init(false, key);
        signer.BlockUpdate(message);
        return signer.VerifySignature(signature.ToArray());
    }

    public override string ToString() => $"ml-dsa-44 {Convert.ToHexStringLower(bytes.AsSpan(0, 16))}…";
}

/// <summary>
/// Hedged (FIPS 204, 3.4): 32 bytes of the operating system go into each signature, so that a fault while signing tells less about the key,
/// and a system that gives bad random numbers leaves it no weaker than a deterministic one.
/// </summary>
internal sealed class MlDsa44SigningKey : ISigningKey
{
    private readonly bool deterministic;

    /// <summary>The library's copy, which cannot be zeroed; forgetting it is what we can do.</summary>
    private volatile MLDsaPrivateKeyParameters? key;

    /// <param name="seed">ξ of FIPS 204 (6.1), 32 bytes: the key is kept as its seed, as RFC 9881 recommends.</param>
    /// <param name="deterministic">For known answers.</param>
    public MlDsa44SigningKey(ReadOnlySpan<byte> seed, bool deterministic = false)
    {
        this.deterministic = deterministic;
        key = MLDsaPrivateKeyParameters.FromSeed(MLDsaParameters.ml_dsa_44, seed.ToArray());
        Public = VerificationKeys.Parse(SignatureAlgorithm.MlDsa44, key.GetPublicKeyEncoded());
    }

    public IVerificationKey Public { get; }

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var mine = key;
        ObjectDisposedException.ThrowIf(mine is null, typeof(ISigningKey));
        var signer = new MLDsaSigner(MLDsaParameters.ml_dsa_44, deterministic);
        signer.Init(true, deterministic ? mine : new ParametersWithRandom(mine, SystemEntropy.Instance));
        signer.BlockUpdate(message);
        return signer.GenerateSignature();
    }

    public void Dispose() => key = null;

    public override string ToString() => $"a signing key, {Public}";
}
