using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;

namespace CityHub.Bench.Sharing;

/// <summary>package_search on 10,000 datasets, a thousand a page: from the parameters to the last byte, without the socket.</summary>
public static class CatalogueBench
{
    private const int Datasets = 10_000;
    private static readonly string[] Subjects = ["空气质量", "公共交通", "人口", "企业", "公园", "供水", "消防", "医疗"];

    /// <summary>Median times in milliseconds, by name of the figure.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> RunAsync(int times, CancellationToken cancel)
    {
        var room = new OpenDataRoom(new Made(), new NoReleases(), (caller, dataset) => dataset.Open || caller.Department is not null,
            (_, dataset, right, mode) => new Ask(Caller.Anyone, right, dataset, "", mode), TimeProvider.System);
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, body) in new[]
        {
            ("package_search_1000_ms", """{"rows":1000}"""),
            ("package_search_words_ms", """{"q":"公园","rows":1000,"facet.field":["organization","tags","groups"]}"""),
            ("package_search_filter_ms", """{"fq":"organization:dept7 AND tags:(人口 OR 企业)","rows":1000,"sort":"title asc"}"""),
        })
        {
            await SearchAsync(room, body, cancel);
            var taken = new List<double>();
            for (var i = 0; i < times; i++)
            {
                var begun = Stopwatch.GetTimestamp();
                await SearchAsync(room, body, cancel);
                taken.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            figures[name] = taken.Order().ElementAt(taken.Count / 2);
        }

        return figures;
    }

    private static async Task SearchAsync(OpenDataRoom room, string body, CancellationToken cancel)
    {
        var http = new DefaultHttpContext { RequestAborted = cancel };
        http.Request.Method = "POST";
        http.Request.ContentType = "application/json";
        http.Request.Scheme = "http";
        http.Request.Host = new HostString("hub.example");
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        if (!(await CkanParameters.ReadAsync(http)).TryGet(out var parameters, out var problem) || (problem = await PackageSearch.HandleAsync(http, room, "package_search", parameters)) is not null)
            throw new InvalidOperationException(problem.ToString());
    }

    private sealed class Made : ICatalogue
    {
        private readonly Dictionary<string, Dataset> _datasets = Enumerable.Range(0, Datasets).Select(One).ToDictionary(dataset => dataset.Id, StringComparer.Ordinal);

        public IEnumerable<Dataset> Published => _datasets.Values;

        public long Version => 1;

        public Dataset? Find(string id) => _datasets.GetValueOrDefault(id);

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;

        private static Dataset One(int i)
        {
            var subject = Subjects[i % Subjects.Length];
            return new Dataset
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"dataset-{i:d5}"),
                Version = 1,
                Provider = $"dept{i % 40}",
                Title = new Words($"{subject}第{i}表", $"Table {i}"),
                Abstract = new Words($"关于{subject}的记录，第{i}号，每日更新，来自各区县的业务系统。", $"Records number {i}, from the systems of the districts, renewed every day."),
                Fields = [.. Enumerable.Range(0, 12).Select(f => new DataField($"field{f}", ColumnType.Text, new Words($"字段{f}", $"Field {f}")))],
                Class = SharingClass.Unconditional,
                Modes = DeliveryModes.Api,
                Frequency = UpdateFrequency.Daily,
                Keywords = [subject, $"区县{i % 38}"],
                Themes = [$"主题{i % 20}"],
                // One in ten is not for everybody: totals have to leave it out.
                Open = i % 10 != 0,
                State = DatasetState.Published,
                ChangedAt = DateTimeOffset.UnixEpoch.AddHours(i * 7919L % 400_000),
            };
        }
    }

    private sealed class NoReleases : IReleases
    {
        public Decision Explain(Ask ask) => throw new NotSupportedException();

        public ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default) => throw new NotSupportedException();

        public ValueTask<Result<TableSchema>> SchemaOfAsync(Ask ask, CancellationToken cancel = default) => throw new NotSupportedException();

        public ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel = default) => throw new NotSupportedException();
    }
}
