using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Server.Http;

namespace CityHub.Server.Ledger;

/// <summary>A key that signs checkpoints. What the store calls it is <paramref name="Name"/>; its vkey names the log.</summary>
internal sealed record LedgerKey(string Name, VerifierKey Verifier, NoteSigner Signer)
{
    /// <summary>Of the fact that introduced it, while the hub that did runs.</summary>
    public long Position { get; init; }
}

/// <summary>
/// The keys that sign checkpoints, as the log tells it: a key signs nothing before <c>LedgerKeyIntroduced</c> is durable, and nothing after
/// <c>LedgerKeyRetired</c>. Between the two facts of a rotation both keys sign, so that whoever knows only one of them goes on.
/// </summary>
internal sealed class LedgerKeys : IDisposable
{
    public const string Stream = "ledger";
    public const string Introduced = "LedgerKeyIntroduced";
    public const string Retired = "LedgerKeyRetired";

    /// <summary>The origin of the SM3 tree is that of the first one with this behind it.</summary>
    public const string GmSuffix = "/sm3";

    private readonly IFactLog _log;
    private readonly TimeProvider _time;
    private readonly FileKeyStore _store;
    private readonly List<(string Name, string Vkey)> _all = [];
    private readonly List<ISigningKey> _opened = [];
    private volatile IReadOnlyList<LedgerKey> _active = [];

    private LedgerKeys(IFactLog log, FileKeyStore store, TimeProvider time) => (_log, _store, _time) = (log, store, time);

    /// <summary>The name of the log, for ever.</summary>
    public string Origin { get; private set; } = "";

    public IReadOnlyList<LedgerKey> Active => _active;

    /// <summary>Every key that ever signed, in the order of their introduction: old checkpoints are checked with these.</summary>
    public IEnumerable<VerifierKey> Ever => _all.Select(k => VerifierKey.Parse(k.Vkey));

    public static string FolderIn(string dataFolder) => Path.Combine(dataFolder, "keys", "ledger");

    /// <summary>Reads which keys sign, makes those that are missing, and opens them.</summary>
    public static async Task<Result<LedgerKeys>> OpenAsync(IFactLog log, string dataFolder, LedgerConfig config, TimeProvider time, CancellationToken cancel)
    {
        LedgerKeys? keys = null;
        try
        {
            keys = new LedgerKeys(log, new FileKeyStore(FolderIn(dataFolder)), time);
            if (await keys.LoadAsync(config, cancel) is not { } problem)
                return keys;
            keys.Dispose();
            return problem;
        }
        catch (Exception e) when (e is KeyStoreException or IOException or UnauthorizedAccessException)
        {
            keys?.Dispose();
            return LedgerProblems.KeyUnusable.Because(e.Message, "The page of this problem says what to do for a lost key: cityhub explain ledger-key-unusable");
        }
    }

    /// <summary>A new key of the same algorithm signs beside the ones there are. Durable before its first signature.</summary>
    public async ValueTask<Result<LedgerKey>> IntroduceAsync(SignatureAlgorithm algorithm, string by, CancellationToken cancel)
    {
        var number = 1;
        while (_all.Any(k => k.Name == NameOf(algorithm, number)))
            number++;
        var name = NameOf(algorithm, number);
        // A crash between the file and the fact left a key that nobody has seen: it is as good as a new one.
        var key = _store.Names.Contains(name) ? _store.Open(name) : _store.Create(name, algorithm);
        _opened.Add(key);
        if (Origin.Length == 0)
            Origin = "cityhub-" + Convert.ToHexStringLower(SHA256.HashData(key.Public.Bytes.Span).AsSpan(0, 8));
        var signer = SignerOf(algorithm, key);
        var fact = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("key", name);
            json.WriteString("vkey", signer.Verifier.ToString());
            json.WriteString("by", by);
            json.WriteEndObject();
        });
        if (!(await _log.AppendAsync(new Append(Stream, [new NewFact(Introduced, fact)], _time.GetUtcNow()), cancel)).TryGet(out var appended, out var refused))
            return refused;
        _all.Add((name, signer.Verifier.ToString()));
        var introduced = new LedgerKey(name, signer.Verifier, signer) { Position = appended.Position };
        _active = [.. _active, introduced];
        return introduced;
    }

    /// <summary>From the fact on the key signs nothing. The last one of an algorithm stays: a log without a signature is none.</summary>
    /// <returns>The position of the fact.</returns>
    public async ValueTask<Result<long>> RetireAsync(string name, string by, CancellationToken cancel)
    {
        var key = _active.FirstOrDefault(k => k.Name == name);
        if (key is null)
            return LedgerProblems.KeyUnknown.Because($"No key {name} signs checkpoints.", "These do: " + string.Join(", ", _active.Select(k => k.Name)));
        if (!_active.Any(k => k != key && k.Verifier.Type == key.Verifier.Type))
            return LedgerProblems.KeyLast.Because($"{name} is the only key of its kind that signs.", "Introduce another one first; witnesses and auditors need time to learn its vkey.");
        var fact = Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("key", name);
            json.WriteString("by", by);
            json.WriteEndObject();
        });
        if (!(await _log.AppendAsync(new Append(Stream, [new NewFact(Retired, fact)], _time.GetUtcNow()), cancel)).TryGet(out var appended, out var refused))
            return refused;
        _active = [.. _active.Where(k => k != key)];
        return appended.Position;
    }

    public void Dispose()
    {
        foreach (var key in _opened)
            key.Dispose();
    }

    /// <summary>What the facts say, without opening a key: for auditors.</summary>
    public static IReadOnlyList<(string Name, string Vkey, bool Retired)> Read(IFactLog log)
    {
        var found = new List<(string Name, string Vkey, bool Retired)>();
        foreach (var fact in log.Read(0, Stream))
        {
            if (fact.Type is not (Introduced or Retired))
                continue;
            using var json = JsonDocument.Parse(fact.Payload);
            var name = json.RootElement.GetProperty("key").GetString() ?? "";
            if (fact.Type == Introduced)
                found.Add((name, json.RootElement.GetProperty("vkey").GetString() ?? "", false));
            else if (found.FindIndex(k => k.Name == name) is >= 0 and var at)
                found[at] = found[at] with { Retired = true };
        }

        return found;
    }

    private async ValueTask<Problem?> LoadAsync(LedgerConfig config, CancellationToken cancel)
    {
        var known = Read(_log);
        _all.AddRange(known.Select(k => (k.Name, k.Vkey)));
        Origin = known.Count > 0 ? OriginOf(VerifierKey.Parse(known[0].Vkey)) : config.Name ?? "";
        if (config.Name is { } wanted && wanted != Origin)
            return LedgerProblems.NameFixed.Because($"ledger.name is {wanted}, and this log has signed as {Origin}.", "Take ledger.name out of the configuration, or begin with a new data folder.");
        var active = new List<LedgerKey>();
        foreach (var (name, vkey, retired) in known)
        {
            if (retired)
                continue;
            var verifier = VerifierKey.Parse(vkey);
            var key = _store.Open(name);
            _opened.Add(key);
            if (!key.Public.Bytes.Span.SequenceEqual(verifier.Key.Bytes.Span))
                return LedgerProblems.KeyUnusable.Because($"The key {name} is not the one that the log has introduced.", "Restore keys/ledger from the backup that belongs to this data folder.");
            active.Add(new LedgerKey(name, verifier, new NoteSigner(verifier.Name, verifier.Type, key, _time)));
        }

        _active = active;
        foreach (var algorithm in Wanted(config))
            if (!_active.Any(k => k.Verifier.Key.Algorithm == algorithm) && (await IntroduceAsync(algorithm, "cityhub", cancel)).Problem is { } refused)
                return refused;
        return null;
    }

    private static IEnumerable<SignatureAlgorithm> Wanted(LedgerConfig config)
    {
        foreach (var suite in config.Suites.Suites.OrderByDescending(s => s == CryptoSuite.Intl))
        {
            yield return suite.Signature;
            if (config.PostQuantum && suite.SecondSignature is { } second)
                yield return second;
        }
    }

    private NoteSigner SignerOf(SignatureAlgorithm algorithm, ISigningKey key) => algorithm switch
    {
        SignatureAlgorithm.Ed25519 => new NoteSigner(Origin, NoteKeyType.Ed25519, key, _time),
        SignatureAlgorithm.MlDsa44 => new NoteSigner(Origin, NoteKeyType.MlDsa44Cosignature, key, _time),
        _ => new NoteSigner(Origin + GmSuffix, NoteKeyType.Sm2, key, _time),
    };

    private static string OriginOf(VerifierKey key) =>
        key.Type == NoteKeyType.Sm2 && key.Name.EndsWith(GmSuffix, StringComparison.Ordinal) ? key.Name[..^GmSuffix.Length] : key.Name;

    private static string NameOf(SignatureAlgorithm algorithm, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{algorithm.Word()}-{number}");
}
