using System.Globalization;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Parties;
using static CityHub.Sharing.OpenData.Dcat.Names;

namespace CityHub.Sharing.OpenData.Dcat;

/// <summary>The catalogue in the words of DCAT-AP 3.0.1. What a statement points to is described beside it, because the official shapes look at its class.</summary>
internal sealed class CatalogueGraph(OpenDataRoom room, string address)
{
    /// <summary>政务数据共享条例 (decree 809).</summary>
    private const string Decree = Own + "law:decree-809";

    private readonly Graph _graph = new();

    /// <param name="seen">Those of the page.</param>
    /// <param name="total">Of all pages.</param>
    /// <param name="pages">Addresses for hydra; null: one dataset, no page.</param>
    public static Graph Of(OpenDataRoom room, string address, IReadOnlyList<Dataset> seen, int total, CataloguePages? pages)
    {
        var made = new CatalogueGraph(room, address);
        made.Catalogue(seen);
        foreach (var dataset in seen)
        {
            made.Dataset(dataset);
            made.Record(dataset);
        }

        if (pages is not null)
            made.Pages(pages, total);
        return made._graph;
    }

    public static string IriOf(string address, string dataset) => $"{address}/catalog/datasets/{Uri.EscapeDataString(dataset)}";

    private void Catalogue(IReadOnlyList<Dataset> seen)
    {
        var catalogue = _graph.Typed($"{address}/catalog", Cat + "Catalog");
        _graph.Add(catalogue, Dct + "title", room.Title)
            .Add(catalogue, Dct + "description", new Words($"{room.Title.Zh}：政务数据目录与开放数据", $"{room.Title.En}: what departments share, and what is open"))
            .Add(catalogue, Foaf + "homepage", _graph.Typed($"{address}/", Foaf + "Document"));
        var publisher = Agent($"{address}/catalog#publisher", room.Publisher);
        _graph.Add(catalogue, Dct + "publisher", publisher);
        Languages(catalogue);
        if (seen.Count > 0)
        {
            Time(catalogue, "modified", seen.Max(dataset => dataset.ChangedAt));
            Time(catalogue, "issued", seen.Min(dataset => dataset.PublishedAt ?? dataset.ChangedAt));
        }

        foreach (var dataset in seen)
            _graph.Add(catalogue, Cat + "dataset", IriOf(address, dataset.Id)).Add(catalogue, Cat + "record", IriOf(address, dataset.Id) + "#record");
        if (seen.Any(dataset => dataset.Themes.Count > 0))
        {
            var themes = _graph.Typed($"{address}/catalog#themes", Skos + "ConceptScheme");
            _graph.Add(themes, Dct + "title", new Words("主题分类", "Themes")).Add(catalogue, Cat + "themeTaxonomy", themes);
        }

        Service(catalogue, "ckan", new Words("CKAN 接口", "CKAN Action API"), $"{address}/api/3/action/", "https://docs.ckan.org/en/2.10/api/", publisher);
        Service(catalogue, "features", new Words("OGC 要素接口", "OGC API Features"), $"{address}/ogc/", "http://www.opengis.net/def/interface/ogcapi-features", publisher);
        Service(catalogue, "tables", new Words("表查询接口", "Table queries"), $"{address}/data/", "https://www.rfc-editor.org/rfc/rfc9110", publisher);
    }

    private void Service(Term catalogue, string name, Words title, string endpoint, string standard, Term publisher)
    {
        var service = _graph.Typed($"{address}/catalog#service-{name}", Cat + "DataService");
        _graph.Add(catalogue, Cat + "service", service).Add(service, Dct + "title", title).Add(service, Cat + "endpointURL", endpoint).Add(service, Cat + "endpointDescription", $"{address}/openapi/v1.json")
            .Add(service, Dct + "publisher", publisher).Add(service, Dct + "conformsTo", _graph.Typed(standard, Dct + "Standard"));
    }

    private void Dataset(Dataset one)
    {
        var dataset = _graph.Typed(IriOf(address, one.Id), Cat + "Dataset");
        _graph.Add(dataset, Dct + "title", one.Title.Zh.Length + one.Title.En.Length > 0 ? one.Title : new Words(one.Id, ""))
            .Add(dataset, Dct + "description", one.Abstract.Zh.Length + one.Abstract.En.Length > 0 ? one.Abstract : one.Title)
            .Add(dataset, Dct + "identifier", Term.Text(one.ResourceCode ?? one.Id))
            .Add(dataset, Cat + "version", Term.Text(one.Version.ToString(CultureInfo.InvariantCulture)))
            .Add(dataset, Cat + "landingPage", _graph.Typed($"{address}/dataset/{Uri.EscapeDataString(one.Id)}", Foaf + "Document"));
        var provider = Agent($"{address}/catalog#department-{Uri.EscapeDataString(one.Provider)}", room.NameOf(one.Provider));
        _graph.Add(dataset, Dct + "publisher", provider).Add(dataset, Cat + "contactPoint", Contact(one));
        Time(dataset, "modified", one.ChangedAt);
        if (one.PublishedAt is { } issued)
            Time(dataset, "issued", issued);
        Languages(dataset);
        foreach (var keyword in one.Keywords)
            _graph.Add(dataset, Cat + "keyword", Term.Text(keyword));
        foreach (var theme in one.Themes)
            _graph.Add(dataset, Cat + "theme", Concept($"{address}/catalog#theme-{Uri.EscapeDataString(theme)}", theme));
        _graph.Add(dataset, Dct + "accrualPeriodicity", _graph.Typed(Frequency + FrequencyOf(one.Frequency), Dct + "Frequency"))
            .Add(dataset, Dct + "accessRights", Rights(one))
            .Add(dataset, DcatAp + "applicableLegislation", _graph.Typed(Decree, Eli + "LegalResource"));
        foreach (var source in one.DerivedFrom)
            if (room.Catalogue.Find(source) is { State: DatasetState.Published, Open: true })
                _graph.Add(dataset, Prov + "wasDerivedFrom", IriOf(address, source));
        Ours(dataset, one);
        Policy(dataset, one);
        Quality(dataset, one);
        Distribution(dataset, one, "csv", "CSV", "text/csv", $"{address}/datastore/dump/{one.Id}?format=csv");
        Distribution(dataset, one, "json", "JSON", "application/json", $"{address}/data/{one.Id}");
        if (PackageWriter.HasPlace(one))
            Distribution(dataset, one, "geojson", "GEOJSON", "application/geo+json", $"{address}/ogc/collections/{one.Id}/items");
    }

    /// <summary>Art. 13 and GB/T 21063.3: what DCAT-AP has no word for.</summary>
    private void Ours(Term dataset, Dataset one)
    {
        _graph.Add(dataset, Own + "sharingClass", Own + one.Class).Add(dataset, Own + "sensitivity", Own + one.Sensitivity);
        if (one.Conditions.Length > 0)
            _graph.Add(dataset, Own + "conditions", Term.Text(one.Conditions, "zh"));
        if (one.LegalBasis.Length > 0)
            _graph.Add(dataset, Own + "legalBasis", Term.Text(one.LegalBasis, "zh"));
        if (one.ResourceCode is { } code)
            _graph.Add(dataset, Own + "resourceCode", Term.Text(code));
        foreach (var mode in Enum.GetValues<DeliveryModes>())
            if (mode != DeliveryModes.None && one.Modes.HasFlag(mode))
                _graph.Add(dataset, Own + "mode", Own + mode);
        foreach (var field in one.Fields)
        {
            var item = _graph.Blank();
            _graph.Add(dataset, Own + "field", item).Add(item, IsA, Own + "DataElement").Add(item, Dct + "identifier", Term.Text(field.Name)).Add(item, Dct + "title", field.Title);
            if (field.Element is { } element)
                _graph.Add(item, Own + "element", Term.Text(element));
            if (field.LeadSource is { } lead)
                _graph.Add(item, Own + "leadSource", Term.Text(lead));
        }
    }

    /// <summary>An offer: open data may be used by anybody; else a request comes first, and nothing is handed on (art. 25).</summary>
    private void Policy(Term dataset, Dataset one)
    {
        var policy = _graph.Typed(IriOf(address, one.Id) + "#policy", Odrl + "Policy");
        _graph.Add(policy, IsA, Odrl + "Offer").Add(policy, Odrl + "uid", policy).Add(dataset, Odrl + "hasPolicy", policy);
        Rule("permission", "use");
        if (!one.Open)
            Rule("prohibition", "distribute");

        void Rule(string kind, string action)
        {
            if (kind == "permission" && one.Class == SharingClass.Withheld)
                (kind, action) = ("prohibition", "use");
            var rule = _graph.Blank();
            _graph.Add(policy, Odrl + kind, rule).Add(rule, Odrl + "target", dataset).Add(rule, Odrl + "action", Odrl + action);
        }
    }

    private void Quality(Term dataset, Dataset one)
    {
        foreach (var measure in room.Quality(one))
        {
            var measured = _graph.Blank();
            _graph.Add(dataset, Dqv + "hasQualityMeasurement", measured).Add(measured, IsA, Dqv + "QualityMeasurement")
                .Add(measured, Dqv + "computedOn", dataset).Add(measured, Dqv + "isMeasurementOf", _graph.Typed(Own + "quality:" + Uri.EscapeDataString(measure.Metric), Dqv + "Metric"))
                .Add(measured, Dqv + "value", Term.Typed(measure.Value.ToString("R", CultureInfo.InvariantCulture), Xsd + "double"))
                .Add(measured, Prov + "generatedAtTime", Instant(measure.At));
        }
    }

    private void Distribution(Term dataset, Dataset one, string name, string format, string media, string url)
    {
        var distribution = _graph.Typed($"{IriOf(address, one.Id)}#{name}", Cat + "Distribution");
        _graph.Add(dataset, Cat + "distribution", distribution)
            .Add(distribution, Dct + "title", new Words($"{one.Title.Zh} ({format})", $"{one.Title.En} ({format})"))
            .Add(distribution, Dct + "description", new Words("按授权放行的记录", "Rows as they are released under a grant"))
            .Add(distribution, Cat + "accessURL", url)
            .Add(distribution, Dct + "format", _graph.Typed(FileType + format, Dct + "MediaTypeOrExtent"))
            .Add(distribution, Cat + "mediaType", _graph.Typed(Media + media, Dct + "MediaType"))
            .Add(distribution, DcatAp + "availability", Concept(Availability + (one.Open ? "STABLE" : "AVAILABLE"), one.Open ? "stable" : "available"))
            .Add(distribution, DcatAp + "applicableLegislation", _graph.Typed(Decree, Eli + "LegalResource"));
        if (one.Open)
            _graph.Add(distribution, Cat + "downloadURL", url);
        if (one.Licence is { } licence)
            _graph.Add(distribution, Dct + "license", _graph.Typed(licence, Dct + "LicenseDocument"));
        else
            _graph.Add(distribution, Dct + "rights", Rights(one));

        Time(distribution, "modified", one.ChangedAt);
    }

    private void Record(Dataset one)
    {
        var record = _graph.Typed(IriOf(address, one.Id) + "#record", Cat + "CatalogRecord");
        _graph.Add(record, Foaf + "primaryTopic", IriOf(address, one.Id)).Add(record, Dct + "conformsTo", _graph.Typed("https://semiceu.github.io/DCAT-AP/releases/3.0.1/", Dct + "Standard"))
            .Add(record, Adms + "status", Concept("http://purl.org/adms/status/Completed", "completed"));
        Time(record, "modified", one.ChangedAt);
        Time(record, "issued", one.PublishedAt ?? one.ChangedAt);
    }

    private void Pages(CataloguePages pages, int total)
    {
        var page = _graph.Typed(pages.This, Hydra + "PagedCollection");
        _graph.Add(page, Hydra + "totalItems", Term.Typed(total.ToString(CultureInfo.InvariantCulture), Xsd + "integer"))
            .Add(page, Hydra + "itemsPerPage", Term.Typed(pages.Size.ToString(CultureInfo.InvariantCulture), Xsd + "integer"))
            .Add(page, Hydra + "first", pages.First).Add(page, Hydra + "last", pages.Last);
        if (pages.Next is { } next)
            _graph.Add(page, Hydra + "next", next);
        if (pages.Previous is { } previous)
            _graph.Add(page, Hydra + "previous", previous);
    }

    private Term Agent(string iri, Words name)
    {
        var agent = _graph.Typed(iri, Foaf + "Agent");
        _graph.Add(agent, Foaf + "name", name).Add(agent, Dct + "type", Concept("http://purl.org/adms/publishertype/LocalAuthority", "local authority"));
        return agent;
    }

    private Term Contact(Dataset one)
    {
        var contact = _graph.Typed($"{address}/catalog#contact-{Uri.EscapeDataString(one.Provider)}", Vcard + "Kind");
        var name = room.NameOf(one.Provider);
        _graph.Add(contact, IsA, Vcard + "Organization").Add(contact, Vcard + "fn", Term.Text(name.Zh.Length > 0 ? name.Zh : name.En)).Add(contact, Vcard + "hasURL", $"{address}/dataset/{Uri.EscapeDataString(one.Id)}");
        return contact;
    }

    private Term Concept(string iri, string label)
    {
        var concept = _graph.Typed(iri, Skos + "Concept");
        _graph.Add(concept, Skos + "prefLabel", Term.Text(label));
        return concept;
    }

    private Term Rights(Dataset one) => _graph.Typed(AccessRight + (one.Open ? "PUBLIC" : one.Class == SharingClass.Withheld ? "NON_PUBLIC" : "RESTRICTED"), Dct + "RightsStatement");

    private void Languages(Term subject) =>
        _graph.Add(subject, Dct + "language", _graph.Typed(Language + "ZHO", Dct + "LinguisticSystem")).Add(subject, Dct + "language", _graph.Typed(Language + "ENG", Dct + "LinguisticSystem"));

    private void Time(Term subject, string property, DateTimeOffset at) => _graph.Add(subject, Dct + property, Instant(at));

    private static Term Instant(DateTimeOffset at) => Term.Typed(RoomHttp.Time(at), Xsd + "dateTime");

    private static string FrequencyOf(UpdateFrequency frequency) => frequency switch
    {
        UpdateFrequency.Continuous => "UPDATE_CONT",
        UpdateFrequency.Hourly => "HOURLY",
        UpdateFrequency.Daily => "DAILY",
        UpdateFrequency.Weekly => "WEEKLY",
        UpdateFrequency.Monthly => "MONTHLY",
        UpdateFrequency.Quarterly => "QUARTERLY",
        UpdateFrequency.Annually => "ANNUAL",
        UpdateFrequency.Irregular => "IRREG",
        _ => throw new ArgumentOutOfRangeException(nameof(frequency)),
    };
}

/// <summary>The addresses around a page of the catalogue.</summary>
internal sealed record CataloguePages(string This, string First, string Last, string? Next, string? Previous, int Size);
