using CityHub.Server.CommandLine;

namespace CityHub.Server.Verbs;

internal sealed class Import : IVerb
{
    public string Name => "import";

    public string Summary => "Load files into the hub: CSV, JSON, NDJSON, GeoJSON, Parquet";

    public string Arguments => "[...]";

    public IReadOnlyList<Option> Options => [];

    public IReadOnlyList<Example> Examples => [];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        call.Error.WriteLine("cityhub import is not part of this build.");
        return Task.FromResult(Exit.Failed);
    }
}
