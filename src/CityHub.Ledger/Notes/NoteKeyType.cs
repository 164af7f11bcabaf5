using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>What kind of signature a key makes under a note. The names say what is signed: the text, or the text with a time (a cosignature).</summary>
public enum NoteKeyType
{
    /// <summary>01: the text (c2sp.org/signed-note).</summary>
    Ed25519 = 1,

    /// <summary>04: a time and the text (c2sp.org/tlog-cosignature).</summary>
    Ed25519Cosignature = 4,

    /// <summary>06: name, time, origin, size and root (c2sp.org/tlog-cosignature).</summary>
    MlDsa44Cosignature = 6,

    /// <summary>ff and a name of ours: the text, as 01 does, with SM2 of GB/T 32918.2.</summary>
    Sm2 = 0x100,

    /// <summary>ff and a name of ours: a time and the text, as 04 does, with SM2.</summary>
    Sm2Cosignature = 0x101,
}

public static class NoteKeyTypes
{
    private static readonly byte[] Sm2Prefix = [0xff, .. "cityhub/sm2-with-sm3/v1\n"u8];

    private static readonly byte[] Sm2CosignaturePrefix = [0xff, .. "cityhub/sm2-with-sm3-cosignature/v1\n"u8];

    private static readonly NoteKeyType[] All = Enum.GetValues<NoteKeyType>();

    /// <summary>The bytes that stand before the public key in a vkey and in the hash that gives the key id. Never change them: key ids would change.</summary>
    public static ReadOnlySpan<byte> Prefix(this NoteKeyType type) => type switch
    {
        NoteKeyType.Ed25519 => [0x01],
        NoteKeyType.Ed25519Cosignature => [0x04],
        NoteKeyType.MlDsa44Cosignature => [0x06],
        NoteKeyType.Sm2 => Sm2Prefix,
        NoteKeyType.Sm2Cosignature => Sm2CosignaturePrefix,
        _ => throw Unknown(type),
    };

    public static SignatureAlgorithm Algorithm(this NoteKeyType type) => type switch
    {
        NoteKeyType.Ed25519 or NoteKeyType.Ed25519Cosignature => SignatureAlgorithm.Ed25519,
        NoteKeyType.MlDsa44Cosignature => SignatureAlgorithm.MlDsa44,
        NoteKeyType.Sm2 or NoteKeyType.Sm2Cosignature => SignatureAlgorithm.Sm2,
        _ => throw Unknown(type),
    };

    /// <summary>The hash of the trees that such a key may sign. A key of one suite never speaks for a tree of the other.</summary>
    public static HashFunction Hash(this NoteKeyType type) => type.Algorithm() == SignatureAlgorithm.Sm2 ? HashFunctions.Sm3 : HashFunctions.Sha256;

    /// <summary>Whether its signatures carry a time: what a witness makes.</summary>
    public static bool IsCosignature(this NoteKeyType type) => type is NoteKeyType.Ed25519Cosignature or NoteKeyType.MlDsa44Cosignature or NoteKeyType.Sm2Cosignature;

    public static bool TryFind(ReadOnlySpan<byte> material, out NoteKeyType type)
    {
        foreach (var one in All)
        {
            if (material.StartsWith(one.Prefix()))
            {
                type = one;
                return true;
            }
        }

        type = default;
        return false;
    }

    internal static ArgumentOutOfRangeException Unknown(NoteKeyType type) => new(nameof(type), type, "Not a type of note signature.");
}
