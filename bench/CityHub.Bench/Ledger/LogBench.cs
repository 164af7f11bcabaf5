using System.Buffers.Binary;
using System.Diagnostics;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Bench.Ledger;

/// <summary>One writing of a log: entries, and how long each group commit took.</summary>
public sealed record LogRun(double EntriesPerSecond, double CommitP50Ms, double CommitP99Ms, double CommitMaxMs);

/// <summary>What the log costs by itself, in process: writing with group commit, checking, proving.</summary>
public static class LogBench
{
    private const string Origin = "bench.example/log", GmOrigin = "bench.example/log/sm3";

    /// <summary>As a hub does: a checkpoint every so many commits, about one a second.</summary>
    private const int CommitsPerCheckpoint = 100;

    public static readonly LogTree Tree = LogTree.International(Origin), GmTree = LogTree.Chinese(GmOrigin);

    public static NoteSigner Signer { get; } = SignerOf(Origin, NoteKeyType.Ed25519);

    public static NoteSigner GmSigner { get; } = SignerOf(GmOrigin, NoteKeyType.Sm2);

    /// <summary>
    /// Appends <paramref name="entries"/> of <paramref name="entryBytes"/> bytes and commits every <paramref name="group"/> of them; the time of a commit is from its first
    /// append, so that it is what the oldest entry of the group waits at most.
    /// </summary>
    public static LogRun Write(string folder, IReadOnlyList<LogTree> trees, long entries, int group, int entryBytes = 256)
    {
        NoteSigner[] signers = [.. trees.Select(one => one == GmTree ? GmSigner : Signer)];
        using var writer = LogWriter.Open(folder, new LogWriterOptions { Trees = trees });
        var start = writer.Size;
        var entry = new byte[entryBytes];
        entry.AsSpan().Fill(7);
        var times = new List<double>();
        var begun = Stopwatch.GetTimestamp();
        while (writer.Size < entries)
        {
            var first = Stopwatch.GetTimestamp();
            for (var i = 0; i < group; i++)
            {
                BinaryPrimitives.WriteInt64BigEndian(entry, writer.Size + i);
                writer.Append(entry);
            }

            writer.Commit();
            times.Add(Stopwatch.GetElapsedTime(first).TotalMilliseconds);
            if (times.Count % CommitsPerCheckpoint == 0)
                writer.Publish(signers);
        }

        writer.Publish(signers);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        times.Sort();
        return new LogRun((writer.Size - start) / seconds, times[times.Count / 2], times[(int)(times.Count * 0.99)], times[^1]);
    }

    /// <summary>Seconds for a check of everything.</summary>
    public static double Check(string folder, IReadOnlyList<LogTree> trees)
    {
        var begun = Stopwatch.GetTimestamp();
        var report = LogCheck.Run(folder, [.. trees.Select(one => new CheckedTree(one, [(one == GmTree ? GmSigner : Signer).Verifier]))]);
        return report.IsWhole ? Stopwatch.GetElapsedTime(begun).TotalSeconds : throw new InvalidOperationException($"The log of the bench is not whole: {report.First}");
    }

    /// <summary>Inclusion proofs a second on all cores, of entries all over the log, from tiles that are read and verified once.</summary>
    public static double Proofs(string folder, LogTree tree, int proofs)
    {
        var checkpoint = Checkpoint.Parse(SignedNote.Parse(File.ReadAllBytes(Path.Combine(folder, tree.Folder, "checkpoint"))).Text);
        var read = new TileTree(tree.Hash, new FolderTileSource(Path.Combine(folder, tree.Folder)), checkpoint.Size, checkpoint.Root, new TileCache(16_384));
        void Prove(int i)
        {
            // A step that is prime to most sizes visits all of them.
            var index = i * 7_919L % checkpoint.Size;
            if (read.Inclusion(index, checkpoint.Size).Count == 0 && checkpoint.Size > 1)
                throw new InvalidOperationException($"No proof of {index}.");
        }

        for (long i = 0; i < checkpoint.Size; i += 256)
            read.LeafHash(i);
        var begun = Stopwatch.GetTimestamp();
        Parallel.For(0, proofs, Prove);
        return proofs / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>Bytes of one tree's tiles for each entry; the bundles are not among them.</summary>
    public static double TileBytesPerEntry(string folder, LogTree tree, long entries)
    {
        long bytes = 0;
        foreach (var level in Directory.EnumerateDirectories(Path.Combine(folder, tree.Folder, "tile")))
        {
            if (Path.GetFileName(level) == "entries")
                continue;
            foreach (var file in Directory.EnumerateFiles(level, "*", SearchOption.AllDirectories))
                bytes += new FileInfo(file).Length;
        }

        return (double)bytes / entries;
    }

    private static NoteSigner SignerOf(string origin, NoteKeyType type)
    {
        var secret = new byte[SigningKeys.SecretSize];
        secret[^1] = 9;
        return new NoteSigner(origin, type, SigningKeys.FromSecret(type == NoteKeyType.Sm2 ? SignatureAlgorithm.Sm2 : SignatureAlgorithm.Ed25519, secret), TimeProvider.System);
    }
}
