using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Witnessing;

namespace CityHub.Server.Verbs;

/// <summary>Runs a witness: a small process of its own that needs no hub.</summary>
internal sealed class Witness : IVerb
{
    private static readonly Option Data = new("--data", "The folder with its key and its memory; ./witness without it") { Value = "DIR" };
    private static readonly Option Also = new("--also", "A second folder that remembers the same, best on another disk: a disk that was set back is told by the other one") { Value = "DIR" };
    private static readonly Option Log = new("--log", "A log to watch: its verifier key, or a file with one on each line (a policy file will do)") { Value = "VKEY|FILE", Repeats = true };
    private static readonly Option Listen = new("--listen", "Where it listens; 127.0.0.1:8091 without it") { Value = "ADDRESS:PORT" };
    private static readonly Option Rate = new("--rate", "Requests a second from one address; 100 without it") { Value = "N" };
    private static readonly Option Init = new("--init", "Make the key and the empty memory, once, print the verifier key, and end");
    private static readonly Option WitnessName = new("--name", "With --init: its name in signatures for ever, like a host name with a path") { Value = "NAME" };
    private static readonly Option Algorithm = new("--algorithm", "With --init: what its keys are; ed25519 without it") { Value = "NAME", Repeats = true, Allowed = ["ed25519", "ml-dsa-44", "sm2"] };

    public string Name => "witness";

    public string Summary => "Watch logs of others and cosign what continues what was seen";

    public IReadOnlyList<Option> Options => [Data, Also, Log, Listen, Rate, Init, WitnessName, Algorithm];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub witness --init --name water.example/witness --data /var/lib/witness", "make one; its verifier key goes to standard output, for the policy of the log"),
        new("cityhub witness --data /var/lib/witness --log city.vkey --listen 0.0.0.0:8091", "run it for the logs of a file"),
        new("cityhub witness --data /var/lib/witness --also /mnt/other/witness --log city.vkey", "with a second memory on another disk"),
        new("cityhub witness --init --name water.example/witness --algorithm ed25519 --algorithm sm2", "for both trees of a city that runs gm+intl"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        var surroundings = call.Surroundings;
        var data = surroundings.PathOf(call.Text(Data.Name) ?? "witness");
        var also = call.Text(Also.Name) is { } second ? surroundings.PathOf(second) : null;
        if (!call.Has(Init.Name) && (call.Has(WitnessName.Name) || call.Has(Algorithm.Name)))
            return call.Refuse(UsageProblems.BadCommandLine.Because("--name and --algorithm go with --init: a witness keeps the name and the keys that it was made with."));
        return call.Has(Init.Name) ? Make(call, data, also) : await ServeAsync(call, data, also, cancel);
    }

    private static int Make(VerbCall call, string data, string? also)
    {
        if (call.Text(WitnessName.Name) is not { Length: > 0 } name)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--name is missing: what is the witness called?", "Others will know it by this name and its key, for ever; a host name with a path is usual: water.example/witness"));
        var words = call.All(Algorithm.Name).Count == 0 ? ["ed25519"] : call.All(Algorithm.Name).Distinct().ToArray();
        var algorithms = words.Select(word => SignatureAlgorithms.TryParse(word, out var algorithm) ? algorithm : throw new InvalidOperationException(word)).ToArray();
        if (!WitnessFolder.Create(data, also, name, algorithms, call.Surroundings.Time).TryGet(out var made, out var problem))
            return call.Refuse(problem);
        using (made)
        {
            foreach (var signer in made.Signers)
                call.Out.WriteLine(signer.Verifier);
            call.Error.WriteLine($"The witness {name} is in {data}. Give the line above to the operators of logs; keep the folder on a disk that is never set back to an older state.");
        }

        return Exit.Done;
    }

    private static async Task<int> ServeAsync(VerbCall call, string data, string? also, CancellationToken cancel)
    {
        var surroundings = call.Surroundings;
        if (!AddressOf(call.Text(Listen.Name) ?? "127.0.0.1:8091").TryGet(out var listener, out var problem)
            || !call.Number(Rate.Name, 100, 1, 1_000_000).TryGet(out var rate, out problem)
            || !LogList.Read(call.All(Log.Name), surroundings.PathOf).TryGet(out var logs, out problem))
            return call.Refuse(problem);
        if (logs.Count == 0)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--log is missing: which logs does the witness watch?", "A log's verifier key, or a file with one on each line."));
        if (!WitnessFolder.Open(data, also, surroundings.Time).TryGet(out var folder, out problem))
            return call.Refuse(problem);
        using (folder)
        {
            CityHub.Ledger.Witness witness;
            try
            {
                witness = new CityHub.Ledger.Witness(folder.State, folder.Signers, logs);
                witness.Load();
            }
            catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
            {
                return call.Refuse(WitnessProblems.Unusable.Because(e.Message));
            }

            VerifierKey[] keys = [.. folder.Signers.Select(signer => signer.Verifier)];
            if (!(await WitnessServer.StartAsync(listener, witness, null, keys, (int)rate, surroundings.Time, cancel)).TryGet(out var server, out problem))
                return call.Refuse(problem);
            await using (server)
            {
                foreach (var key in keys)
                    call.Out.WriteLine(key);
                call.Out.WriteLine($"The witness {keys[0].Name} is ready on {server.Address} (data: {data}; logs: {string.Join(", ", witness.Logs.Select(log => log.Origin))})");
                foreach (var log in witness.Logs)
                    Warn(call, log);
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, surroundings.Time, cancel);
                }
                catch (OperationCanceledException)
                {
                    call.Out.WriteLine("The witness is stopping.");
                }
            }
        }

        return Exit.Done;
    }

    private static void Warn(VerbCall call, WitnessedLog log)
    {
        if (log.Fault is { } fault)
            call.Error.WriteLine($"cityhub witness: does not sign for {log.Origin}: {fault}\n  More: cityhub explain witness-unusable");
        if (log.Repair is { } repair)
            call.Error.WriteLine($"cityhub witness: {repair}");
        if (log.Evidence is not null)
            call.Error.WriteLine($"cityhub witness: {log.Origin} has signed two roots for one size; the proof is on the page of this witness.");
    }

    internal static Result<Listener> AddressOf(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            var host = text[..colon].Trim('[', ']');
            if (host is "localhost" or "*" || System.Net.IPAddress.TryParse(host, out _))
                return new Listener(text, host, port, Tls: false);
        }

        return UsageProblems.BadCommandLine.Because($"--listen is {text}; it takes ADDRESS:PORT, where ADDRESS is an IP address, localhost or * for all.");
    }
}
