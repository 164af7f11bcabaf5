using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Witnessing;

namespace CityHub.Server.Verbs;

/// <summary>Watches a log from outside for somebody who does not trust whoever runs it. Ends with the first contradiction.</summary>
internal sealed class Monitor : IVerb
{
    private static readonly Option From = new("--from", "Where the log is: its address, below which are checkpoint and tile/") { Value = "URL" };
    private static readonly Option Policy = new("--policy", "The log's key, its witnesses with their addresses, and the quorum (c2sp.org/tlog-policy)") { Value = "FILE" };
    private static readonly Option Log = new("--log", "Without a policy: the log's verifier key, or a file with it; with one of several logs: which") { Value = "VKEY|FILE|NAME" };
    private static readonly Option Data = new("--data", "The folder that remembers what was seen; ./monitor without it") { Value = "DIR" };
    private static readonly Option Every = new("--every", $"How often it looks: {Durations.Allowed}; 1m without it") { Value = "TIME" };
    private static readonly Option Once = new("--once", "Look once and end");
    private static readonly Option Heads = new("--heads-only", "Do not read the new entries");
    private static readonly Option Entries = new("--entries", "Print the new entries, a line each: number and text");
    private static readonly Option AsJson = new("--json", "Lines of JSON, for a program");

    public string Name => "monitor";

    public string Summary => "Watch a log from outside and tell its first contradiction";

    public IReadOnlyList<Option> Options => [From, Policy, Log, Data, Every, Once, Heads, Entries, AsJson];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub monitor --from https://city.example/ledger --policy city.policy", "until something is wrong; the exit code is then 1"),
        new("cityhub monitor --from https://city.example/ledger --policy city.policy --once", "for a timer: 0 all is well, 1 not, 3 the quorum is not met"),
        new("cityhub monitor --from https://city.example/ledger --log city.vkey --entries", "without witnesses; and what is new"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!Following.Address(call.Text(From.Name)).TryGet(out var address, out var problem)
            || !call.Duration(Every.Name, TimeSpan.FromMinutes(1)).TryGet(out var every, out problem)
            || !PolicyOf(call).TryGet(out var chosen, out problem))
            return call.Refuse(problem);
        if (every <= TimeSpan.Zero)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--every is nothing; it takes a time above zero."));
        var data = call.Surroundings.PathOf(call.Text(Data.Name) ?? "monitor");
        using var http = Following.Client();
        LogMonitor monitor;
        try
        {
            monitor = LogMonitor.Open(data, chosen.Policy, chosen.Origin, address, http);
        }
        catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
        {
            return call.Refuse(WitnessProblems.MirrorUnusable.Because(e.Message));
        }

        using (monitor)
        {
            if (monitor.Evidence is { } evidence)
                return call.Refuse(WitnessProblems.Divergence.Because($"An earlier look at {monitor.Origin} found: {evidence.Split('\n')[0]}", $"The proof is {Path.Combine(data, "divergence")}. Move it away, to a safe place, when it was dealt with."));
            while (true)
            {
                try
                {
                    var quorum = await RoundAsync(call, monitor, cancel);
                    if (quorum.Problem is { } wrong)
                        return call.Refuse(wrong);
                    if (call.Has(Once.Name))
                        return quorum.TryGet(out var met, out _) && met ? Exit.Done : Exit.Partly;
                }
                catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
                {
                    call.Error.WriteLine($"{monitor.Origin}: the log cannot be reached, or the disk refuses: {e.Message}");
                    if (call.Has(Once.Name))
                        return Exit.Failed;
                }

                try
                {
                    await Task.Delay(every, call.Surroundings.Time, cancel);
                }
                catch (OperationCanceledException)
                {
                    return Exit.Done;
                }
            }
        }
    }

    /// <returns>Whether the quorum is met; a problem where the log contradicts itself.</returns>
    private static async Task<Result<bool>> RoundAsync(VerbCall call, LogMonitor monitor, CancellationToken cancel)
    {
        // What is wrong with the files may be a copy in between that is not up to date; so twice.
        var report = await monitor.LookAsync(cancel);
        if (report.Sighting.Kind == SightingKind.FilesDoNotFit)
        {
            await Task.Delay(TimeSpan.FromSeconds(2), call.Surroundings.Time, cancel);
            report = await monitor.LookAsync(cancel);
        }

        if (report.IsAlarm)
        {
            monitor.KeepEvidence(report);
            return WitnessProblems.Divergence.Because(string.Join(" ", report.Alarms), "Keep the folder of the monitor: its file \"divergence\" is the proof. Tell those who rely on the log.");
        }

        if (report.Sighting.Kind == SightingKind.NotSigned)
        {
            call.Error.WriteLine($"{monitor.Origin}: what it shows is not its own: {report.Sighting.Why}");
            return false;
        }

        try
        {
            if (!call.Has(Heads.Name))
            {
                foreach (var (index, entry) in monitor.NewEntries(report))
                {
                    if (call.Has(Entries.Name))
                        Print(call, index, entry);
                }
            }
        }
        catch (LedgerException e)
        {
            return WitnessProblems.Divergence.Because($"{monitor.Origin} does not have what it has signed: {e.Message}");
        }

        monitor.Remember(report);
        Print(call, monitor, report);
        return report.Verdict.Accepted;
    }

    private static void Print(VerbCall call, long index, byte[] entry)
    {
        if (call.Has(AsJson.Name))
        {
            call.Out.WriteLine(Line(json =>
            {
                json.WriteNumber("index", index);
                json.WriteBase64String("entry", entry);
            }));
            return;
        }

        var text = Utf8.IsValid(entry) ? Encoding.UTF8.GetString(entry) : "base64:" + Convert.ToBase64String(entry);
        call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{index}\t{string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c))}"));
    }

    private static void Print(VerbCall call, LogMonitor monitor, MonitorReport report)
    {
        var now = call.Surroundings.Time.GetUtcNow();
        var size = report.Sighting.Head?.Size ?? 0;
        var by = report.Verdict.Cosignatures.Select(one => one.Witness).ToArray();
        if (call.Has(AsJson.Name))
        {
            call.Out.WriteLine(Line(json =>
            {
                json.WriteString("time", now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                json.WriteString("origin", monitor.Origin);
                json.WriteNumber("size", size);
                json.WriteNumber("before", report.Before);
                json.WriteBoolean("quorumMet", report.Verdict.Accepted);
                json.WriteStartArray("cosignedBy");
                foreach (var name in by)
                    json.WriteStringValue(name);
                json.WriteEndArray();
                json.WriteStartArray("notes");
                foreach (var view in report.Views.Where(one => one.Why is not null))
                    json.WriteStringValue($"{view.Witness}: {view.Why}");
                json.WriteEndArray();
            }));
            return;
        }

        var what = report.Sighting.Kind switch
        {
            SightingKind.Grown => string.Create(CultureInfo.InvariantCulture, $"{size} entries, {size - report.Before} of them new"),
            SightingKind.Older => string.Create(CultureInfo.InvariantCulture, $"it shows {size} entries, an older state than the {report.Before} that it had shown"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{size} entries, nothing new"),
        };
        call.Out.WriteLine($"{now:yyyy-MM-ddTHH:mm:ssZ} {monitor.Origin}: {what}{(by.Length == 0 ? "" : $"; cosigned by {string.Join(", ", by)}")}");
        if (report.Verdict.Why is { } why)
            call.Error.WriteLine($"{monitor.Origin}: {why}");
        foreach (var view in report.Views.Where(one => one.Why is not null))
            call.Error.WriteLine($"{monitor.Origin}: {view.Witness}: {view.Why}");
    }

    private static string Line(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static Result<(WitnessPolicy Policy, string Origin)> PolicyOf(VerbCall call)
    {
        var log = call.Text(Log.Name);
        if (call.Text(Policy.Name) is not { } file)
        {
            if (log is null)
                return UsageProblems.BadCommandLine.Because("--policy is missing: which log, and which witnesses?", "Without witnesses, --log with the log's verifier key.");
            if (!Following.OneLog(call, Log.Name).TryGet(out var keys, out var unusable))
                return unusable;
            return (WitnessPolicy.Parse(string.Concat(keys.Select(key => $"log {key}\n")) + "quorum none\n"), keys[0].Name);
        }

        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(call.Surroundings.PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return WitnessProblems.LogUnusable.Because($"{file} cannot be read: {e.Message}");
        }

        if (!WitnessPolicy.TryParse(bytes, out var policy, out var why))
            return WitnessProblems.LogUnusable.Because($"{file}: {why}");
        var origins = policy.Logs.Select(one => one.Origin).Distinct().ToArray();
        var origin = log is null ? origins.Length == 1 ? origins[0] : null : origins.FirstOrDefault(one => one == log || VerifierKey.TryParse(log, out var key, out _) && key.Name == one);
        return origin is null
            ? UsageProblems.BadCommandLine.Because($"--log says which log of the policy is meant: {string.Join(", ", origins)}.")
            : (policy, origin);
    }
}
