using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>For whom a release is: pseudonyms and encryption differ from scope to scope, so that two receivers, or two purposes of one, cannot join what they have.</summary>
/// <param name="Dataset">What the tables are of; all tables of one release share it.</param>
/// <param name="Purpose">What it may be used for.</param>
/// <param name="Receiver">Who gets it.</param>
public sealed record ReleaseScope(string Dataset, string Purpose, string Receiver)
{
    /// <summary>One form for one scope: each part after its length, so that no letter can move from one to the next.</summary>
    internal byte[] Bytes(params ReadOnlySpan<string> more)
    {
        var into = new MemoryStream();
        Span<byte> length = stackalloc byte[4];
        foreach (var part in (ReadOnlySpan<string>)[Dataset, Purpose, Receiver, .. more])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            into.Write(length);
            into.Write(bytes);
        }

        return into.ToArray();
    }
}

/// <summary>Whole-number noise of a scale of <paramref name="numerator"/> / <paramref name="denominator"/>, e.g. discrete Laplace.</summary>
public delegate long DiscreteNoise(long numerator, long denominator, IEntropy entropy);

/// <summary>
/// What transforms need at the time of a release and a scheme does not hold. One context for all tables of a release: it remembers which short pseudonyms are taken. It belongs to one thread;
/// disposing it forgets the keys that were derived for the release.
/// </summary>
public sealed class TransformContext : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly Dictionary<(string Space, string Pseudonym), string> taken = [];

    /// <summary>Null where no transform of the release is scoped.</summary>
    public ReleaseScope? Scope { get; init; }

    public IEntropy? Entropy { get; init; }

    public IKeyRing? Keys { get; init; }

    /// <summary>Discrete Laplace, drawn exactly, where nothing else is given.</summary>
    public DiscreteNoise Noise { get; init; } = ExactLaplace.Sampler();

    /// <summary>By attribute.</summary>
    public IReadOnlyDictionary<string, Hierarchy> Hierarchies { get; init; } = new Dictionary<string, Hierarchy>();

    /// <summary>By identity, e.g. <c>person</c>; they outlive a release where the same pseudonyms are wanted again.</summary>
    public IReadOnlyDictionary<string, PseudonymTable> Pseudonyms { get; init; } = new Dictionary<string, PseudonymTable>();

    internal ReleaseScope NeedScope(string kind) => Scope ?? throw Missing(kind, "a scope: dataset, purpose and receiver");

    internal IEntropy NeedEntropy(string kind) => Entropy ?? throw Missing(kind, "a source of random bits");

    internal ISecretKey NeedKey(string kind, string name, int version) => (Keys ?? throw Missing(kind, $"a key ring with the key {name}")).Find(name, version)
        ?? throw Missing(kind, FormattableString.Invariant($"version {version} of the key {name}"));

    internal Hierarchy NeedHierarchy(string kind, string attribute) => Hierarchies.TryGetValue(attribute, out var hierarchy) ? hierarchy : throw Missing(kind, $"the hierarchy of {attribute}");

    internal PseudonymTable NeedPseudonyms(string kind, string identity) => Pseudonyms.TryGetValue(identity, out var table) ? table : throw Missing(kind, $"the pseudonym table of {identity}");

    /// <summary>Whether the pseudonym is new in this release, or stands for the same origin as before.</summary>
    internal bool Claim(string space, string pseudonym, string origin)
    {
        if (taken.TryGetValue((space, pseudonym), out var other))
            return string.Equals(other, origin, StringComparison.Ordinal);
        taken.Add((space, pseudonym), origin);
        return true;
    }

    public void Dispose()
    {
        foreach (var one in owned)
            one.Dispose();
        owned.Clear();
    }

    /// <summary>Is disposed of with the context.</summary>
    internal T Own<T>(T one)
        where T : IDisposable
    {
        owned.Add(one);
        return one;
    }

    private static PrivacyException Missing(string kind, string what) => new PrivacyRefusal(
        PrivacyCodes.TransformUnusable, $"{kind} needs {what}, and this release has none.", "Give it with the context of the release; a scheme never holds it.", kind).ToException();
}
