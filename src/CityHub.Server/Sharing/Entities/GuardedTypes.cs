using System.Collections.Frozen;
using CityHub.Context.JsonLd;
using CityHub.Sharing.Catalogue;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// Which types of entities are guarded, by tenant, each with its dataset: those of datasets that were published and are not open. A dataset that was withdrawn, or that has another type now, guards its type
/// still, until another takes it or it is published as open: what was under grants is never free by accident.
/// </summary>
internal sealed class GuardedTypes
{
    private readonly FrozenDictionary<string, FrozenDictionary<int, string>> _byTenant;

    public GuardedTypes(CatalogueState state)
    {
        State = state;
        var types = new Dictionary<(string Tenant, int Type), (string Dataset, bool Open, bool Living)>();
        foreach (var entry in state.Entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal))
            foreach (var version in entry.Past.Append(entry.Published).OfType<Dataset>())
                if (version is { Source: DatasetSource.Entities, EntityType: { Length: > 0 } type })
                {
                    var key = (version.Tenant, Iris.Intern(type));
                    var living = ReferenceEquals(version, entry.Published);
                    if (!types.TryGetValue(key, out var known) || living || (!known.Living && (known.Dataset == entry.Id || known.Open)))
                        types[key] = (entry.Id, version.Open, living);
                }

        _byTenant = types.Where(t => !t.Value.Open).GroupBy(t => t.Key.Tenant, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToFrozenDictionary(t => t.Key.Type, t => t.Value.Dataset), StringComparer.Ordinal);
    }

    /// <summary>Of the catalogue that they were read from.</summary>
    public CatalogueState State { get; }

    /// <summary>IRI id of the type, and its dataset; null: none.</summary>
    public FrozenDictionary<int, string>? In(string tenant) => _byTenant.TryGetValue(tenant, out var types) ? types : null;
}
