using System.Globalization;

namespace CityHub.Ledger;

/// <summary>One log of a <see cref="Witness"/>: what it cosigned last, or why it cannot go on.</summary>
public sealed class WitnessedLog
{
    private const string Retired = "retired", Conflict = "conflict";

    private readonly WitnessState state;
    private readonly NoteSigner[] signers;
    private readonly Lock one = new();

    private bool loaded;
    private Checkpoint? head;
    private long time;

    internal WitnessedLog(string origin, IReadOnlyList<VerifierKey> keys, NoteSigner[] signers, WitnessState state) =>
        (Origin, Keys, this.signers, this.state) = (origin, keys, signers, state);

    public string Origin { get; }

    public IReadOnlyList<VerifierKey> Keys { get; }

    /// <summary>What was cosigned last, with the log's signatures and ours; null before the first.</summary>
    public SignedNote? Latest { get; private set; }

    /// <summary>Why this witness does not sign for this log until a person has looked; null where all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>That one folder had forgotten what another one remembers; told once, by whoever reads it at the start.</summary>
    public string? Repair { get; private set; }

    /// <summary>Two checkpoints of one size with two roots, both signed by the log: a proof that it cheats.</summary>
    public string? Evidence { get; private set; }

    internal void Load()
    {
        lock (one)
            LoadHere();
    }

    internal WitnessAnswer Add(WitnessRequest request, IReadOnlyList<VerifiedSignature> byLog)
    {
        lock (one)
        {
            try
            {
                return AddHere(request, byLog);
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
            {
                // What the disk holds now is not known: the old checkpoint or the new one. Both may be built on, and the next request reads which it is.
                loaded = false;
                return WitnessAnswer.Unable($"The witness could not write down what it would sign: {wrong.Message}");
            }
        }
    }

    private WitnessAnswer AddHere(WitnessRequest request, IReadOnlyList<VerifiedSignature> byLog)
    {
        LoadHere();
        if (Fault is not null)
            return WitnessAnswer.Unable(Fault);
        var asked = request.Head;
        if (Forgotten(request) is { } forgotten)
        {
            Fault = forgotten;
            state.Keep(Origin, Retired, $"{forgotten}\n\n{request.Note}\n{Latest}");
            return WitnessAnswer.Unable(forgotten);
        }

        var known = head?.Size ?? 0;
        var sameSize = head is not null && asked.Size == known;
        if (sameSize && head is { } mine && !asked.Root.AsSpan().SequenceEqual(mine.Root))
            Accuse(request.Note);
        if (request.OldSize != known)
            return WitnessAnswer.OtherSize(known);

        var hash = byLog[0].Key.Hash;
        if (asked.Size == 0 && !asked.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot(hash)))
            return WitnessAnswer.NotConsistent("A tree without entries has the hash of nothing as its root; this one has another.");
        if (request.OldSize == 0 && request.Proof.Count > 0)
            return WitnessAnswer.NotConsistent("From the empty tree there is nothing to prove; the proof has to be empty.");
        if (request.OldSize > 0 && head is { } before && !MerkleTree.VerifyConsistency(hash, known, before.Root, asked.Size, asked.Root, request.Proof))
        {
            return WitnessAnswer.NotConsistent(sameSize
                ? string.Create(CultureInfo.InvariantCulture, $"The witness has cosigned {known} entries with another root, or the proof is not empty.")
                : string.Create(CultureInfo.InvariantCulture, $"The proof does not show that the {known} entries that the witness knows begin these {asked.Size}."));
        }

        var cosignatures = signers.Select(signer => signer.Sign(request.Note.Text, Math.Max(time, 1))).ToArray();
        var note = new SignedNote(request.Note.Text, [.. byLog.Select(signature => signature.Signature), .. cosignatures]);
        if (!sameSize)
            state.Write(Origin, note);
        Accept(note, asked);
        return WitnessAnswer.Of(cosignatures);
    }

    private void LoadHere()
    {
        if (loaded)
            return;
        try
        {
            if (state.TryKept(Origin, Retired, out var retired))
                throw new WitnessException(retired.Split('\n')[0]);
            if (state.TryKept(Origin, Conflict, out var conflict))
                Evidence = conflict;
            Take(state.Read(Origin));
            Fault = null;
        }
        catch (WitnessException wrong)
        {
            Fault = wrong.Message;
        }

        loaded = true;
    }

    /// <summary>The latest of what the folders hold, verified with our own keys; and it again in all of them.</summary>
    private void Take(IReadOnlyList<byte[]?> found)
    {
        (head, Latest, time) = (null, null, 0);
        foreach (var bytes in found)
        {
            if (bytes is null)
                continue;
            if (!SignedNote.TryParse(bytes, out var note, out var why) || !Checkpoint.TryParse(note.Text, out var it, out why) || !note.TryVerify(signers.Select(signer => signer.Verifier), out _, out why))
                throw new WitnessException($"What the witness remembers of {Origin} was changed, or another key has signed it: {why}");
            if (!string.Equals(it.Origin, Origin, StringComparison.Ordinal))
                throw new WitnessException($"The memory of {Origin} holds a checkpoint of {it.Origin}.");
            if (head is { } other && other.Size == it.Size && !other.Equals(it))
                throw new WitnessException(string.Create(CultureInfo.InvariantCulture, $"The folders of the witness hold two roots for {it.Size} entries of {Origin}; its key has to be retired."));
            if (head is null || it.Size > head.Size)
                Accept(note, it);
        }

        if (head is not { } latest || Latest is not { } last)
            return;
        var behind = found.Count(bytes => bytes is null || !SizeIs(bytes, latest.Size));
        if (behind > 0)
        {
            Repair = string.Create(CultureInfo.InvariantCulture, $"{behind} of {found.Count} folders had forgotten that {Origin} was cosigned at {latest.Size} entries; it was written again. Was a disk set back?");
            state.Write(Origin, last);
        }
        else
        {
            state.Remember(Origin);
        }
    }

    private void Accept(SignedNote note, Checkpoint it)
    {
        (Latest, head) = (note, it);
        if (note.TryVerify(signers.Select(signer => signer.Verifier), out var ours, out _))
            time = Math.Max(time, ours.Max(signature => signature.Time ?? 0));
    }

    /// <summary>A good cosignature of ours that we do not know of: the memory was set back, or the key is used elsewhere. Only its owner can have made it.</summary>
    private string? Forgotten(WitnessRequest request)
    {
        var known = head?.Size ?? 0;
        var it = request.Head;
        if (it.Size < known || (head is { } mine && it.Equals(mine)) || !request.Note.TryVerify(signers.Select(signer => signer.Verifier), out _, out _))
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"This witness has cosigned {it.Size} entries of {Origin} and remembers {known}: its disk was set back, or its key is used elsewhere. It signs no more for this log; make a new witness with a new key.");
    }

    private void Accuse(SignedNote other)
    {
        if (Evidence is not null || Latest is null)
            return;
        Evidence = $"{Latest}\n{other}";
        state.Keep(Origin, Conflict, Evidence);
    }

    private static bool SizeIs(byte[] bytes, long size) => SignedNote.TryParse(bytes, out var note, out _) && Checkpoint.TryParse(note.Text, out var it, out _) && it.Size == size;
}
