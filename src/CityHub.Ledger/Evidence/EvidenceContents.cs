using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>What goes into an evidence bundle. All entries are of one tree and are proven against one checkpoint.</summary>
public sealed record EvidenceContents
{
    /// <summary>Of the tree.</summary>
    public required HashFunction Hash { get; init; }

    /// <summary>With the signatures of the log and of its witnesses.</summary>
    public required SignedNote Checkpoint { get; init; }

    /// <summary>A policy file; the checkpoint has to satisfy it.</summary>
    public required ReadOnlyMemory<byte> Policy { get; init; }

    /// <summary>In ascending order, each once.</summary>
    public required IReadOnlyList<EvidenceEntry> Entries { get; init; }

    /// <summary>The facts in plain words, for people; nothing is proven of these.</summary>
    public required string FactsEnglish { get; init; }

    public required string FactsChinese { get; init; }
}

/// <param name="Index">From zero.</param>
/// <param name="Leaf">A <see cref="CommittedLeaf"/>.</param>
/// <param name="Proof">That it is in the checkpoint's tree, the lowest hash first.</param>
/// <param name="Opening">Salt and payload, for whoever may see them; null otherwise.</param>
public sealed record EvidenceEntry(long Index, byte[] Leaf, IReadOnlyList<byte[]> Proof, byte[]? Opening)
{
    public static byte[] OpeningOf(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload) => [.. salt, .. payload];
}

/// <param name="Number">From one, as people count: the entry's index and one more.</param>
public sealed record EvidenceFact(long Number, Receipt Receipt, CommittedLeaf Leaf, byte[]? Opening)
{
    /// <summary>The payload, where it may be seen.</summary>
    public byte[]? Content => Opening?[Commitment.SaltSize..];
}
