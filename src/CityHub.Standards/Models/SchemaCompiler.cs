using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Standards.Models;

/// <summary>Reads a schema once into <see cref="SchemaNode"/>s; every <c>$ref</c> is found then, in the document itself or in the documents that were supplied.</summary>
internal sealed class SchemaCompiler
{
    private const int MostNesting = 128;

    /// <summary>They change what is valid, and are not understood here: refused rather than passed over.</summary>
    private static readonly string[] Unsupported = ["$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems", "contentSchema"];

    private readonly Func<string, JsonElement?> _supplied;
    private readonly Dictionary<string, SchemaNode> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonElement> _documents = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);
    private int _depth;

    private SchemaCompiler(Func<string, JsonElement?> supplied) => _supplied = supplied;

    /// <param name="supplied">Other documents, by address without fragment.</param>
    public static Result<SchemaNode> Compile(JsonElement document, Func<string, JsonElement?> supplied)
    {
        var compiler = new SchemaCompiler(supplied);
        var at = IdOf(document) ?? "";
        compiler._documents[at] = document;
        try
        {
            var root = compiler.At(at, "");
            return compiler._missing.Count == 0
                ? root
                : StandardsProblems.NotASchema.Because($"These references lead to nothing: {string.Join(", ", compiler._missing)}.",
                    "Load the schemas that they are in first; nothing is fetched from the network.", "JSON Schema 2020-12, core 8.2.3.1 ($ref)");
        }
        catch (NotASchemaException e)
        {
            return StandardsProblems.NotASchema.Because(e.Message, "The schema is to be one of JSON Schema 2020-12.", "JSON Schema 2020-12");
        }
    }

    /// <summary>What stands at a pointer of a document; its nodes are made once, so that schemas may refer to themselves.</summary>
    private SchemaNode At(string document, string pointer)
    {
        var key = $"{document}#{pointer}";
        if (_nodes.TryGetValue(key, out var known))
            return known;
        if (!_documents.TryGetValue(document, out var element))
        {
            if (_supplied(document) is not { } found)
            {
                _missing.Add(key);
                return new SchemaNode { Always = true };
            }

            _documents[document] = element = found;
        }

        if (!Step(element, pointer, out var target))
        {
            _missing.Add(key);
            return new SchemaNode { Always = true };
        }

        return Read(target, document, pointer, key);
    }

    private static bool Step(JsonElement element, string pointer, out JsonElement target)
    {
        target = element;
        if (pointer.Length == 0)
            return true;
        if (pointer[0] != '/')
            return false;
        foreach (var raw in pointer[1..].Split('/'))
        {
            var part = Uri.UnescapeDataString(raw).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (target.ValueKind == JsonValueKind.Object && target.TryGetProperty(part, out var member))
                target = member;
            else if (target.ValueKind == JsonValueKind.Array && int.TryParse(part, out var index) && index >= 0 && index < target.GetArrayLength())
                target = target[index];
            else
                return false;
        }

        return true;
    }

    private SchemaNode Read(JsonElement schema, string document, string pointer, string? key = null)
    {
        key ??= $"{document}#{pointer}";
        if (_nodes.TryGetValue(key, out var known))
            return known;
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return _nodes[key] = new SchemaNode { Always = schema.ValueKind == JsonValueKind.True };
        if (schema.ValueKind != JsonValueKind.Object)
            throw new NotASchemaException($"{key} is neither an object nor true or false.");
        if (++_depth > MostNesting)
            throw new NotASchemaException($"{key} is too deep.");
        var node = new SchemaNode();
        _nodes[key] = node;
        foreach (var member in schema.EnumerateObject())
            Keyword(node, member.Name, member.Value, document, pointer);
        _depth--;
        return node;
    }

    private void Keyword(SchemaNode node, string name, JsonElement value, string document, string pointer)
    {
        var here = $"{pointer}/{Escape(name)}";
        switch (name)
        {
            case "$ref":
                var (target, fragment) = Resolve(Text(value, here), document);
                node.Ref = At(target, fragment);
                break;
            case "type":
                node.Types = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Aggregate(JsonTypes.None, (all, one) => all | Type(one, here)) : Type(value, here);
                break;
            case "enum":
                node.Enum = [.. Items(value, here)];
                break;
            case "const":
                node.Const = value;
                break;
            case "pattern":
                node.PatternText = Text(value, here);
                node.Pattern = Pattern(node.PatternText, here);
                break;
            case "format":
                node.Format = Text(value, here);
                break;
            case "title":
                node.Title = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
                break;
            case "minLength":
                node.MinLength = Count(value, here);
                break;
            case "maxLength":
                node.MaxLength = Count(value, here);
                break;
            case "minimum":
                node.Minimum = Number(value, here);
                break;
            case "maximum":
                node.Maximum = Number(value, here);
                break;
            case "exclusiveMinimum":
                node.ExclusiveMinimum = Number(value, here);
                break;
            case "exclusiveMaximum":
                node.ExclusiveMaximum = Number(value, here);
                break;
            case "multipleOf":
                node.MultipleOf = Number(value, here) is { Rough: > 0 } multiple ? multiple : throw new NotASchemaException($"{here} is not more than 0.");
                break;
            case "minItems":
                node.MinItems = Count(value, here);
                break;
            case "maxItems":
                node.MaxItems = Count(value, here);
                break;
            case "uniqueItems":
                node.UniqueItems = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new NotASchemaException($"{here} is not true or false.");
                break;
            case "minContains":
                node.MinContains = Count(value, here);
                break;
            case "maxContains":
                node.MaxContains = Count(value, here);
                break;
            case "minProperties":
                node.MinProperties = Count(value, here);
                break;
            case "maxProperties":
                node.MaxProperties = Count(value, here);
                break;
            case "required":
                node.Required = [.. Items(value, here).Select(v => Text(v, here))];
                break;
            case "items" when value.ValueKind == JsonValueKind.Array: // until draft 2019-09: what prefixItems is now
            case "prefixItems":
                node.PrefixItems = List(value, document, here);
                break;
            case "items":
                node.Items = Read(value, document, here);
                break;
            case "additionalItems":
                node.Items ??= Read(value, document, here);
                break;
            case "contains":
                node.Contains = Read(value, document, here);
                break;
            case "properties":
                node.Properties = Members(value, here).ToDictionary(m => m.Name, m => Read(m.Value, document, $"{here}/{Escape(m.Name)}"), StringComparer.Ordinal);
                break;
            case "patternProperties":
                node.PatternProperties = [.. Members(value, here).Select(m => (Pattern(m.Name, here), Read(m.Value, document, $"{here}/{Escape(m.Name)}")))];
                break;
            case "additionalProperties":
                node.AdditionalProperties = Read(value, document, here);
                break;
            case "propertyNames":
                node.PropertyNames = Read(value, document, here);
                break;
            case "dependentRequired":
                foreach (var m in Members(value, here))
                    (node.DependentRequired ??= []).Add((m.Name, [.. Items(m.Value, here).Select(v => Text(v, here))]));
                break;
            case "dependentSchemas":
                foreach (var m in Members(value, here))
                    (node.DependentSchemas ??= []).Add((m.Name, Read(m.Value, document, $"{here}/{Escape(m.Name)}")));
                break;
            case "dependencies": // until draft 7: both of them in one
                foreach (var m in Members(value, here))
                    if (m.Value.ValueKind == JsonValueKind.Array)
                        (node.DependentRequired ??= []).Add((m.Name, [.. Items(m.Value, here).Select(v => Text(v, here))]));
                    else
                        (node.DependentSchemas ??= []).Add((m.Name, Read(m.Value, document, $"{here}/{Escape(m.Name)}")));
                break;
            case "allOf":
                node.AllOf = List(value, document, here);
                break;
            case "anyOf":
                node.AnyOf = List(value, document, here);
                break;
            case "oneOf":
                node.OneOf = List(value, document, here);
                break;
            case "not":
                node.Not = Read(value, document, here);
                break;
            case "if":
                node.If = Read(value, document, here);
                break;
            case "then":
                node.Then = Read(value, document, here);
                break;
            case "else":
                node.Else = Read(value, document, here);
                break;
            case var _ when Unsupported.Contains(name):
                throw new NotASchemaException($"{here}: {name} is not understood here.");
        }
    }

    private static (string Document, string Pointer) Resolve(string reference, string document)
    {
        var hash = reference.IndexOf('#', StringComparison.Ordinal);
        var (address, fragment) = hash < 0 ? (reference, "") : (reference[..hash], reference[(hash + 1)..]);
        if (address.Length == 0)
            return (document, fragment);
        if (Uri.TryCreate(document, UriKind.Absolute, out var at) && Uri.TryCreate(at, address, out var resolved))
            return (resolved.AbsoluteUri, fragment);
        return (address, fragment);
    }

    public static string? IdOf(JsonElement document) =>
        document.ValueKind == JsonValueKind.Object && document.TryGetProperty("$id"u8, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString()?.TrimEnd('#') : null;

    private IReadOnlyList<SchemaNode> List(JsonElement value, string document, string here) =>
        [.. Items(value, here).Select((one, i) => Read(one, document, $"{here}/{i}"))];

    private static JsonElement.ArrayEnumerator Items(JsonElement value, string here) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw new NotASchemaException($"{here} is not a list.");

    private static JsonElement.ObjectEnumerator Members(JsonElement value, string here) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw new NotASchemaException($"{here} is not an object.");

    private static string Text(JsonElement value, string here) =>
        value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : throw new NotASchemaException($"{here} is not a text.");

    private static JsonNumber Number(JsonElement value, string here) =>
        value.ValueKind == JsonValueKind.Number ? JsonNumber.Of(value) : throw new NotASchemaException($"{here} is not a number.");

    private static int Count(JsonElement value, string here) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var count) && count is >= 0 and <= int.MaxValue && Math.Truncate(count) == count
            ? (int)count
            : throw new NotASchemaException($"{here} does not count: 0, 1, 2 …");

    private static System.Text.RegularExpressions.Regex Pattern(string text, string here)
    {
        try
        {
            return SchemaPattern.Of(text);
        }
        catch (ArgumentException)
        {
            throw new NotASchemaException($"{here}: \"{text}\" is no pattern.");
        }
    }

    private static JsonTypes Type(JsonElement value, string here) => Text(value, here) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "object" => JsonTypes.Object,
        "array" => JsonTypes.Array,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.Text,
        "integer" => JsonTypes.Integer,
        var other => throw new NotASchemaException($"{here}: {other} is no type."),
    };

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>Never leaves <see cref="Compile"/>: the reader is a dozen levels deep when it finds out.</summary>
    private sealed class NotASchemaException(string message) : Exception(message);
}
