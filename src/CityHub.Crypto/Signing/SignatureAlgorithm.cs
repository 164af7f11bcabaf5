namespace CityHub.Crypto;

/// <summary>The algorithms that CityHub signs with. The numbers are kept in files: never reuse one.</summary>
public enum SignatureAlgorithm
{
    /// <summary>RFC 8032, pure. Public key 32 bytes, signature 64 bytes.</summary>
    Ed25519 = 1,

    /// <summary>FIPS 204 with an empty context, hedged. Public key 1,312 bytes, signature 2,420 bytes.</summary>
    MlDsa44 = 2,

    /// <summary>GB/T 32918.2 on the curve of GB/T 32918.5 with SM3. Public key 04 ‖ x ‖ y, 65 bytes; signature r ‖ s, 64 bytes (<see cref="Sm2Encoding"/> turns it into DER).</summary>
    Sm2 = 3,
}

public static class SignatureAlgorithms
{
    public static int PublicKeySize(this SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Ed25519 => 32,
        SignatureAlgorithm.MlDsa44 => 1312,
        SignatureAlgorithm.Sm2 => 65,
        _ => throw Unknown(algorithm),
    };

    public static int SignatureSize(this SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Ed25519 => 64,
        SignatureAlgorithm.MlDsa44 => 2420,
        SignatureAlgorithm.Sm2 => 64,
        _ => throw Unknown(algorithm),
    };

    /// <summary>The word in key files and configuration.</summary>
    public static string Word(this SignatureAlgorithm algorithm) => algorithm switch
    {
        SignatureAlgorithm.Ed25519 => "ed25519",
        SignatureAlgorithm.MlDsa44 => "ml-dsa-44",
        SignatureAlgorithm.Sm2 => "sm2",
        _ => throw Unknown(algorithm),
    };

    /// <summary>Exactly a <see cref="Word"/>; nothing is guessed.</summary>
    public static bool TryParse(string? word, out SignatureAlgorithm algorithm)
    {
        algorithm = word switch
        {
            "ed25519" => SignatureAlgorithm.Ed25519,
            "ml-dsa-44" => SignatureAlgorithm.MlDsa44,
            "sm2" => SignatureAlgorithm.Sm2,
            _ => default,
        };
        return algorithm != default;
    }

    internal static ArgumentOutOfRangeException Unknown(SignatureAlgorithm algorithm) =>
        new(nameof(algorithm), algorithm, "Not a signature algorithm of CityHub.");
}
