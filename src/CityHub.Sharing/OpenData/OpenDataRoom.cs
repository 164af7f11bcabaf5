using System.Collections.Immutable;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.OpenData.Dcat;
using CityHub.Sharing.OpenData.Features;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.OpenData.Tracker;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Conditions = CityHub.Sharing.OpenData.Query.Conditions;

namespace CityHub.Sharing.OpenData;

/// <summary>How a request says for which purpose, case and grant it asks.</summary>
internal delegate Result<Ask> AskOf(HttpContext http, string dataset, Rights right, DeliveryModes mode);

/// <summary>One dimension of the quality of a dataset, as last measured: GB/T 36344 in DQV.</summary>
/// <param name="Metric">e.g. <c>completeness</c>.</param>
internal sealed record QualityMeasure(string Metric, double Value, DateTimeOffset At);

/// <summary>The doors for others: CKAN, DCAT-AP, OGC API Features, Data Tracker, questions to tables. What they show is what the caller may discover; what they give is a release.</summary>
/// <param name="mayDiscover">Whether the caller may know that the dataset exists.</param>
internal sealed class OpenDataRoom(ICatalogue catalogue, IReleases releases, Func<Caller, Dataset, bool> mayDiscover, AskOf askOf, TimeProvider clock)
{
    public ICatalogue Catalogue { get; } = catalogue;

    public IReleases Releases { get; } = releases;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Where the hub is found from outside; null: where the request found it.</summary>
    public Uri? Address { get; init; }

    public Words Title { get; init; } = new("城市数据目录", "City data catalogue");

    public Words Publisher { get; init; } = new("市政务数据共享主管部门", "Data sharing authority of the city");

    public Func<string, Department?> Department { get; init; } = _ => null;

    public Func<Dataset, IEnumerable<QualityMeasure>> Quality { get; init; } = _ => [];

    /// <summary>Null: accesses are not kept here, and nobody is told about them.</summary>
    public IWhoLooked? WhoLooked { get; init; }

    /// <summary>Parameters that belong to the ask, and that every door therefore knows.</summary>
    public static readonly ImmutableArray<string> AskParameters = ["purpose", "case", "grant"];

    public PackageIndex Packages { get; } = new();

    public string BaseOf(HttpContext http) => Address?.ToString().TrimEnd('/') ?? $"{http.Request.Scheme}://{http.Request.Host}";

    public bool Sees(Caller caller, Dataset dataset) => dataset.State == DatasetState.Published && mayDiscover(caller, dataset);

    public IEnumerable<Dataset> Seen(Caller caller) => Catalogue.Published.Where(dataset => Sees(caller, dataset));

    /// <summary>What is not seen and what is not there are refused alike.</summary>
    public Result<Dataset> Find(Caller caller, string id) =>
        Catalogue.Find(id) is { } dataset && Sees(caller, dataset) ? dataset : SharingProblems.DatasetUnknown.Because($"\"{id}\" is no dataset that you can see.", "The catalogue lists what you can: /catalog.");

    public Words NameOf(string department) => Department(department)?.Name ?? new Words(department, department);

    public async ValueTask<Result<TableSchema>> SchemaOfAsync(HttpContext http, Dataset dataset, Rights right, DeliveryModes mode) =>
        askOf(http, dataset.Id, right, mode).TryGet(out var ask, out var problem) ? await Releases.SchemaOfAsync(ask, http.RequestAborted) : problem;

    /// <summary>Opens a release that answers the question, and no more than it: what is looked at and shown is asked for, nothing beside it.</summary>
    /// <param name="fields">What is shown, in this order; null: all that the grant gives.</param>
    public async ValueTask<Result<Opened>> OpenAsync(HttpContext http, Dataset dataset, Rights right, DeliveryModes mode, IReadOnlyList<string>? fields, ReleaseQuery query)
    {
        if (!askOf(http, dataset.Id, right, mode).TryGet(out var ask, out var problem) || !(await Releases.SchemaOfAsync(ask, http.RequestAborted)).TryGet(out var schema, out problem))
            return problem;
        if (QuestionCheck.Of(schema, fields, query) is { } wrong)
            return await Releases.RefusedAsync(ask, wrong, http.RequestAborted);
        if (fields is not null && query.GroupBy is null && QuestionCheck.NarrowedBy(dataset, fields, query) is { } narrow)
        {
            ask = ask with { Fields = [.. narrow] };
        }
        else if (query.GroupBy is { } grouping)
        {
            ask = ask with { Fields = [.. grouping.Fields.Concat(grouping.Measures.Select(m => m.Field).OfType<string>()).Concat(Conditions.FieldsOf(query.Where)).Distinct(StringComparer.Ordinal)] };
            if (ask.Fields is { Length: 0 })
                ask = ask with { Fields = null };
        }

        if (query.Distinct && query.GroupBy is null)
            query = query with { DistinctBy = fields }; // meant for what is shown, not for what is looked at beside it
        if (!(await Releases.OpenAsync(ask, query, http.RequestAborted)).TryGet(out var stream, out problem))
            return problem;
        var columns = fields is null ? [.. Enumerable.Range(0, stream.Schema.Columns.Count)] : fields.Select(stream.Schema.IndexOf).ToImmutableArray();
        return new Opened(stream, columns);
    }

    public static void MapOpenData(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        TableRoutes.Map(routes, room);
        CkanRoutes.Map(routes, room);
        DcatRoutes.Map(routes, room);
        FeatureRoutes.Map(routes, room);
        TrackerRoutes.Map(routes, room);
    }
}

/// <summary>A release that is open, and which of its columns are shown.</summary>
internal sealed record Opened(ReleaseStream Stream, ImmutableArray<int> Columns)
{
    public IEnumerable<TableColumn> Shown => Columns.Select(i => Stream.Schema.Columns[i]);
}
