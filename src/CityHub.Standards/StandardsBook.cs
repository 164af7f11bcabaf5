using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Standards.Calibres;
using CityHub.Standards.Models;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards;

/// <summary>A schema as it was loaded, and ready for use.</summary>
public sealed record StoredSchema(string Name, int Version, string? Id, string By, DateTimeOffset At, JsonElement Document);

/// <summary>The words that the city agrees on: a view over the stream <c>standards</c>.</summary>
internal sealed class StandardsBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName), ICodeTables
{
    public const string StreamName = "standards";
    public const string ElementDrafted = "ElementDrafted";
    public const string ElementPublished = "ElementPublished";
    public const string ElementSuperseded = "ElementSuperseded";
    public const string CodeTableLoaded = "CodeTableLoaded";
    public const string CalibreDefined = "CalibreDefined";
    public const string SchemaLoaded = "SchemaLoaded";

    private readonly ConcurrentDictionary<string, ImmutableList<DataElement>> _elements = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImmutableList<CodeTable>> _tables = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImmutableList<Calibre>> _calibres = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StoredSchema> _schemas = new(StringComparer.Ordinal);

    /// <summary>Counts the schemas that were loaded: what was compiled before the last one is out of date.</summary>
    public int SchemaChanges { get; private set; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DataElement> VersionsOf(string element) => _elements.TryGetValue(element, out var versions) ? versions : [];

    public IReadOnlyList<Calibre> CalibresOf(string name) => _calibres.TryGetValue(name, out var versions) ? versions : [];

    public IReadOnlyList<CodeTable> TablesOf(string id) => _tables.TryGetValue(id, out var versions) ? versions : [];

    public CodeTable? Find(string id) => _tables.TryGetValue(id, out var versions) ? versions[^1] : null;

    public Calibre? Calibre(string name) => _calibres.TryGetValue(name, out var versions) ? versions[^1] : null;

    public StoredSchema? Schema(string name) => _schemas.GetValueOrDefault(name);

    /// <summary>A schema by what a <c>$ref</c> calls it.</summary>
    public JsonElement? SchemaOf(string address) => _schemas.Values.FirstOrDefault(s => s.Id == address)?.Document;

    /// <summary>The newest version of each, by id.</summary>
    public IReadOnlyList<DataElement> Elements(string? after, int limit) => Page(_elements, after, limit, v => v[^1]);

    public IReadOnlyList<CodeTable> Tables(string? after, int limit) => Page(_tables, after, limit, v => v[^1]);

    public IReadOnlyList<Calibre> Calibres(string? after, int limit) => Page(_calibres, after, limit, v => v[^1]);

    public IReadOnlyList<StoredSchema> Schemas(string? after, int limit) => Page(_schemas, after, limit, s => s);

    public ValueTask<Result<DataElement>> DraftAsync(string id, ElementDeclaration declaration, bool mustBeNew, string by) => RecordAsync<DataElement>(now =>
        DraftElement.Decide(id, declaration, VersionsOf(id), mustBeNew, this, by, now).Map(drafted => (One(Fact(ElementDrafted, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, drafted.Version);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(StandardsJson.Write(declaration));
        })), drafted)));

    /// <summary>The version before goes out of force with the same append.</summary>
    public ValueTask<Result<DataElement>> PublishAsync(string id, string by) => RecordAsync<DataElement>(now =>
        PublishElement.Decide(id, VersionsOf(id), this, by, now).Map(published =>
        {
            var facts = new List<NewFact>();
            if (VersionsOf(id).LastOrDefault(e => e.State == ElementState.Published) is { } before)
                facts.Add(Superseded(id, before.Version, $"{id}/{published.Version}", by));
            facts.Add(Fact(ElementPublished, to =>
            {
                to.WriteString("id"u8, id);
                to.WriteNumber("version"u8, published.Version);
                to.WriteString("by"u8, by);
            }));
            return ((IReadOnlyList<NewFact>)facts, published);
        }));

    public ValueTask<Result<DataElement>> SupersedeAsync(string id, string successor, string by) => RecordAsync<DataElement>(_ =>
        SupersedeElement.Decide(id, VersionsOf(id), successor, VersionsOf(successor)).Map(gone => (One(Superseded(id, gone.Version, successor, by)), gone)));

    public ValueTask<Result<CodeTable>> LoadAsync(string id, CodeTableDeclaration declaration, string by) => RecordAsync<CodeTable>(_ =>
        LoadCodeTable.Decide(id, declaration, Find(id)).Map(table => table == Find(id) ? ([], table) : (One(Fact(CodeTableLoaded, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, table.Version);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(StandardsJson.Write(declaration));
        })), table)));

    public ValueTask<Result<Calibre>> DefineAsync(string name, CalibreDeclaration declaration, string by) => RecordAsync<Calibre>(now =>
        DefineCalibre.Decide(name, declaration, Calibre(name), by, now).Map(calibre => calibre == Calibre(name) ? ([], calibre) : (One(Fact(CalibreDefined, to =>
        {
            to.WriteString("id"u8, name);
            to.WriteNumber("version"u8, calibre.Version);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(StandardsJson.Write(calibre.Declaration));
        })), calibre)));

    public ValueTask<Result<StoredSchema>> LoadSchemaAsync(string name, JsonElement document, string by) => RecordAsync<StoredSchema>(now =>
        LoadSchema.Decide(name, document, Schema(name), SchemaOf, by, now).Map(schema => (One(Fact(SchemaLoaded, to =>
        {
            to.WriteString("id"u8, name);
            to.WriteNumber("version"u8, schema.Version);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            document.WriteTo(to);
        })), schema)));

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var (id, version, by) = (Text("id"), root.GetProperty("version"u8).GetInt32(), Text("by"));
        switch (type)
        {
            case ElementDrafted:
                var drafted = new DataElement(id, version, ElementState.Draft, Declared<ElementDeclaration>(), by, at);
                // A draft that is drafted again is one draft.
                _elements.AddOrUpdate(id, [drafted], (_, known) => known.RemoveAll(e => e.Version == version).Add(drafted));
                break;
            case ElementPublished:
                Change(id, version, e => e with { State = ElementState.Published, PublishedBy = by, PublishedAt = at });
                break;
            case ElementSuperseded:
                var successor = Text("successor");
                Change(id, version, e => e with { State = ElementState.Superseded, SupersededBy = successor });
                break;
            case CodeTableLoaded:
                var declared = Declared<CodeTableDeclaration>();
                var table = new CodeTable(id, version, declared.Title, declared.Entries);
                _tables.AddOrUpdate(id, [table], (_, known) => known.Add(table));
                break;
            case CalibreDefined:
                var calibre = Standards.Calibres.Calibre.Of(id, Declared<CalibreDeclaration>()).Value.Stand(version, by, at);
                _calibres.AddOrUpdate(id, [calibre], (_, known) => known.Add(calibre));
                break;
            case SchemaLoaded:
                var schema = root.GetProperty("declaration"u8).Clone();
                _schemas[id] = new StoredSchema(id, version, SchemaCompiler.IdOf(schema), by, at, schema);
                SchemaChanges++;
                break;
        }

        string Text(string name) => root.GetProperty(name).GetString() ?? "";

        T Declared<T>()
            where T : class => StandardsJson.Read<T>(JsonSerializer.SerializeToUtf8Bytes(root.GetProperty("declaration"u8), StandardsElementJson.Default.JsonElement), StandardsProblems.BadRequest).Value;
    }

    private void Change(string id, int version, Func<DataElement, DataElement> change)
    {
        var versions = _elements[id];
        var index = versions.FindIndex(e => e.Version == version);
        _elements[id] = versions.SetItem(index, change(versions[index]));
    }

    private static NewFact Superseded(string id, int version, string successor, string by) => Fact(ElementSuperseded, to =>
    {
        to.WriteString("id"u8, id);
        to.WriteNumber("version"u8, version);
        to.WriteString("by"u8, by);
        to.WriteString("successor"u8, successor);
    });

    private static IReadOnlyList<NewFact> One(NewFact fact) => [fact];

    private static List<TItem> Page<TValue, TItem>(ConcurrentDictionary<string, TValue> all, string? after, int limit, Func<TValue, TItem> item) =>
        [.. all.Where(p => after is null || string.CompareOrdinal(p.Key, after) > 0).OrderBy(p => p.Key, StringComparer.Ordinal).Take(limit).Select(p => item(p.Value))];
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonElement))]
internal sealed partial class StandardsElementJson : System.Text.Json.Serialization.JsonSerializerContext;
