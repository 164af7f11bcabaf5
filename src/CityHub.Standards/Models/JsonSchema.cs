using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Standards.Models;

/// <summary>
/// A schema ready for use (JSON Schema 2020-12, the part that data models of cities use): says of a document where it is not as it should be, which keyword says so, and
/// what was expected there. Safe for many threads.
/// </summary>
public sealed class JsonSchema
{
    private const int MostFaults = 100;
    private const int MostNesting = 200;

    private static readonly SchemaFault Some = new("", "", "", null);

    private readonly SchemaNode _root;

    private JsonSchema(SchemaNode root, string? id) => (_root, Id) = (root, id);

    /// <summary>Its own <c>$id</c>.</summary>
    public string? Id { get; }

    /// <param name="supplied">Other documents that a <c>$ref</c> may lead to, by address without fragment; nothing is fetched.</param>
    public static Result<JsonSchema> Compile(JsonElement document, Func<string, JsonElement?>? supplied = null) =>
        SchemaCompiler.Compile(document, supplied ?? (_ => null)).Map(root => new JsonSchema(root, SchemaCompiler.IdOf(document)));

    /// <summary>At most a hundred faults; none: the document is valid.</summary>
    public IReadOnlyList<SchemaFault> Validate(JsonElement document)
    {
        var faults = new Faults(quiet: false);
        try
        {
            Check(_root, document, "", faults, 0);
        }
        catch (InvalidOperationException)
        {
            // A text with half a surrogate pair: JSON may spell it, and it has no characters.
            faults.Add(new("", "json", "texts of Unicode characters", null));
        }

        return faults;
    }

    private static bool Holds(SchemaNode schema, JsonElement value, int depth)
    {
        var faults = new Faults(quiet: true);
        Check(schema, value, "", faults, depth);
        return faults.Count == 0;
    }

    private static void Check(SchemaNode schema, JsonElement value, string path, Faults faults, int depth)
    {
        if (schema.Always == true || (faults.Quiet && faults.Count > 0))
            return;
        if (schema.Always == false)
        {
            Add(faults, path, "false", "nothing may stand here", value);
            return;
        }

        if (depth > MostNesting)
        {
            Add(faults, path, "$ref", "a document that is not nested so deep", value);
            return;
        }

        if (schema.Ref is { } target)
            Check(target, value, path, faults, depth + 1);
        var kind = Kind(value);
        if (schema.Types != JsonTypes.None && (schema.Types & kind) == 0)
            Add(faults, path, "type", Say(schema.Types), value);
        if (schema.Enum is { } allowed && !allowed.Any(a => JsonElement.DeepEquals(a, value)))
            Add(faults, path, "enum", "one of " + Short(string.Join(", ", allowed.Select(a => a.GetRawText())), 400), value);
        if (schema.Const is { } only && !JsonElement.DeepEquals(only, value))
            Add(faults, path, "const", Short(only.GetRawText()), value);

        if ((kind & JsonTypes.Text) != 0)
            CheckText(schema, value, path, faults);
        else if ((kind & JsonTypes.Number) != 0)
            CheckNumber(schema, value, path, faults);
        else if (kind == JsonTypes.Array)
            CheckItems(schema, value, path, faults, depth);
        else if (kind == JsonTypes.Object)
            CheckMembers(schema, value, path, faults, depth);
        CheckChoices(schema, value, path, faults, depth);
    }

    private static void CheckText(SchemaNode schema, JsonElement value, string path, Faults faults)
    {
        if (schema.MinLength is null && schema.MaxLength is null && schema.Pattern is null && schema.Format is null)
            return;
        var text = value.GetString() ?? "";
        if (schema.MinLength is not null || schema.MaxLength is not null)
        {
            var length = text.EnumerateRunes().Count();
            if (length < schema.MinLength)
                Add(faults, path, "minLength", $"at least {schema.MinLength} characters", value);
            if (length > schema.MaxLength)
                Add(faults, path, "maxLength", $"at most {schema.MaxLength} characters", value);
        }

        if (schema.Pattern is { } pattern && !SchemaPattern.Matches(pattern, text))
            Add(faults, path, "pattern", $"a text like {schema.PatternText}", value);
        if (schema.Format is { } format && !SchemaFormats.Holds(format, text))
            Add(faults, path, "format", $"a {format}", value);
    }

    private static void CheckNumber(SchemaNode schema, JsonElement value, string path, Faults faults)
    {
        var number = JsonNumber.Of(value);
        if (number < schema.Minimum)
            Add(faults, path, "minimum", $"{schema.Minimum} or more", value);
        if (number > schema.Maximum)
            Add(faults, path, "maximum", $"{schema.Maximum} or less", value);
        if (number <= schema.ExclusiveMinimum)
            Add(faults, path, "exclusiveMinimum", $"more than {schema.ExclusiveMinimum}", value);
        if (number >= schema.ExclusiveMaximum)
            Add(faults, path, "exclusiveMaximum", $"less than {schema.ExclusiveMaximum}", value);
        if (schema.MultipleOf is { } multiple && !number.IsMultipleOf(multiple))
            Add(faults, path, "multipleOf", $"a multiple of {multiple}", value);
    }

    private static void CheckItems(SchemaNode schema, JsonElement value, string path, Faults faults, int depth)
    {
        var count = value.GetArrayLength();
        if (count < schema.MinItems)
            Add(faults, path, "minItems", $"at least {schema.MinItems} items", value);
        if (count > schema.MaxItems)
            Add(faults, path, "maxItems", $"at most {schema.MaxItems} items", value);
        if (schema.UniqueItems && Doubled(value) is { } doubled)
            Add(faults, $"{path}/{doubled}", "uniqueItems", "an item that is not there yet", value[doubled]);
        var (index, contained) = (0, 0);
        foreach (var item in value.EnumerateArray())
        {
            if (index < schema.PrefixItems.Count)
                Check(schema.PrefixItems[index], item, $"{path}/{index}", faults, depth + 1);
            else if (schema.Items is { } items)
                Check(items, item, $"{path}/{index}", faults, depth + 1);
            if (schema.Contains is { } contains && Holds(contains, item, depth + 1))
                contained++;
            index++;
        }

        if (schema.Contains is not null && contained < (schema.MinContains ?? 1))
            Add(faults, path, "contains", $"at least {schema.MinContains ?? 1} items of a certain kind", value);
        if (schema.Contains is not null && contained > schema.MaxContains)
            Add(faults, path, "maxContains", $"at most {schema.MaxContains} items of a certain kind", value);
    }

    private static void CheckMembers(SchemaNode schema, JsonElement value, string path, Faults faults, int depth)
    {
        foreach (var name in schema.Required)
            if (!value.TryGetProperty(name, out _))
                Add(faults, path, "required", $"a member {name}", null);
        if (schema.MinProperties is not null || schema.MaxProperties is not null)
        {
            var count = value.GetPropertyCount();
            if (count < schema.MinProperties)
                Add(faults, path, "minProperties", $"at least {schema.MinProperties} members", value);
            if (count > schema.MaxProperties)
                Add(faults, path, "maxProperties", $"at most {schema.MaxProperties} members", value);
        }

        foreach (var (name, needs) in schema.DependentRequired ?? [])
            if (value.TryGetProperty(name, out _))
                foreach (var need in needs)
                    if (!value.TryGetProperty(need, out _))
                        Add(faults, path, "dependentRequired", $"a member {need}, since there is {name}", null);
        foreach (var (name, dependent) in schema.DependentSchemas ?? [])
            if (value.TryGetProperty(name, out _))
                Check(dependent, value, path, faults, depth + 1);
        if (schema.Properties is null && schema.PatternProperties is null && schema.AdditionalProperties is null && schema.PropertyNames is null)
            return;

        foreach (var member in value.EnumerateObject())
        {
            var at = $"{path}/{Escape(member.Name)}";
            var known = false;
            if (schema.Properties is { } properties && properties.TryGetValue(member.Name, out var property))
            {
                known = true;
                Check(property, member.Value, at, faults, depth + 1);
            }

            foreach (var (pattern, matching) in schema.PatternProperties ?? [])
                if (SchemaPattern.Matches(pattern, member.Name))
                {
                    known = true;
                    Check(matching, member.Value, at, faults, depth + 1);
                }

            if (!known && schema.AdditionalProperties is { } additional)
            {
                if (additional.Always == false)
                    Add(faults, at, "additionalProperties", "no member of this name", member.Value);
                else
                    Check(additional, member.Value, at, faults, depth + 1);
            }

            if (schema.PropertyNames is { } names)
            {
                using var name = JsonDocument.Parse($"\"{JsonEncodedText.Encode(member.Name)}\"");
                if (!Holds(names, name.RootElement, depth + 1))
                    Add(faults, at, "propertyNames", "a member whose name is as the names have to be", member.Value);
            }
        }
    }

    private static void CheckChoices(SchemaNode schema, JsonElement value, string path, Faults faults, int depth)
    {
        foreach (var all in schema.AllOf)
            Check(all, value, path, faults, depth + 1);
        if (schema.AnyOf.Count > 0 && !schema.AnyOf.Any(any => Holds(any, value, depth + 1)))
            Add(faults, path, "anyOf", $"one of {schema.AnyOf.Count} forms; {Nearest(schema.AnyOf, value, path, faults, depth)}", value);
        if (schema.OneOf.Count > 0 && schema.OneOf.Count(one => Holds(one, value, depth + 1)) is var fits and not 1)
            Add(faults, path, "oneOf", fits == 0 ? $"one of {schema.OneOf.Count} forms; {Nearest(schema.OneOf, value, path, faults, depth)}" : $"one of {schema.OneOf.Count} forms, and it has {fits} of them", value);
        if (schema.Not is { } not && Holds(not, value, depth + 1))
            Add(faults, path, "not", "anything but this", value);
        if (schema.If is { } condition && (Holds(condition, value, depth + 1) ? schema.Then : schema.Else) is { } then)
            Check(then, value, path, faults, depth + 1);
    }

    /// <summary>What keeps the document from the form that it misses least.</summary>
    private static string Nearest(IReadOnlyList<SchemaNode> forms, JsonElement value, string path, Faults so, int depth)
    {
        if (so.Quiet)
            return "";
        Faults? nearest = null;
        foreach (var form in forms)
        {
            var faults = new Faults(quiet: false);
            Check(form, value, path, faults, depth + 1);
            // A form of another type is further away than one that holds something wrong.
            if (nearest is null || Weight(faults, path) < Weight(nearest, path))
                nearest = faults;
        }

        return nearest is [var first, ..] ? $"of the nearest, {(first.Path.Length == 0 ? "the document" : first.Path)} is to be {first.Expected}" : "none";
    }

    private static int Weight(Faults faults, string path) => faults.Count + (faults.Any(f => f.Keyword == "type" && f.Path == path) ? 1000 : 0);

    private static int? Doubled(JsonElement array)
    {
        var seen = new List<JsonElement>();
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String ? !texts.Add(item.GetString() ?? "") : seen.Any(s => JsonElement.DeepEquals(s, item)))
                return index;
            if (item.ValueKind != JsonValueKind.String)
                seen.Add(item);
            index++;
        }

        return null;
    }

    private static void Add(Faults faults, string path, string keyword, string expected, JsonElement? found)
    {
        if (faults.Quiet)
        {
            faults.Add(Some);
            return;
        }

        // Two schemas that are both in force may say the same.
        var fault = new SchemaFault(path, keyword, expected, found is { } there ? Short(there.GetRawText()) : null);
        if (faults.Count < MostFaults && !faults.Contains(fault))
            faults.Add(fault);
    }

    private static JsonTypes Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonTypes.Object,
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.String => JsonTypes.Text,
        JsonValueKind.Number => JsonNumber.Of(value).IsInteger ? JsonTypes.Number | JsonTypes.Integer : JsonTypes.Number,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        _ => JsonTypes.Null,
    };

    private static string Say(JsonTypes types)
    {
        var names = new List<string>();
        foreach (var (type, name) in new[]
        {
            (JsonTypes.Text, "string"), (JsonTypes.Number, "number"), (JsonTypes.Integer, "integer"), (JsonTypes.Boolean, "boolean"), (JsonTypes.Object, "object"),
            (JsonTypes.Array, "array"), (JsonTypes.Null, "null"),
        })
            if ((types & type) != 0)
                names.Add(name);
        return string.Join(" or ", names);
    }

    private static string Short(string text, int most = 80) => text.Length <= most ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..most]}…");

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <param name="quiet">Whether there is any fault is all that is asked: no words are made, and the first is the last.</param>
    private sealed class Faults(bool quiet) : List<SchemaFault>
    {
        public bool Quiet => quiet;
    }
}
