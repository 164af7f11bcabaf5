using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>Where the keys of pseudonyms and encryption are, by name and version. A scheme names a key, it never holds one; whoever runs the platform need not be who holds the ring.</summary>
public interface IKeyRing
{
    /// <summary>Null where there is none.</summary>
    ISecretKey? Find(string name, int version);
}

/// <summary>A ring in memory. To rotate, add the next version and name it in the scheme: what the version before made stays readable while that one is in the ring, and joins with nothing new.</summary>
public sealed class KeyRing : IKeyRing, IDisposable
{
    private readonly Dictionary<(string Name, int Version), ISecretKey> keys = [];

    /// <summary>The ring owns the key from here on.</summary>
    public KeyRing Add(string name, int version, ISecretKey key)
    {
        keys.Add((name, version), key);
        return this;
    }

    public ISecretKey? Find(string name, int version) => keys.GetValueOrDefault((name, version));

    public void Dispose()
    {
        foreach (var key in keys.Values)
            key.Dispose();
        keys.Clear();
    }
}

/// <summary>The name and version of a key and the suite it is used with: what keyed transforms have in common.</summary>
/// <param name="Name">In the ring.</param>
/// <param name="Version">Counted from 1.</param>
/// <param name="Suite">Says which MAC and which cipher: HMAC-SHA-256 and AES-256, or HMAC-SM3 and SM4.</param>
public sealed record KeyUse(string Name, int Version, CryptoSuite Suite)
{
    internal void Write(ParameterWriter into) => into.Add("key", Name).Add("keyVersion", Version).Add("suite", Suite.Id);

    internal static KeyUse Read(ParameterReader from) => new(
        from.Text("key"),
        from.Int("keyVersion", 1, int.MaxValue),
        CryptoSuite.TryParse(from.Text("suite"), out var suite) ? suite : throw from.Bad("suite", "is intl or gm"));

    /// <summary>A key for one use alone.</summary>
    internal ISecretKey Derive(string kind, TransformContext context, ReadOnlySpan<byte> purpose)
    {
        using var stream = new MemoryStream();
        stream.Write("deid/"u8);
        stream.Write(System.Text.Encoding.UTF8.GetBytes(kind));
        stream.WriteByte(0);
        stream.Write(purpose);
        return context.NeedKey(kind, Name, Version).Derive(Suite.Mac, stream.ToArray());
    }
}
