using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;
using Conditions = CityHub.Sharing.OpenData.Query.Conditions;

namespace CityHub.Sharing.OpenData.Features;

/// <summary>The parameters of <c>/items</c>, read (OGC API Features part 1, 7.15).</summary>
internal sealed record FeatureQuery(long Limit, long Offset, Crs Crs, Condition? Where)
{
    public const int UsualLimit = 10;
    public const int MostLimit = 10_000;
    private static readonly string[] Known = ["limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "f"];

    /// <param name="schema">Of what would be released: a filter on anything else is an unknown parameter.</param>
    public static Result<FeatureQuery> Read(HttpContext http, Dataset dataset, TableSchema schema)
    {
        var parameters = http.Request.Query;
        if (!Whole(parameters, "limit", UsualLimit, 1).TryGet(out var limit, out var problem) || !Whole(parameters, "offset", 0, 0).TryGet(out var offset, out problem)
            || !Crs.Of("crs", parameters["crs"]).TryGet(out var crs, out problem) || !Box(parameters).TryGet(out var where, out problem)
            || !Time(parameters, dataset).TryGet(out var time, out problem) || !FormatOf(http).TryGet(out _, out problem))
            return problem;
        where = Conditions.Both(where, time);
        foreach (var (name, values) in parameters)
        {
            if (Known.Contains(name, StringComparer.Ordinal) || OpenDataRoom.AskParameters.Contains(name))
                continue;
            if (schema.IndexOf(name) < 0)
                return FeatureProblems.BadParameter.Because($"{name} is no parameter here.", $"There are {string.Join(", ", Known)} and the properties {string.Join(", ", schema.Columns.Select(column => column.Name))}.");
            foreach (var value in values)
                where = Conditions.Both(where, new Condition.Compare(name, "=", value ?? ""));
        }

        return new FeatureQuery(Math.Min(limit, MostLimit), offset, crs, where);
    }

    /// <summary>GeoJSON is all that there is.</summary>
    public static Result<Done> FormatOf(HttpContext http) =>
        http.Request.Query["f"].ToString() is var format && format is "" or "json" or "geojson" ? Done.Value : FeatureProblems.BadParameter.Because($"f: {format} is not given here; there is json.");

    private static Result<long> Whole(IQueryCollection parameters, string name, long usual, long least)
    {
        if (!parameters.TryGetValue(name, out var text))
            return usual;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole >= least ? whole : FeatureProblems.BadParameter.Because($"{name}: {text} is no whole number of at least {least}.");
    }

    private static Result<Condition?> Box(IQueryCollection parameters)
    {
        if (!Crs.Of("bbox-crs", parameters["bbox-crs"]).TryGet(out var crs, out var problem))
            return problem;
        if (!parameters.TryGetValue("bbox", out var text))
            return (Condition?)null;
        var numbers = new List<double>();
        foreach (var part in text.ToString().Split(','))
            if (double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
                numbers.Add(number);
            else
                return FeatureProblems.BadParameter.Because($"bbox: {part} is no number.");
        // Six numbers have heights in the third and the sixth place; points here have none.
        if (numbers.Count == 6)
            numbers = [numbers[0], numbers[1], numbers[3], numbers[4]];
        if (numbers.Count != 4)
            return FeatureProblems.BadParameter.Because("bbox takes four numbers, or six.");
        var (west, south) = crs.Back(numbers[0], numbers[1]);
        var (east, north) = crs.Back(numbers[2], numbers[3]);
        if (south > north)
            return FeatureProblems.BadParameter.Because("bbox: the lower corner lies above the upper one.");
        // Over the antimeridian (7.15.3): two boxes.
        return west <= east
            ? new Condition.Box(west, south, east, north)
            : (Condition?)new Condition.Or(new Condition.Box(west, south, 180, north), new Condition.Box(-180, south, east, north));
    }

    private static Result<Condition?> Time(IQueryCollection parameters, Dataset dataset)
    {
        if (!parameters.TryGetValue("datetime", out var text))
            return (Condition?)null;
        var ends = text.ToString().Split('/');
        if (ends.Length > 2 || ends.Any(end => end is not ("" or "..") && !DateTimeOffset.TryParse(end, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)) || (ends.Length == 1 && ends[0] is "" or ".."))
            return FeatureProblems.BadParameter.Because($"datetime: {text} is neither an instant nor an interval of RFC 3339.");
        // A collection without a time is not narrowed by one (7.15.4).
        if (dataset.Time is not { } field)
            return (Condition?)null;
        if (ends.Length == 1)
            return new Condition.Compare(field, "=", ends[0]);
        Condition? from = ends[0] is "" or ".." ? null : new Condition.Compare(field, ">=", ends[0]);
        Condition? to = ends[1] is "" or ".." ? null : new Condition.Compare(field, "<=", ends[1]);
        return Conditions.Both(from, to) is { } both ? both : (Condition?)null;
    }
}
