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

    public static Decision Decide(PolicyCase world) => Decider.Decide(world.Ask, new GrantIndex(world.Grants), world.Catalogue, new PurposeTree(world.Purposes), world.Now);
}
