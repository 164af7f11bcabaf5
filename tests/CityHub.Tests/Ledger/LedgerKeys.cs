using CityHub.Crypto;
using CityHub.Ledger;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Ledger;

/// <summary>Signers whose keys are made of one byte, so that a failing test fails again.</summary>
internal static class LedgerKeys
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    public static NoteSigner Signer(string name, NoteKeyType type, byte seed, TimeProvider? clock = null) =>
        new(name, type, SigningKeys.FromSecret(AlgorithmOf(type), Secret(seed)), clock ?? new FakeTimeProvider(Start));

    public static byte[] Secret(byte seed)
    {
        var secret = new byte[32];
        Array.Fill(secret, seed);
        return secret;
    }

    public static SignatureAlgorithm AlgorithmOf(NoteKeyType type) => type switch
    {
        NoteKeyType.MlDsa44Cosignature => SignatureAlgorithm.MlDsa44,
        NoteKeyType.Sm2 or NoteKeyType.Sm2Cosignature => SignatureAlgorithm.Sm2,
        _ => SignatureAlgorithm.Ed25519,
    };
}
