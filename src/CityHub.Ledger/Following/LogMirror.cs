using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Keeps a whole log in a folder of the same layout (c2sp.org/tlog-tiles). Every bundle and tile is verified against the signed checkpoint before it is written,
/// and the checkpoint is written last, so that the folder is a complete, verified log at every moment. One process at a time.
/// </summary>
public sealed class LogMirror : IDisposable
{
    private const string CheckpointFile = "checkpoint", EvidenceFile = "divergence";

    private readonly string folder;
    private readonly ITileSource source;
    private readonly FolderTileSource own;
    private readonly FileStream held;

    private LogMirror(string folder, IReadOnlyList<VerifierKey> keys, ITileSource source, FileStream held, SignedNote? last)
    {
        (this.folder, this.source, this.held) = (folder, source, held);
        own = new FolderTileSource(folder);
        Follower = new LogFollower(keys, source, last);
    }

    public LogFollower Follower { get; }

    /// <summary>Entries kept, and whose checkpoint says so.</summary>
    public Checkpoint? Head => Follower.LastHead;

    /// <summary>Called before each file is written; tests end the process there.</summary>
    internal Action<string>? Step { get; set; }

    /// <summary>Opens the folder, or begins it. What it holds is verified as far as its checkpoint and right edge go; `fsck` verifies the rest.</summary>
    /// <exception cref="LedgerException">It is not the log of these keys, it is damaged, or another process has it.</exception>
    public static LogMirror Open(string folder, IReadOnlyList<VerifierKey> keys, ITileSource source)
    {
        Directory.CreateDirectory(folder);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new LedgerException($"Another process has {folder}.");
        }

        try
        {
            var file = Path.Combine(folder, CheckpointFile);
            SignedNote? last = null;
            if (File.Exists(file))
            {
                if (!SignedNote.TryParse(File.ReadAllBytes(file), out last, out var why))
                    throw new LedgerException($"{file} is not a checkpoint: {why}");
                var kept = new LogFollower(keys, new FolderTileSource(folder), null).Look(last);
                if (kept.Kind != SightingKind.Grown)
                    throw new LedgerException($"{folder} does not hold what its checkpoint says: {kept.Why}");
            }

            return new LogMirror(folder, keys, source, held, last);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => held.Dispose();

    /// <summary>
    /// Judges a checkpoint, and if the log has grown keeps all that is new. What contradicts the log itself is kept as evidence in the folder.
    /// A crash leaves the old checkpoint and some files of the new one, which are verified again before they are used.
    /// </summary>
    /// <exception cref="HttpRequestException">The source cannot be reached.</exception>
    public Sighting Update(SignedNote note, CancellationToken cancel)
    {
        var sighting = Follower.Look(note);
        if (sighting.Kind == SightingKind.Divergence)
            Keep(sighting);
        if (sighting is { Kind: SightingKind.Grown, Head: { } head, Tree: { } tree })
        {
            var before = Head?.Size ?? 0;
            try
            {
                Fetch(tree, before, cancel);
            }
            catch (LedgerException wrong)
            {
                return sighting with { Kind = SightingKind.FilesDoNotFit, Why = $"The log has signed {head.Size} entries, and its files do not fit: {wrong.Message}", Tree = null };
            }

            Publish(note);
            Follower.Accept(sighting);
            RemovePartial(before, head.Size);
        }
        else if (sighting.Kind == SightingKind.Same)
        {
            AddSignatures(note);
        }

        return sighting;
    }

    /// <summary>Adds to the checkpoint that is kept what others have signed of it; of two signatures of one key the new one stays. What has another text is passed over.</summary>
    public void AddSignatures(SignedNote note)
    {
        if (Follower.Last is not { } last || Head is not { } head || !string.Equals(note.Text, last.Text, StringComparison.Ordinal) || !note.Signatures.Except(last.Signatures).Any())
            return;
        var all = new SignedNote(note.Text, [.. last.Signatures.Where(one => !note.Signatures.Any(other => other.KeyId == one.KeyId && other.Name == one.Name)).Concat(note.Signatures).Take(SignedNote.MaxSignatures)]);
        Publish(all);
        Follower.Accept(new Sighting(SightingKind.Same, all, head, null, null));
    }

    /// <summary>A file of the log as it is kept, or null.</summary>
    public byte[]? Read(TilePath path) => own.Read(path);

    /// <summary>The proof from an older size to what is kept.</summary>
    public IReadOnlyList<byte[]> Consistency(long oldSize)
    {
        if (Head is not { } head || oldSize == 0 || oldSize == head.Size)
            return [];
        return new TileTree(Follower.Hash, own, head.Size, head.Root).Consistency(oldSize, head.Size);
    }

    /// <summary>The proof that the log contradicts itself, once it was found; it stays in the folder until a person moves it away.</summary>
    public string? Evidence => File.Exists(Path.Combine(folder, EvidenceFile)) ? File.ReadAllText(Path.Combine(folder, EvidenceFile)) : null;

    private void Publish(SignedNote note)
    {
        Step?.Invoke(CheckpointFile);
        DurableFiles.Replace(Path.Combine(folder, CheckpointFile), note.ToBytes());
    }

    private void Fetch(TileTree tree, long before, CancellationToken cancel)
    {
        var hash = Follower.Hash;
        for (var index = before / TilePath.FullWidth; index * TilePath.FullWidth < tree.Size; index++)
        {
            cancel.ThrowIfCancellationRequested();
            var first = index * TilePath.FullWidth;
            var width = (int)Math.Min(TilePath.FullWidth, tree.Size - first);
            var path = TilePath.Bundle(index, width);
            if (VerifiedBundle.Of(own.Read(path), tree, hash, first, width, out _) is null)
                Write(path, VerifiedBundle.Of(source.ReadAtLeast(path), tree, hash, first, width, out var why) ?? throw new LedgerException($"{path}: {why}"));
        }

        for (var level = 0; level < TilePath.Levels && TilePath.HashesAt(level, tree.Size) > 0; level++)
        {
            var hashes = TilePath.HashesAt(level, tree.Size);
            for (var index = TilePath.FullTilesAt(level, before); index * TilePath.FullWidth < hashes; index++)
            {
                cancel.ThrowIfCancellationRequested();
                var width = (int)Math.Min(TilePath.FullWidth, hashes - index * TilePath.FullWidth);
                var tile = new byte[width * HashFunction.Size];
                for (var i = 0; i < width; i++)
                    tree.Read(level * TilePath.LevelBits, index * TilePath.FullWidth + i, tile.AsSpan(i * HashFunction.Size));
                Write(TilePath.Tile(level, index, width), tile);
            }
        }
    }

    private void Write(TilePath path, byte[] content)
    {
        Step?.Invoke(path.ToString());
        var file = Path.Combine(folder, path.ToString());
        MakeFolder(Path.GetDirectoryName(file) ?? folder);
        DurableFiles.Replace(file, content);
    }

    /// <summary>A new folder has to be in the one above it when the power fails.</summary>
    private void MakeFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        var above = Path.GetDirectoryName(path) ?? folder;
        MakeFolder(above);
        Directory.CreateDirectory(path);
        DurableFiles.SyncFolder(above);
    }

    /// <summary>Partial files of the size before, which the new ones hold.</summary>
    private void RemovePartial(long before, long now)
    {
        for (var level = 0; level < TilePath.Levels; level++)
        {
            var width = TilePath.PartialWidthAt(level, before);
            if (width == 0 || TilePath.HashesAt(level, before) == TilePath.HashesAt(level, now))
                continue;
            Delete(TilePath.Tile(level, TilePath.FullTilesAt(level, before), width));
            if (level == 0)
                Delete(TilePath.Bundle(before / TilePath.FullWidth, width));
        }

        void Delete(TilePath path)
        {
            var file = Path.Combine(folder, path.ToString());
            File.Delete(file);
            if (Path.GetDirectoryName(file) is { } parts && Directory.Exists(parts) && !Directory.EnumerateFileSystemEntries(parts).Any())
                Directory.Delete(parts);
        }
    }

    private void Keep(Sighting sighting)
    {
        var file = Path.Combine(folder, EvidenceFile);
        if (!File.Exists(file))
            DurableFiles.Replace(file, System.Text.Encoding.UTF8.GetBytes($"{sighting.Why}\n\n{sighting.Before}\n{sighting.Note}"));
    }
}
