namespace CityHub.Sharing.OpenData.Dcat;

/// <summary>The vocabularies of DCAT-AP 3.0.1, and ours for the fields of GB/T 21063.3 and of decree 809, art. 13, that it has no words for.</summary>
internal static class Names
{
    public const string Rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    public const string Cat = "http://www.w3.org/ns/dcat#";
    public const string Dct = "http://purl.org/dc/terms/";
    public const string DcatAp = "http://data.europa.eu/r5r/";
    public const string Foaf = "http://xmlns.com/foaf/0.1/";
    public const string Vcard = "http://www.w3.org/2006/vcard/ns#";
    public const string Skos = "http://www.w3.org/2004/02/skos/core#";
    public const string Xsd = "http://www.w3.org/2001/XMLSchema#";
    public const string Dqv = "http://www.w3.org/ns/dqv#";
    public const string Odrl = "http://www.w3.org/ns/odrl/2/";
    public const string Hydra = "http://www.w3.org/ns/hydra/core#";
    public const string Prov = "http://www.w3.org/ns/prov#";
    public const string Adms = "http://www.w3.org/ns/adms#";
    public const string Eli = "http://data.europa.eu/eli/ontology#";
    public const string Own = "urn:cityhub:sharing:";
    public const string IsA = Rdf + "type";

    private const string Eu = "http://publications.europa.eu/resource/authority/";
    public const string Frequency = Eu + "frequency/";
    public const string AccessRight = Eu + "access-right/";
    public const string FileType = Eu + "file-type/";
    public const string Availability = Eu + "planned-availability/";
    public const string Language = Eu + "language/";
    public const string Media = "http://www.iana.org/assignments/media-types/";

    public static readonly IReadOnlyList<(string Prefix, string Namespace)> Prefixes =
    [
        ("rdf", Rdf), ("dcat", Cat), ("dct", Dct), ("dcatap", DcatAp), ("foaf", Foaf), ("vcard", Vcard), ("skos", Skos), ("xsd", Xsd), ("dqv", Dqv), ("odrl", Odrl),
        ("hydra", Hydra), ("prov", Prov), ("adms", Adms), ("eli", Eli), ("cityhub", Own),
    ];

    /// <summary>prefix:local where the local part is letters alone, and can therefore be read back everywhere; null elsewhere.</summary>
    public static string? Short(string iri)
    {
        foreach (var (prefix, space) in Prefixes)
            if (iri.StartsWith(space, StringComparison.Ordinal) && iri.Length > space.Length && iri.AsSpan(space.Length).IndexOfAnyExcept(Letters) < 0)
                return $"{prefix}:{iri[space.Length..]}";
        return null;
    }

    private static readonly System.Buffers.SearchValues<char> Letters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
