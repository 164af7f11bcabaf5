using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;

namespace CityHub.Server.Verbs;

/// <summary>Runs a hub until it is asked to stop.</summary>
internal sealed class Serve(bool withoutLedger = false) : IVerb
{
    /// <summary>A hub that holds less gives back what its start took; one that holds more needs the memory, and a collection of everything takes long.</summary>
    private const long Small = 64 << 20;

    private static readonly Option Check = new("--check", "Only say whether the configuration is good");

    public string Name => "serve";

    public string Summary => "Run the hub on a data folder";

    public IReadOnlyList<Option> Options => [.. ConfigOptions.ForAHub, Check];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub serve --open", "on http://127.0.0.1:8080, without authentication, on ./data"),
        new("cityhub serve --data /var/lib/cityhub --urls http://0.0.0.0:8080", "for the whole network; clients need tokens (cityhub token)"),
        new("cityhub serve --config city.json --check", "say what is wrong with a configuration, and where"),
        new("CITYHUB__LIMITS__BODY=32MiB cityhub serve --set limits.batch=50000", "any key, by environment or flag"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        if (call.Has(Check.Name))
        {
            call.Out.WriteLine("The configuration is good.");
            return Exit.Done;
        }

        if (!(await Hub.StartAsync(config, new HubSurroundings { Time = call.Surroundings.Time, WithoutLedger = withoutLedger }, cancel)).TryGet(out var hub, out problem))
            return call.Refuse(problem);
        await using (hub)
        {
            call.Out.WriteLine($"CityHub is ready on {string.Join(' ', hub.Addresses.Concat(hub.MqttAddresses))} (data: {config.Data})");
            if (config.Open)
                call.Out.WriteLine("OPEN: no authentication. Everybody on this machine may read and change everything.");
            if (GC.GetTotalMemory(forceFullCollection: false) < Small)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, call.Surroundings.Time, cancel);
            }
            catch (OperationCanceledException)
            {
                call.Out.WriteLine("CityHub is stopping.");
            }
        }

        return Exit.Done;
    }
}
