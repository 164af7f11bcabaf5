using System.Diagnostics;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Bench.Sharing;

/// <param name="BytesPerDecision">Allocated by the deciding thread.</param>
public sealed record DecisionFigures(int Grants, int Asks, double P50Micros, double P99Micros, double PerSecond, double BytesPerDecision, int Permitted);

/// <summary>How long a decision takes with many grants in force: each ask is timed alone.</summary>
public static class DecisionBench
{
    private const int Datasets = 2000;
    private const int Departments = 60;

    public static DecisionFigures Measure(int grants, int asks, int seed)
    {
        var random = new Random(seed);
        var now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var catalogue = new Catalogue(Datasets);
        string[] purposes = ["welfare", "welfare/eligibility", "welfare/eligibility/double-claims", "health", "health/epidemics", "safety", "safety/fire"];
        var tree = new PurposeTree(purposes.Select(code => new Purpose(code, new(code, code), "law", Obligations.Nothing)));
        var index = new GrantIndex(Enumerable.Range(0, grants).Select(i => Draw(i, random, purposes, now)));
        var drawn = new Ask[Math.Min(asks, 20_000)];
        for (var i = 0; i < drawn.Length; i++)
            drawn[i] = DrawAsk(random, index, grants, purposes);
        foreach (var ask in drawn)
            Decider.Decide(ask, index, catalogue, tree, now);
        foreach (var ask in drawn)
            Decider.Decide(ask, index, catalogue, tree, now);

        var ticks = new long[asks];
        var permitted = 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < asks; i++)
        {
            var ask = drawn[i % drawn.Length];
            var start = Stopwatch.GetTimestamp();
            var decision = Decider.Decide(ask, index, catalogue, tree, now);
            ticks[i] = Stopwatch.GetTimestamp() - start;
            permitted += decision is Permit ? 1 : 0;
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(ticks);
        return new(grants, asks, Micros(ticks[asks / 2]), Micros(ticks[(int)(asks * 0.99)]), asks / seconds, (double)allocated / asks, permitted);
    }

    private static double Micros(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static Grant Draw(int number, Random random, string[] purposes, DateTimeOffset now) => new()
    {
        Id = $"g{number:000000}",
        Version = 1,
        Dataset = $"dataset-{random.Next(Datasets)}",
        Provider = "p",
        Receiver = $"department-{random.Next(Departments)}",
        Rights = random.Next(3) == 0 ? Rights.Use : Rights.Obtain,
        Purpose = purposes[random.Next(purposes.Length)],
        Modes = DeliveryModes.Api | DeliveryModes.Verify,
        Obligations = Obligations.Nothing with
        {
            Onward = false,
            Fields = [.. Enumerable.Range(0, 20).Where(_ => random.Next(2) == 0).Select(Field), "f0", "area"],
            Rows = random.Next(2) == 0 ? [new RowRule("area", RowTest.Under, ["5001"])] : [],
        },
        From = now.AddDays(-random.Next(1, 300)),
        Until = now.AddDays(random.Next(1, 300)),
        Basis = "law",
        State = random.Next(10) == 0 ? GrantState.Suspended : GrantState.Active,
        SignedBy = "officer",
    };

    private static Ask DrawAsk(Random random, GrantIndex index, int grants, string[] purposes)
    {
        var aimed = index.Find($"g{random.Next(grants):000000}");
        if (aimed is null)
            return new(new Caller("a", "department-0", Roles.DataOfficer), Rights.Obtain, "dataset-0", purposes[0], DeliveryModes.Api);
        return new(new Caller("a", aimed.Receiver, Roles.DataOfficer), aimed.Rights, aimed.Dataset, random.Next(8) == 0 ? purposes[random.Next(purposes.Length)] : aimed.Purpose, aimed.Rights == Rights.Use ? DeliveryModes.Verify : DeliveryModes.Api)
        {
            Fields = random.Next(2) == 0 ? null : [.. (aimed.Obligations.Fields ?? []).Take(4)],
            Area = random.Next(4) == 0 ? "500103" : null,
        };
    }

    private static string Field(int number) => $"f{number}";

    private sealed class Catalogue : ICatalogue
    {
        private readonly Dictionary<string, Dataset> _all = new(StringComparer.Ordinal);

        public Catalogue(int datasets)
        {
            for (var i = 0; i < datasets; i++)
                _all[$"dataset-{i}"] = new()
                {
                    Id = $"dataset-{i}",
                    Version = 1,
                    Provider = "p",
                    Title = default,
                    Abstract = default,
                    Fields = [.. Enumerable.Range(0, 20).Select(f => new DataField(Field(f), ColumnType.Text, default)), new DataField("area", ColumnType.Text, default)],
                    Class = SharingClass.Conditional,
                    Modes = DeliveryModes.Api | DeliveryModes.Verify,
                    Frequency = UpdateFrequency.Daily,
                    Area = "area",
                    State = DatasetState.Published,
                };
        }

        public long Version => 1;

        public IEnumerable<Dataset> Published => _all.Values;

        public Dataset? Find(string id) => _all.GetValueOrDefault(id);

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;
    }
}
