using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Mapping;

/// <summary>Names of mappings and of rules.</summary>
internal static class RowMappingName
{
    public const string Rule = "Lower-case letters, digits and hyphens, at most 100.";

    public static bool IsValid(string name) => name.Length is > 0 and <= 100 && name[0] != '-' && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

/// <summary>A row mapping as it stands, with the columns that it leads to.</summary>
internal sealed record StoredRowMapping(string Id, int Version, DateTimeOffset DeclaredAt, RowMappingDeclaration Declaration, TableSchema Target);

/// <summary>Row mappings: a view over the stream <c>row-mappings</c>.</summary>
internal sealed class RowMappingBook(IFactLog log, TimeProvider clock, ICodeTables tables) : FactBook(log, clock, StreamName)
{
    public const string StreamName = "row-mappings";
    public const string Declared = "RowMappingDeclared";

    private readonly ConcurrentDictionary<string, StoredRowMapping> _mappings = new(StringComparer.Ordinal);

    public ICodeTables Tables => tables;

    public StoredRowMapping? Find(string id) => _mappings.GetValueOrDefault(id);

    public IReadOnlyList<StoredRowMapping> Page(string? after, int limit) =>
        [.. _mappings.Values.Where(m => after is null || string.CompareOrdinal(m.Id, after) > 0).OrderBy(m => m.Id, StringComparer.Ordinal).Take(limit)];

    /// <summary>Declares or declares anew; refused while an example fails. What changes nothing is not a new version.</summary>
    /// <param name="target">The columns of the dataset as they are now.</param>
    public ValueTask<Result<StoredRowMapping>> DeclareAsync(string id, RowMappingDeclaration declaration, TableSchema target, string by) => RecordAsync<StoredRowMapping>(now =>
    {
        if (!RowMapping.Compile(declaration, declaration.SourceSchema(), target, tables).TryGet(out _, out var problem))
            return problem;
        var kept = declaration with { Target = DeclaredColumn.Of(target) };
        var (known, json) = (Find(id), kept.ToJson());
        if (known is not null && known.Declaration.ToJson().AsSpan().SequenceEqual(json))
            return ((IReadOnlyList<NewFact>)[], known);
        var version = (known?.Version ?? 0) + 1;
        var fact = Fact(Declared, to =>
        {
            to.WriteString("id"u8, id);
            to.WriteNumber("version"u8, version);
            to.WriteString("by"u8, by);
            to.WritePropertyName("declaration"u8);
            to.WriteRawValue(json);
        });
        return ((IReadOnlyList<NewFact>)[fact], new StoredRowMapping(id, version, now, kept, target));
    });

    public static Problem Unknown(string id) => RowMappingProblems.Unknown.Because($"There is no row mapping {id}.", "GET /standards/mappings lists them; PUT /standards/mappings/{id} declares one.");

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type != Declared)
            return;
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var id = root.GetProperty("id"u8).GetString() ?? "";
        // Not compiled here: the code tables that it names are another stream's, and may not be read yet. Who uses it compiles it.
        var declaration = RowMappingDeclaration.Read(JsonSerializer.SerializeToUtf8Bytes(root.GetProperty("declaration"u8), StandardsElement.Default.JsonElement)).Value;
        _mappings[id] = new StoredRowMapping(id, root.GetProperty("version"u8).GetInt32(), at, declaration, DeclaredColumn.Schema(declaration.Target ?? []));
    }
}
