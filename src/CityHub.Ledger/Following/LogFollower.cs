using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Follows one log from outside: each checkpoint that is shown must continue the last one that was accepted, by the log's own tiles, of which none is believed
/// that does not fit. Since each step is checked against the one before, all checkpoints that were ever seen are of one list.
/// </summary>
/// <param name="last">Where it stopped before; null: it has seen nothing.</param>
public sealed class LogFollower(IReadOnlyList<VerifierKey> keys, ITileSource source, SignedNote? last)
{
    // No tile is kept from one look to the next: one of a tree that turns out to be another one must not vouch for this one.
    private TileTree? tree;

    public IReadOnlyList<VerifierKey> Keys => keys;

    public string Origin => keys[0].Name;

    public HashFunction Hash => keys[0].Hash;

    /// <summary>The largest checkpoint that was accepted.</summary>
    public SignedNote? Last { get; private set; } = last;

    public Checkpoint? LastHead { get; private set; } = last is null ? null : Checkpoint.Parse(last.Text);

    /// <summary>Judges a checkpoint and changes nothing; <see cref="Accept"/> does.</summary>
    /// <exception cref="HttpRequestException">The source cannot be reached: nothing is known about the checkpoint.</exception>
    public Sighting Look(SignedNote note)
    {
        if (!Checkpoint.TryParse(note.Text, out var head, out var why))
            return new Sighting(SightingKind.NotSigned, note, null, why, null);
        if (!string.Equals(head.Origin, Origin, StringComparison.Ordinal))
            return new Sighting(SightingKind.NotSigned, note, head, $"This is a checkpoint of {NoteText.Shown(head.Origin)}, not of {NoteText.Shown(Origin)}.", null);
        if (!note.TryVerify(keys, out _, out why))
            return new Sighting(SightingKind.NotSigned, note, head, why, null);
        try
        {
            return Compare(note, head);
        }
        catch (LedgerException wrong)
        {
            return new Sighting(SightingKind.FilesDoNotFit, note, head, $"The log has signed {Text(head)}, and its files do not fit: {wrong.Message}", null);
        }
    }

    /// <summary>From now on this is what the log has to continue.</summary>
    public void Accept(Sighting sighting)
    {
        if (sighting is not { Kind: SightingKind.Grown or SightingKind.Same, Head: { } head })
            throw new ArgumentException("Only what fits and is not older can be accepted.", nameof(sighting));
        (Last, LastHead) = (sighting.Note, head);
        tree = sighting.Tree ?? tree;
    }

    private Sighting Compare(SignedNote note, Checkpoint head)
    {
        if (head.Size == 0 && !head.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot(Hash)))
            return Diverged(note, head, "a tree without entries whose root is not the hash of nothing");
        if (LastHead is not { } before)
            return new Sighting(SightingKind.Grown, note, head, null, new TileTree(Hash, source, head.Size, head.Root));
        if (head.Size == before.Size)
        {
            return head.Root.AsSpan().SequenceEqual(before.Root)
                ? new Sighting(SightingKind.Same, note, head, null, null)
                : Diverged(note, head, "two roots for one size");
        }

        if (head.Size < before.Size)
        {
            tree ??= new TileTree(Hash, source, before.Size, before.Root);
            return tree.Root(head.Size).AsSpan().SequenceEqual(head.Root)
                ? new Sighting(SightingKind.Older, note, head, null, null)
                : Diverged(note, head, "an older state that it never had");
        }

        var grown = new TileTree(Hash, source, head.Size, head.Root);
        return grown.Root(before.Size).AsSpan().SequenceEqual(before.Root)
            ? new Sighting(SightingKind.Grown, note, head, null, grown)
            : Diverged(note, head, "a state that does not begin with what was there");
    }

    private Sighting Diverged(SignedNote note, Checkpoint head, string what) =>
        new(SightingKind.Divergence, note, head, $"The log has signed {what}: {Text(head)}{(LastHead is { } before ? $" after {Text(before)}" : "")}.", null) { Before = Last };

    private static string Text(Checkpoint head) => string.Create(CultureInfo.InvariantCulture, $"{head.Size} entries with the root {Convert.ToBase64String(head.Root)}");
}
