using System.Globalization;
using System.Text;

namespace CityHub.Ledger;

/// <summary>What a witness showed of the log, and what is wrong with it.</summary>
/// <param name="Alarm">It cannot be of the same list as what the log shows: the log has two faces, or the witness lies.</param>
/// <param name="Note">What it showed, where the witness has signed it.</param>
public sealed record WitnessView(string Witness, long? Size, string? Why, bool Alarm, SignedNote? Note = null);

/// <summary>One look at a log.</summary>
/// <param name="Before">Entries known before.</param>
/// <param name="Verdict">Of the policy: who has cosigned what the log shows.</param>
public sealed record MonitorReport(Sighting Sighting, long Before, PolicyVerdict Verdict, IReadOnlyList<WitnessView> Views)
{
    public bool IsAlarm => Sighting.IsAlarm || Views.Any(view => view.Alarm);

    /// <summary>All that is wrong, a sentence each.</summary>
    public IEnumerable<string> Alarms => (Sighting.IsAlarm ? [Sighting.Why ?? ""] : Array.Empty<string>()).Concat(Views.Where(view => view.Alarm).Select(view => $"{view.Witness}: {view.Why}"));
}

/// <summary>
/// Watches a log for somebody who does not run it: that it only grows, that what it shows us is what it shows its witnesses, and what is new in it.
/// Remembers the last checkpoint in a folder, so that a log cannot wait until the monitor is restarted.
/// </summary>
public sealed class LogMonitor : IDisposable
{
    private const string CheckpointFile = "checkpoint", EvidenceFile = "divergence";

    private readonly string folder;
    private readonly WitnessPolicy policy;
    private readonly HttpLogSource source;
    private readonly HttpClient http;
    private readonly FileStream held;
    private readonly LogFollower follower;

    /// <summary>Witness → a checkpoint that the log has signed and not shown to us yet.</summary>
    private readonly Dictionary<string, SignedNote> ahead = new(StringComparer.Ordinal);

    private LogMonitor(string folder, WitnessPolicy policy, HttpLogSource source, HttpClient http, LogFollower follower, FileStream held) =>
        (this.folder, this.policy, this.source, this.http, this.follower, this.held) = (folder, policy, source, http, follower, held);

    public string Origin => follower.Origin;

    /// <summary>What was found to contradict itself in an earlier look, kept in the folder; null where all was well.</summary>
    public string? Evidence => File.Exists(Path.Combine(folder, EvidenceFile)) ? File.ReadAllText(Path.Combine(folder, EvidenceFile)) : null;

    /// <param name="origin">One of the policy's logs.</param>
    /// <exception cref="LedgerException">The policy does not know the log, or the folder holds something else.</exception>
    public static LogMonitor Open(string folder, WitnessPolicy policy, string origin, Uri prefix, HttpClient http)
    {
        VerifierKey[] keys = [.. policy.Logs.Where(log => string.Equals(log.Origin, origin, StringComparison.Ordinal)).Select(log => log.Key)];
        if (keys.Length == 0)
            throw new LedgerException($"The policy knows no log with the origin {NoteText.Shown(origin)}.");
        Directory.CreateDirectory(folder);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new LedgerException($"Another process has {folder}.");
        }

        try
        {
            SignedNote? last = null;
            var file = Path.Combine(folder, CheckpointFile);
            if (File.Exists(file))
            {
                if (!SignedNote.TryParse(File.ReadAllBytes(file), out last, out var why) || !Checkpoint.TryParse(last.Text, out var head, out why) || !last.TryVerify(keys, out _, out why))
                    throw new LedgerException($"{file} is not a checkpoint of {origin} any more: {why}");
                if (!string.Equals(head.Origin, origin, StringComparison.Ordinal))
                    throw new LedgerException($"{folder} belongs to the log {head.Origin}, not to {origin}.");
            }

            var source = new HttpLogSource(http, prefix);
            return new LogMonitor(folder, policy, source, http, new LogFollower(keys, source, last), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => held.Dispose();

    /// <summary>Looks once. Nothing is remembered before <see cref="Remember"/>, so that what is new is told at least once.</summary>
    /// <exception cref="HttpRequestException">The log cannot be reached.</exception>
    public async Task<MonitorReport> LookAsync(CancellationToken cancel)
    {
        var before = follower.LastHead?.Size ?? 0;
        var bytes = await source.CheckpointAsync(cancel).ConfigureAwait(false);
        if (!SignedNote.TryParse(bytes, out var note, out var why))
            throw new HttpRequestException($"What the log shows is not a checkpoint: {why}");
        var sighting = follower.Look(note);
        return new MonitorReport(sighting, before, policy.Evaluate(note), await AskWitnessesAsync(sighting, cancel).ConfigureAwait(false));
    }

    /// <summary>The new entries of a look, verified. One bundle at a time is in memory.</summary>
    /// <exception cref="LedgerException">The log does not have what it has signed.</exception>
    public IEnumerable<(long Index, byte[] Entry)> NewEntries(MonitorReport report)
    {
        if (report.Sighting is not { Kind: SightingKind.Grown, Tree: { } tree })
            yield break;
        for (var index = report.Before / TilePath.FullWidth; index * TilePath.FullWidth < tree.Size; index++)
        {
            var first = index * TilePath.FullWidth;
            var width = (int)Math.Min(TilePath.FullWidth, tree.Size - first);
            var path = TilePath.Bundle(index, width);
            var bundle = VerifiedBundle.Of(source.ReadAtLeast(path), tree, follower.Hash, first, width, out var why) ?? throw new LedgerException($"{path}: {why}");
            var entries = EntryBundle.Read(bundle, width);
            for (var i = (int)Math.Max(0, report.Before - first); i < width; i++)
                yield return (first + i, entries[i]);
        }
    }

    /// <summary>Durable when it returns: from now on the log has to continue this.</summary>
    public void Remember(MonitorReport report)
    {
        if (report.Sighting.Kind is not (SightingKind.Grown or SightingKind.Same))
            return;
        DurableFiles.Replace(Path.Combine(folder, CheckpointFile), report.Sighting.Note.ToBytes());
        follower.Accept(report.Sighting);
    }

    /// <summary>What each witness saw has to be of the same list: this is how a log that shows two faces is told.</summary>
    private async Task<IReadOnlyList<WitnessView>> AskWitnessesAsync(Sighting sighting, CancellationToken cancel)
    {
        if (sighting.IsAlarm || sighting.Kind == SightingKind.NotSigned)
            return [];

        // Against the latest that is known: of the log now, or of before, if the log shows us an older one.
        var known = new LogFollower(follower.Keys, source, sighting.Kind == SightingKind.Older ? follower.Last : sighting.Note);
        var views = new List<WitnessView>();
        foreach (var witness in policy.Witnesses.Where(one => one.Url is not null && one.Key.Hash == follower.Hash))
        {
            if (ahead.TryGetValue(witness.Name, out var earlier) && Judge(witness.Name, earlier, known) is { Alarm: true } late)
            {
                views.Add(late);
                continue;
            }

            try
            {
                views.Add(await AskAsync(witness, known, cancel).ConfigureAwait(false));
            }
            catch (Exception wrong) when (wrong is HttpRequestException or IOException or UriFormatException or InvalidOperationException || (wrong is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                views.Add(new WitnessView(witness.Name, null, $"it cannot be reached: {wrong.Message}", false));
            }
        }

        return views;
    }

    private async Task<WitnessView> AskAsync(PolicyWitness witness, LogFollower known, CancellationToken cancel)
    {
        var address = new Uri($"{witness.Url?.TrimEnd('/')}/{WitnessState.NameOf(Origin)}/checkpoint");
        using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
            return new WitnessView(witness.Name, null, $"it answered {(int)answer.StatusCode}", false);
        var bytes = new byte[WitnessRequest.MaxBytes];
        int length;
        var stream = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        if (!SignedNote.TryParse(bytes.AsSpan(0, length), out var note, out var why) || !note.TryVerify([witness.Key], out _, out why))
            return new WitnessView(witness.Name, null, $"it shows something that it has not signed: {why}", false);
        return Judge(witness.Name, note, known);
    }

    private WitnessView Judge(string name, SignedNote note, LogFollower known)
    {
        var seen = known.Look(note);
        ahead.Remove(name);
        switch (seen.Kind)
        {
            case SightingKind.Same or SightingKind.Older:
                return new WitnessView(name, seen.Head?.Size, null, false);
            case SightingKind.Grown or SightingKind.FilesDoNotFit when seen.Head is { } head && known.LastHead is { } shown && head.Size > shown.Size:
                // The log asks its witnesses before it shows a checkpoint; it has to be what it shows us later.
                ahead[name] = note;
                return new WitnessView(name, head.Size, string.Create(CultureInfo.InvariantCulture, $"it has seen {head.Size} entries, which the log does not show us yet"), false);
            case SightingKind.NotSigned:
                return new WitnessView(name, seen.Head?.Size, $"it shows something that the log has not signed: {seen.Why}", false);
            default:
                return new WitnessView(name, seen.Head?.Size, seen.Why, true, note);
        }
    }

    /// <summary>Keeps what an alarm is about in the folder; the first one stays.</summary>
    public void KeepEvidence(MonitorReport report)
    {
        var file = Path.Combine(folder, EvidenceFile);
        if (File.Exists(file))
            return;
        var text = new StringBuilder();
        foreach (var alarm in report.Alarms)
            text.Append(alarm).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"\n{follower.Last}\n{report.Sighting.Note}");
        foreach (var view in report.Views.Where(one => one.Alarm))
            text.Append(CultureInfo.InvariantCulture, $"\n{view.Note}");
        DurableFiles.Replace(file, Encoding.UTF8.GetBytes(text.ToString()));
    }
}
