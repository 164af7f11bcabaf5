using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Witnessing;

namespace CityHub.Server.Verbs;

/// <summary>Keeps a verified copy of a log that somebody else runs, serves it, and cosigns what it keeps if it was given a key.</summary>
internal sealed class Mirror : IVerb
{
    private static readonly Option From = new("--from", "Where the log is: its address, below which are checkpoint and tile/") { Value = "URL" };
    private static readonly Option Log = new("--log", "The log's verifier key, or a file with it") { Value = "VKEY|FILE", Repeats = true };
    private static readonly Option Data = new("--data", "The folder that becomes the copy; ./mirror without it") { Value = "DIR" };
    private static readonly Option Every = new("--every", $"How often it looks: {Durations.Allowed}; 10s without it") { Value = "TIME" };
    private static readonly Option Once = new("--once", "Look once, keep what is new, and end");
    private static readonly Option Listen = new("--listen", "Serve the copy there") { Value = "ADDRESS:PORT" };
    private static readonly Option Sign = new("--sign", "Cosign what is kept, with the witness in this folder (cityhub witness --init); it must not run by itself") { Value = "DIR" };
    private static readonly Option Rate = new("--rate", "Checkpoints a second that one address may submit; 100 without it") { Value = "N" };

    public string Name => "mirror";

    public string Summary => "Keep a verified copy of a log that others run";

    public IReadOnlyList<Option> Options => [From, Log, Data, Every, Once, Listen, Sign, Rate];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub mirror --from https://city.example/ledger --log city.vkey --data /var/lib/mirror", "keep up with a city's log"),
        new("cityhub mirror --from https://city.example/ledger --log city.vkey --listen 0.0.0.0:8092 --sign /var/lib/witness", "serve it, and cosign what is kept"),
        new("cityhub mirror --from https://city.example/ledger --log city.vkey --once", "for a timer: 0 all is well, 1 not"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        var surroundings = call.Surroundings;
        if (!Following.Address(call.Text(From.Name)).TryGet(out var address, out var problem)
            || !call.Duration(Every.Name, TimeSpan.FromSeconds(10)).TryGet(out var every, out problem)
            || !call.Number(Rate.Name, 100, 1, 1_000_000).TryGet(out var rate, out problem)
            || !Following.OneLog(call, Log.Name).TryGet(out var keys, out problem))
            return call.Refuse(problem);
        Listener? listener = null;
        if (call.Text(Listen.Name) is { } text && !Witness.AddressOf(text).TryGet(out listener, out problem))
            return call.Refuse(problem);
        if (every <= TimeSpan.Zero)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--every is nothing; it takes a time above zero."));

        WitnessFolder? folder = null;
        if (call.Text(Sign.Name) is { } sign && !WitnessFolder.Open(surroundings.PathOf(sign), null, surroundings.Time).TryGet(out folder, out problem))
            return call.Refuse(problem);
        using (folder)
        using (var http = Following.Client())
        {
            var source = new HttpLogSource(http, address);
            LogMirror mirror;
            CityHub.Ledger.Witness? witness = null;
            try
            {
                mirror = LogMirror.Open(surroundings.PathOf(call.Text(Data.Name) ?? "mirror"), keys, source);
                if (folder is not null)
                    witness = new CityHub.Ledger.Witness(folder.State, folder.Signers, keys);
                witness?.Load();
            }
            catch (Exception e) when (e is LedgerException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                return call.Refuse(WitnessProblems.MirrorUnusable.Because(e.Message));
            }

            using (mirror)
            using (var service = new MirrorService(mirror, source, witness))
            {
                if (call.Has(Once.Name))
                {
                    await RoundAsync(call, service, cancel);
                    return service.Trouble is null ? Exit.Done : Exit.Failed;
                }

                return await FollowAsync(call, service, witness, [.. folder?.Signers.Select(one => one.Verifier) ?? []], listener, (int)rate, every, cancel);
            }
        }
    }

    private static async Task<int> FollowAsync(
        VerbCall call, MirrorService service, CityHub.Ledger.Witness? witness, IReadOnlyList<VerifierKey> keys, Listener? listener, int rate, TimeSpan every, CancellationToken cancel)
    {
        WitnessServer? server = null;
        if (listener is not null && !(await WitnessServer.StartAsync(listener, witness, service, keys, rate, call.Surroundings.Time, cancel)).TryGet(out server, out var problem))
            return call.Refuse(problem);
        try
        {
            call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The mirror of {service.Mirror.Follower.Origin} has {service.Mirror.Head?.Size ?? 0} entries{(server is null ? "" : $" and is ready on {server.Address}")}"));
            while (true)
            {
                await RoundAsync(call, service, cancel);
                await Task.Delay(every, call.Surroundings.Time, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            call.Out.WriteLine("The mirror is stopping.");
            return Exit.Done;
        }
        finally
        {
            if (server is not null)
                await server.DisposeAsync();
        }
    }

    private static async Task RoundAsync(VerbCall call, MirrorService service, CancellationToken cancel)
    {
        var before = (service.Mirror.Head?.Size ?? 0, service.Trouble);
        await service.FollowAsync(cancel);
        if (service.Mirror.Head is { } head && head.Size != before.Item1)
            call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{call.Surroundings.Time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {head.Origin}: {head.Size} entries kept, {head.Size - before.Item1} of them new"));
        if (service.Trouble is { } trouble && trouble != before.Trouble)
            call.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{call.Surroundings.Time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} {service.Mirror.Follower.Origin}: {trouble}"));
        else if (service.Trouble is null && before.Trouble is not null)
            call.Out.WriteLine($"{service.Mirror.Follower.Origin}: all is well again");
    }
}
