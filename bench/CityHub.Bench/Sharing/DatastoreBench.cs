using System.Diagnostics;
using System.Text;
using CityHub.Bench.Broker;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;
using Microsoft.AspNetCore.Http;

namespace CityHub.Bench.Sharing;

/// <summary>
/// datastore_search on a table of thirteen million rows on the disk: the first hundred rows with the exact total, decided, recorded and closed each time; without the socket. With a filter the total is
/// counted once for each content of the table: the first time and later ones are told apart.
/// </summary>
internal static class DatastoreBench
{
    public const string Key = "datastore_total_13m_ms";

    public static async Task MeasureAsync(Figures figures, int rounds, long rows, TextWriter output, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        figures.Say("datastore_rows", rows);
        await using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System).Value;
        var schema = TableBench.Schema with { Key = -1 };
        var table = store.Tables.Open(City.Name, schema, null, []).Value;
        table.Publish((await table.PrepareAsync(new TableBench.Register(schema, rows), WriteMode.Replace, cancel)).Value);
        output.WriteLine($"  {table.Rows:N0} rows on the disk");
        var city = new City();
        var releases = new Releases(store.Acts, store.Log, store.Views, store.Kept, store.Tables, city, city, city, TimeProvider.System, new ReleaseOptions { Secret = Encoding.UTF8.GetBytes("a secret of a bench: 32 bytes long") });
        await releases.LoadAsync(cancel);
        var room = new OpenDataRoom(city, releases, (_, _) => true, (_, dataset, right, mode) => new Ask(Caller.Anyone, right, dataset, "open", mode), TimeProvider.System);
        var (all, first, again) = (new List<double>(), new List<double>(), new List<double>());
        await SearchAsync(room, """{"resource_id":"big"}""", cancel);
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < 5; i++)
                all.Add(await SearchAsync(room, """{"resource_id":"big"}""", cancel));
            var filter = $$$"""{"resource_id":"big","filters":{"district":"district {{{round}}}"}}""";
            first.Add(await SearchAsync(room, filter, cancel));
            again.Add(await SearchAsync(room, filter, cancel));
        }

        figures.Add(Key, all);
        figures.Add("datastore_filter_first_ms", first);
        figures.Add("datastore_filter_again_ms", again);
    }

    private static async Task<double> SearchAsync(OpenDataRoom room, string body, CancellationToken cancel)
    {
        var http = new DefaultHttpContext { RequestAborted = cancel };
        http.Request.Method = "POST";
        http.Request.ContentType = "application/json";
        http.Request.Scheme = "http";
        http.Request.Host = new HostString("hub.example");
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        using var answer = new MemoryStream();
        http.Response.Body = answer;
        var began = Stopwatch.GetTimestamp();
        if (!(await CkanParameters.ReadAsync(http)).TryGet(out var parameters, out var problem) || (problem = await DatastoreSearch.HandleAsync(http, room, "datastore_search", parameters)) is not null)
            throw new InvalidOperationException(problem.ToString());
        var taken = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return answer.ToArray().AsSpan().IndexOf("\"total\":"u8) >= 0 ? taken : throw new InvalidOperationException("The answer has no total.");
    }

    private sealed class City : IGrants, ICatalogue, IPurposes
    {
        public const string Name = "big";

        private readonly Dataset _dataset = new()
        {
            Id = Name, Version = 1, Provider = "police", Title = new("大表", "big"), Abstract = new("大表", "big"), Fields = [.. TableBench.Schema.Columns.Select(c => new DataField(c.Name, c.Type, new(c.Name, c.Name)))],
            Class = SharingClass.Unconditional, Modes = DeliveryModes.Api, Frequency = UpdateFrequency.Daily, Open = true, State = DatasetState.Published,
        };

        private readonly Grant[] _grants =
        [
            new()
            {
                Id = "open", Version = 1, Dataset = Name, Provider = "police", Receiver = Decider.Public, Rights = Rights.Obtain | Rights.Use, Purpose = "open", Modes = DeliveryModes.Api, Obligations = Obligations.Nothing, From = DateTimeOffset.UnixEpoch,
                Until = DateTimeOffset.MaxValue, Basis = "bench", SignedBy = "wang",
            },
        ];

        public long Version => 1;

        public IEnumerable<Dataset> Published => [_dataset];

        public IReadOnlyList<Grant> Of(string dataset, string receiver) => _grants;

        Grant? IGrants.Find(string id) => null;

        Dataset? ICatalogue.Find(string id) => id == Name ? _dataset : null;

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;

        public bool IsKnown(string code) => true;

        public bool Covers(string granted, string asked) => granted == asked;

        Obligations IPurposes.Of(string code) => Obligations.Nothing;
    }
}
