using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>A mapping as it stands: its declaration, how often it was declared, and itself ready for use.</summary>
public sealed record StoredMapping(string Id, int Version, DateTimeOffset DeclaredAt, MappingDeclaration Declaration, MappingNames Names, PayloadMapping Mapping);

/// <summary>The mappings of one tenant: a view over the stream <c>mappings</c>.</summary>
internal sealed class MappingBook(IFactLog log, TimeProvider clock, string tenant) : TenantBook(log, clock, StreamName, tenant)
{
    public const string StreamName = "mappings";
    public const string Declared = "MappingDeclared";
    public const string Withdrawn = "MappingWithdrawn";

    private readonly ConcurrentDictionary<string, StoredMapping> _mappings = new(StringComparer.Ordinal);

    public StoredMapping? Find(string id) => _mappings.GetValueOrDefault(id);

    public IReadOnlyList<StoredMapping> Page(string? after, int limit) =>
        [.. _mappings.Values.Where(m => after is null || string.CompareOrdinal(m.Id, after) > 0).OrderBy(m => m.Id, StringComparer.Ordinal).Take(limit)];

    /// <summary>Declares or declares anew; a declaration that changes nothing is not a new version.</summary>
    public ValueTask<Result<StoredMapping>> DeclareAsync(string id, MappingDeclaration declaration, MappingNames names, PayloadMapping mapping) => RecordAsync<StoredMapping>(now =>
    {
        var known = Find(id);
        var json = declaration.ToJson();
        if (known is not null && known.Declaration.ToJson().AsSpan().SequenceEqual(json) && known.Names.Attributes.SequenceEqual(names.Attributes) && known.Names.Type == names.Type)
            return ((IReadOnlyList<NewFact>)[], known);
        var version = (known?.Version ?? 0) + 1;
        var fact = Fact(Declared, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, version);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(json);
            to.WriteString("typeIri"u8, names.Type);
            to.WriteStartArray("attributeIris"u8);
            foreach (var iri in names.Attributes)
                to.WriteStringValue(iri);
            to.WriteEndArray();
        });
        return ((IReadOnlyList<NewFact>)[fact], new StoredMapping(id, version, now, declaration, names, mapping));
    });

    public ValueTask<Result<Done>> WithdrawAsync(string id, Func<string, string?> deviceThatUses) => RecordAsync<Done>(_ =>
    {
        if (Find(id) is null)
            return Unknown(id);
        if (deviceThatUses(id) is { } device)
            return MappingProblems.MappingInUse.Because($"The device {device} uses the mapping {id}.", "Give its devices another mapping first: PATCH /devices/{id}");
        return ((IReadOnlyList<NewFact>)[Fact(Withdrawn, to => to.WriteString("id"u8, id))], Done.Value);
    });

    public static Problem Unknown(string id) => MappingProblems.MappingUnknown.Because($"There is no mapping {id}.", "GET /mappings lists them; PUT /mappings/{id} declares one.");

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var id = root.GetProperty("id"u8).GetString() ?? "";
        if (type == Withdrawn)
        {
            _mappings.TryRemove(id, out _);
            return;
        }

        if (type != Declared)
            return;
        var names = new MappingNames(root.GetProperty("typeIri"u8).GetString() ?? "", [.. root.GetProperty("attributeIris"u8).EnumerateArray().Select(a => a.GetString() ?? "")]);
        var declaration = MappingDeclaration.Read(JsonSerializer.SerializeToUtf8Bytes(root.GetProperty("declaration"u8), MappingJson.Default.JsonElement)).Value;
        var mapping = MappingCompiler.Compile(declaration, names).Value;
        _mappings[id] = new StoredMapping(id, root.GetProperty("version"u8).GetInt32(), at, declaration, names, mapping);
    }
}
