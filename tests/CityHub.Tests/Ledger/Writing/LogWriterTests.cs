using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Writing;

public sealed class LogWriterTests
{
    static readonly LogTree Tree = LogFolder.Tree, GmTree = LogFolder.GmTree;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(300, 1)]
    [InlineData(255, 3)]
    [InlineData(256, 3)]
    [InlineData(257, 5)]
    [InlineData(700, 4)]
    [InlineData(33_000, 2)]
    public void What_was_appended_is_in_both_trees_at_every_checkpoint(int batch, int batches)
    {
        using var folder = new LogFolder();
        using var writer = folder.Open();
        for (var i = 0; i < batches; i++)
        {
            LogFolder.Append(writer, batch);
            Assert.Equal(batch, writer.Pending);
            var notes = writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
            var size = (i + 1L) * batch;
            Assert.Equal((size, 0), (writer.Size, writer.Pending));
            foreach (var (tree, note) in writer.Trees.Zip(notes))
            {
                var root = LogFolder.Root(tree.Hash, size);
                Assert.Equal(root, writer.Root(tree));
                Assert.Equal(new Checkpoint(tree.Origin, size, root), Checkpoint.Parse(note.Text));
                Assert.Equal(Checkpoint.Parse(note.Text), folder.Checkpoint(tree));
                folder.AssertWhole(tree);
            }
        }
    }

    [Fact]
    public void Three_levels_of_tiles_and_the_partial_ones_that_full_ones_replaced_are_gone()
    {
        using var folder = new LogFolder();
        using var writer = folder.Open(LogFolder.One);
        foreach (var step in (int[])[100, 65_400, 36, 1, 700])
        {
            LogFolder.Append(writer, step);
            writer.Publish(LogFolder.Signer);
        }

        folder.AssertWhole(Tree);
        string[] partial = [.. Directory.EnumerateDirectories(folder.Path, "*.p", SearchOption.AllDirectories).Select(one => Path.GetRelativePath(folder.Path, one)).Order(StringComparer.Ordinal)];
        Assert.Equal(["tile/0/258.p", "tile/1/001.p", "tile/2/000.p", "tile/entries/258.p"], partial);
    }

    [Fact]
    public void A_log_is_continued_after_closing_and_what_was_not_committed_is_appended_again()
    {
        using var folder = new LogFolder();
        foreach (var step in (int[])[3, 253, 1, 1000, 70_000])
        {
            using var writer = folder.Open();
            var size = writer.Size;
            Assert.Equal(LogFolder.Root(GmTree.Hash, Math.Min(size, 300)).Length, writer.Root(GmTree).Length);
            LogFolder.Append(writer, step);
            writer.Commit();
            Assert.Equal(size + step, writer.Size);
            LogFolder.Append(writer, 77);
        }

        using var last = folder.Open();
        Assert.Equal(71_257, last.Size);
        Assert.Null(folder.Checkpoint(Tree));
        last.Publish(LogFolder.Signer, LogFolder.GmSigner);
        folder.AssertWhole(Tree);
        folder.AssertWhole(GmTree);
        Assert.Equal(LogFolder.Root(GmTree.Hash, last.Size), last.Root(GmTree));
    }

    [Fact]
    public void An_empty_log_can_be_published()
    {
        using var folder = new LogFolder();
        using (var writer = folder.Open())
        {
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
            Assert.Equal(MerkleTree.EmptyRoot(HashFunctions.Sm3), folder.Checkpoint(GmTree)?.Root);
        }

        using var again = folder.Open();
        Assert.Equal(0, again.Size);
    }

    [Fact]
    public void The_longest_entries_fit_and_a_longer_one_is_refused()
    {
        using var folder = new LogFolder();
        using var writer = folder.Open(LogFolder.One);
        var longest = new byte[65_535];
        for (var i = 0; i < 300; i++)
        {
            longest[0] = (byte)i;
            Assert.Equal(i, writer.Append(longest));
        }

        Assert.Throws<ArgumentException>(() => { writer.Append(new byte[65_536]); });
        writer.Publish(LogFolder.Signer);
        var bundle = new FolderTileSource(folder.Path).Read(TilePath.Bundle(1, 44));
        Assert.Equal(44 * 65_537, bundle?.Length);
        longest[0] = 43;
        Assert.Equal(MerkleTree.LeafHash(Tree.Hash, longest), folder.Read(Tree).LeafHash(43));
    }

    [Fact]
    public void A_second_writer_is_refused()
    {
        using var folder = new LogFolder();
        using (var writer = folder.Open())
        {
            var e = Assert.Throws<LedgerException>(() => folder.Open());
            Assert.Contains("Another process", e.Message, StringComparison.Ordinal);
            LogFolder.Append(writer, 5);
            writer.Commit();
        }

        using var next = folder.Open();
        Assert.Equal(5, next.Size);
    }

    [Fact]
    public void A_tree_that_is_new_to_an_old_log_is_computed_from_its_bundles()
    {
        using var folder = new LogFolder();
        using (var writer = folder.Open(LogFolder.One))
        {
            LogFolder.Append(writer, 66_000);
            writer.Publish(LogFolder.Signer);
        }

        using (var writer = folder.Open(LogFolder.Both))
        {
            Assert.Equal(LogFolder.Root(GmTree.Hash, 66_000), writer.Root(GmTree));
            LogFolder.Append(writer, 10);
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
        }

        folder.AssertWhole(GmTree);
        // And a while without it, and back.
        using (var writer = folder.Open(LogFolder.One))
        {
            LogFolder.Append(writer, 800);
            writer.Publish(LogFolder.Signer);
        }

        using var back = folder.Open(LogFolder.Both);
        back.Publish(LogFolder.Signer, LogFolder.GmSigner);
        folder.AssertWhole(GmTree);
        Assert.Equal(66_810, folder.Checkpoint(GmTree)?.Size);
    }

    [Fact]
    public void A_key_of_the_other_suite_or_of_another_log_does_not_sign()
    {
        using var folder = new LogFolder();
        using var writer = folder.Open();
        Assert.Throws<ArgumentException>(() => writer.Sign(LogFolder.Signer));
        Assert.Throws<ArgumentException>(() => writer.Sign(LogFolder.Signer, LedgerKeys.Signer(LogFolder.GmOrigin, NoteKeyType.Ed25519, 3)));
        Assert.Throws<ArgumentException>(() => writer.Sign(LogFolder.Signer, LedgerKeys.Signer("another.example/log", NoteKeyType.Sm2, 3)));
        Assert.Equal(2, writer.Sign(LogFolder.Signer, LogFolder.GmSigner).Count);
        Assert.Null(folder.Checkpoint(Tree));
    }

    [Fact]
    public void A_checkpoint_gets_its_cosignatures_and_never_goes_back()
    {
        using var folder = new LogFolder();
        using var writer = folder.Open(LogFolder.One);
        LogFolder.Append(writer, 70);
        var old = writer.Sign(LogFolder.Signer)[0];
        LogFolder.Append(writer, 700);
        writer.Commit();
        var witness = LedgerKeys.Signer("witness.example", NoteKeyType.Ed25519Cosignature, 9);
        Assert.True(writer.Publish(old.With(witness.Sign(old.Text))));
        Assert.Equal(70, folder.Checkpoint(Tree)?.Size);
        folder.AssertWhole(Tree);
        writer.Publish(LogFolder.Signer);
        Assert.False(writer.Publish(old));
        Assert.Equal(770, folder.Checkpoint(Tree)?.Size);

        var false1 = SignedNote.Sign(new Checkpoint(LogFolder.Origin, 70, new byte[32]).Body, LogFolder.Signer);
        Assert.Throws<LedgerException>(() => writer.Publish(false1));
        var false2 = SignedNote.Sign(new Checkpoint(LogFolder.Origin, 771, writer.Root(Tree)).Body, LogFolder.Signer);
        Assert.Throws<LedgerException>(() => writer.Publish(false2));
        var false3 = SignedNote.Sign(new Checkpoint(LogFolder.GmOrigin, 770, writer.Root(Tree)).Body, LogFolder.GmSigner);
        Assert.Throws<LedgerException>(() => writer.Publish(false3));
    }

    [Fact]
    public void A_disk_that_is_full_is_said_and_the_entries_are_written_when_there_is_space_again()
    {
        foreach (var at in Enum.GetValues<LogStep>())
        {
            using var folder = new LogFolder();
            var (full, left) = (false, 1);
            using var writer = folder.Open(step: (step, path) =>
            {
                if (full && step == at && left-- <= 0)
                    throw new IOException("No space left on device");
            });
            LogFolder.Append(writer, 300);
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
            (full, left) = (true, 1);
            LogFolder.Append(writer, 900);
            for (var again = 0; again < 2; again++)
            {
                try
                {
                    writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
                }
                catch (LedgerException e)
                {
                    Assert.Contains("No space left", e.Message, StringComparison.Ordinal);
                    Assert.Contains("are safe", e.Message, StringComparison.Ordinal);
                }

                folder.AssertWhole(Tree);
                folder.AssertWhole(GmTree);
                LogFolder.Append(writer, 300);
            }

            full = false;
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
            Assert.Equal(1800, folder.Checkpoint(GmTree)?.Size);
            folder.AssertWhole(Tree);
            folder.AssertWhole(GmTree);
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_said()
    {
        using var folder = new LogFolder();
        using var writer = folder.Open();
        File.WriteAllText(Path.Combine(folder.Path, "tile"), "in the way");
        LogFolder.Append(writer, 3);
        var e = Assert.Throws<LedgerException>(writer.Commit);
        Assert.Contains("cannot be written", e.Message, StringComparison.Ordinal);
        Assert.Equal((0, 3), (writer.Size, writer.Pending));
        File.Delete(Path.Combine(folder.Path, "tile"));
        writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
        folder.AssertWhole(GmTree);

        File.WriteAllText(folder.Path + ".file", "");
        try
        {
            Assert.Throws<LedgerException>(() => LogWriter.Open(folder.Path + ".file", LogFolder.One));
        }
        finally
        {
            File.Delete(folder.Path + ".file");
        }
    }
}
