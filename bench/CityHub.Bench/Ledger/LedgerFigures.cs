using CityHub.Bench.Broker;
using CityHub.Ledger;

namespace CityHub.Bench.Ledger;

/// <summary>`cityhub bench ledger`: what the ledger costs and what it can do, as one flat JSON object.</summary>
public static class LedgerFigures
{
    /// <param name="only">Measure only the figures whose key contains this.</param>
    public static async Task<int> RunAsync(string? json, bool quick, string? only, TextWriter output, CancellationToken cancel)
    {
        var rounds = quick ? 3 : 5;
        var figures = new Figures(output);
        figures.Say("cores", Environment.ProcessorCount);
        figures.Say("ahead_of_time", System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeCompiled ? 0 : 1);
        figures.Say("rounds", rounds);
        Crypto(figures, rounds, TimeSpan.FromSeconds(quick ? 0.1 : 0.5), only);
        Log(figures, rounds, quick ? 200_000 : 1_000_000, only);
        if (Wanted(only, WholeBench.Verify))
            figures.Add(WholeBench.Verify, Verify(rounds));
        if (Wanted(only, WholeBench.Witnessed, WholeBench.Receipt, "verify_quorum_us", "receipt_bytes"))
            await WholeBench.WitnessedAsync(figures, rounds, quick ? 50 : 200, cancel);
        if (Wanted(only, WholeBench.Shred))
            await WholeBench.ShredAsync(figures, rounds, cancel);
        if (Wanted(only, WholeBench.Audit))
            await WholeBench.AuditAsync(figures, quick ? 500_000 : 10_000_000, cancel);
        if (only is null || LedgerCost.Key.Contains(only, StringComparison.Ordinal))
            await LedgerCost.MeasureAsync(figures, rounds, TimeSpan.FromSeconds(quick ? 1 : 5), cancel);
        if (json is null)
            output.WriteLine(figures.ToJson());
        else
            await File.WriteAllTextAsync(json, figures.ToJson(), cancel);
        return 0;
    }

    /// <summary>The limits: hashes and signatures of one core.</summary>
    private static void Crypto(Figures figures, int rounds, TimeSpan each, string? only)
    {
        var found = new Dictionary<string, List<double>>();
        for (var round = 0; round < rounds; round++)
            foreach (var figure in CryptoBench.Run(each))
            {
                var key = $"{figure.What.ToLowerInvariant().Replace(' ', '_').Replace("-", "", StringComparison.Ordinal)}_per_s";
                if (only is null || key.Contains(only, StringComparison.Ordinal))
                    (found.TryGetValue(key, out var rates) ? rates : found[key] = []).Add(figure.PerSecond);
            }

        foreach (var (key, rates) in found)
            figures.Add(key, rates);
    }

    /// <summary>The log by itself: entries of 256 bytes, a commit for every 2,048 of them, a checkpoint for every hundredth commit.</summary>
    private static void Log(Figures figures, int rounds, long entries, string? only)
    {
        const int group = 2_048;
        var found = new Dictionary<string, List<double>>();
        void Found(string key, double value)
        {
            if (Wanted(only, key))
                (found.TryGetValue(key, out var values) ? values : found[key] = []).Add(value);
        }

        var size = (entries + group - 1) / group * group;
        var intl = Wanted(only, "durable_entries_per_s", "commit_p50_ms", "commit_p99_ms", "fsck_1m_s", "proofs_per_s", "tile_bytes_per_entry");
        for (var round = 0; round < rounds; round++)
        {
            if (intl)
            {
                using var folder = new BenchFolder();
                var run = LogBench.Write(folder.Path, [LogBench.Tree], size, group);
                Found("durable_entries_per_s", run.EntriesPerSecond);
                Found("commit_p50_ms", run.CommitP50Ms);
                Found("commit_p99_ms", run.CommitP99Ms);
                Found("fsck_1m_s", LogBench.Check(folder.Path, [LogBench.Tree]) * 1_000_000 / size);
                if (Wanted(only, "proofs_per_s"))
                    Found("proofs_per_s", LogBench.Proofs(folder.Path, LogBench.Tree, 200_000));
                Found("tile_bytes_per_entry", LogBench.TileBytesPerEntry(folder.Path, LogBench.Tree, size));
            }

            if (Wanted(only, "sm3_entries_per_s", "sm3_fsck_1m_s"))
            {
                // Both trees: what a Chinese installation runs.
                using var folder = new BenchFolder();
                Found("sm3_entries_per_s", LogBench.Write(folder.Path, [LogBench.Tree, LogBench.GmTree], size, group).EntriesPerSecond);
                Found("sm3_fsck_1m_s", LogBench.Check(folder.Path, [LogBench.Tree, LogBench.GmTree]) * 1_000_000 / size);
            }
        }

        if (found.Count > 0)
        {
            figures.Say("log_entries", size);
            figures.Say("log_entry_bytes", 256);
            figures.Say("log_commit_entries", group);
        }

        foreach (var (key, values) in found)
            figures.Add(key, values);
    }

    /// <summary>A receipt of the last of a million entries with the log's own signature: hashing, the path, one check of Ed25519.</summary>
    private static List<double> Verify(int rounds)
    {
        const long entries = 1_000_000;
        using var folder = new BenchFolder();
        LogBench.Write(folder.Path, [LogBench.Tree], entries, 8_192);
        var note = SignedNote.Parse(File.ReadAllBytes(Path.Combine(folder.Path, "checkpoint")));
        var checkpoint = Checkpoint.Parse(note.Text);
        var tree = new TileTree(LogBench.Tree.Hash, new FolderTileSource(folder.Path), checkpoint.Size, checkpoint.Root);
        var index = entries - 1;
        var bundle = new FolderTileSource(folder.Path).ReadAtLeast(TilePath.Bundle(index / TilePath.FullWidth)) ?? throw new InvalidOperationException("No bundle.");
        var entry = EntryBundle.Read(bundle, (int)(index % TilePath.FullWidth) + 1)[^1];
        var receipt = new LogProof(LogBench.Tree.Hash, entry, index, tree.Inclusion(index, checkpoint.Size), note);
        var policy = WitnessPolicy.Parse($"log {LogBench.Signer.Verifier}\nquorum none\n");
        return [.. Enumerable.Range(0, rounds).Select(_ => WholeBench.VerifyUs(receipt, policy))];
    }

    private static bool Wanted(string? only, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (only is null || key.Contains(only, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private sealed class BenchFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cityhub-bench-log-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
