namespace CityHub.Sharing.Catalogue;

/// <summary>What the fields of a dataset of entities may name beside attributes of the city's own; the dataset's key is the entity's id.</summary>
public static class EntityTerms
{
    /// <summary>When the newest of the dataset's attributes was observed.</summary>
    public const string ObservedAt = "https://uri.etsi.org/ngsi-ld/observedAt";

    public const string Scope = "https://uri.etsi.org/ngsi-ld/scope";
}
