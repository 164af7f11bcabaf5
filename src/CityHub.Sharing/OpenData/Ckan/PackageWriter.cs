using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>Datasets in CKAN's words: package, resource, organization, group, tag.</summary>
internal static class PackageWriter
{
    public static string NameOf(SharingClass sharing) => sharing switch
    {
        SharingClass.Unconditional => "unconditional",
        SharingClass.Conditional => "conditional",
        SharingClass.Withheld => "withheld",
        _ => throw new ArgumentOutOfRangeException(nameof(sharing)),
    };

    public static string NameOf(UpdateFrequency frequency) => frequency.ToString().ToLowerInvariant();

    public static bool HasPlace(Dataset dataset) => dataset is { Longitude: not null, Latitude: not null };

    public static string FeaturesOf(Dataset dataset) => dataset.Id + ".features";

    public static IReadOnlyList<string> FormatsOf(Dataset dataset) => HasPlace(dataset) ? ["CSV", "GeoJSON"] : ["CSV"];

    public static string TypeOf(ColumnType type) => type switch
    {
        ColumnType.Text => "text",
        ColumnType.Integer => "int8",
        ColumnType.Number => "float8",
        ColumnType.Boolean => "bool",
        ColumnType.Date => "date",
        ColumnType.Instant => "timestamptz",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static ReadOnlyMemory<byte> Write(OpenDataRoom room, string address, Dataset dataset)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, ReleaseBody.JsonOptions))
            Package(json, room, address, dataset);
        return buffer.WrittenMemory;
    }

    public static void Resource(Utf8JsonWriter json, string address, Dataset dataset, bool features)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, features ? FeaturesOf(dataset) : dataset.Id);
        json.WriteString("package_id"u8, dataset.Id);
        json.WriteString("name"u8, features ? $"{dataset.Title.Zh} (GeoJSON)" : dataset.Title.Zh);
        json.WriteString("description"u8, features ? "OGC API Features" : dataset.Abstract.Zh);
        json.WriteString("format"u8, features ? "GeoJSON" : "CSV");
        json.WriteString("mimetype"u8, features ? "application/geo+json" : "text/csv");
        json.WriteString("url"u8, features ? $"{address}/ogc/collections/{dataset.Id}/items" : $"{address}/datastore/dump/{dataset.Id}?format=csv");
        json.WriteString("url_type"u8, features ? "" : "datastore");
        json.WriteBoolean("datastore_active"u8, !features);
        json.WriteNumber("position"u8, features ? 1 : 0);
        json.WriteString("state"u8, "active");
        json.WriteString("created"u8, Time(dataset.PublishedAt ?? dataset.ChangedAt));
        json.WriteString("metadata_modified"u8, Time(dataset.ChangedAt));
        json.WriteString("last_modified"u8, Time(dataset.ChangedAt));
        json.WriteEndObject();
    }

    public static void Organization(Utf8JsonWriter json, OpenDataRoom room, string department, int? packages = null, Action<Utf8JsonWriter>? more = null)
    {
        var name = room.NameOf(department);
        json.WriteStartObject();
        json.WriteString("id"u8, department);
        json.WriteString("name"u8, department);
        json.WriteString("title"u8, name.Zh);
        json.WriteString("display_name"u8, name.Zh);
        json.WriteString("description"u8, name.En);
        json.WriteString("type"u8, "organization");
        json.WriteBoolean("is_organization"u8, true);
        json.WriteString("approval_status"u8, "approved");
        json.WriteString("state"u8, "active");
        json.WriteString("image_url"u8, "");
        if (packages is { } count)
            json.WriteNumber("package_count"u8, count);
        more?.Invoke(json);
        json.WriteEndObject();
    }

    public static void Group(Utf8JsonWriter json, string theme, int? packages = null, Action<Utf8JsonWriter>? more = null)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, theme);
        json.WriteString("name"u8, theme);
        json.WriteString("title"u8, theme);
        json.WriteString("display_name"u8, theme);
        json.WriteString("description"u8, "");
        json.WriteString("image_display_url"u8, "");
        if (packages is { } count)
        {
            json.WriteString("type"u8, "group");
            json.WriteBoolean("is_organization"u8, false);
            json.WriteString("state"u8, "active");
            json.WriteNumber("package_count"u8, count);
        }

        more?.Invoke(json);
        json.WriteEndObject();
    }

    public static void Tag(Utf8JsonWriter json, string tag)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, tag);
        json.WriteString("name"u8, tag);
        json.WriteString("display_name"u8, tag);
        json.WriteString("state"u8, "active");
        json.WriteNull("vocabulary_id"u8);
        json.WriteEndObject();
    }

    /// <summary>CKAN's clocks have no zone; they are UTC.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static void Package(Utf8JsonWriter json, OpenDataRoom room, string address, Dataset dataset)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, dataset.Id);
        json.WriteString("name"u8, dataset.Id);
        json.WriteString("title"u8, dataset.Title.Zh);
        json.WriteString("notes"u8, dataset.Abstract.Zh);
        json.WriteString("type"u8, "dataset");
        json.WriteString("state"u8, "active");
        json.WriteBoolean("private"u8, !dataset.Open);
        json.WriteBoolean("isopen"u8, dataset.Open);
        json.WriteString("license_id"u8, dataset.Licence ?? "");
        json.WriteString("license_title"u8, dataset.Licence ?? "");
        json.WriteString("license_url"u8, dataset.Licence ?? "");
        json.WriteString("url"u8, $"{address}/catalog/datasets/{dataset.Id}");
        json.WriteString("version"u8, dataset.Version.ToString(CultureInfo.InvariantCulture));
        json.WriteString("metadata_created"u8, Time(dataset.PublishedAt ?? dataset.ChangedAt));
        json.WriteString("metadata_modified"u8, Time(dataset.ChangedAt));
        json.WriteString("owner_org"u8, dataset.Provider);
        json.WritePropertyName("organization"u8);
        Organization(json, room, dataset.Provider);
        json.WriteString("author"u8, room.NameOf(dataset.Provider).Zh);
        json.WriteString("maintainer"u8, room.NameOf(dataset.Provider).Zh);
        json.WriteStartArray("groups"u8);
        foreach (var theme in dataset.Themes)
            Group(json, theme);
        json.WriteEndArray();
        json.WriteStartArray("tags"u8);
        foreach (var tag in dataset.Keywords)
            Tag(json, tag);
        json.WriteEndArray();
        json.WriteNumber("num_tags"u8, dataset.Keywords.Count);
        json.WriteStartArray("extras"u8);
        Extra(json, "title_en", dataset.Title.En);
        Extra(json, "notes_en", dataset.Abstract.En);
        Extra(json, "sharing_class", NameOf(dataset.Class));
        Extra(json, "conditions", dataset.Conditions);
        Extra(json, "legal_basis", dataset.LegalBasis);
        Extra(json, "update_frequency", NameOf(dataset.Frequency));
        Extra(json, "sensitivity", dataset.Sensitivity.ToString().ToLowerInvariant());
        Extra(json, "resource_code", dataset.ResourceCode ?? "");
        json.WriteEndArray();
        json.WriteStartArray("resources"u8);
        Resource(json, address, dataset, false);
        if (HasPlace(dataset))
            Resource(json, address, dataset, true);
        json.WriteEndArray();
        json.WriteNumber("num_resources"u8, HasPlace(dataset) ? 2 : 1);
        json.WriteStartArray("relationships_as_subject"u8);
        json.WriteEndArray();
        json.WriteStartArray("relationships_as_object"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Extra(Utf8JsonWriter json, string key, string value)
    {
        if (value.Length == 0)
            return;
        json.WriteStartObject();
        json.WriteString("key"u8, key);
        json.WriteString("value"u8, value);
        json.WriteEndObject();
    }
}
