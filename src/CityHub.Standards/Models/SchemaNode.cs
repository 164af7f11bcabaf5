using System.Text.Json;
using System.Text.RegularExpressions;

namespace CityHub.Standards.Models;

[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Object = 4,
    Array = 8,
    Number = 16,
    Text = 32,
    Integer = 64,
}

/// <summary>One schema with its keywords read: JSON Schema 2020-12, core, applicator and validation vocabularies as far as they are named here.</summary>
internal sealed class SchemaNode
{
    /// <summary><c>true</c> or <c>false</c> as a schema; null: an object.</summary>
    public bool? Always { get; init; }

    public JsonTypes Types { get; set; }

    public IReadOnlyList<JsonElement>? Enum { get; set; }

    public JsonElement? Const { get; set; }

    public Regex? Pattern { get; set; }

    public string? PatternText { get; set; }

    public string? Format { get; set; }

    public int? MinLength { get; set; }

    public int? MaxLength { get; set; }

    public JsonNumber? Minimum { get; set; }

    public JsonNumber? Maximum { get; set; }

    public JsonNumber? ExclusiveMinimum { get; set; }

    public JsonNumber? ExclusiveMaximum { get; set; }

    public JsonNumber? MultipleOf { get; set; }

    public int? MinItems { get; set; }

    public int? MaxItems { get; set; }

    public bool UniqueItems { get; set; }

    public SchemaNode? Items { get; set; }

    public IReadOnlyList<SchemaNode> PrefixItems { get; set; } = [];

    public SchemaNode? Contains { get; set; }

    public int? MinContains { get; set; }

    public int? MaxContains { get; set; }

    public int? MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    public IReadOnlyList<string> Required { get; set; } = [];

    public Dictionary<string, SchemaNode>? Properties { get; set; }

    public List<(Regex Pattern, SchemaNode Schema)>? PatternProperties { get; set; }

    public SchemaNode? AdditionalProperties { get; set; }

    public SchemaNode? PropertyNames { get; set; }

    public List<(string Name, IReadOnlyList<string> Needs)>? DependentRequired { get; set; }

    public List<(string Name, SchemaNode Schema)>? DependentSchemas { get; set; }

    public IReadOnlyList<SchemaNode> AllOf { get; set; } = [];

    public IReadOnlyList<SchemaNode> AnyOf { get; set; } = [];

    public IReadOnlyList<SchemaNode> OneOf { get; set; } = [];

    public SchemaNode? Not { get; set; }

    public SchemaNode? If { get; set; }

    public SchemaNode? Then { get; set; }

    public SchemaNode? Else { get; set; }

    /// <summary>What <c>$ref</c> leads to.</summary>
    public SchemaNode? Ref { get; set; }

    public string? Title { get; set; }
}
