using System.Collections.Immutable;
using CityHub.Sharing.Calendars;

namespace CityHub.Sharing.Catalogue;

/// <summary>One dataset with what was, what is published, and what is being worked on.</summary>
internal sealed record CatalogueEntry(string Id)
{
    public Dataset? Published { get; init; }

    /// <summary>A version on its way.</summary>
    public Dataset? Working { get; init; }

    /// <summary>Superseded and withdrawn versions, oldest first.</summary>
    public ImmutableList<Dataset> Past { get; init; } = [];

    public string DraftedBy { get; init; } = "";

    public string? ApprovedBy { get; init; }

    /// <summary>By when the published entry has to be right again (art. 17); null: nothing is due.</summary>
    public Deadline? UpdateDue { get; init; }

    /// <summary>By when the authority has to answer.</summary>
    public Deadline? ReviewDue { get; init; }

    /// <summary>Articles whose present deadline has passed, and was said to have.</summary>
    public ImmutableHashSet<string> Missed { get; init; } = [];

    /// <summary>Of the published version, prepared once.</summary>
    public SearchEntry? Search { get; init; }

    public Dataset? Newest => Working ?? Published ?? (Past.Count > 0 ? Past[^1] : null);

    public int LastVersion => Math.Max(Math.Max(Published?.Version ?? 0, Working?.Version ?? 0), Past.Count > 0 ? Past.Max(d => d.Version) : 0);
}

/// <summary>All of the catalogue at one moment; never changed, so that readers need no lock.</summary>
internal sealed record CatalogueState
{
    public static readonly CatalogueState Empty = new();

    private Dataset[]? _published;
    private SearchEntry[]? _search;

    public ImmutableDictionary<string, CatalogueEntry> Entries { get; init; } = ImmutableDictionary.Create<string, CatalogueEntry>(StringComparer.Ordinal);

    /// <summary>Which dataset has a type of entities, published or on its way.</summary>
    public ImmutableDictionary<(string Tenant, string Type), string> Types { get; init; } = ImmutableDictionary<(string, string), string>.Empty;

    /// <summary>Lead sources that the authority named: item to department. An item is an element, or a normalised name with its type.</summary>
    public ImmutableDictionary<string, string> LeadSources { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, CollectionForm> Forms { get; init; } = ImmutableSortedDictionary.Create<string, CollectionForm>(StringComparer.Ordinal);

    public long Version { get; init; }

    /// <summary>In the order of their ids; made when it is first asked for.</summary>
    public Dataset[] Published => _published ??= [.. Entries.Values.Select(e => e.Published).OfType<Dataset>().OrderBy(d => d.Id, StringComparer.Ordinal)];

    public SearchEntry[] Search => _search ??= [.. Entries.Values.Select(e => e.Search).OfType<SearchEntry>().OrderBy(e => e.Dataset.Id, StringComparer.Ordinal)];

    public Dataset? Find(string id) => Entries.TryGetValue(id, out var entry) ? entry.Published ?? entry.Newest : null;

    public string? Holder(string tenant, string type) => Types.GetValueOrDefault((tenant, type));

    public CatalogueState With(CatalogueEntry entry)
    {
        var types = Types;
        foreach (var version in new[] { entry.Published, entry.Working })
            if (version is { Source: DatasetSource.Entities, EntityType: { } type } && types.GetValueOrDefault((version.Tenant, type)) is null)
                types = types.Add((version.Tenant, type), entry.Id);
        // A type that no living version has any more is free again.
        if (Entries.TryGetValue(entry.Id, out var before))
            foreach (var version in new[] { before.Published, before.Working })
                if (version is { Source: DatasetSource.Entities, EntityType: { } type } && !Has(entry.Published, version.Tenant, type) && !Has(entry.Working, version.Tenant, type))
                    types = types.Remove((version.Tenant, type));
        // A clone would take the arrays of before along: they belong to what it was made from.
        return new CatalogueState { Entries = Entries.SetItem(entry.Id, entry), Types = types, LeadSources = LeadSources, Forms = Forms, Version = Version + 1 };
    }

    private static bool Has(Dataset? version, string tenant, string type) => version is { Source: DatasetSource.Entities } && version.Tenant == tenant && version.EntityType == type;
}
