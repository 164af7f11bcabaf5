using System.Diagnostics;
using System.Globalization;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>A process that spends a budget with many threads is killed (SIGKILL) again and again; what it told is on record, and never more than the limit is spent.</summary>
public sealed class BudgetKillTests : IDisposable
{
    const string Variable = "CITYHUB_BUDGET_RACE";
    const string Child = "CityHub.Tests.Privacy.BudgetKillTests.The_child_that_is_killed";

    readonly string folder = Directory.CreateTempSubdirectory("budget").FullName;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string File => Path.Combine(folder, "budget.jsonl");

    string Told => Path.Combine(folder, "told");

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public async Task Kills_lose_no_reservation_that_was_told_and_give_none_back()
    {
        var random = new Random(7);
        for (var kill = 1; kill <= 3; kill++)
        {
            var before = System.IO.File.Exists(Told) ? new FileInfo(Told).Length : 0;
            using var child = Process.Start(Start()) ?? throw new InvalidOperationException();
            try
            {
                var waited = Stopwatch.StartNew();
                while (!child.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60) && (!System.IO.File.Exists(Told) || new FileInfo(Told).Length <= before + 40))
                    await Task.Delay(5, Cancel);
                Assert.False(child.HasExited, "It is to be killed at work.");
                await Task.Delay(random.Next(60), Cancel);
            }
            finally
            {
                child.Kill();
                await child.WaitForExitAsync(Cancel);
            }

            Assert.True(new FileInfo(Told).Length > before + 40);
            Assert.Null(BudgetRace.Verdict(File, TimeProvider.System, Numbers()));
        }
    }

    /// <summary>Not a test: what the other one starts. It does nothing unless that one has named a file.</summary>
    [Fact]
    public void The_child_that_is_killed()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } file)
            return;
        using var told = new StreamWriter(Path.Combine(Path.GetDirectoryName(file) ?? "", "told"), append: true);
        BudgetRace.Run(file, TimeProvider.System, 50, PrivacyCost.Epsilon(1000), told, Cancel);
    }

    /// <summary>The whole lines; a last one that was torn was not told.</summary>
    IEnumerable<long> Numbers()
    {
        var text = System.IO.File.ReadAllText(Told);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture));
    }

    ProcessStartInfo Start()
    {
        var self = Environment.ProcessPath ?? throw new InvalidOperationException();
        var start = new ProcessStartInfo(self) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(typeof(BudgetKillTests).Assembly.Location);
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add(Child);
        start.Environment[Variable] = File;
        return start;
    }
}
