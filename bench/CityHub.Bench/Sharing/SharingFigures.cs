using CityHub.Bench.Broker;

namespace CityHub.Bench.Sharing;

/// <summary>`cityhub bench sharing`: what decisions, releases and their accounts cost, as one flat JSON object.</summary>
public static class SharingFigures
{
    private const string Decision = "decision_p99_us", Bulk = "bulk_rows_per_s", BulkMemory = "bulk_memory_mb", Packages = "package_search_1000_ms";

    /// <param name="only">Measure only the figures whose key contains this.</param>
    public static async Task<int> RunAsync(string? json, bool quick, string? only, TextWriter output, CancellationToken cancel)
    {
        var rounds = quick ? 3 : 5;
        var figures = new Figures(output);
        figures.Say("cores", Environment.ProcessorCount);
        figures.Say("ahead_of_time", System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeCompiled ? 0 : 1);
        figures.Say("rounds", rounds);
        var failed = 0;
        await SectionAsync("the memory of a large release, before anything else fills it", () => MemoryAsync(figures, quick, output, cancel), BulkMemory);
        // The load comes from this process: while it holds nothing else.
        await SectionAsync("one row at a time over HTTP, with and without the ledger", () => GovernedReads.MeasureAsync(figures, rounds, TimeSpan.FromSeconds(quick ? 1 : 5), cancel), GovernedReads.Rate, GovernedReads.Latency, GovernedReads.Ratio);
        await SectionAsync("decisions with 100,000 grants", () => Task.Run(() => Decisions(figures, rounds, quick ? 50_000 : 200_000), cancel), Decision);
        await SectionAsync("a grant changes", () => PolicyChange.MeasureAsync(figures, rounds, 100_000, cancel), PolicyChange.Key);
        await SectionAsync("bulk", () => BulkAsync(figures, rounds, quick, cancel), Bulk, "bulk_person_rows_per_s");
        await SectionAsync("a search in 10,000 datasets", () => SearchAsync(figures, rounds, cancel), Packages);
        await SectionAsync("a table of 13,000,000 rows", () => DatastoreBench.MeasureAsync(figures, rounds, quick ? 1_000_000 : 13_000_000, output, cancel), DatastoreBench.Key);
        await SectionAsync("who looked among 10,000,000 accesses", () => WhoLookedBench.MeasureAsync(figures, rounds, quick ? 1_000_000 : 10_000_000, output, cancel), WhoLookedBench.Key);
        if (json is null)
            output.WriteLine(figures.ToJson());
        return failed == 0 ? 0 : 1;

        // What was measured is kept whatever comes after.
        async Task SectionAsync(string what, Func<Task> measure, params string[] keys)
        {
            if (only is not null && !keys.Any(key => key.Contains(only, StringComparison.Ordinal)))
                return;
            output.WriteLine($"{what} …");
            output.Flush();
            try
            {
                await measure();
            }
            catch (Exception failure) when (failure is InvalidOperationException or IOException or System.Net.Sockets.SocketException)
            {
                failed++;
                output.WriteLine($"NOT MEASURED: {failure.Message}");
            }

            if (json is not null)
                await File.WriteAllTextAsync(json, figures.ToJson(), cancel);
        }
    }

    private static void Decisions(Figures figures, int rounds, int asks)
    {
        var (p50, p99, bytes) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var figure = DecisionBench.Measure(100_000, asks, seed: round + 1);
            p50.Add(figure.P50Micros);
            p99.Add(figure.P99Micros);
            bytes.Add(figure.BytesPerDecision);
        }

        figures.Add("decision_p50_us", p50);
        figures.Add(Decision, p99);
        figures.Add("decision_bytes", bytes);
    }

    private static async Task BulkAsync(Figures figures, int rounds, bool quick, CancellationToken cancel)
    {
        var (bulk, persons) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            using var folder = new BenchFolder();
            var figure = await ReleaseBench.BulkAsync(folder.Path, quick ? 2_000_000 : 20_000_000, cancel);
            bulk.Add(figure.BulkRowsPerSecond);
            persons.Add(figure.SubjectRowsPerSecond);
        }

        figures.Add(Bulk, bulk);
        figures.Add("bulk_person_rows_per_s", persons);
    }

    private static async Task MemoryAsync(Figures figures, bool quick, TextWriter output, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        var (megabytes, gigabytes) = await ReleaseBench.MemoryAsync(folder.Path, quick ? 1_000_000_000 : 10_000_000_000, output, cancel);
        figures.Say("bulk_memory_gb", gigabytes);
        figures.Add(BulkMemory, [megabytes]);
    }

    private static async Task SearchAsync(Figures figures, int rounds, CancellationToken cancel)
    {
        var found = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        for (var round = 0; round < rounds; round++)
            foreach (var (key, value) in await CatalogueBench.RunAsync(7, cancel))
                (found.TryGetValue(key, out var values) ? values : found[key] = []).Add(value);
        foreach (var (key, values) in found)
            figures.Add(key, values);
    }
}
