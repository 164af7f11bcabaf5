using Org.BouncyCastle.Asn1.GM;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;

namespace CityHub.Crypto;

/// <summary>The curve of GB/T 32918.5 and the user id that GM/T 0009, 10 gives where nothing else is agreed on.</summary>
internal static class Sm2
{
    public static readonly ECDomainParameters Curve = new(GMNamedCurves.GetByOid(GMObjectIdentifiers.sm2p256v1));

    /// <summary>Goes into Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ xG ‖ yG ‖ xA ‖ yA) of GB/T 32918.2, 5.5.</summary>
    public static ReadOnlySpan<byte> DefaultUserId => "1234567812345678"u8;

    /// <summary>A private key is 1 … n − 2, because signing divides by 1 + d.</summary>
    public static bool IsPrivateKey(BigInteger d) => d.SignValue > 0 && d.CompareTo(Curve.N.Subtract(BigInteger.Two)) <= 0;

    public static ParametersWithID WithId(ECKeyParameters key) => new(key, DefaultUserId.ToArray());
}

/// <summary>GB/T 32918.2, 7: r and s of 1 … n − 1 in 64 bytes, r + s ≠ 0, the key on the curve and uncompressed. Each signature has one form.</summary>
internal sealed class Sm2VerificationKey : IVerificationKey
{
    private readonly byte[] bytes;
    private readonly ParametersWithID key;

    private Sm2VerificationKey(byte[] bytes, ECPublicKeyParameters key) => (this.bytes, this.key) = (bytes, Sm2.WithId(key));

    public SignatureAlgorithm Algorithm => SignatureAlgorithm.Sm2;

    public ReadOnlyMemory<byte> Bytes => bytes;

    public static Sm2VerificationKey? Read(ReadOnlySpan<byte> bytes, out string? why)
    {
        if (bytes[0] != 4)
        {
            why = "An SM2 key is written uncompressed: 04, then x, then y.";
            return null;
        }

        try
        {
            // The library checks that the point is on the curve; the curve has prime order, so that no further check is left.
            var mine = bytes.ToArray();
            why = null;
            return new Sm2VerificationKey(mine, new ECPublicKeyParameters(Sm2.Curve.Curve.DecodePoint(mine), Sm2.Curve));
        }
        catch (ArgumentException)
        {
            why = "This SM2 key is not a point of the curve of GB/T 32918.5.";
            return null;
        }
    }

    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 64)
            return false;
        var signer = new SM2Signer(PlainDsaEncoding.Instance);
        signer.Init(false, key);
        signer.BlockUpdate(message);
        return signer.VerifySignature(signature.ToArray());
    }

    public override string ToString() => $"sm2 {Convert.ToHexStringLower(bytes)}";
}

/// <summary>Draws its number k from the operating system for each signature, as the standard asks.</summary>
internal sealed class Sm2SigningKey : ISigningKey
{
    private readonly Lock gate = new();

    /// <summary>Kept, because making one computes the public key anew, which is half of a signature. The library's number for d cannot be zeroed.</summary>
    private SM2Signer? signer;

    /// <param name="secret">d, 32 bytes, big end first.</param>
    public Sm2SigningKey(ReadOnlySpan<byte> secret)
    {
        var d = new BigInteger(1, secret);
        if (secret.Length != 32 || !Sm2.IsPrivateKey(d))
            throw new FormatException("An SM2 private key is a number of 1 to n − 2 in 32 bytes.");
        Public = VerificationKeys.Parse(SignatureAlgorithm.Sm2, Sm2.Curve.G.Multiply(d).Normalize().GetEncoded(compressed: false));
        signer = new SM2Signer(PlainDsaEncoding.Instance);
        signer.Init(true, new ParametersWithID(new ParametersWithRandom(new ECPrivateKeyParameters(d, Sm2.Curve), SystemEntropy.Instance), Sm2.DefaultUserId.ToArray()));
    }

    public IVerificationKey Public { get; }

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(signer is null, typeof(ISigningKey));
            signer.BlockUpdate(message);
            return signer.GenerateSignature();
        }
    }

    public void Dispose()
    {
        lock (gate)
            signer = null;
    }

    public override string ToString() => $"a signing key, {Public}";
}
