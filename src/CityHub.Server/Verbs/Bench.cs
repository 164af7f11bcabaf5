using System.Diagnostics;
using CityHub.Bench.Broker;
using CityHub.Bench.Fuzz;
using CityHub.Bench.Kill;
using CityHub.Bench.Ledger;
using CityHub.Bench.Privacy;
using CityHub.Bench.Sharing;
using CityHub.Bench.Storage;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Verbs;

/// <summary>Measures parts of the hub on this machine; the benches themselves are the library CityHub.Bench.</summary>
internal sealed class Bench : IVerb
{
    private static readonly Option Folder = new("--folder", "Where to make its files, on the disk in question; without it the folder for temporary files") { Value = "DIR" };
    private static readonly Option Runs = new("--runs", "kill: how often the child is killed, 200 without it; fuzz: how many inputs for each codec, policies: how many, 1000000 without it") { Value = "N" };
    private static readonly Option Store = new("--store", "kill: only the store, without the hub around it");
    private static readonly Option What = new("--what", "kill: releases, to kill a hub that releases rows") { Value = "WHAT" };
    private static readonly Option Seed = new("--seed", "Of the random moments; 1 without it") { Value = "N" };
    private static readonly Option Json = new("--json", "broker, ledger, privacy, sharing: write the figures as one flat JSON object") { Value = "FILE" };
    private static readonly Option Quick = new("--quick", "broker, ledger, privacy, sharing: shorter rounds and smaller cities");
    private static readonly Option Only = new("--only", "broker, ledger, privacy, sharing: only the figures whose key contains this") { Value = "KEY" };
    private static readonly Option Data = new("--data", "privacy: the folder with adult.csv, its hierarchies and the reference's results") { Value = "DIR" };
    private static readonly Option Each = new("--time", "How long each figure is measured; 5s without it") { Value = "TIME" };

    public string Name => "bench";

    public string Summary => "Measure this hub on this machine";

    public string Arguments => "<broker|ledger|privacy|sharing|policies|storage|kill|fuzz>";

    public IReadOnlyList<Option> Options => [Json, Quick, Only, Data, Folder, Runs, Store, What, Seed, Each];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub bench broker --json figures.json", "updates, batches, queries, history, start, memory; median of five rounds with the spread"),
        new("cityhub bench broker --quick", "the same, shorter"),
        new("cityhub bench ledger --quick", "hashes and signatures: what the ledger pays for each entry and each checkpoint"),
        new("cityhub bench privacy --data shared/data/privacy --json figures.json", "the reference's configurations beside what it found, scans, noise, local recoding"),
        new("cityhub bench sharing --json figures.json", "decisions, reads with a durable receipt first, bulk, searches, changes of grants, who looked"),
        new("cityhub bench policies --runs 1000000", "random policies and queries, each decision judged by an oracle: nothing lies outside a single grant"),
        new("cityhub bench storage", "appends per second of the fact log, beside the fsyncs per second of the disk"),
        new("cityhub bench fuzz --runs 100000", "mutated inputs for each codec; nothing may crash, hang or be half accepted"),
        new("cityhub bench kill --runs 200", "kills a hub under load at random moments; nothing acknowledged may be lost or doubled"),
        new("cityhub bench kill --what releases --runs 1000", "kills it while it releases rows: no byte of data without a durable opening record"),
        new("cityhub bench kill --store", "the same with the store alone: more facts and more moments in the same time"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Arguments is ["broker"])
            return await BrokerBench.RunAsync(call.Text(Json.Name), call.Has(Quick.Name), call.Text(Only.Name), call.Out, cancel);
        if (call.Arguments is ["ledger"])
            return await LedgerFigures.RunAsync(call.Text(Json.Name), call.Has(Quick.Name), call.Text(Only.Name), call.Out, cancel);
        if (call.Arguments is ["sharing"])
            return await SharingFigures.RunAsync(call.Text(Json.Name), call.Has(Quick.Name), call.Text(Only.Name), call.Out, cancel);
        if (call.Arguments is ["privacy"])
        {
            return call.Text(Data.Name) is { } data
                ? await PrivacyBench.RunAsync(call.Surroundings.PathOf(data), call.Text(Json.Name), call.Has(Quick.Name), call.Text(Only.Name), call.Out, cancel)
                : call.Refuse(UsageProblems.BadCommandLine.Because("--data is missing: where are adult.csv, its hierarchies and expected_results.csv?"));
        }

        if (!call.Number(Runs.Name, 200, 1, 1_000_000_000).TryGet(out var runs, out var problem)
            || !call.Number(Seed.Name, 1, 0, int.MaxValue).TryGet(out var seed, out problem)
            || !call.Duration(Each.Name, TimeSpan.FromSeconds(5)).TryGet(out var each, out problem))
            return call.Refuse(problem);
        var root = call.Text(Folder.Name) ?? Path.GetTempPath();
        var folder = Path.Combine(root, $"cityhub-bench-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return call.Refuse(UsageProblems.BadCommandLine.Because($"--folder is {root}: {failure.Message}"));
        }

        if (call.Text(What.Name) is not (null or "releases"))
            return call.Refuse(UsageProblems.BadCommandLine.Because($"--what is {call.Text(What.Name)}; it takes releases."));
        switch (call.Arguments)
        {
            case ["storage"]:
                call.Out.WriteLine(await FactLogBench.RunAsync(folder, each, cancel));
                Directory.Delete(folder, recursive: true);
                return Exit.Done;
            case ["kill"]:
                var (file, arguments) = KillRun.Self();
                IKillTarget target = call.Text(What.Name) == "releases" ? await ReleaseTarget.PrepareAsync(file, arguments, folder, cancel) : call.Has(Store.Name) ? new StoreTarget(file, arguments) : new HubTarget(file, arguments);
                var outcome = await KillRun.RunAsync(new KillOptions((int)runs, folder) { Seed = (int)seed, LongestLoad = TimeSpan.FromMilliseconds(call.Has(What.Name) ? 250 : 500) }, target, call.Out, cancel);
                if (outcome == 0)
                    Directory.Delete(folder, recursive: true);
                else
                    call.Out.WriteLine($"What it left is in {folder}.");
                return outcome == 0 ? Exit.Done : Exit.Failed;
            case ["policies"]:
                Directory.Delete(folder);
                return PolicyBench.Report(call.Has(Runs.Name) ? (int)runs : 1_000_000, (int)seed, call.Out, cancel) ? Exit.Done : Exit.Failed;
            case ["fuzz"]:
                var inputs = call.Has(Runs.Name) ? (int)runs : 1_000_000;
                var broken = 0;
                foreach (var (name, run) in new (string, Func<Task<FuzzReport>>)[]
                {
                    ("entities", () => Task.FromResult(CodecFuzz.Run((int)seed, inputs))),
                    ("queries", () => Task.FromResult(QueryFuzz.Run((int)seed, inputs))),
                    ("contexts", () => Task.FromResult(ContextFuzz.Run((int)seed, inputs))),
                    ("imports", () => ImportFuzz.RunAsync((int)seed, inputs)),
                    ("parquet", () => ImportFuzz.ParquetAsync((int)seed, inputs)),
                    ("mqtt", () => MqttFuzz.RunAsync((int)seed, inputs, Path.Combine(folder, "mqtt"))),
                })
                {
                    var report = await run();
                    call.Out.WriteLine($"{name}: {report.Payloads} inputs, {report.Accepted} accepted, {report.Failures.Count} failures, the slowest took {report.SlowestMs:F1} ms");
                    foreach (var failure in report.Failures)
                        call.Out.WriteLine(failure);
                    broken += report.Failures.Count;
                }

                using (var self = Process.GetCurrentProcess())
                    call.Out.WriteLine($"The process held {self.PeakWorkingSet64 >> 20} MB at most.");
                Directory.Delete(folder, recursive: true);
                return broken == 0 ? Exit.Done : Exit.Failed;
            default:
                Directory.Delete(folder);
                return call.Refuse(UsageProblems.BadCommandLine.Because("What shall be measured?", $"cityhub bench {Arguments}"));
        }
    }
}
