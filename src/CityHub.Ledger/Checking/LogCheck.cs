using System.Buffers;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Checks a whole log from its files alone, on all cores: the checkpoints' signatures, every entry against the tiles of every tree, every tile against
/// the one above, the roots against the checkpoints, and partial files that are still there against the full ones. It names the first divergence
/// and whose it is: bundle, tile or checkpoint, by which of them gives the signed root.
/// </summary>
public static class LogCheck
{
    private const int BundlesPerPart = 64;

    /// <param name="progress">Gets the number of entries that are done, from many threads.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static LogCheckReport Run(string folder, IReadOnlyList<CheckedTree> trees, int threads = 0, IProgress<long>? progress = null, CancellationToken cancel = default)
    {
        var checkpoints = new Checkpoint?[trees.Count];
        var checks = new List<TreeCheck>();
        LogDivergence? first = null;
        for (var i = 0; i < trees.Count; i++)
        {
            checkpoints[i] = ReadCheckpoint(folder, trees[i], out var wrong);
            first ??= wrong;
            if (checkpoints[i] is { } checkpoint)
                checks.Add(new TreeCheck(folder, trees[i], checkpoint));
        }

        var size = checks.Count == 0 ? 0 : checks.Max(one => one.Checkpoint.Size);
        foreach (var check in checks)
            check.BundlesSize = size;
        var pass = new BundlePass(folder, size, checks, progress, cancel);
        using (var crew = new Crew("audit", threads > 0 ? threads : Environment.ProcessorCount))
            crew.Run((int)((pass.Bundles + BundlesPerPart - 1) / BundlesPerPart), part => pass.Read(part * (long)BundlesPerPart, BundlesPerPart));

        // A checkpoint that cannot be believed comes first; then a bundle that cannot be read, without which no tree can be judged.
        first ??= pass.First;
        if (first is null)
        {
            foreach (var check in checks)
            {
                if (check.Judge(cancel) is { } found && (first is null || (found.Entry ?? -1) < (first.Entry ?? -1)))
                    first = found;
            }
        }

        first ??= PartialFiles.Check(folder, trees, checkpoints, cancel);
        return new LogCheckReport(pass.Entries, pass.Bytes, checkpoints, first);
    }

    private static Checkpoint? ReadCheckpoint(string folder, CheckedTree tree, out LogDivergence? wrong)
    {
        var file = tree.Tree.CheckpointFile;
        wrong = null;
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(folder, file));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            wrong = new LogDivergence(file, null, "a checkpoint", "no such file");
            return null;
        }

        if (!SignedNote.TryParse(bytes, out var note, out var why) || !note.TryVerify(tree.Keys, out _, out why) || !Checkpoint.TryParse(note.Text, out var checkpoint, out why))
            wrong = new LogDivergence(file, null, "a checkpoint with a good signature of the log", why);
        else if (checkpoint.Origin != tree.Tree.Origin)
            wrong = new LogDivergence(file, null, $"the origin {tree.Tree.Origin}", checkpoint.Origin);
        else
            return checkpoint;
        return null;
    }

    /// <summary>Reads and hashes the bundles; each part by one thread.</summary>
    private sealed class BundlePass(string folder, long size, List<TreeCheck> checks, IProgress<long>? progress, CancellationToken cancel)
    {
        private readonly Lock gate = new();
        private long entries, bytes;

        public long Bundles => (size + TilePath.FullWidth - 1) / TilePath.FullWidth;

        public long Entries => entries;

        public long Bytes => bytes;

        public LogDivergence? First { get; private set; }

        public void Read(long begin, int count)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
            var leaves = new byte[checks.Count][];
            for (var i = 0; i < leaves.Length; i++)
                leaves[i] = new byte[TilePath.FullBytes];
            var (done, read) = (0L, 0L);
            for (var bundle = begin; bundle < Math.Min(begin + count, Bundles); bundle++)
            {
                cancel.ThrowIfCancellationRequested();
                var path = TilePath.Bundle(bundle, (int)Math.Min(TilePath.FullWidth, size - bundle * TilePath.FullWidth));
                var length = Load(path, ref buffer, out var full);
                if (length < 0)
                {
                    Say(new LogDivergence(path.ToString(), bundle * TilePath.FullWidth, FormattableString.Invariant($"a bundle of {path.Width} entries"), "no such file"));
                    continue;
                }

                read += length;
                ReadOnlySpan<byte> rest = buffer.AsSpan(0, length);
                var at = 0;
                while (at < path.Width && EntryBundle.TryNext(ref rest, out var entry))
                {
                    for (var i = 0; i < leaves.Length; i++)
                    {
                        if (at < checks[i].WidthOf(bundle))
                            MerkleTree.LeafHash(checks[i].Tree.Hash, entry, leaves[i].AsSpan(at * HashFunction.Size));
                    }

                    at++;
                }

                done += at;
                if (at < path.Width)
                    Say(new LogDivergence(path.ToString(), bundle * TilePath.FullWidth + at, FormattableString.Invariant($"{path.Width} entries"), FormattableString.Invariant($"a file that ends inside or before this one, after {length} bytes")));
                else if (rest.Length > 0 && full == path.IsFull)
                    Say(new LogDivergence(path.ToString(), bundle * TilePath.FullWidth + at, "the end of the bundle", FormattableString.Invariant($"{rest.Length} more bytes")));
                else
                {
                    for (var i = 0; i < leaves.Length; i++)
                        checks[i].Take(bundle, leaves[i].AsSpan(0, checks[i].WidthOf(bundle) * HashFunction.Size));
                }
            }

            ArrayPool<byte>.Shared.Return(buffer);
            Interlocked.Add(ref bytes, read);
            var all = Interlocked.Add(ref entries, done);
            progress?.Report(all);
        }

        /// <summary>-1: there is neither the file nor, in its place, the full one.</summary>
        private int Load(TilePath path, ref byte[] buffer, out bool full)
        {
            full = path.IsFull;
            try
            {
                return Load(path.ToString(), ref buffer);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
            }

            if (full)
                return -1;
            full = true;
            try
            {
                return Load(path.WithWidth(TilePath.FullWidth).ToString(), ref buffer);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return -1;
            }
        }

        private int Load(string file, ref byte[] buffer)
        {
            using var handle = File.OpenHandle(Path.Combine(folder, file));
            var length = 0;
            while (true)
            {
                var got = RandomAccess.Read(handle, buffer.AsSpan(length), length);
                if (got == 0)
                    return length;
                length += got;
                if (length < buffer.Length)
                    continue;
                var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }

        private void Say(LogDivergence found)
        {
            lock (gate)
            {
                if (First is null || found.Entry < First.Entry)
                    First = found;
            }
        }
    }
}
