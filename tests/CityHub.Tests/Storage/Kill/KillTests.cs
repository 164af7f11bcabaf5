using System.Diagnostics;
using CityHub.Bench.Kill;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Storage.Kill;

/// <summary>The program that kills, with 20 kills; `cityhub bench kill` does 200.</summary>
public sealed class KillTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The hub's executable, which lies beside the tests, and the runtime that runs them.</summary>
    static StoreTarget Store { get; } = new(
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath ?? "dotnet" : "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "cityhub.dll")]);

    [Fact]
    public async Task Twenty_kills_under_load_lose_nothing_and_double_nothing()
    {
        using var folder = new TestFolder();
        var options = new KillOptions(20, folder.Path) { LongestLoad = TimeSpan.FromMilliseconds(200), LongestStart = TimeSpan.FromMilliseconds(250) };
        KillReport report = await KillRun.KillAsync(options, Store, TextWriter.Null, Cancel);
        Assert.True(report.Sound, $"{report}\n{string.Join('\n', report.Wrong)}");
        Assert.True(report.Acknowledged > 1000, $"{report}");
        Assert.Empty(Directory.EnumerateDirectories(folder.Path)); // kept only when something is wrong
    }

    [Fact]
    public async Task A_second_process_on_the_folder_is_refused_and_told_which_one_has_it()
    {
        using var folder = new TestFolder();
        using Process child = Process.Start(Store.Start(folder.Path, 1)) ?? throw new InvalidOperationException();
        try
        {
            Assert.Equal("ready", await child.StandardOutput.ReadLineAsync(Cancel));
            Problem locked = EmbeddedUnderTest.Refused(folder.Path);
            Assert.Equal(FactProblems.StorageLocked, locked.Kind);
            Assert.Contains($"process {child.Id} ", locked.Detail, StringComparison.Ordinal);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(Cancel);
        }

        using CityHub.Storage.Embedded.EmbeddedStore after = EmbeddedUnderTest.Open(folder.Path); // no stale lock
        Assert.True(after.Verify(Cancel).Ok);
    }

    [Fact]
    public async Task A_store_that_forgets_or_repeats_is_found_out()
    {
        using var folder = new TestFolder();
        var options = new KillOptions(4, folder.Path) { LongestLoad = TimeSpan.FromMilliseconds(400) };
        KillReport report = await KillRun.KillAsync(options, new Liar(Store), TextWriter.Null, Cancel);
        Assert.False(report.Sound);
        Assert.True(report.Lost > 0 && report.Doubled > 0, $"{report}");
        Assert.NotEmpty(Directory.EnumerateDirectories(folder.Path));
    }

    /// <summary>Says of every tenth id that it is not there, and of every seventh that it is there twice.</summary>
    sealed class Liar(IKillTarget honest) : IKillTarget
    {
        public ProcessStartInfo Start(string folder, int run) => honest.Start(folder, run);

        public Task LoadAsync(Process child, int run, Acknowledged acknowledged, Action ready, CancellationToken cancel) =>
            honest.LoadAsync(child, run, acknowledged, ready, cancel);

        public Task<IReadOnlyList<string>> InspectAsync(string folder, Action<string> present, CancellationToken cancel)
        {
            int seen = 0;
            return honest.InspectAsync(
                folder,
                id =>
                {
                    seen++;
                    for (int i = seen % 10 == 0 ? 1 : seen % 7 == 0 ? -1 : 0; i < 1; i++)
                    {
                        present(id);
                    }
                },
                cancel);
        }
    }
}
