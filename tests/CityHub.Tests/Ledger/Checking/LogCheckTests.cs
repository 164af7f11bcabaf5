using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Tests.Ledger.Writing;
using CsCheck;

namespace CityHub.Tests.Ledger.Checking;

/// <summary>A log of two trees, 1,100 entries and several checkpoints, of which one thing is changed at a time.</summary>
public sealed class LogCheckTests : IDisposable
{
    const int Size = 1_100;

    readonly LogFolder folder = new();
    readonly List<Checkpoint> earlier = [];
    readonly string[] files;

    public LogCheckTests()
    {
        using (var writer = folder.Open())
        {
            foreach (var size in (int[])[3, 250, 700, 1_030, Size])
            {
                LogFolder.Append(writer, (int)(size - writer.Size));
                earlier.Add(Checkpoint.Parse(writer.Publish(LogFolder.Signer, LogFolder.GmSigner)[0].Text));
            }
        }

        files = [.. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder.Path, file))
            .Where(file => file is not ("head" or "lock"))
            .Order(StringComparer.Ordinal)];
    }

    public void Dispose() => folder.Dispose();

    static LogCheckReport Run(string path, params CheckedTree[] trees) => LogCheck.Run(path, trees, threads: 1, cancel: TestContext.Current.CancellationToken);

    LogCheckReport Check(IReadOnlyList<Checkpoint>? known = null) => Run(
        folder.Path, new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier], known), new CheckedTree(LogFolder.GmTree, [LogFolder.GmSigner.Verifier]));

    byte[] Read(string file) => File.ReadAllBytes(Path.Combine(folder.Path, file));

    void Write(string file, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder.Path, file), bytes);

    /// <summary>The first divergence while the file is another one.</summary>
    LogDivergence? With(string file, byte[]? bytes)
    {
        var good = Read(file);
        try
        {
            if (bytes is null)
                File.Delete(Path.Combine(folder.Path, file));
            else
                Write(file, bytes);
            return Check().First;
        }
        finally
        {
            Write(file, good);
        }
    }

    [Fact]
    public void A_log_that_was_only_written_is_whole()
    {
        var report = Check(earlier);
        Assert.True(report.IsWhole, $"{report.First}");
        Assert.Equal(Size, report.Entries);
        Assert.Equal(files.Where(file => file.StartsWith("tile/entries", StringComparison.Ordinal) && !file.Contains(".p/1030", StringComparison.Ordinal) && !file.EndsWith(".p/6", StringComparison.Ordinal))
            .Sum(file => (long)Read(file).Length), report.Bytes);
        Assert.All(report.Checkpoints, one => Assert.Equal(Size, one?.Size));
        Assert.True(files.Length > 20);
    }

    [Fact]
    public void A_bit_anywhere_in_any_file_is_found_and_the_file_is_named()
    {
        var flips =
            from file in Gen.Int[0, files.Length - 1]
            from at in Gen.Int[0, 1_000_000]
            from bit in Gen.Int[0, 7]
            select (files[file], at, bit);
        flips.Sample(
            flip =>
            {
                var (file, at, bit) = flip;
                var bad = Read(file);
                bad[at % bad.Length] ^= (byte)(1 << bit);
                Assert.Equal(file, With(file, bad)?.File);
            },
            iter: 450,
            threads: 1);
    }

    [Fact]
    public void A_file_that_is_cut_or_longer_or_gone_is_found_and_named()
    {
        var cuts =
            from file in Gen.Int[0, files.Length - 1]
            from at in Gen.Int[0, 1_000_000]
            from kind in Gen.Int[0, 2]
            select (files[file], at, kind);
        cuts.Sample(
            cut =>
            {
                var (file, at, kind) = cut;
                var good = Read(file);
                var found = With(file, kind == 0 ? good[..(at % good.Length)] : kind == 1 ? [.. good, .. new byte[1 + at % 70]] : null);
                // Nobody needs an earlier size's partial file that is gone, or that a crash left empty: the later ones are there.
                if ((kind == 2 || (kind == 0 && at % good.Length == 0)) && found is null)
                    Assert.True(file.Contains(".p/", StringComparison.Ordinal) && !file.EndsWith(".p/76", StringComparison.Ordinal) && !file.EndsWith(".p/4", StringComparison.Ordinal), file);
                else
                    Assert.Equal(file, found?.File);
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void Files_and_entries_that_changed_places_are_found()
    {
        var swaps =
            from first in Gen.Int[0, files.Length - 1]
            from second in Gen.Int[0, files.Length - 1]
            where first != second
            select (files[Math.Min(first, second)], files[Math.Max(first, second)]);
        swaps.Sample(
            swap =>
            {
                var (one, other) = swap;
                var (a, b) = (Read(one), Read(other));
                // One bundle and one hash can be in two files: of one size.
                if (a.AsSpan().SequenceEqual(b))
                    return;
                Write(one, b);
                Write(other, a);
                var found = Check().First;
                Write(one, a);
                Write(other, b);
                Assert.Contains(found?.File, (string?[])[one, other]);
            },
            iter: 150,
            threads: 1);

        for (var at = 1; at < 200; at += 20)
        {
            var entries = EntryBundle.Read(Read("tile/entries/002"), 256).ToArray();
            (entries[at], entries[at + 7]) = (entries[at + 7], entries[at]);
            var found = With("tile/entries/002", [.. entries.SelectMany(entry => (byte[])[(byte)(entry.Length >> 8), (byte)entry.Length, .. entry])]);
            Assert.Equal(("tile/entries/002", 512L + at), (found?.File, found?.Entry));
        }
    }

    [Fact]
    public void The_entry_that_was_changed_is_named()
    {
        for (long index = 1; index < Size; index += 131)
        {
            var (bundle, at) = ((int)(index / 256), (int)(index % 256));
            var file = TilePath.Bundle(bundle, Math.Min(256, Size - bundle * 256)).ToString();
            var bad = Read(file);
            bad[EntryBundle.LengthOf(bad, at) + 2] ^= 0x10;
            var found = With(file, bad);
            Assert.Equal((file, index), (found?.File, found?.Entry));
            Assert.Contains(Convert.ToBase64String(MerkleTree.LeafHash(HashFunctions.Sha256, LogFolder.Entry(index))), found?.Expected, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bundle_and_tile_that_were_changed_together_do_not_give_the_signed_root()
    {
        var bundle = Read("tile/entries/001");
        bundle[EntryBundle.LengthOf(bundle, 9) + 2] ^= 1;
        var tile = Read("tile/0/001");
        MerkleTree.LeafHash(HashFunctions.Sha256, EntryBundle.Read(bundle, 10)[9], tile.AsSpan(9 * 32));
        Write("tile/entries/001", bundle);
        Write("tile/0/001", tile);
        var found = Check().First;
        Assert.Equal(("tile/entries/001", 256L), (found?.File, found?.Entry));

        // And with the tile above, and all tiles of the other tree: only the signature is left.
        using var other = new LogFolder();
        using (var writer = other.Open())
        {
            for (var i = 0; i < Size; i++)
                writer.Append(i == 265 ? [1] : LogFolder.Entry(i));
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
        }

        foreach (var file in files.Where(file => File.Exists(Path.Combine(other.Path, file)) && !file.EndsWith("checkpoint", StringComparison.Ordinal)))
            Write(file, File.ReadAllBytes(Path.Combine(other.Path, file)));
        found = Check().First;
        Assert.Equal(("checkpoint", null), (found?.File, found?.Entry));
    }

    [Fact]
    public void A_log_that_was_rewritten_and_signed_anew_is_told_by_any_checkpoint_from_elsewhere()
    {
        using var other = new LogFolder();
        using (var writer = other.Open())
        {
            for (var i = 0; i < Size + 200; i++)
                writer.Append(i == 265 ? [1] : LogFolder.Entry(i));
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
        }

        var tree = new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier]);
        Assert.True(Run(other.Path, tree).IsWhole);
        Assert.True(Run(other.Path, tree with { Known = earlier[..2] }).IsWhole);
        var found = Run(other.Path, tree with { Known = earlier }).First;
        Assert.Contains("at size 700, as a checkpoint from elsewhere says", found?.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_was_set_back_is_told_by_a_later_checkpoint()
    {
        using var other = new LogFolder();
        using (var writer = other.Open())
        {
            LogFolder.Append(writer, 700);
            writer.Publish(LogFolder.Signer, LogFolder.GmSigner);
        }

        var tree = new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier]);
        Assert.True(Run(other.Path, tree with { Known = earlier[..3] }).IsWhole);
        Assert.Contains("at least 1030 entries", Run(other.Path, tree with { Known = earlier[3..4] }).First?.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_another_key_or_of_another_log_is_refused()
    {
        var stranger = LedgerKeys.Signer(LogFolder.Origin, NoteKeyType.Ed25519, 77);
        var body = Checkpoint.Parse(SignedNote.Parse(Read("checkpoint")).Text).Body;
        var found = With("checkpoint", SignedNote.Sign(body, stranger).ToBytes());
        Assert.Equal("checkpoint", found?.File);
        Assert.Contains("known keys", found?.Found, StringComparison.Ordinal);
        found = With("checkpoint", SignedNote.Sign(body.Replace("/log\n", "/other\n", StringComparison.Ordinal), LogFolder.Signer).ToBytes());
        Assert.Equal(("checkpoint", "city.example/other"), (found?.File, found?.Found));
        Assert.Equal("checkpoint", With("checkpoint", Encoding.UTF8.GetBytes("nothing"))?.File);
    }

    [Fact]
    public void Trees_may_be_at_different_sizes_and_an_empty_log_is_whole()
    {
        using (var writer = folder.Open())
        {
            LogFolder.Append(writer, 400);
            writer.Publish(writer.Sign(LogFolder.Signer, LogFolder.GmSigner)[1]);
        }

        var report = Check();
        Assert.True(report.IsWhole, $"{report.First}");
        Assert.Equal([Size, Size + 400], report.Checkpoints.Select(one => one?.Size ?? 0));
        using var empty = new LogFolder();
        using (var writer = empty.Open(LogFolder.One))
            writer.Publish(LogFolder.Signer);
        Assert.True(Run(empty.Path, new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])).IsWhole);
        Assert.Equal("checkpoint", Run(empty.Path + "x", new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])).First?.File);
    }

    [Fact]
    public void It_can_be_cancelled_and_says_how_far_it_is()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => { LogCheck.Run(folder.Path, [new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])], cancel: cancel.Token); });
        var told = new Told();
        LogCheck.Run(folder.Path, [new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])], progress: told, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Size, told.Last);
    }

    sealed class Told : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }

    [Fact]
    public void Three_levels_are_checked_up_to_the_top()
    {
        using var large = new LogFolder();
        using (var writer = large.Open(LogFolder.One))
        {
            LogFolder.Append(writer, 66_000);
            writer.Publish(LogFolder.Signer);
        }

        CheckedTree[] tree = [new CheckedTree(LogFolder.Tree, [LogFolder.Signer.Verifier])];
        var report = Run(large.Path, tree);
        Assert.True(report.IsWhole, $"{report.First}");
        foreach (var (file, entry) in ((string, long)[])[("tile/2/000.p/1", 0), ("tile/1/000", 256 * 70), ("tile/1/001.p/1", 65_536), ("tile/0/257.p/208", 65_792 + 70), ("tile/0/099", 256 * 99 + 70)])
        {
            var path = Path.Combine(large.Path, file);
            var good = File.ReadAllBytes(path);
            byte[] bad = [.. good];
            bad[Math.Min(bad.Length - 1, 70 * 32 + 3)] ^= 4;
            File.WriteAllBytes(path, bad);
            var found = Run(large.Path, tree).First;
            Assert.Equal((file, entry), (found?.File, found?.Entry));
            File.WriteAllBytes(path, good);
        }
    }
}
