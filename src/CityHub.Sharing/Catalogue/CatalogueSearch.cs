using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Catalogue;

/// <summary>What is looked for in the catalogue.</summary>
public sealed record CatalogueQuery
{
    /// <summary>Every word of it somewhere in the entry: a latin word as it stands (a last <c>*</c> means the beginning), Chinese by pairs of characters. Empty: all.</summary>
    public string Text { get; init; } = "";

    /// <summary>Facet and its values: one of the values of each facet. Names are in <see cref="CatalogueFacets.Names"/>.</summary>
    public IReadOnlyList<(string Facet, IReadOnlyList<string> Values)> Filters { get; init; } = [];

    /// <summary>Any other condition, e.g. what a query language was parsed to.</summary>
    public Func<Dataset, bool>? Where { get; init; }

    /// <summary><c>relevance</c>, <c>id</c>, <c>title</c>, <c>changed</c>, <c>published</c>. Empty: by relevance where there is text, then by id.</summary>
    public IReadOnlyList<(string By, bool Descending)> Sort { get; init; } = [];

    /// <summary>Facets that are counted over everything found.</summary>
    public IReadOnlyList<string> Facets { get; init; } = [];

    public int FacetLimit { get; init; } = 50;

    public int Start { get; init; }

    public int Rows { get; init; } = 20;
}

/// <param name="Total">Exact.</param>
/// <param name="Facets">By facet: values with how many entries have them, most first.</param>
public sealed record CatalogueFound(int Total, IReadOnlyList<Dataset> Page, IReadOnlyDictionary<string, IReadOnlyList<(string Value, int Count)>> Facets);

/// <summary>Search over what is published, in memory. One call sees one version of the catalogue.</summary>
public interface ICatalogueSearch
{
    /// <param name="visible">Asked before anything else: what the caller may not see is neither found nor counted.</param>
    CatalogueFound Find(CatalogueQuery query, Func<Dataset, bool> visible);
}

/// <summary>The words by which entries are counted and chosen.</summary>
public static class CatalogueFacets
{
    public static readonly IReadOnlyList<string> Names = ["provider", "class", "theme", "keyword", "mode", "format", "frequency", "sensitivity", "open", "licence", "source"];

    public static IEnumerable<string> ValuesOf(Dataset dataset, string facet) => facet switch
    {
        "provider" => [dataset.Provider],
        "class" => [CatalogueNames.Of(dataset.Class)],
        "theme" => dataset.Themes,
        "keyword" => dataset.Keywords,
        "mode" => CatalogueNames.Of(dataset.Modes),
        "format" => [dataset.Format],
        "frequency" => [CatalogueNames.Of(dataset.Frequency)],
        "sensitivity" => [CatalogueNames.Of(dataset.Sensitivity)],
        "open" => [dataset.Open ? "true" : "false"],
        "licence" => dataset.Licence is { } licence ? [licence] : [],
        "source" => [CatalogueNames.Of(dataset.Source)],
        _ => [],
    };
}

/// <summary>Finds by scanning prepared entries: ten thousand of them are looked through in a millisecond or two, and nothing but the changed entry is prepared again.</summary>
internal sealed class CatalogueSearch(Func<IReadOnlyList<SearchEntry>> entries) : ICatalogueSearch
{
    public CatalogueFound Find(CatalogueQuery query, Func<Dataset, bool> visible)
    {
        var terms = SearchTerms.OfQuery(query.Text);
        var found = new List<(SearchEntry Entry, int Score)>();
        foreach (var entry in entries())
        {
            var score = terms.Length == 0 ? 0 : entry.Score(terms);
            if (score >= 0 && Fits(query, entry.Dataset) && visible(entry.Dataset))
                found.Add((entry, score));
        }

        // Entries come in the order of their ids: sorting is half of the time, and mostly not asked for.
        if (terms.Length > 0 || query.Sort.Count > 0)
            found.Sort(Order(query, terms.Length > 0));
        var page = new List<Dataset>(Math.Clamp(found.Count - query.Start, 0, Math.Max(0, query.Rows)));
        for (var i = Math.Max(0, query.Start); i < found.Count && page.Count < query.Rows; i++)
            page.Add(found[i].Entry.Dataset);
        return new CatalogueFound(found.Count, page, Count(query, found));
    }

    private static bool Fits(CatalogueQuery query, Dataset dataset)
    {
        foreach (var (facet, values) in query.Filters)
            if (!CatalogueFacets.ValuesOf(dataset, facet).Any(v => values.Contains(v, StringComparer.Ordinal)))
                return false;
        return query.Where is not { } where || where(dataset);
    }

    private static Comparison<(SearchEntry Entry, int Score)> Order(CatalogueQuery query, bool ranked)
    {
        IReadOnlyList<(string By, bool Descending)> sort = query.Sort.Count > 0 ? query.Sort : ranked ? [("relevance", true)] : [];
        return (one, other) =>
        {
            foreach (var (by, descending) in sort)
            {
                var order = by switch
                {
                    "relevance" => one.Score.CompareTo(other.Score),
                    "title" => string.CompareOrdinal(one.Entry.Dataset.Title.Zh, other.Entry.Dataset.Title.Zh),
                    "changed" => one.Entry.Dataset.ChangedAt.CompareTo(other.Entry.Dataset.ChangedAt),
                    "published" => Nullable.Compare(one.Entry.Dataset.PublishedAt, other.Entry.Dataset.PublishedAt),
                    "id" => string.CompareOrdinal(one.Entry.Dataset.Id, other.Entry.Dataset.Id),
                    _ => 0,
                };
                if (order != 0)
                    return descending ? -order : order;
            }

            return string.CompareOrdinal(one.Entry.Dataset.Id, other.Entry.Dataset.Id);
        };
    }

    private static Dictionary<string, IReadOnlyList<(string Value, int Count)>> Count(CatalogueQuery query, List<(SearchEntry Entry, int Score)> found)
    {
        var facets = new Dictionary<string, IReadOnlyList<(string, int)>>(StringComparer.Ordinal);
        foreach (var facet in query.Facets)
        {
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var (entry, _) in found)
                foreach (var value in CatalogueFacets.ValuesOf(entry.Dataset, facet))
                    counts[value] = counts.GetValueOrDefault(value) + 1;
            facets[facet] = [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(query.FacetLimit < 0 ? int.MaxValue : query.FacetLimit).Select(c => (c.Key, c.Value))];
        }

        return facets;
    }
}

/// <summary>A published entry, prepared for searching when it is first searched.</summary>
internal sealed class SearchEntry(Dataset dataset)
{
    private ulong[]? _head;
    private ulong[]? _all;

    public Dataset Dataset { get; } = dataset;

    /// <summary>-1: some word is not in it. A word of the title, the name or the keywords counts four times one of the rest.</summary>
    public int Score(ReadOnlySpan<ulong> terms)
    {
        if (_all is null)
            Prepare();
        var score = 0;
        foreach (var term in terms)
        {
            if (Array.BinarySearch(_head ?? [], term) >= 0)
                score += 4;
            else if (Array.BinarySearch(_all ?? [], term) >= 0)
                score++;
            else
                return -1;
        }

        return score;
    }

    /// <summary>Two threads may do it at once and find the same.</summary>
    private void Prepare()
    {
        var (head, all) = (new HashSet<ulong>(), new HashSet<ulong>());
        SearchTerms.Add(head, Dataset.Id);
        Add(head, Dataset.Title);
        foreach (var word in Dataset.Keywords.Concat(Dataset.Themes))
            SearchTerms.Add(head, word);
        Add(all, Dataset.Abstract);
        SearchTerms.Add(all, Dataset.Provider);
        SearchTerms.Add(all, Dataset.ResourceCode ?? "");
        foreach (var field in Dataset.Fields)
        {
            SearchTerms.Add(all, field.Name);
            Add(all, field.Title);
        }

        _head = [.. head.Order()];
        _all = [.. all.Order()];
    }

    private static void Add(HashSet<ulong> terms, Words words)
    {
        SearchTerms.Add(terms, words.Zh);
        SearchTerms.Add(terms, words.En);
    }
}
