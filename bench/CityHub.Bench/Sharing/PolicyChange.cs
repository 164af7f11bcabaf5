using System.Diagnostics;
using System.Globalization;
using CityHub.Bench.Broker;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Sharing;

/// <summary>From saying that a grant is suspended, the durable fact included, to the first decision that refuses; with 100,000 grants in the book, while another thread decides without a pause.</summary>
internal static class PolicyChange
{
    public const string Key = "policy_change_ms";

    private const int Datasets = 2000;
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task MeasureAsync(Figures figures, int rounds, int grants, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        await using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System).Value;
        using var book = new GrantBook(store.Log, TimeProvider.System);
        for (var from = 0; from < grants; from += 5_000)
            if ((await book.MakeAsync([.. Enumerable.Range(from, Math.Min(5_000, grants - from)).Select(Granted)])).Problem is { } refused)
                throw new InvalidOperationException(refused.ToString());
        var purposes = new PurposeTree([new Purpose("safety", new("安全", "safety"), "law", Obligations.Nothing)]);
        var (catalogue, taken) = (new Catalogue(), new List<double>());
        for (var round = 0; round < rounds * 4; round++)
        {
            var grant = Granted(round * 7919 % grants);
            var ask = new Ask(new Caller("lin", grant.Receiver, Roles.DataOfficer), Rights.Obtain, grant.Dataset, "safety", DeliveryModes.Api) { Grant = grant.Id };
            if (Decider.Decide(ask, book, catalogue, purposes, Now) is not Permit)
                throw new InvalidOperationException("The grant permits nothing.");
            var deciding = Task.Factory.StartNew(
                () =>
                {
                    while (Decider.Decide(ask, book, catalogue, purposes, Now) is Permit)
                        cancel.ThrowIfCancellationRequested();
                    return Stopwatch.GetTimestamp();
                },
                cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            var began = Stopwatch.GetTimestamp();
            if ((await book.FollowAsync(grant with { State = GrantState.Suspended })).Problem is { } problem)
                throw new InvalidOperationException(problem.ToString());
            taken.Add(Stopwatch.GetElapsedTime(began, await deciding).TotalMilliseconds);
        }

        figures.Add(Key, taken);
    }

    private static Grant Granted(int number) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"g{number:D6}"), Version = 1, Dataset = $"dataset-{number % Datasets}", Provider = "police", Receiver = $"department-{number / Datasets}", Rights = Rights.Obtain, Purpose = "safety",
        Modes = DeliveryModes.Api, Obligations = Obligations.Nothing with { Fields = ["id"], Onward = false }, From = Now.AddYears(-1), Until = Now.AddYears(1), Basis = "law", SignedBy = "officer",
    };

    private sealed class Catalogue : ICatalogue
    {
        private readonly Dictionary<string, Dataset> _all = Enumerable.Range(0, Datasets).Select(i => new Dataset
        {
            Id = $"dataset-{i}", Version = 1, Provider = "police", Title = default, Abstract = default, Fields = [new("id", ColumnType.Text, default)], Class = SharingClass.Conditional, Modes = DeliveryModes.Api, Frequency = UpdateFrequency.Daily,
            State = DatasetState.Published, Grain = new Grain(),
        }).ToDictionary(dataset => dataset.Id, StringComparer.Ordinal);

        public long Version => 1;

        public IEnumerable<Dataset> Published => _all.Values;

        public Dataset? Find(string id) => _all.GetValueOrDefault(id);

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;
    }
}
