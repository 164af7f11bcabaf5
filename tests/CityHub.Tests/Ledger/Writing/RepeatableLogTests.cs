using CityHub.Ledger;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Writing;

/// <summary>A log whose caller keeps the entries: files are synced now and then, and what a power failure takes has to come again as it was signed.</summary>
public sealed class RepeatableLogTests : IDisposable
{
    private const string Origin = "city.example/log";

    private readonly TestFolder folder = new();
    private readonly NoteSigner signer = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 3);
    private readonly LogWriterOptions options = new() { Trees = [LogTree.International(Origin)], Repeatable = true };

    [Fact]
    public void After_a_killed_process_it_goes_on_where_it_was()
    {
        SkipElsewhere();
        byte[] root;
        using (var writer = LogWriter.Open(folder.Path, options))
        {
            Append(writer, 700);
            writer.Publish(signer);
            root = writer.Root(options.Trees[0]);
        }

        using var again = LogWriter.Open(folder.Path, options);
        Assert.Equal(700, again.Size);
        Assert.Equal(root, again.Root(options.Trees[0]));
    }

    [Theory]
    [InlineData(300, 700, 900)]
    [InlineData(10, 20, 20)]
    [InlineData(256, 65_600, 65_700)]
    [InlineData(255, 257, 300)]
    public void What_a_power_failure_took_comes_again_and_gives_what_was_signed(int synced, int signed, int later)
    {
        SkipElsewhere();
        var root = Fail(synced, signed);

        using var again = LogWriter.Open(folder.Path, options);
        Assert.Equal((synced, signed), (again.Size, again.Promised));
        Append(again, later);
        var note = again.Publish(signer)[0];
        again.Sync();

        Assert.Equal(later, Checkpoint.Parse(note.Text).Size);
        var tree = new TileTree(options.Trees[0].Hash, new FolderTileSource(folder.Path), later, Checkpoint.Parse(note.Text).Root);
        Assert.Equal(root, tree.Root(signed));
        Assert.True(LogCheck.Run(folder.Path, [new CheckedTree(options.Trees[0], [signer.Verifier])], cancel: TestContext.Current.CancellationToken).IsWhole);
    }

    [Fact]
    public void Nothing_is_signed_when_other_entries_come_than_were_signed_or_fewer()
    {
        SkipElsewhere();
        Fail(300, 700);

        using (var again = LogWriter.Open(folder.Path, options))
        {
            Append(again, 600);
            Assert.Throws<LedgerException>(() => again.Publish(signer));
        }

        using (var again = LogWriter.Open(folder.Path, options))
        {
            for (var i = again.Size; i < 800; i++)
                again.Append(BitConverter.GetBytes(i + 1));
            Assert.Throws<LedgerException>(() => again.Publish(signer));
            Assert.Throws<LedgerException>(() => again.Publish(signer));
        }
    }

    public void Dispose() => folder.Dispose();

    private static void SkipElsewhere() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere each commit is synced.");

    private static void Append(LogWriter writer, long upTo)
    {
        for (var i = writer.Size + writer.Pending; i < upTo; i++)
            writer.Append(BitConverter.GetBytes(i));
    }

    /// <summary>The folder as the disk has it when the power fails: what was synced, and the checkpoint, which is always synced.</summary>
    private byte[] Fail(int synced, int signed)
    {
        var kept = folder.File("kept");
        byte[] root;
        using (var writer = LogWriter.Open(folder.Path, options))
        {
            Append(writer, synced);
            writer.Publish(signer);
            writer.Sync();
            foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock").ToList())
            {
                var copy = Path.Combine(kept, Path.GetRelativePath(folder.Path, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy) ?? kept);
                File.Copy(file, copy);
            }

            Append(writer, signed);
            writer.Publish(signer);
            root = writer.Root(options.Trees[0]);
        }

        var checkpoint = File.ReadAllBytes(folder.File("checkpoint"));
        Directory.Delete(folder.File("tile"), recursive: true);
        foreach (var file in Directory.EnumerateFiles(kept, "*", SearchOption.AllDirectories).ToList())
        {
            var back = Path.Combine(folder.Path, Path.GetRelativePath(kept, file));
            Directory.CreateDirectory(Path.GetDirectoryName(back) ?? kept);
            File.Copy(file, back, overwrite: true);
        }

        Directory.Delete(kept, recursive: true);
        File.WriteAllBytes(folder.File("checkpoint"), checkpoint);
        return root;
    }
}
