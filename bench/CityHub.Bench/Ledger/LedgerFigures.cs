using CityHub.Bench.Broker;

namespace CityHub.Bench.Ledger;

/// <summary>`cityhub bench ledger`: what the ledger costs and what it can do, as one flat JSON object.</summary>
public static class LedgerFigures
{
    /// <param name="only">Measure only the figures whose key contains this.</param>
    public static async Task<int> RunAsync(string? json, bool quick, string? only, TextWriter output, CancellationToken cancel)
    {
        var rounds = quick ? 3 : 5;
        var figures = new Figures(output);
        figures.Say("cores", Environment.ProcessorCount);
        figures.Say("ahead_of_time", System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeCompiled ? 0 : 1);
        figures.Say("rounds", rounds);
        Crypto(figures, rounds, TimeSpan.FromSeconds(quick ? 0.1 : 0.5), only);
        if (json is null)
            output.WriteLine(figures.ToJson());
        else
            await File.WriteAllTextAsync(json, figures.ToJson(), cancel);
        return 0;
    }

    /// <summary>The limits: hashes and signatures of one core.</summary>
    private static void Crypto(Figures figures, int rounds, TimeSpan each, string? only)
    {
        var found = new Dictionary<string, List<double>>();
        for (var round = 0; round < rounds; round++)
            foreach (var figure in CryptoBench.Run(each))
            {
                var key = $"{figure.What.ToLowerInvariant().Replace(' ', '_').Replace("-", "", StringComparison.Ordinal)}_per_s";
                if (only is null || key.Contains(only, StringComparison.Ordinal))
                    (found.TryGetValue(key, out var rates) ? rates : found[key] = []).Add(figure.PerSecond);
            }

        foreach (var (key, rates) in found)
            figures.Add(key, rates);
    }
}
