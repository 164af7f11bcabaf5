using CityHub.Server.CommandLine;

namespace CityHub.Server.Verbs;

internal sealed class Demo : IVerb
{
    public string Name => "demo";

    public string Summary => "Run a living city of 2,000 devices on a hub of its own";

    public string Arguments => "[...]";

    public IReadOnlyList<Option> Options => [];

    public IReadOnlyList<Example> Examples => [];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        call.Error.WriteLine("cityhub demo is not part of this build.");
        return Task.FromResult(Exit.Failed);
    }
}
