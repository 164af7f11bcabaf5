using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Export;

namespace CityHub.Server.Verbs;

/// <summary>Makes a data folder of an export and audits it.</summary>
internal sealed class Restore : IVerb
{
    private static readonly Option From = new("--from", "The folder of an export") { Value = "DIR" };

    public string Name => "restore";

    public string Summary => "Make the data folder of a hub from an export, and audit it";

    public IReadOnlyList<Option> Options => [From, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples => [new("cityhub restore --from /media/move --data /var/lib/cityhub", "each file is checked against its hash, the log is written anew, the whole is audited")];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Text(From.Name) is not { Length: > 0 } from)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--from is missing: which export?"));
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        var restored = await Task.Run(() => new RestoreFolder(call.Surroundings.PathOf(from), config.Data, call.Surroundings.Time).Run(call.Error.WriteLine, cancel), cancel);
        if (!restored.TryGet(out var facts, out problem))
            return call.Refuse(problem);
        call.Out.WriteLine($"{facts} facts are in {config.Data}; cityhub serve --data {config.Data} starts the hub.");
        return Exit.Done;
    }
}
