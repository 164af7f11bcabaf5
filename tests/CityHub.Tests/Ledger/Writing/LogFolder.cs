using System.Buffers.Binary;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Writing;

/// <summary>A folder for a log of one test, with the keys of its two trees.</summary>
internal sealed class LogFolder(bool memory = false) : IDisposable
{
    public const string Origin = "city.example/log", GmOrigin = "city.example/log/sm3";

    public static readonly NoteSigner Signer = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);

    public static readonly NoteSigner GmSigner = LedgerKeys.Signer(GmOrigin, NoteKeyType.Sm2, 2);

    public static readonly LogTree Tree = LogTree.International(Origin), GmTree = LogTree.Chinese(GmOrigin);

    public static readonly LogWriterOptions Both = new() { Trees = [Tree, GmTree] }, One = new() { Trees = [Tree] };

    /// <summary>Where thousands of syncs cost nothing: for tests that lose the unsynced files themselves.</summary>
    private const string Memory = "/dev/shm";

    public string Path { get; } = memory && Directory.Exists(Memory)
        ? Directory.CreateDirectory($"{Memory}/cityhub-log-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("cityhub-log-").FullName;

    public static NoteSigner[] SignersOf(LogWriterOptions options) => options.Trees.Count == 1 ? [Signer] : [Signer, GmSigner];

    /// <summary>The entry that every log of these tests has at this place: of another length each.</summary>
    public static byte[] Entry(long index)
    {
        var entry = new byte[index % 97 == 0 ? 0 : 8 + index % 89];
        if (entry.Length > 0)
            BinaryPrimitives.WriteInt64BigEndian(entry, index);
        return entry;
    }

    public static void Append(LogWriter writer, int count)
    {
        for (var i = 0; i < count; i++)
            writer.Append(Entry(writer.Size + writer.Pending));
    }

    public static byte[] Root(HashFunction hash, long size)
    {
        var range = new CompactRange(hash);
        for (long i = 0; i < size; i++)
            range.Append(MerkleTree.LeafHash(hash, Entry(i)));
        return range.Root();
    }

    public LogWriter Open(LogWriterOptions? options = null, Action<LogStep, string>? step = null) => LogWriter.Open(Path, options ?? Both, step);

    public Checkpoint? Checkpoint(LogTree tree)
    {
        var file = System.IO.Path.Combine(Path, tree.Folder, "checkpoint");
        if (!File.Exists(file))
            return null;
        var note = SignedNote.Parse(File.ReadAllBytes(file));
        Assert.True(note.TryVerify([Signer.Verifier, GmSigner.Verifier], out _, out var why), why);
        return CityHub.Ledger.Checkpoint.Parse(note.Text);
    }

    /// <summary>The published tree, from the files alone.</summary>
    public TileTree Read(LogTree tree)
    {
        var checkpoint = Checkpoint(tree);
        Assert.NotNull(checkpoint);
        return new TileTree(tree.Hash, new FolderTileSource(System.IO.Path.Combine(Path, tree.Folder)), checkpoint.Size, checkpoint.Root);
    }

    /// <summary>Everything that a checkpoint says is there and is what was appended.</summary>
    public void AssertWhole(LogTree tree)
    {
        var files = new FolderTileSource(Path);
        var read = Read(tree);
        for (long bundle = 0; bundle * TilePath.FullWidth < read.Size; bundle++)
        {
            var width = (int)Math.Min(TilePath.FullWidth, read.Size - bundle * TilePath.FullWidth);
            var bytes = files.ReadAtLeast(TilePath.Bundle(bundle, width));
            Assert.NotNull(bytes);
            var entries = EntryBundle.Read(bytes, width);
            for (var i = 0; i < width; i++)
            {
                var index = bundle * TilePath.FullWidth + i;
                Assert.Equal(Entry(index), entries[i]);
                Assert.Equal(MerkleTree.LeafHash(tree.Hash, entries[i]), read.LeafHash(index));
            }
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
