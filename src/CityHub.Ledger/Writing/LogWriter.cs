using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Writes a log into a folder as c2sp.org/tlog-tiles has it, with one or more trees over the same entry bundles. One thread at a time;
/// readers use the files, and only <see cref="Size"/> may be asked from any thread. The truth is with the caller: after
/// <see cref="Open(string, LogWriterOptions)"/> he appends again from <see cref="Size"/> on.
/// </summary>
public sealed class LogWriter : IDisposable
{
    private const string LockFile = "lock";

    /// <summary>Bundles that are kept for the next entries: as many as a checkpoint of a busy hub has. 12 MB.</summary>
    private const int MostSpare = 160;

    private readonly LogFiles files;
    private readonly LogHead head;
    private readonly FileStream held;
    private readonly Crew crew;
    private readonly Action<LogStep, string>? step;
    private readonly IReadOnlyList<LogTree> trees;

    private TreeEdge[] edges;
    private byte[][] roots;
    private long size;

    /// <summary>The first begins where the last full bundle ends; all but the last are full.</summary>
    private readonly List<PendingBundle> bundles = [];
    private readonly Stack<PendingBundle> spare = [];

    /// <summary>Of the size whose partial files somebody may ask for, since it was signed; -1 for none. Not known of the time before opening.</summary>
    private long signed;
    private long tiled = -1;

    /// <summary>Commits since the last <see cref="Sync"/>, whose leftovers are removed after the next one.</summary>
    private readonly List<(long Before, long After)> unsynced = [];
    private bool lazy;

    /// <summary>What was signed beyond the entries that a crash has left: the same entries have to come again before anything is signed.</summary>
    private readonly Checkpoint?[] pledged;

    private LogWriter(LogFiles files, LogHead head, FileStream held, Crew crew, LogWriterOptions options, Action<LogStep, string>? step)
    {
        (this.files, this.head, this.held, this.crew, this.step, trees) = (files, head, held, crew, step, options.Trees);
        edges = new TreeEdge[trees.Count];
        roots = new byte[trees.Count][];
        pledged = new Checkpoint?[trees.Count];
    }

    /// <summary>Entries that are durable.</summary>
    public long Size => Volatile.Read(ref size);

    /// <summary>Entries that a checkpoint stands for: those after <see cref="Size"/> were lost in a crash, and the caller appends them again.</summary>
    public long Promised => Math.Max(Size, pledged.Max(one => one?.Size ?? 0));

    /// <summary>Entries that were appended and not committed.</summary>
    public long Pending => Appended - Size;

    public IReadOnlyList<LogTree> Trees => trees;

    private long Appended => edges[0].Size + (bundles.Count - 1) * (long)TilePath.FullWidth + bundles[^1].Count;

    /// <summary>Opens a log, or begins one, and repairs what a crash has left.</summary>
    /// <exception cref="LedgerException">Another process writes it, it cannot be read or written, or its files are not what was written down or signed.</exception>
    public static LogWriter Open(string folder, LogWriterOptions options) => Open(folder, options, null);

    internal static LogWriter Open(string folder, LogWriterOptions options, Action<LogStep, string>? step)
    {
        var all = options.Trees;
        if (all.Count == 0 || all.Select(one => one.Folder).Distinct(StringComparer.Ordinal).Count() < all.Count || all.Select(one => one.Origin).Distinct(StringComparer.Ordinal).Count() < all.Count)
            throw new ArgumentException("A log has one tree at least, each with an origin and a folder of its own.", nameof(options));
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        FileStream? held = null;
        LogHead? head = null;
        Crew? crew = null;
        try
        {
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                DurableFiles.SyncFolder(Path.GetDirectoryName(folder) ?? folder);
            }

            held = Hold(folder);
            head = LogHead.Open(folder, step);
            crew = new Crew("ledger", options.Threads);
            var lazy = options.Repeatable && OperatingSystem.IsLinux();
            var writer = new LogWriter(new LogFiles(folder, lazy, step), head, held, crew, options, step) { lazy = lazy };
            writer.Recover();
            return writer;
        }
        catch (Exception e)
        {
            crew?.Dispose();
            head?.Dispose();
            held?.Dispose();
            if (LogFiles.IsIo(e))
                throw new LedgerException($"The log in {folder} cannot be opened: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Takes an entry; it is not durable before <see cref="Commit"/>. Returns its number.</summary>
    /// <exception cref="ArgumentException">The entry has more than 65,535 bytes.</exception>
    public long Append(ReadOnlySpan<byte> entry)
    {
        if (entry.Length > EntryBundle.LargestEntry)
            throw new ArgumentException(FormattableString.Invariant($"An entry has at most {EntryBundle.LargestEntry} bytes; this one has {entry.Length}."), nameof(entry));
        var index = Appended;
        if (bundles[^1].IsFull)
            bundles.Add(spare.TryPop(out var used) ? used : new PendingBundle(trees));
        bundles[^1].Append(entry);
        return index;
    }

    /// <summary>
    /// Makes what was appended durable, in all trees. Nothing of it counts before step 3, so that the files of 1 may be written in any order:
    /// a crash before 3 leaves files beyond the log's end, which the next commit overwrites.
    /// 1 Full bundles and their tiles, the tiles above that became full, the bundle that is being filled: each written and synced.
    /// 2 The folders are synced: the names are durable.
    /// 3 The head, size and roots, is written into the older of its two slots and synced. Half a slot: the other one counts.
    /// 4 Partial files that full ones have replaced are removed. A crash leaves some of them; they are right, and in nobody's way.
    /// </summary>
    /// <exception cref="LedgerException">It could not be written (a full disk). What was durable before still is; the entries wait for the next call.</exception>
    public void Commit()
    {
        var before = Size;
        var after = Appended;
        if (after == before)
            return;
        try
        {
            var next = new TreeEdge[trees.Count];
            for (var i = 0; i < next.Length; i++)
                next[i] = edges[i].Copy();

            // 1
            var first = before / TilePath.FullWidth;
            var full = (int)(after / TilePath.FullWidth - first);
            var tileRoots = new byte[full * trees.Count][];
            crew.Run(bundles.Count, i => WriteBundle(first, i, tileRoots));
            for (var tree = 0; tree < trees.Count; tree++)
            {
                for (var i = 0; i < full; i++)
                    next[tree].Push(tileRoots[i * trees.Count + tree], (path, tile) => files.Write(trees[tree].PathOf(path), tile));
            }

            // 2
            files.SyncFolders();

            // 3
            var found = new byte[trees.Count][];
            for (var tree = 0; tree < trees.Count; tree++)
                found[tree] = next[tree].Root(bundles.Count > full ? bundles[full].Tile(tree).Span : []);
            if (!lazy)
                head.Write(after, HeadRoots(found));
            (edges, roots) = (next, found);
            Volatile.Write(ref size, after);
            Advance(full);

            // 4
            if (lazy)
                unsynced.Add((before, after));
            else
                Tidy(before, after);
        }
        catch (Exception e) when (LogFiles.IsIo(e))
        {
            throw NotWritten(e);
        }
    }

    /// <summary>
    /// For a log whose caller can repeat its entries: makes durable what was committed. 1 Everything is synced with its file system. 2 The head is written as
    /// <see cref="Commit"/> does in its step 3. A crash before leaves the head before, and what was signed since is a pledge: <see cref="Open(string, LogWriterOptions)"/>
    /// goes on from the head, and nothing is signed until the same entries have given the same roots again. 3 As step 4.
    /// </summary>
    /// <exception cref="LedgerException">It could not be written.</exception>
    public void Sync()
    {
        if (!lazy || head.Last?.Size == Size)
            return;
        try
        {
            files.SyncAll();
            head.Write(Size, HeadRoots(roots));
            foreach (var (before, after) in unsynced)
                Tidy(before, after);
            unsynced.Clear();
        }
        catch (Exception e) when (LogFiles.IsIo(e))
        {
            throw NotWritten(e);
        }
    }

    /// <summary>The root over the durable entries.</summary>
    public byte[] Root(LogTree tree) => [.. roots[IndexOf(tree)]];

    /// <summary>
    /// Commits, and signs the head of each tree with those of the signers that have its origin as their name and its suite. What is signed
    /// is durable with everything that is needed to prove it, so that there are never two roots of one size:
    /// 1 <see cref="Commit"/>; 2 the partial tiles of this size, synced with their folders; 3 the signatures. A crash leaves a size that nobody
    /// has seen, and that will have the same root when it is signed again.
    /// </summary>
    /// <returns>A note for each tree, in their order. They may be shown to witnesses; readers get them with <see cref="Publish(SignedNote)"/>.</returns>
    /// <exception cref="ArgumentException">A tree has no signer.</exception>
    /// <exception cref="LedgerException">It could not be written.</exception>
    public IReadOnlyList<SignedNote> Sign(params ReadOnlySpan<NoteSigner> signers)
    {
        var chosen = new NoteSigner[trees.Count][];
        for (var tree = 0; tree < trees.Count; tree++)
        {
            var mine = new List<NoteSigner>();
            foreach (var signer in signers)
            {
                if (signer.Verifier.Name == trees[tree].Origin && signer.Verifier.Hash == trees[tree].Hash)
                    mine.Add(signer);
            }

            chosen[tree] = mine.Count > 0 ? [.. mine] : throw new ArgumentException($"No signer has the name and the suite of the tree {trees[tree].Origin}.", nameof(signers));
        }

        Commit();
        KeepPledges();
        WritePartialTiles();
        signed = Size;
        var notes = new SignedNote[trees.Count];
        for (var tree = 0; tree < notes.Length; tree++)
            notes[tree] = SignedNote.Sign(new Checkpoint(trees[tree].Origin, Size, roots[tree]).Body, chosen[tree]);
        return notes;
    }

    /// <summary><see cref="Sign"/>, and the notes in the place of the checkpoints before.</summary>
    public IReadOnlyList<SignedNote> Publish(params ReadOnlySpan<NoteSigner> signers)
    {
        var notes = Sign(signers);
        foreach (var note in notes)
            Publish(note);
        return notes;
    }

    /// <summary>
    /// Puts a note that was signed here, perhaps with cosignatures by now, into the place of the tree's checkpoint: whole or not at all
    /// (<see cref="DurableFiles.Replace"/>), and never an older one over a newer one.
    /// </summary>
    /// <returns>False: a newer checkpoint is there already.</returns>
    /// <exception cref="LedgerException">It is not a checkpoint of this log as its entries are, or it could not be written.</exception>
    public bool Publish(SignedNote note)
    {
        if (!Checkpoint.TryParse(note.Text, out var checkpoint, out var why))
            throw new LedgerException(why);
        var i = 0;
        while (i < trees.Count && trees[i].Origin != checkpoint.Origin)
            i++;
        if (i == trees.Count)
            throw new LedgerException($"{checkpoint.Origin} is not a tree of this log.");
        var tree = trees[i];
        try
        {
            if (checkpoint.Size > Size || !checkpoint.Root.AsSpan().SequenceEqual(checkpoint.Size == Size ? roots[i] : RootAt(i, edges[i], checkpoint.Size)))
                throw new LedgerException($"The checkpoint {checkpoint} is not of this log.");
            if (Published(tree) is { } there && there.Size > checkpoint.Size)
                return false;
            files.Replace(tree.CheckpointFile, note.ToBytes());
            return true;
        }
        catch (Exception e) when (LogFiles.IsIo(e))
        {
            throw NotWritten(e);
        }
    }

    public void Dispose()
    {
        crew.Dispose();
        head.Dispose();
        held.Dispose();
    }

    private static FileStream Hold(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(Path.Combine(folder, LockFile)))
        {
            throw new LedgerException($"Another process writes the log in {folder}; two writers would make two logs of it. Stop the other one.", e);
        }
    }

    /// <summary>
    /// The log has as many entries as the head says, or a checkpoint, if the head was lost: what was signed once stays. Whatever lies
    /// beyond is not read.
    /// </summary>
    private void Recover()
    {
        var last = head.Last;
        var checkpoints = new Checkpoint?[trees.Count];
        var end = last?.Size ?? 0;
        for (var tree = 0; tree < trees.Count; tree++)
        {
            checkpoints[tree] = Published(trees[tree]);
            end = Math.Max(end, checkpoints[tree]?.Size ?? 0);
        }

        if (RecoverAt(end, last, checkpoints) is { } why && !(lazy && last is not null && last.Size < end && RecoverAt(last.Size, last, checkpoints) is null))
            throw new LedgerException($"{why} An entry was changed after it was written; find it with the audit, and bring the file back from a mirror or a backup.");
        if (!lazy && (last is null || last.Size != Size || trees.Any(one => last.RootOf(one) is null) || last.Roots.Count != trees.Count))
            head.Write(Size, HeadRoots(roots));
        Sync();
    }

    /// <summary>Brings the state to a size. Null, or why the files do not have it.</summary>
    private string? RecoverAt(long end, HeadState? last, Checkpoint?[] checkpoints)
    {
        var recovery = new LogRecovery(files, crew);
        bundles.Clear();
        try
        {
            bundles.Add(recovery.Tail(trees, end));
            for (var tree = 0; tree < trees.Count; tree++)
            {
                var told = last?.Size == end ? last.RootOf(trees[tree]) : null;
                var signedThen = checkpoints[tree]?.Size <= end ? checkpoints[tree] : null;
                pledged[tree] = signedThen is null ? checkpoints[tree] : null;
                // Of a tree whose root at this size nobody has written down, the tiles say nothing.
                edges[tree] = (told is not null || signedThen?.Size == end) && recovery.FromTiles(trees[tree], end) is { } edge && Fits(tree, edge, end, told, signedThen) is null
                    ? edge
                    : recovery.FromBundles(trees[tree], end);
                if (Fits(tree, edges[tree], end, told, signedThen) is { } why)
                    return why;
                roots[tree] = edges[tree].Root(bundles[0].Tile(tree).Span);
            }
        }
        catch (LedgerException lost) when (lazy && last?.Size < end)
        {
            return lost.Message;
        }

        Volatile.Write(ref size, end);
        signed = end;
        return null;
    }

    /// <summary>What was signed before a crash is what the entries that came again give; otherwise nothing is signed any more.</summary>
    private void KeepPledges()
    {
        for (var tree = 0; tree < trees.Count; tree++)
        {
            if (pledged[tree] is not { } pledge)
                continue;
            if (pledge.Size > Size)
                throw new LedgerException(FormattableString.Invariant($"The log has signed {pledge.Size} entries and has {Size} of them again; nothing is signed before the others are there."));
            var root = pledge.Size == Size ? roots[tree] : RootAt(tree, edges[tree], pledge.Size);
            if (!root.AsSpan().SequenceEqual(pledge.Root))
                throw new LedgerException($"The entries that came again are not those that were signed: {pledge}. Nothing is signed any more.");
            pledged[tree] = null;
        }
    }

    /// <summary>Null, or why the tiles are not those of the log that was written.</summary>
    private string? Fits(int tree, TreeEdge edge, long end, byte[]? told, Checkpoint? checkpoint)
    {
        var root = edge.Root(bundles[0].Tile(tree).Span);
        if (told is not null && !root.AsSpan().SequenceEqual(told))
            return FormattableString.Invariant($"The tree {trees[tree].Origin} of {end} entries has the root {Convert.ToBase64String(root)}; when it was written it had {Convert.ToBase64String(told)}.");
        if (checkpoint is null)
            return null;
        byte[] then;
        try
        {
            then = checkpoint.Size == end ? root : RootAt(tree, edge, checkpoint.Size);
        }
        catch (LedgerException e)
        {
            return e.Message;
        }

        return then.AsSpan().SequenceEqual(checkpoint.Root)
            ? null
            : FormattableString.Invariant($"The tree {trees[tree].Origin} had at size {checkpoint.Size} the root {Convert.ToBase64String(then)}; its checkpoint says {Convert.ToBase64String(checkpoint.Root)}.");
    }

    private Checkpoint? Published(LogTree tree)
    {
        var file = files.PathOf(tree.CheckpointFile);
        if (!File.Exists(file))
            return null;
        if (!SignedNote.TryParse(File.ReadAllBytes(file), out var note, out var why) || !Checkpoint.TryParse(note.Text, out var checkpoint, out why))
            throw new LedgerException($"{tree.CheckpointFile} in {files.Root} is not a checkpoint: {why}");
        return checkpoint.Origin == tree.Origin
            ? checkpoint
            : throw new LedgerException($"{tree.CheckpointFile} in {files.Root} is of the log {checkpoint.Origin}, not of {tree.Origin}.");
    }

    /// <summary>The root that a tree had at a size up to that of the edge and the first bundle.</summary>
    private byte[] RootAt(int tree, TreeEdge edge, long at) => edge.RootAt(at, new FolderTileSource(files.PathOf(trees[tree].Folder)), bundles[0].Tile(tree));

    private void WriteBundle(long first, int i, byte[][] tileRoots)
    {
        var bundle = bundles[i];
        bundle.HashLeaves();
        if (bundle.Count > 0)
            files.Write(TilePath.Bundle(first + i, bundle.Count).ToString(), bundle.Bytes);
        if (!bundle.IsFull)
            return;
        Span<byte> reduced = stackalloc byte[TilePath.FullBytes];
        for (var tree = 0; tree < trees.Count; tree++)
        {
            files.Write(trees[tree].PathOf(TilePath.Tile(0, first + i)), bundle.Tile(tree).Span);
            bundle.Tile(tree).Span.CopyTo(reduced);
            HashTile.Reduce(trees[tree].Hash, reduced);
            tileRoots[i * trees.Count + tree] = reduced[..HashFunction.Size].ToArray();
        }
    }

    private void WritePartialTiles()
    {
        if (tiled == Size)
            return;
        try
        {
            for (var tree = 0; tree < trees.Count; tree++)
            {
                if (bundles[0].Count > 0)
                    files.Write(trees[tree].PathOf(TilePath.Tile(0, edges[tree].Size / TilePath.FullWidth, bundles[0].Count)), bundles[0].Tile(tree).Span);
                foreach (var (path, tile) in edges[tree].PartialTiles())
                    files.Write(trees[tree].PathOf(path), tile.Span);
            }

            files.SyncFolders();
        }
        catch (Exception e) when (LogFiles.IsIo(e))
        {
            throw NotWritten(e);
        }

        tiled = Size;
    }

    /// <summary>The first bundle is the one that is being filled.</summary>
    private void Advance(int full)
    {
        if (bundles.Count == full)
            bundles.Add(spare.TryPop(out var used) ? used : new PendingBundle(trees));
        for (var i = 0; i < full; i++)
            Spare(bundles[i]);
        bundles.RemoveRange(0, full);
    }

    private void Spare(PendingBundle bundle)
    {
        bundle.Clear();
        if (spare.Count < MostSpare)
            spare.Push(bundle);
    }

    private void Tidy(long before, long after)
    {
        var bundle = before / TilePath.FullWidth;
        if (after / TilePath.FullWidth == bundle)
        {
            // Committed, never signed: nobody asks for it.
            if (signed != before && before % TilePath.FullWidth > 0)
                files.Remove(TilePath.Bundle(bundle, (int)(before % TilePath.FullWidth)).ToString());
            return;
        }

        files.RemoveFolder($"{TilePath.Bundle(bundle)}.p");
        for (var level = 0; level < TilePath.Levels && TilePath.FullTilesAt(level, after) > TilePath.FullTilesAt(level, before); level++)
        {
            foreach (var tree in trees)
                files.RemoveFolder($"{tree.PathOf(TilePath.Tile(level, TilePath.FullTilesAt(level, before)))}.p");
        }
    }

    private List<HeadRoot> HeadRoots(byte[][] of)
    {
        var all = new List<HeadRoot>(trees.Count);
        for (var tree = 0; tree < trees.Count; tree++)
            all.Add(new HeadRoot(trees[tree].Hash.Name, trees[tree].Origin, of[tree]));
        return all;
    }

    private int IndexOf(LogTree tree)
    {
        for (var i = 0; i < trees.Count; i++)
        {
            if (trees[i] == tree)
                return i;
        }

        throw new ArgumentException($"{tree.Origin} is not a tree of this log.", nameof(tree));
    }

    private LedgerException NotWritten(Exception e) =>
        new(FormattableString.Invariant($"The log in {files.Root} cannot be written: {e.Message.TrimEnd('.')}. Its {Size} entries are safe; {Pending} wait, and are written when it works again."), e);
}
