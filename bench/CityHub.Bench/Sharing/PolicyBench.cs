using System.Globalization;
using CityHub.Sharing.Access;

namespace CityHub.Bench.Sharing;

/// <param name="Wrong">Decisions that the oracle says are not what one whole grant gives: has to be 0.</param>
public sealed record PolicyFigures(int Asked, int Permitted, IReadOnlyDictionary<string, int> Refused, int Wrong, string? FirstWrong);

/// <summary>Random policies and queries, each decision judged by an oracle that lists all cells: nothing lies outside a single grant.</summary>
public static class PolicyBench
{
    public static PolicyFigures Run(int count, int seed)
    {
        var random = new Random(seed);
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var (permitted, wrong) = (0, 0);
        string? first = null;
        for (var i = 0; i < count; i++)
        {
            var world = PolicyCase.Draw(random);
            var decision = Decide(world);
            if (decision is Refuse refuse)
                refused[refuse.Code] = refused.GetValueOrDefault(refuse.Code) + 1;
            else
                permitted++;
            if (PolicyOracle.Judge(world, decision) is { } why)
            {
                wrong++;
                first ??= $"world {i} of seed {seed}: {why}";
            }
        }

        return new(count, permitted, refused, wrong, first);
    }

    /// <summary>Many, on every core, with a line now and then; the seeds of the parts follow from the one that is given.</summary>
    /// <returns>Whether no decision was wrong.</returns>
    public static bool Report(int count, int seed, TextWriter output, CancellationToken cancel)
    {
        const int part = 10_000;
        var (asked, permitted, wrong) = (0, 0, 0);
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Lock gate = new();
        Parallel.For(0, (count + part - 1) / part, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var figures = Run(Math.Min(part, count - (i * part)), unchecked((seed * 1_000_003) + i));
            lock (gate)
            {
                (asked, permitted, wrong) = (asked + figures.Asked, permitted + figures.Permitted, wrong + figures.Wrong);
                foreach (var (code, times) in figures.Refused)
                    refused[code] = refused.GetValueOrDefault(code) + times;
                if (figures.FirstWrong is { } first)
                    output.WriteLine($"WRONG: {first}");
                if (asked % 100_000 < part || asked == count)
                {
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {asked:N0} asked, {permitted:N0} permitted, {wrong} wrong"));
                    output.Flush();
                }
            }
        });
        output.WriteLine(string.Join(", ", refused.Select(code => string.Create(CultureInfo.InvariantCulture, $"{code.Key} {code.Value:N0}"))));
        return wrong == 0;
    }

    public static Decision Decide(PolicyCase world) => Decider.Decide(world.Ask, new GrantIndex(world.Grants), world.Catalogue, new PurposeTree(world.Purposes), world.Now);
}
