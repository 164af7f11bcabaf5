using System.Diagnostics;
using System.Globalization;

namespace CityHub.Bench.Kill;

/// <param name="Runs">How many times the child is killed.</param>
/// <param name="Folder">Where the data folders of the run are made and, when all is well, removed.</param>
public sealed record KillOptions(int Runs, string Folder)
{
    public int Seed { get; init; } = 1;

    /// <summary>The child lives on what its predecessor left this many times; then a new folder begins.</summary>
    public int RunsPerFolder { get; init; } = 10;

    /// <summary>What is there is compared after every so many kills; a loss stays lost.</summary>
    public int InspectEvery { get; init; } = 1;

    /// <summary>The load runs for a random time up to this before the kill.</summary>
    public TimeSpan LongestLoad { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Every fourth kill comes at a random time after the start, load or not, up to this: it hits starts and recoveries.</summary>
    public TimeSpan LongestStart { get; init; } = TimeSpan.FromMilliseconds(300);
}

/// <param name="Lost">Acknowledged and not there.</param>
/// <param name="Doubled">There more than once.</param>
/// <param name="Unacknowledged">There without an acknowledgement that was heard: allowed, the kill came between the two.</param>
/// <param name="EarlyKills">Kills that came before the load ran.</param>
public sealed record KillReport(int Runs, long Acknowledged, long Present, long Lost, long Doubled, long Unacknowledged, int EarlyKills, IReadOnlyList<string> Wrong)
{
    public bool Sound => Lost == 0 && Doubled == 0 && Wrong.Count == 0;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Runs} kills ({EarlyKills} during start): {Acknowledged:N0} acknowledged, {Present:N0} present, {Unacknowledged:N0} present without an answer heard · lost {Lost} · doubled {Doubled}");
}

/// <summary>
/// Kills a process with SIGKILL at random moments under load, starts it again on what it left, and compares what it acknowledged with
/// what is there. Nothing may be lost, nothing doubled.
/// </summary>
public static class KillRun
{
    /// <returns>0 when nothing was lost or doubled, 1 otherwise; the data folder is then kept.</returns>
    public static async Task<int> RunAsync(KillOptions options, IKillTarget target, TextWriter report, CancellationToken cancel = default)
    {
        KillReport outcome = await KillAsync(options, target, report, cancel);
        await report.WriteLineAsync(outcome.ToString());
        foreach (string wrong in outcome.Wrong)
        {
            await report.WriteLineAsync($"  {wrong}");
        }

        return outcome.Sound ? 0 : 1;
    }

    public static async Task<KillReport> KillAsync(KillOptions options, IKillTarget target, TextWriter progress, CancellationToken cancel = default)
    {
        var random = new Random(options.Seed);
        var wrong = new List<string>();
        long acknowledgedBefore = 0, presentBefore = 0, lost = 0, doubled = 0;
        int early = 0;
        var acknowledged = new Acknowledged();
        HashSet<string> present = [];
        for (int run = 0; run < options.Runs; run++)
        {
            string folder = Path.Combine(options.Folder, string.Create(CultureInfo.InvariantCulture, $"life-{run / options.RunsPerFolder}"));
            if (run % options.RunsPerFolder == 0)
            {
                acknowledgedBefore += acknowledged.Count;
                presentBefore += present.Count;
                acknowledged = new Acknowledged();
            }

            early += await LiveAndDieAsync(options, target, folder, run, random, acknowledged, wrong, cancel) ? 0 : 1;
            bool lastOfFolder = run % options.RunsPerFolder == options.RunsPerFolder - 1 || run == options.Runs - 1;
            if (!lastOfFolder && run % options.InspectEvery != options.InspectEvery - 1)
            {
                continue;
            }

            present = new HashSet<string>(StringComparer.Ordinal);
            long twice = 0;
            foreach (string complaint in await target.InspectAsync(folder, id => twice += present.Add(id) ? 0 : 1, cancel))
            {
                wrong.Add($"run {run}: {complaint}");
            }

            string[] missing = acknowledged.Without(present);
            if (missing.Length > 0)
            {
                wrong.Add($"run {run}: {missing.Length} acknowledged and not there, e.g. {missing[0]}");
            }

            lost += missing.Length;
            doubled += twice;
            if (run % 20 == 19)
            {
                await progress.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"  {run + 1} kills: {acknowledgedBefore + acknowledged.Count:N0} acknowledged, lost {lost}, doubled {doubled}"));
            }

            if (lastOfFolder && lost == 0 && doubled == 0 && wrong.Count == 0)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        long allAcknowledged = acknowledgedBefore + acknowledged.Count, allPresent = presentBefore + present.Count;
        return new KillReport(options.Runs, allAcknowledged, allPresent, lost, doubled, allPresent - allAcknowledged + lost, early, wrong);
    }

    /// <returns>Whether the load ran when the kill came.</returns>
    static async Task<bool> LiveAndDieAsync(
        KillOptions options, IKillTarget target, string folder, int run, Random random, Acknowledged acknowledged, List<string> wrong, CancellationToken cancel)
    {
        bool atStart = random.Next(4) == 3;
        TimeSpan life = (atStart ? options.LongestStart : options.LongestLoad) * random.NextDouble();
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using Process child = Process.Start(target.Start(folder, run)) ?? throw new InvalidOperationException("The child did not start.");
        try
        {
            Task load = target.LoadAsync(child, run, acknowledged, () => loaded.TrySetResult(), cancel);
            Task gone = child.WaitForExitAsync(cancel);
            if (!atStart)
            {
                await Task.WhenAny(loaded.Task, gone, Task.Delay(TimeSpan.FromSeconds(60), cancel));
            }

            await Task.WhenAny(Task.Delay(life, cancel), gone);
            if (child.HasExited)
            {
                wrong.Add($"run {run}: the child ended by itself with code {child.ExitCode}");
            }

            child.Kill(); // SIGKILL
            await gone;
            await load;
            return loaded.Task.IsCompleted;
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill();
            }
        }
    }

    /// <summary>How to start this very program again with other arguments: under `dotnet`, as an apphost, or native.</summary>
    public static (string File, string[] Arguments) Self()
    {
        string self = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        return Path.GetFileNameWithoutExtension(self) == "dotnet" ? (self, [Environment.GetCommandLineArgs()[0]]) : (self, []);
    }
}
