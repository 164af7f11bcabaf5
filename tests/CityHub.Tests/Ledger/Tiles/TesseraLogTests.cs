using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Tiles;

/// <summary>A log directory that another program wrote: transparency-dev/tessera's own test log, 15 entries, a checkpoint for each size.</summary>
public sealed class TesseraLogTests
{
    const string Key = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

    static readonly HashFunction Sha = HashFunctions.Sha256;

    static Checkpoint Read(string folder, string name)
    {
        var note = SignedNote.Parse(File.ReadAllBytes(Path.Combine(folder, name)));
        Assert.True(note.TryVerify([VerifierKey.Parse(Key)], out var verified, out var why), why);
        Assert.Single(verified);
        var checkpoint = Checkpoint.Parse(note.Text);
        Assert.Equal("example.com/log/testdata", checkpoint.Origin);
        return checkpoint;
    }

    [Fact]
    public void Every_checkpoint_is_signed_and_is_what_entries_and_tiles_give()
    {
        var folder = SharedData.Need("ledger/tessera-log");
        var source = new FolderTileSource(folder);
        Checkpoint[] checkpoints = [.. Enumerable.Range(0, 16).Select(size => Read(folder, FormattableString.Invariant($"checkpoint.{size}")))];
        Assert.Equal(checkpoints[15], Read(folder, "checkpoint"));
        var last = new TileTree(Sha, source, 15, checkpoints[15].Root);
        for (var size = 1; size <= 15; size++)
        {
            Assert.Equal(size, checkpoints[size].Size);
            var tree = new TileTree(Sha, source, size, checkpoints[size].Root);
            var bundle = source.Read(TilePath.Bundle(0, size));
            Assert.NotNull(bundle);
            var entries = EntryBundle.Read(bundle, size);
            Assert.Equal(bundle.Length, EntryBundle.LengthOf(bundle, size));
            for (var i = 0; i < size; i++)
            {
                var leaf = MerkleTree.LeafHash(Sha, entries[i]);
                Assert.Equal(leaf, tree.LeafHash(i));
                Assert.True(MerkleTree.VerifyInclusion(Sha, size, i, leaf, tree.Inclusion(i, size), checkpoints[size].Root));
            }

            Assert.True(MerkleTree.VerifyConsistency(Sha, size, checkpoints[size].Root, 15, checkpoints[15].Root, last.Consistency(size, 15)));
            Assert.Throws<LedgerException>(() => new TileTree(Sha, source, size, checkpoints[size - 1].Root));
        }

        Assert.Equal(MerkleTree.EmptyRoot(Sha), checkpoints[0].Root);
    }

    [Fact]
    public void A_checkpoint_of_which_one_letter_was_changed_is_not_signed()
    {
        var folder = SharedData.Need("ledger/tessera-log");
        var good = File.ReadAllText(Path.Combine(folder, "checkpoint"));
        var note = SignedNote.Parse(Encoding.UTF8.GetBytes(good.Replace("\n15\n", "\n14\n", StringComparison.Ordinal)));
        Assert.False(note.TryVerify([VerifierKey.Parse(Key)], out _, out _));
    }
}
