using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// Entities as rows: what each field of a dataset of entities is in an entity. The key is the id; a field with an attribute's IRI is the value of its default instance, one that the dataset calls longitude
/// or latitude a coordinate of that point; the IRIs of <see cref="EntityTerms"/> are what they say. A value of another kind than the field's type is missing.
/// </summary>
internal sealed class EntityFields
{
    private enum From
    {
        Nothing,
        Id,
        Value,
        Longitude,
        Latitude,
        ObservedAt,
        Scope,
    }

    private readonly Dataset _dataset;
    private readonly (From From, int Attribute, ColumnType Type)[] _fields;

    public EntityFields(Dataset dataset)
    {
        _dataset = dataset;
        _fields = [.. dataset.Fields.Select(f => (FromOf(f), f.Attribute is { } iri ? Iris.Intern(iri) : -1, f.Type))];
        Subject = IndexOf(dataset.Subject);
        Attributes = _fields.Where(f => f.From is From.Value or From.Longitude or From.Latitude).Select(f => f.Attribute).ToFrozenSet();
    }

    /// <summary>IRI ids of the attributes that the dataset is made of.</summary>
    public FrozenSet<int> Attributes { get; }

    /// <summary>Of those attributes the ones all of whose fields are among the given: two coordinates leave together or not at all.</summary>
    public FrozenSet<int> Within(IReadOnlySet<string> fields) =>
        Attributes.Where(a => Enumerable.Range(0, _fields.Length).All(i => _fields[i].Attribute != a || fields.Contains(_dataset.Fields[i].Name))).ToFrozenSet();

    public bool IsScoped(IReadOnlySet<string> fields) => Enumerable.Range(0, _fields.Length).Any(i => _fields[i].From == From.Scope && fields.Contains(_dataset.Fields[i].Name));

    public int IndexOf(string? field)
    {
        for (var i = 0; i < _dataset.Fields.Count; i++)
            if (_dataset.Fields[i].Name == field)
                return i;
        return -1;
    }

    public ColumnType TypeOf(int field) => _fields[field].Type;

    /// <summary>The field with the person whom an entity is about; −1: it is about nobody.</summary>
    public int Subject { get; }

    /// <summary>The persons whom the entity is about: of each instance, where its attribute has several.</summary>
    public IReadOnlyList<string> PersonsOf(Entity entity)
    {
        if (Subject < 0)
            return [];
        var instances = AttributeOf(Subject) is { } name ? entity.Instances(name) : null;
        var cells = new BatchBuilder(new TableSchema([new TableColumn("subject", TypeOf(Subject))]), Math.Max(1, instances?.Count ?? 0));
        if (instances is null)
            Put(cells, Subject, entity);
        else
            foreach (var instance in instances)
                Put(cells, Subject, instance);
        var persons = cells.Batch;
        return [.. Enumerable.Range(0, persons.Rows).Where(row => !persons.Columns[0].IsNull(row)).Select(row => CellText.TextOf(persons.Columns[0], row)).Where(person => person.Length > 0)];
    }

    /// <summary>The attribute of a field; null: it is of the entity itself.</summary>
    public int? AttributeOf(int field) => _fields[field].From is From.Value or From.Longitude or From.Latitude ? _fields[field].Attribute : null;

    public bool IsId(int field) => _fields[field].From == From.Id;

    public bool IsTime(int field) => _fields[field].From == From.ObservedAt;

    public void Put(BatchBuilder row, int field, Entity entity)
    {
        var (from, name, type) = _fields[field];
        switch (from)
        {
            case From.Id when type == ColumnType.Text:
                row.Text(entity.Id);
                break;
            case From.Scope when type == ColumnType.Text && entity.Scopes.Length > 0:
                row.Text(string.Join(' ', entity.Scopes));
                break;
            case From.ObservedAt when Newest(entity) is var newest and not 0:
                PutTime(row, type, newest);
                break;
            case From.Value or From.Longitude or From.Latitude when (entity.Find(name) ?? (entity.Instances(name) is [var first, ..] ? first : null)) is { } attribute:
                Put(row, field, attribute);
                break;
            default:
                row.Null();
                break;
        }
    }

    /// <summary>The value that one instance gives to the field.</summary>
    public void Put(BatchBuilder row, int field, Attribute instance)
    {
        var (from, _, type) = _fields[field];
        using var json = JsonDocument.Parse(instance.Value);
        var value = json.RootElement;
        if (from == From.ObservedAt)
            PutTime(row, type, instance.ObservedAt);
        else if (from is From.Longitude or From.Latitude)
            PutCoordinate(row, type, value, from == From.Longitude ? 0 : 1);
        else
            Put(row, type, value.ValueKind == JsonValueKind.Object && value.TryGetProperty("@value"u8, out var inner) ? inner : value);
    }

    private From FromOf(DataField field) => field.Attribute switch
    {
        null => field.Name == _dataset.Key ? From.Id : From.Nothing,
        EntityTerms.ObservedAt => From.ObservedAt,
        EntityTerms.Scope => From.Scope,
        _ => field.Name == _dataset.Longitude ? From.Longitude : field.Name == _dataset.Latitude ? From.Latitude : From.Value,
    };

    private long Newest(Entity entity)
    {
        var newest = 0L;
        foreach (var attribute in entity.Attributes)
            if (Attributes.Contains(attribute.Name))
                newest = Math.Max(newest, attribute.ObservedAt);
        return newest;
    }

    private static void PutTime(BatchBuilder row, ColumnType type, long ticks)
    {
        var at = new DateTimeOffset(ticks, TimeSpan.Zero);
        _ = ticks == 0 ? row.Null() : type == ColumnType.Instant ? row.Instant(at) : type == ColumnType.Date ? row.Date(DateOnly.FromDateTime(at.UtcDateTime)) : row.Null();
    }

    private static void PutCoordinate(BatchBuilder row, ColumnType type, JsonElement geometry, int axis)
    {
        if (type == ColumnType.Number && geometry.ValueKind == JsonValueKind.Object && geometry.TryGetProperty("type"u8, out var kind) && kind.ValueEquals("Point"u8)
            && geometry.TryGetProperty("coordinates"u8, out var at) && at.ValueKind == JsonValueKind.Array && at.GetArrayLength() > axis && at[axis].TryGetDouble(out var degrees))
            row.Number(degrees);
        else
            row.Null();
    }

    private static void Put(BatchBuilder row, ColumnType type, JsonElement value)
    {
        switch (type)
        {
            case ColumnType.Text:
                row.Text(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText());
                break;
            case ColumnType.Number when value.ValueKind == JsonValueKind.Number:
                row.Number(value.GetDouble());
                break;
            case ColumnType.Integer when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var integer):
                row.Integer(integer);
                break;
            case ColumnType.Boolean when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                row.Integer(value.GetBoolean() ? 1 : 0);
                break;
            case ColumnType.Date when value.ValueKind == JsonValueKind.String && DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day):
                row.Date(day);
                break;
            case ColumnType.Instant when value.ValueKind == JsonValueKind.String && Names.TryParseTime(value.GetString(), out var ticks):
                row.Instant(new DateTimeOffset(ticks, TimeSpan.Zero));
                break;
            default:
                row.Null();
                break;
        }
    }
}
