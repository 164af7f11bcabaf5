using System.Reflection;
using System.Runtime.InteropServices;
using CityHub.Bench.Broker;
using CityHub.Bench.Kill;
using CityHub.Bench.Ledger;
using CityHub.Bench.Privacy;
using CityHub.Server.CommandLine;
using CityHub.Server.Verbs;

namespace CityHub.Server;

/// <summary>The executable <c>cityhub</c>: finds the verb, reads its options, runs it.</summary>
internal static class Program
{
    /// <summary>In the order in which the help shows them.</summary>
    public static readonly IReadOnlyList<IVerb> AllVerbs =
    [
        new Serve(),
        new Demo(),
        new Import(),
        new Deidentify(),
        new Facts(),
        new Token(),
        new Verbs.Department(),
        new Witness(),
        new Mirror(),
        new Verbs.Monitor(),
        new Verify(),
        new Audit(),
        new Verbs.Export(),
        new Restore(),
        new Verbs.Ledger(),
        new Explain(),
        new Verbs.Bench(),
    ];

    public static string Version { get; } =
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static async Task<int> Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        // The first signal asks the verb to finish what it has begun; the second one is not caught and ends the process.
        void OnSignal(PosixSignalContext context)
        {
            if (stop.IsCancellationRequested)
                return;
            context.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return await RunAsync(args, Surroundings.OfThisProcess(), stop.Token);
    }

    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings surroundings, CancellationToken cancel)
    {
        if (args.Count == 0)
        {
            HelpText.Write(surroundings.Out, AllVerbs, Version);
            return Exit.Usage;
        }

        switch (args[0])
        {
            case "--version" or "-v" or "version":
                surroundings.Out.WriteLine($"cityhub {Version}");
                return Exit.Done;
            case "--help" or "-h" or "help" when args.Count == 1:
                HelpText.Write(surroundings.Out, AllVerbs, Version);
                return Exit.Done;
            case KillChild.Verb: // not in the help: `bench kill` starts it to kill it
                return await KillChild.RunAsync([.. args.Skip(1)], cancel);
            case BareServer.Verb: // likewise: `bench broker` measures it beside the hub
                return await BareServer.RunAsync(cancel);
            case PrivacyChild.Verb: // likewise: `bench privacy` runs each configuration in a process of its own
                return PrivacyChild.Run([.. args.Skip(1)], surroundings.Out, cancel);
            case "help":
                return await RunAsync([args[1], "--help"], surroundings, cancel);
            default:
                break;
        }

        // `bench ledger` measures a hub without one beside the hub as it is; what such a hub records gets its leaves at the next start.
        var verb = args[0] == LedgerCost.ServeWithout ? new Serve(withoutLedger: true) : AllVerbs.FirstOrDefault(v => v.Name == args[0]);
        if (verb is null)
        {
            surroundings.Error.WriteLine($"cityhub: there is no verb {args[0]}.");
            surroundings.Error.WriteLine(Suggestion.For(args[0], AllVerbs.Select(v => v.Name)) is { } near ? $"  Did you mean cityhub {near}?" : "  See cityhub --help.");
            return Exit.Usage;
        }

        string[] words = [.. args.Skip(1)];
        if (words.TakeWhile(w => w != "--").Any(w => w is "--help" or "-h"))
        {
            HelpText.Write(surroundings.Out, verb);
            return Exit.Done;
        }

        if (!CommandLineReader.Read(verb, words, surroundings).TryGet(out var call, out var problem))
            return new VerbCall(verb, surroundings, [], []).Refuse(problem);
        try
        {
            return await verb.RunAsync(call, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return Exit.Failed;
        }
    }
}
