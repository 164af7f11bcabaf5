namespace CityHub.Crypto;

/// <summary>Where private keys live: files now (<see cref="FileKeyStore"/>), a hardware module over PKCS#11 or SDF (GM/T 0018) behind the same port later.</summary>
public interface IKeyStore
{
    /// <summary>Names of the keys, sorted.</summary>
    IReadOnlyList<string> Names { get; }

    /// <exception cref="KeyStoreException">There is none, it is damaged, or others may read it.</exception>
    ISigningKey Open(string name);

    /// <summary>Makes a new key and keeps it before it answers. A key is never overwritten.</summary>
    /// <exception cref="KeyStoreException">There is one of this name.</exception>
    ISigningKey Create(string name, SignatureAlgorithm algorithm);
}

public enum KeyStoreFault
{
    /// <summary>A name is 1 to 64 of a–z, 0–9, '-', '_' and '.', and begins with a letter or a digit.</summary>
    BadName,
    NotThere,
    AlreadyThere,

    /// <summary>Others than the owner may read or write the file or its folder.</summary>
    TooOpen,

    /// <summary>Not a key file, or its parts do not belong together.</summary>
    Damaged,
}

/// <summary>A key cannot be had; the message says why and what to do. It never holds a part of a key.</summary>
public sealed class KeyStoreException(KeyStoreFault fault, string message) : Exception(message)
{
    public KeyStoreFault Fault { get; } = fault;
}
