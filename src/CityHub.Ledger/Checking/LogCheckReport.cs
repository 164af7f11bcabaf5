using System.Globalization;

namespace CityHub.Ledger;

/// <summary>A tree of the log that is checked, and who may have signed its checkpoint.</summary>
/// <param name="Keys">A good signature of one of them is needed; a bad one refuses the checkpoint.</param>
/// <param name="Known">Checkpoints from elsewhere (witnesses, receipts, an earlier audit): the log must contain each of them.</param>
public sealed record CheckedTree(LogTree Tree, IReadOnlyList<VerifierKey> Keys, IReadOnlyList<Checkpoint>? Known = null);

/// <summary>Where a log is not what it must be.</summary>
/// <param name="File">Below the log's folder.</param>
/// <param name="Entry">The first entry that it is about, if it is about some and not about the whole log.</param>
public sealed record LogDivergence(string File, long? Entry, string Expected, string Found)
{
    public override string ToString() => Entry is { } entry
        ? string.Create(CultureInfo.InvariantCulture, $"{File}, entry {entry}: expected {Expected}; found {Found}.")
        : $"{File}: expected {Expected}; found {Found}.";
}

/// <param name="Entries">That were read and hashed.</param>
/// <param name="Checkpoints">One for each tree, null where there is none that can be believed.</param>
/// <param name="First">The first divergence, null: the log is whole.</param>
public sealed record LogCheckReport(long Entries, long Bytes, IReadOnlyList<Checkpoint?> Checkpoints, LogDivergence? First)
{
    public bool IsWhole => First is null;
}
