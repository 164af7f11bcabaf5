using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Tables;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Catalogue;

/// <summary>A form or system by which a department asks people or things for data 采集.</summary>
/// <param name="DeclaredBy">The department that collects.</param>
public sealed record CollectionForm(string Id, string DeclaredBy, Words Title, IReadOnlyList<DataField> Fields);

/// <summary>Where an item stands.</summary>
/// <param name="Dataset">Id of the dataset, or of the form.</param>
/// <param name="Collector">Who collects it there: the lead source that the field names, else the provider.</param>
public sealed record ItemPlace(string Dataset, string Provider, string Field, string Collector, bool Form = false);

/// <summary>Two departments or more collect one item, and no lead source is agreed.</summary>
public sealed record LeadSourceDispute(string Item, IReadOnlyList<ItemPlace> Places);

/// <param name="Published">What is published already.</param>
/// <param name="Again">What collects it a second time.</param>
public sealed record DuplicateCollection(string Item, ItemPlace Published, ItemPlace Again);

/// <summary>
/// 一数一源: who collects which item, and where it is collected twice (art. 19). Two fields are one item when they follow the same data element; where a field follows none,
/// when name and type are alike, whatever their case and punctuation.
/// </summary>
internal static class Overlaps
{
    /// <summary>The lead source that the authority named settles an item.</summary>
    public static IReadOnlyList<LeadSourceDispute> Disputes(CatalogueState state) =>
    [
        .. Items(state).Where(i => i.Value.Select(p => p.Collector).Distinct(StringComparer.Ordinal).Skip(1).Any() && !state.LeadSources.ContainsKey(i.Key))
            .Select(i => new LeadSourceDispute(i.Key, i.Value)),
    ];

    /// <summary>Published items that another department collects as well, be it for a dataset or with a form.</summary>
    public static IReadOnlyList<DuplicateCollection> CollectedTwice(CatalogueState state)
    {
        var items = Items(state);
        var found = new List<DuplicateCollection>();
        foreach (var (item, places) in items)
        {
            // The lead source's own is the first; without one what was published first.
            var first = Source(state, item, places);
            found.AddRange(places.Where(p => p.Collector != first.Collector).Select(p => new DuplicateCollection(item, first, p)));
        }

        foreach (var form in state.Forms.Values)
            found.AddRange(OfForm(state, items, form));
        return found;
    }

    /// <summary>What of a form is published by another department already: asked before anybody collects.</summary>
    public static IReadOnlyList<DuplicateCollection> OfForm(CatalogueState state, CollectionForm form) => [.. OfForm(state, Items(state), form)];

    public static string ItemOf(DataField field) => field.Element ?? $"{Normal(field.Name)}:{CatalogueNames.Of(field.Type)}";

    public static void Write(Utf8JsonWriter json, ItemPlace place)
    {
        json.WriteStartObject();
        json.WriteString(place.Form ? "form"u8 : "dataset"u8, place.Dataset);
        json.WriteString("provider"u8, place.Provider);
        json.WriteString("field"u8, place.Field);
        json.WriteString("collector"u8, place.Collector);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, DuplicateCollection twice)
    {
        json.WriteStartObject();
        json.WriteString("item"u8, twice.Item);
        json.WritePropertyName("published"u8);
        Write(json, twice.Published);
        json.WritePropertyName("again"u8);
        Write(json, twice.Again);
        json.WriteEndObject();
    }

    private static IEnumerable<DuplicateCollection> OfForm(CatalogueState state, SortedDictionary<string, List<ItemPlace>> items, CollectionForm form)
    {
        foreach (var field in form.Fields)
        {
            var item = ItemOf(field);
            if (items.TryGetValue(item, out var places) && Source(state, item, places) is var first && first.Collector != form.DeclaredBy)
                yield return new DuplicateCollection(item, first, new ItemPlace(form.Id, form.DeclaredBy, field.Name, form.DeclaredBy, Form: true));
        }
    }

    private static SortedDictionary<string, List<ItemPlace>> Items(CatalogueState state)
    {
        var items = new SortedDictionary<string, List<ItemPlace>>(StringComparer.Ordinal);
        foreach (var dataset in state.Published.OrderBy(d => d.PublishedAt).ThenBy(d => d.Id, StringComparer.Ordinal))
        {
            if (dataset.DerivedFrom.Count > 0)
                continue; // Made, not collected.
            foreach (var field in dataset.Fields)
            {
                var item = ItemOf(field);
                if (!items.TryGetValue(item, out var places))
                    items[item] = places = [];
                places.Add(new ItemPlace(dataset.Id, dataset.Provider, field.Name, field.LeadSource ?? dataset.Provider));
            }
        }

        return items;
    }

    private static ItemPlace Source(CatalogueState state, string item, List<ItemPlace> places)
    {
        var lead = state.LeadSources.GetValueOrDefault(item);
        return places.FirstOrDefault(p => p.Provider == lead) ?? places.FirstOrDefault(p => p.Provider == p.Collector) ?? places[0];
    }

    private static string Normal(string name)
    {
        var normal = new StringBuilder(name.Length);
        foreach (var c in name.Normalize(NormalizationForm.FormKC))
            if (char.IsLetterOrDigit(c))
                normal.Append(char.ToLower(c, CultureInfo.InvariantCulture));
        return normal.ToString();
    }
}

/// <param name="Unused">Published for longer than that, and used by nobody.</param>
public sealed record IslandMap(IReadOnlyList<Dataset> Unused, IReadOnlyList<DuplicateCollection> CollectedTwice);

/// <summary>数据孤岛: what lies there for nobody, and what is collected again because nobody knew of it.</summary>
internal static class Islands
{
    public static IslandMap Find(CatalogueState state, IDatasetUse use, DateTimeOffset now, int months)
    {
        var since = now.AddMonths(-months);
        return new IslandMap(
            [.. state.Published.Where(d => d.PublishedAt < since && use.Uses(d.Id, since) == 0)],
            Overlaps.CollectedTwice(state));
    }
}
