using System.Diagnostics;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Server.Ledger;
using CityHub.Storage.Embedded;

namespace CityHub.Server.Verbs;

/// <summary>Replays everything of a data folder and names the first thing that does not check.</summary>
internal sealed class Audit : IVerb
{
    private static readonly Option AsJson = new("--json", "One line of JSON for each step");

    public string Name => "audit";

    public string Summary => "Check log, ledger, checkpoints, keys, rows and views of a data folder against each other";

    public IReadOnlyList<Option> Options => [AsJson, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub audit --data /var/lib/cityhub", "the hub has to be stopped; or give it a copy of the folder"),
        new("cityhub audit --data copy --json", "a line for each step; exit code 1 at the first divergence"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        if (!Directory.Exists(config.Data))
            return call.Refuse(DoorProblems.NoHub.Because($"There is no data folder {config.Data}.", "--data names it."));
        var opened = await Task.Run(() => EmbeddedStore.Open(config.Data, call.Surroundings.Time), cancel);
        if (!opened.TryGet(out var store, out problem))
            return call.Refuse(problem);
        await using (store)
            return await Task.Run(() => Check(store, call, cancel), cancel);
    }

    private static int Check(EmbeddedStore store, VerbCall call, CancellationToken cancel)
    {
        var total = Math.Max(1, store.Log.Head);
        var said = 0L;
        var progress = new Direct(done =>
        {
            var percent = done * 100 / total;
            if (percent >= Interlocked.Read(ref said) + 10)
            {
                Interlocked.Exchange(ref said, percent);
                call.Error.WriteLine($"{percent} % of {total} facts");
            }
        });
        var whole = true;
        foreach (var step in new HubAudit(store, call.Surroundings.Time).Run(progress, cancel))
        {
            whole &= step.Divergence is null;
            Write(call, step);
        }

        if (!call.Has(AsJson.Name))
            call.Out.WriteLine(whole ? "Everything checks." : "This folder does not check. Keep a copy of it before anything else; cityhub explain ledger-damaged says what to do.");
        return whole ? Exit.Done : Exit.Failed;
    }

    private static void Write(VerbCall call, AuditStep step)
    {
        if (!call.Has(AsJson.Name))
        {
            call.Out.WriteLine(step.Divergence is null ? $"ok      {step.Name}: {step.Found}" : $"WRONG   {step.Name}: {step.Divergence}");
            return;
        }

        call.Out.WriteLine(System.Text.Encoding.UTF8.GetString(Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("step", step.Name);
            json.WriteBoolean("ok", step.Divergence is null);
            json.WriteString("found", step.Found);
            if (step.Divergence is not null)
                json.WriteString("divergence", step.Divergence);
            json.WriteEndObject();
        })));
    }

    /// <summary>Called on the thread that reports: a report that came late would stand below the result.</summary>
    private sealed class Direct(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
