using System.Globalization;
using System.Text;

namespace CityHub.Ledger;

/// <summary>
/// Cosigns what it has verified to be the continuation of what it cosigned before (c2sp.org/tlog-witness), and never two trees of one size.
/// Pure but for its <see cref="WitnessState"/>; safe for any number of threads, which wait for each other log by log.
/// </summary>
public sealed class Witness
{
    private readonly WitnessState state;
    private readonly Dictionary<string, WitnessedLog> logs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WitnessedLog> byName = new(StringComparer.Ordinal);

    /// <param name="signers">Keys that make cosignatures, and nothing else. A log gets one of each key whose suite is the log's.</param>
    /// <param name="logs">The name of a log's key is its origin; a log that is changing its key has two.</param>
    /// <exception cref="ArgumentException">A key that is not a witness's, or a log that none of the keys can cosign.</exception>
    public Witness(WitnessState state, IReadOnlyList<NoteSigner> signers, IReadOnlyList<VerifierKey> logs)
    {
        if (signers.FirstOrDefault(one => !one.Verifier.Type.IsCosignature()) is { } wrong)
            throw new ArgumentException($"The key {wrong.Verifier.Name} signs as {wrong.Verifier.Type}; a witness makes cosignatures.", nameof(signers));
        this.state = state;
        foreach (var keys in logs.GroupBy(one => one.Name, StringComparer.Ordinal))
        {
            var hash = keys.First().Hash;
            if (keys.Any(one => one.Hash != hash))
                throw new ArgumentException($"The log {keys.Key} has keys of two suites; a tree has one hash function.", nameof(logs));
            NoteSigner[] fitting = [.. signers.Where(one => one.Verifier.Hash == hash)];
            if (fitting.Length == 0)
                throw new ArgumentException($"The witness has no key for trees of {hash.Name}, which {keys.Key} is.", nameof(logs));
            if (fitting.FirstOrDefault(one => one.Verifier.Type == NoteKeyType.MlDsa44Cosignature && (Bytes(one.Verifier.Name) > 255 || Bytes(keys.Key) > 255)) is { } narrow)
                throw new ArgumentException($"A cosignature of ML-DSA-44 has room for 255 bytes of a name; {narrow.Verifier.Name} or {keys.Key} is longer.", nameof(logs));
            var log = new WitnessedLog(keys.Key, [.. keys], fitting, state);
            this.logs.Add(keys.Key, log);
            byName.Add(WitnessState.NameOf(keys.Key), log);
        }
    }

    public IReadOnlyCollection<WitnessedLog> Logs => logs.Values;

    /// <param name="originHash">SHA-256 of the origin in hexadecimal digits, as monitors ask for it.</param>
    public WitnessedLog? Find(string originHash) => byName.GetValueOrDefault(originHash);

    /// <summary>Answers <c>POST …/add-checkpoint</c>. When it says 200, what it signed is on the disk.</summary>
    public WitnessAnswer Add(ReadOnlySpan<byte> body)
    {
        if (!WitnessRequest.TryParse(body, out var request, out var why))
            return WitnessAnswer.Malformed(why);
        if (!logs.TryGetValue(request.Head.Origin, out var log))
            return WitnessAnswer.UnknownLog($"This witness does not know the log {NoteText.Shown(request.Head.Origin)}.");
        if (!request.Note.TryVerify(log.Keys, out var byLog, out why))
            return WitnessAnswer.NotSigned(why);
        if (request.OldSize > request.Head.Size)
            return WitnessAnswer.Malformed(string.Create(CultureInfo.InvariantCulture, $"The old size {request.OldSize} is above the checkpoint's, {request.Head.Size}."));
        return log.Add(request, byLog);
    }

    /// <summary>Reads what is remembered of every log, so that what is wrong is said at the start and not at the first request.</summary>
    public void Load()
    {
        foreach (var log in logs.Values)
            log.Load();
    }

    private static int Bytes(string name) => Encoding.UTF8.GetByteCount(name);
}
