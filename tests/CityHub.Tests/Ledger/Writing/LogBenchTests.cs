using CityHub.Bench.Ledger;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Writing;

public sealed class LogBenchTests
{
    [Fact]
    public void The_bench_writes_a_log_that_is_whole_and_measures_it()
    {
        using var folder = new LogFolder();
        LogTree[] trees = [LogBench.Tree, LogBench.GmTree];
        var run = LogBench.Write(folder.Path, trees, 66_000, 3_000);
        Assert.True(run is { EntriesPerSecond: > 0, CommitP50Ms: > 0 } && run.CommitP99Ms >= run.CommitP50Ms && run.CommitMaxMs >= run.CommitP99Ms, $"{run}");
        Assert.True(LogBench.Check(folder.Path, trees) > 0);
        Assert.True(LogBench.Proofs(folder.Path, LogBench.GmTree, 500) > 0);
        // 32 bytes of level 0, and a 255th of them above; the partial tiles of the last checkpoint besides.
        Assert.InRange(LogBench.TileBytesPerEntry(folder.Path, LogBench.Tree, 66_000), 32.1, 32.5);
    }
}
