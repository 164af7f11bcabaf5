using System.Collections.Immutable;
using System.Globalization;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>One dataset as searches see it, and as it is written.</summary>
internal sealed class PackageDocument
{
    public static readonly ImmutableArray<string> Fields =
    [
        "name", "id", "title", "notes", "text", "organization", "owner_org", "groups", "tags", "res_format", "license_id", "private", "state", "type", "dataset_type",
        "capacity", "metadata_created", "metadata_modified", "sharing_class", "update_frequency", "resource_code",
    ];

    private readonly string _title;
    private readonly string _text;

    public PackageDocument(Dataset dataset, ReadOnlyMemory<byte> json)
    {
        Dataset = dataset;
        Json = json;
        _title = $"{dataset.Title.Zh}\n{dataset.Title.En}".ToLowerInvariant();
        _text = string.Join('\n', _title, dataset.Id, dataset.Abstract.Zh, dataset.Abstract.En, string.Join('\n', dataset.Keywords), string.Join('\n', dataset.Themes),
            string.Join('\n', dataset.Fields.Select(field => $"{field.Name} {field.Title.Zh} {field.Title.En}")), dataset.Provider).ToLowerInvariant();
    }

    public Dataset Dataset { get; }

    /// <summary>The package as the actions give it.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public IReadOnlyList<string> Values(string field) => field switch
    {
        "name" or "id" => [Dataset.Id],
        "title" => [Dataset.Title.Zh, Dataset.Title.En],
        "notes" => [Dataset.Abstract.Zh, Dataset.Abstract.En],
        "organization" or "owner_org" => [Dataset.Provider],
        "groups" => Dataset.Themes,
        "tags" => Dataset.Keywords,
        "res_format" => PackageWriter.FormatsOf(Dataset),
        "license_id" => Dataset.Licence is { } licence ? [licence] : [],
        "private" => [Dataset.Open ? "false" : "true"],
        "capacity" => [Dataset.Open ? "public" : "private"],
        "state" => ["active"],
        "type" or "dataset_type" => ["dataset"],
        "metadata_created" => [PackageWriter.Time(Dataset.PublishedAt ?? Dataset.ChangedAt)],
        "metadata_modified" => [PackageWriter.Time(Dataset.ChangedAt)],
        "sharing_class" => [PackageWriter.NameOf(Dataset.Class)],
        "update_frequency" => [PackageWriter.NameOf(Dataset.Frequency)],
        "resource_code" => Dataset.ResourceCode is { } code ? [code] : [],
        _ => [],
    };

    public bool Matches(SearchQuery query) => query switch
    {
        SearchQuery.All => true,
        SearchQuery.And and => and.Of.All(Matches),
        SearchQuery.Or or => or.Of.Any(Matches),
        SearchQuery.Not not => !Matches(not.Of),
        SearchQuery.Match { Field: null or "text" } match => _text.Contains(match.Value, StringComparison.OrdinalIgnoreCase),
        SearchQuery.Match match => Values(match.Field).Any(value => Matches(match, value)),
        SearchQuery.Range range => Values(range.Field).Any(value => Within(range, value)),
        _ => throw new ArgumentOutOfRangeException(nameof(query)),
    };

    /// <summary>Words in the title count more than words in the text; how much a score is means nothing beside that order.</summary>
    public int Score(SearchQuery query) => query switch
    {
        SearchQuery.And and => and.Of.Sum(Score),
        SearchQuery.Or or => or.Of.Sum(Score),
        SearchQuery.Match match when match.Field is null or "text" or "title" or "notes" => (_title.Contains(match.Value, StringComparison.OrdinalIgnoreCase) ? 4 : 0)
            + (Dataset.Keywords.Any(word => word.Equals(match.Value, StringComparison.OrdinalIgnoreCase)) ? 2 : 0) + (Matches(match) ? 1 : 0),
        _ => 0,
    };

    /// <summary>Titles and notes are texts, in which a word is found; everything else is a name, which is meant whole.</summary>
    private static bool Matches(SearchQuery.Match match, string value) =>
        match.Field is "title" or "notes" ? value.Contains(match.Value, StringComparison.OrdinalIgnoreCase)
        : match.Prefix ? value.StartsWith(match.Value, StringComparison.OrdinalIgnoreCase)
        : value.Equals(match.Value, StringComparison.OrdinalIgnoreCase);

    private static bool Within(SearchQuery.Range range, string value)
    {
        var low = range.Low is null ? 1 : Compare(range.Field, value, range.Low);
        var high = range.High is null ? -1 : Compare(range.Field, value, range.High);
        return (low > 0 || (low == 0 && range.LowIn)) && (high < 0 || (high == 0 && range.HighIn));
    }

    private static int Compare(string field, string value, string bound) =>
        field.StartsWith("metadata_", StringComparison.Ordinal)
        && DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var one)
        && DateTimeOffset.TryParse(bound, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var other)
            ? one.CompareTo(other)
            : string.CompareOrdinal(value, bound);
}
