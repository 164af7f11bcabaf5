using CityHub.Server.CommandLine;

namespace CityHub.Server.Verbs;

internal sealed class Bench : IVerb
{
    public string Name => "bench";

    public string Summary => "Measure this hub on this machine";

    public string Arguments => "[...]";

    public IReadOnlyList<Option> Options => [];

    public IReadOnlyList<Example> Examples => [];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        call.Error.WriteLine("cityhub bench is not part of this build.");
        return Task.FromResult(Exit.Failed);
    }
}
