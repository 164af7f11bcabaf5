using System.Text;
using CityHub.Ledger;
using CityHub.Tests.Ledger.Witnesses;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Ledger.Following;

public sealed class LogMonitorTests : IAsyncDisposable
{
    private const string Origin = "city.example/audit";
    private readonly TestFolder folder = new();
    private readonly NoteSigner key = LedgerKeys.Signer(Origin, NoteKeyType.Ed25519, 1);
    private readonly NoteSigner witness = LedgerKeys.Signer("dept.example/w", NoteKeyType.Ed25519Cosignature, 2);
    private readonly HttpClient http = new();
    private readonly MemoryLog truth;
    private MemoryLog shown;
    private SignedNote? checkpoint;
    private MemoryLog? witnessed;
    private Door? logDoor;
    private Door? witnessDoor;

    public LogMonitorTests() => shown = truth = new MemoryLog(key);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (logDoor is not null)
            await logDoor.DisposeAsync();
        if (witnessDoor is not null)
            await witnessDoor.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }

    private async Task<LogMonitor> OpenAsync(string quorum = "none")
    {
        logDoor ??= await Door.OpenAsync(path => path == "checkpoint" && checkpoint is not null ? checkpoint.ToBytes() : shown.File(path));
        witnessDoor ??= await Door.OpenAsync(path => path == $"{WitnessState.NameOf(Origin)}/checkpoint" && witnessed is not null
            ? witnessed.Checkpoint().With(witness.Sign(witnessed.Checkpoint().Text)).ToBytes() : null);
        var policy = WitnessPolicy.Parse($"log {key.Verifier}\nwitness w {witness.Verifier} {witnessDoor.Url}\nquorum {quorum}\n");
        return LogMonitor.Open(folder.Path, policy, Origin, new Uri(logDoor.Url), http);
    }

    private async Task<MonitorReport> LookAsync(string quorum = "none")
    {
        using var monitor = await OpenAsync(quorum);
        var report = await monitor.LookAsync(Cancel);
        if (report.IsAlarm)
            monitor.KeepEvidence(report);
        else
            monitor.Remember(report);
        return report;
    }

    [Fact]
    public async Task What_is_new_is_told_once_also_by_the_next_process()
    {
        long before = 0;
        foreach (var step in new[] { 0, 3, 0, 300, 1 })
        {
            truth.Grow(step);
            using var monitor = await OpenAsync();
            var report = await monitor.LookAsync(Cancel);
            Assert.False(report.IsAlarm);
            var entries = monitor.NewEntries(report).ToList();
            Assert.Equal(Enumerable.Range((int)before, step).Select(i => ((long)i, Encoding.UTF8.GetString(truth.Entry(i)))), entries.Select(one => (one.Index, Encoding.UTF8.GetString(one.Entry))));
            monitor.Remember(report);
            before = truth.Size;
        }
    }

    [Fact]
    public async Task A_log_that_waits_for_a_restart_of_the_monitor_to_change_its_past_is_told()
    {
        truth.Grow(300);
        Assert.False((await LookAsync()).IsAlarm);
        shown = truth.Fork(299).Grow(10, "lie");
        var report = await LookAsync();
        Assert.Equal(SightingKind.Divergence, report.Sighting.Kind);
        using var monitor = await OpenAsync();
        Assert.Contains(truth.Checkpoint().ToString(), monitor.Evidence, StringComparison.Ordinal);
        Assert.Contains(shown.Checkpoint().ToString(), monitor.Evidence, StringComparison.Ordinal);

        // It stays where it was, and a log that goes on with the truth is accepted, with the proof still there.
        shown = truth.Grow(1);
        Assert.False((await monitor.LookAsync(Cancel)).IsAlarm);
        Assert.NotNull(monitor.Evidence);
    }

    [Fact]
    public async Task A_log_that_shows_its_witness_another_face_is_told()
    {
        truth.Grow(300);
        foreach (var (size, grow) in new[] { (300L, 0), (200L, 0), (299L, 1), (250L, 10) })
        {
            witnessed = truth.Fork(size);
            Assert.False((await LookAsync()).IsAlarm);
            witnessed = truth.Fork(size - 100).Grow(100 + grow, "lie");
            var report = await LookAsync();
            if (witnessed.Size > 300)
                continue;
            var view = Assert.Single(report.Views);
            Assert.True(view.Alarm, $"{size}: {view.Why}");
            Assert.False(report.Sighting.IsAlarm);
            using var monitor = await OpenAsync();
            Assert.Contains(witnessed.Checkpoint().Text, monitor.Evidence, StringComparison.Ordinal);
            File.Delete(folder.File("divergence"));
        }
    }

    [Fact]
    public async Task What_a_witness_saw_before_us_has_to_be_shown_to_us_later()
    {
        truth.Grow(300);
        witnessed = truth.Fork(300).Grow(50, "hidden");
        using var monitor = await OpenAsync();
        var report = await monitor.LookAsync(Cancel);
        Assert.False(report.IsAlarm);
        Assert.Contains("does not show us yet", Assert.Single(report.Views).Why, StringComparison.Ordinal);
        monitor.Remember(report);

        witnessed = null;
        truth.Grow(200);
        report = await monitor.LookAsync(Cancel);
        Assert.True(report.IsAlarm);
        Assert.Contains("signed", Assert.Single(report.Alarms), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_whose_files_do_not_fit_what_it_signed_is_told()
    {
        truth.Grow(300);
        checkpoint = truth.Checkpoint();
        shown = truth.Fork(100).Grow(200, "lie");
        Assert.Equal(SightingKind.FilesDoNotFit, (await LookAsync()).Sighting.Kind);
        shown = truth.Fork(100);
        Assert.Equal(SightingKind.FilesDoNotFit, (await LookAsync()).Sighting.Kind);
    }

    [Fact]
    public async Task An_unmet_quorum_is_said_and_is_no_divergence()
    {
        truth.Grow(3);
        var report = await LookAsync("w");
        Assert.False(report.Verdict.Accepted);
        Assert.False(report.IsAlarm);
        checkpoint = truth.Checkpoint().With(witness.Sign(truth.Checkpoint().Text));
        Assert.True((await LookAsync("w")).Verdict.Accepted);
    }

    [Fact]
    public async Task A_log_that_cannot_be_reached_is_another_matter()
    {
        truth.Grow(3);
        using var monitor = await OpenAsync();
        checkpoint = truth.Checkpoint();
        await (logDoor ?? throw new InvalidOperationException()).DisposeAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => monitor.LookAsync(Cancel));
        Assert.Null(monitor.Evidence);
    }

    [Fact]
    public async Task A_folder_of_another_log_or_that_was_changed_is_refused()
    {
        truth.Grow(3);
        await LookAsync();
        var file = folder.File("checkpoint");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\n3\n", "\n4\n", StringComparison.Ordinal));
        Assert.Contains("not a checkpoint", (await Assert.ThrowsAsync<LedgerException>(() => OpenAsync())).Message, StringComparison.Ordinal);
    }
}
