using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CityHub.Crypto;

/// <summary>Public keys as PEM (SubjectPublicKeyInfo of RFC 8410, RFC 9881 and GM/T 0015), which the openssl command reads. One form for each key: no optional parts.</summary>
public static class PublicKeyPem
{
    private const string Label = "PUBLIC KEY";

    /// <summary>SEQUENCE { SEQUENCE { OID 1.3.101.112 } BIT STRING of 32 }.</summary>
    private static ReadOnlySpan<byte> Ed25519 => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    /// <summary>SEQUENCE { SEQUENCE { OID 2.16.840.1.101.3.4.3.17 } BIT STRING of 1,312 }.</summary>
    private static ReadOnlySpan<byte> MlDsa44 =>
        [0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11, 0x03, 0x82, 0x05, 0x21, 0x00];

    /// <summary>SEQUENCE { SEQUENCE { OID 1.2.840.10045.2.1, OID 1.2.156.10197.1.301 } BIT STRING of 65 }.</summary>
    private static ReadOnlySpan<byte> Sm2 =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
    ];

    public static string Write(IVerificationKey key)
    {
        var prefix = Prefix(key.Algorithm);
        var der = new byte[prefix.Length + key.Bytes.Length];
        prefix.CopyTo(der);
        key.Bytes.Span.CopyTo(der.AsSpan(prefix.Length));
        return PemEncoding.WriteString(Label, der) + "\n";
    }

    public static bool TryRead(string pem, [NotNullWhen(true)] out IVerificationKey? key, [NotNullWhen(false)] out string? why)
    {
        key = null;
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != Label)
        {
            why = "There is no -----BEGIN PUBLIC KEY----- in this text.";
            return false;
        }

        var der = Convert.FromBase64String(pem[fields.Base64Data]);
        foreach (var algorithm in Enum.GetValues<SignatureAlgorithm>())
        {
            if (der.AsSpan().StartsWith(Prefix(algorithm)))
                return VerificationKeys.TryParse(algorithm, der.AsSpan(Prefix(algorithm).Length), out key, out why);
        }

        why = "This public key is of none of the algorithms Ed25519, ML-DSA-44 and SM2.";
        return false;
    }

    private static ReadOnlySpan<byte> Prefix(SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Ed25519 => Ed25519,
        SignatureAlgorithm.MlDsa44 => MlDsa44,
        SignatureAlgorithm.Sm2 => Sm2,
        _ => throw SignatureAlgorithms.Unknown(algorithm),
    };
}
