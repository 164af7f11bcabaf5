using System.Globalization;
using CityHub.Ledger;
using WitnessLogic = CityHub.Ledger.Witness;

namespace CityHub.Server.Witnessing;

/// <summary>
/// A mirror at work: follows the log, keeps it, and, if it has a key, cosigns what it keeps and nothing else (c2sp.org/tlog-mirror): its cosignature says that
/// the entries are here, too. A checkpoint that the log brings is fetched first and cosigned then.
/// </summary>
internal sealed class MirrorService(LogMirror mirror, HttpLogSource source, WitnessLogic? witness) : IDisposable
{
    private const string Text = "text/plain; charset=utf-8";
    private readonly SemaphoreSlim gate = new(1);

    public LogMirror Mirror => mirror;

    /// <summary>What is wrong, in a sentence; null where all is well.</summary>
    public string? Trouble { get; private set; } = mirror.Evidence?.Split('\n')[0];

    /// <summary>One round. Null: the log cannot be reached, which <see cref="Trouble"/> says.</summary>
    public async Task<Sighting?> FollowAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            var bytes = await source.CheckpointAsync(cancel);
            if (!SignedNote.TryParse(bytes, out var note, out var why))
            {
                Trouble = $"What the log shows is not a checkpoint: {why}";
                return null;
            }

            var sighting = await UpdateAsync(note, cancel);
            if (sighting.Kind is SightingKind.Grown or SightingKind.Same)
                Cosign();
            return sighting;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            Trouble = $"The log cannot be reached, or the disk refuses: {e.Message}";
            return null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Answers add-checkpoint: nothing is cosigned that is not kept.</summary>
    public async Task<WitnessAnswer> AddAsync(byte[] body, CancellationToken cancel)
    {
        if (witness is null)
            return new WitnessAnswer(404, Text, "This mirror does not cosign.\n");
        if (!WitnessRequest.TryParse(body, out var request, out _) || !string.Equals(request.Head.Origin, mirror.Follower.Origin, StringComparison.Ordinal) || !request.Note.TryVerify(mirror.Follower.Keys, out _, out _))
            return witness.Add(body); // which refuses it, and says with which status
        await gate.WaitAsync(cancel);
        try
        {
            var sighting = await UpdateAsync(request.Note, cancel);
            if (sighting.Kind == SightingKind.Divergence)
                return new WitnessAnswer(422, Text, sighting.Why + "\n");
            if (sighting.IsAlarm)
                return new WitnessAnswer(503, Text, sighting.Why + "\n");
            var answer = witness.Add(body);
            if (answer.Cosigned)
                AddOwn();
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return new WitnessAnswer(503, Text, $"The mirror cannot fetch what it would cosign: {e.Message}\n");
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task<Sighting> UpdateAsync(SignedNote note, CancellationToken cancel)
    {
        // Tiles are read one after the other, without await.
        var sighting = await Task.Run(() => mirror.Update(note, cancel), cancel);
        Trouble = mirror.Evidence?.Split('\n')[0] ?? (sighting.IsAlarm || sighting.Kind == SightingKind.NotSigned ? sighting.Why : null);
        return sighting;
    }

    private void Cosign()
    {
        if (witness is null || mirror.Head is not { } head || mirror.Follower.Last is not { } last)
            return;
        var known = Own is { } own && Checkpoint.TryParse(own.Text, out var latest, out _) ? latest.Size : 0;
        if (known < head.Size || Own is null)
        {
            var answer = witness.Add(new WitnessRequest(known, mirror.Consistency(known), new SignedNote(last.Text, [.. last.Signatures.Where(one => mirror.Follower.Keys.Any(key => key.Made(one)))])).ToBytes());
            if (!answer.Cosigned)
                Trouble = string.Create(CultureInfo.InvariantCulture, $"The mirror keeps {head.Size} entries and cannot cosign them: {answer.Body.TrimEnd('\n')}");
        }

        AddOwn();
    }

    private SignedNote? Own => witness?.Find(WitnessState.NameOf(mirror.Follower.Origin))?.Latest;

    private void AddOwn()
    {
        if (Own is { } own)
            mirror.AddSignatures(own);
    }
}
