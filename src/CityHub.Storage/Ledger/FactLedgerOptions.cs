using CityHub.Ledger;

namespace CityHub.Storage.Ledger;

public sealed record FactLedgerOptions
{
    /// <summary>Served as it is: tiles, bundles, checkpoints.</summary>
    public required string Folder { get; init; }

    /// <summary>The first is that of SHA-256.</summary>
    public required IReadOnlyList<LogTree> Trees { get; init; }

    /// <summary>Whoever signs now; at least one for each tree.</summary>
    public required Func<IReadOnlyList<NoteSigner>> Signers { get; init; }

    /// <summary>How long a checkpoint waits for more facts, at most; nobody waits who asks for one.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(750);
}

/// <summary>Signed checkpoints of all trees at one size.</summary>
/// <param name="Size">Entries, which is the position of the last fact that is covered; 0 before the first checkpoint.</param>
/// <param name="Notes">One for each tree, in their order; empty before the first checkpoint.</param>
public sealed record LedgerHead(long Size, IReadOnlyList<SignedNote> Notes)
{
    /// <summary>What was published last, if all trees have the same size; a crash between two of them leaves the next start to sign again.</summary>
    public static LedgerHead Of(string folder, IReadOnlyList<LogTree> trees)
    {
        var notes = new List<SignedNote>();
        long size = 0;
        foreach (var tree in trees)
        {
            var file = Path.Combine(folder, tree.Folder, "checkpoint");
            if (!File.Exists(file) || !SignedNote.TryParse(File.ReadAllBytes(file), out var note, out _) || !Checkpoint.TryParse(note.Text, out var checkpoint, out _)
                || (notes.Count > 0 && checkpoint.Size != size))
                return new LedgerHead(0, []);
            size = checkpoint.Size;
            notes.Add(note);
        }

        return new LedgerHead(size, notes);
    }
}
