using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CityHub.Tests.Standards.Models;

/// <summary>
/// Valid examples of Smart Data Models, each changed in one place, by chance with a seed. A judge of its own says what the change did: it walks the raw schemas without our
/// compiler and looks at the one attribute. Recall: each change for the worse is found, at its place. Precision: nothing else is.
/// </summary>
public sealed class SchemaMutationTests
{
    private const int Wanted = 2_500;

    [Fact]
    public void Each_change_for_the_worse_is_found_at_its_place_and_nothing_else_is()
    {
        var random = new Random(20260301);
        var subjects = Subjects();
        Assert.True(subjects.Count >= 60, $"{subjects.Count} examples");
        var (found, missed, alarms, rights) = (0, 0, 0, 0);
        var byKind = new Dictionary<string, int>(StringComparer.Ordinal);
        var wrong = new List<string>();
        while (found + missed < Wanted)
        {
            var subject = subjects[random.Next(subjects.Count)];
            var document = subject.Example.DeepClone().AsObject();
            if (Mutate(document, subject, random) is not var (kind, path, bad))
                continue;
            using var changed = JsonDocument.Parse(document.ToJsonString());
            var faults = subject.Schema.Validate(changed.RootElement);
            var at = faults.Where(f => f.Path == path || (kind == "missing" && f.Keyword == "required" && f.Path.Length == 0)).ToList();
            if (bad)
            {
                byKind[kind] = byKind.GetValueOrDefault(kind) + 1;
                _ = at.Count > 0 ? found++ : missed++;
                if (at.Count == 0)
                    wrong.Add($"missed {subject.Model} {kind} {path}");
            }

            // Whatever is said about another place is a false alarm.
            if (faults.Count > at.Count || (!bad && at.Count > 0))
            {
                alarms++;
                wrong.Add($"alarm {subject.Model} {kind} {path}: {string.Join("; ", faults)}");
            }
            else if (!bad)
            {
                rights++;
            }
        }

        Assert.True(found >= 2_000, $"{found} changes for the worse");
        Assert.All(["type", "missing", "enum", "range", "pattern"], k => Assert.True(byKind.GetValueOrDefault(k) >= 30, $"{k}: {byKind.GetValueOrDefault(k)}"));
        var (recall, precision) = (found / (double)(found + missed), found / (double)(found + alarms));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"recall {recall:0.0000}, precision {precision:0.0000}, {found} found, {missed} missed, {alarms} false alarms, {rights} rightly silent; {string.Join(", ", byKind)}"));
        Assert.True(recall >= 0.99 && precision >= 0.99, $"recall {recall}, precision {precision}\n{string.Join("\n", wrong.Take(20))}");
    }

    /// <returns>What kind of change, where, and whether the judge says that the document is wrong now; null when this chance led nowhere.</returns>
    private static (string Kind, string Path, bool Bad)? Mutate(JsonObject document, Subject subject, Random random)
    {
        var members = document.Where(m => m.Key is not "@context").Select(m => m.Key).ToArray();
        var name = members[random.Next(members.Length)];
        var rules = subject.Rules.GetValueOrDefault(name) ?? [];
        var path = $"/{name}";
        switch (random.Next(6))
        {
            case 0: // another type
                JsonNode?[] values = [JsonValue.Create("x"), JsonValue.Create(12.5), JsonValue.Create(true), new JsonObject(), new JsonArray(), null];
                document[name] = values[random.Next(values.Length)];
                return rules.Count > 0 && rules.Any(r => r["type"] is JsonValue) ? Judge("type") : null;
            case 1:
                document.Remove(name);
                return ("missing", path, subject.Required.Contains(name));
            case 2: // an enumerated value, another one, or none of them
                if (rules.FirstOrDefault(r => r["enum"] is JsonArray) is not { } listed || document[name] is not JsonValue)
                    return null;
                var codes = listed["enum"]?.AsArray() ?? [];
                document[name] = random.Next(3) == 0 ? codes[random.Next(codes.Count)]?.DeepClone() : JsonValue.Create($"no-{random.Next(1000)}");
                return Judge("enum");
            case 3: // about the ends of a range
                if (rules.FirstOrDefault(r => r["minimum"] is not null || r["maximum"] is not null) is not { } ranged || document[name] is not JsonValue)
                    return null;
                var end = (ranged["maximum"] is not null && (ranged["minimum"] is null || random.Next(2) == 0) ? ranged["maximum"] : ranged["minimum"])?.GetValue<double>() ?? 0;
                document[name] = JsonValue.Create(Math.Round(end) + random.Next(-3, 4));
                return Judge("range");
            case 4: // a text that a pattern or a format does not know
                if (document[name] is not JsonValue text || !text.TryGetValue<string>(out var was) || rules.Any(r => r["enum"] is not null))
                    return null;
                if (!rules.Any(r => r["pattern"] is not null || r["format"] is not null))
                    return null;
                document[name] = JsonValue.Create(random.Next(3) == 0 ? was : was.Insert(random.Next(was.Length + 1), " <"));
                return Judge("pattern");
            default: // a word of nobody's: allowed in all of these models
                document[$"more{random.Next(100)}"] = JsonValue.Create(random.Next());
                return ("more", "", false);
        }

        (string, string, bool)? Judge(string kind) => rules.All(CanJudge) ? (kind, path, !rules.All(r => IsRight(r, document[name]))) : null;
    }

    private static readonly string[] Judged = ["type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "format", "minLength", "maxLength", "description", "title",
        "items", "properties", "required", "minItems", "maxItems", "uniqueItems", "default", "$schema", "oneOf", "anyOf", "additionalProperties"];

    private static bool CanJudge(JsonObject rule) => rule.All(m => Judged.Contains(m.Key)) && (rule["format"] is null || (string?)rule["format"] is "date-time" or "uri" or "date" or "email");

    /// <summary>By brute force, one keyword after the other, for the values that this test puts there (plain ones, and empty objects and lists).</summary>
    private static bool IsRight(JsonObject rule, JsonNode? value)
    {
        if (rule["anyOf"] is JsonArray any && !any.Any(a => a is JsonObject one && IsRight(one, value)))
            return false;
        if (rule["oneOf"] is JsonArray oneOf && oneOf.Count(a => a is JsonObject one && IsRight(one, value)) != 1)
            return false;
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (rule["type"] is JsonValue type && (string?)type is { } wanted && !(wanted switch
        {
            "string" => kind == JsonValueKind.String,
            "number" => kind == JsonValueKind.Number,
            "integer" => kind == JsonValueKind.Number && value?.ToJsonString().Contains(".5", StringComparison.Ordinal) == false,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "array" => kind == JsonValueKind.Array,
            "object" => kind == JsonValueKind.Object,
            _ => kind == JsonValueKind.Null,
        }))
            return false;
        if (rule["enum"] is JsonArray codes && !codes.Any(c => JsonNode.DeepEquals(c, value)))
            return false;
        if (kind == JsonValueKind.Number && value is not null)
        {
            var number = value.GetValue<double>();
            if (number < (double?)rule["minimum"] || number > (double?)rule["maximum"] || number <= (double?)rule["exclusiveMinimum"] || number >= (double?)rule["exclusiveMaximum"])
                return false;
        }

        if (kind == JsonValueKind.String && value?.GetValue<string>() is { } text)
        {
            if (text.Length < (int?)rule["minLength"] || text.Length > (int?)rule["maxLength"])
                return false;
            if ((string?)rule["pattern"] is { } pattern && !Regex.IsMatch(text, pattern, RegexOptions.ECMAScript))
                return false;
            if (!((string?)rule["format"] switch
            {
                "date-time" => text.Length >= 20 && text[10] is 'T' && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) && !text.Contains(' ', StringComparison.Ordinal),
                "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
                "uri" => Regex.IsMatch(text, "^[A-Za-z][A-Za-z0-9+.-]*:[^ <>\"{}|^`\\\\]*$"),
                "email" => Regex.IsMatch(text, "^[^@ ]+@[^@ ]+$"),
                _ => true,
            }))
                return false;
        }

        if (kind == JsonValueKind.Array && value is JsonArray { Count: 0 } && (int?)rule["minItems"] > 0)
            return false;
        return kind != JsonValueKind.Object || rule["required"] is not JsonArray { Count: > 0 };
    }

    private sealed record Subject(string Model, CityHub.Standards.Models.JsonSchema Schema, JsonObject Example, HashSet<string> Required, Dictionary<string, List<JsonObject>> Rules);

    private static List<Subject> Subjects()
    {
        var folder = SharedData.Need("smart-data-models");
        var common = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, "common-schema.json")))?.AsObject() ?? [];
        var subjects = new List<Subject>();
        foreach (var (model, schema, example) in SmartDataModelSchemaTests.Models())
        {
            if (!schema.Ok || schema.Value.Validate(example).Count > 0)
                continue;
            var raw = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, model, "schema.json")))?.AsObject() ?? [];
            var subject = new Subject(model, schema.Value, JsonNode.Parse(example.GetRawText())?.AsObject() ?? [], [], []);
            Gather(raw, common, subject);
            subjects.Add(subject);
        }

        return subjects;
    }

    private static void Gather(JsonObject schema, JsonObject common, Subject into)
    {
        schema = Follow(schema, common);
        foreach (var name in schema["required"] as JsonArray ?? [])
            into.Required.Add((string?)name ?? "");
        foreach (var (name, rule) in schema["properties"] as JsonObject ?? [])
            if (rule is JsonObject members)
            {
                if (!into.Rules.TryGetValue(name, out var rules))
                    into.Rules[name] = rules = [];
                rules.Add(Follow(members, common));
            }

        foreach (var part in schema["allOf"] as JsonArray ?? [])
            if (part is JsonObject members)
                Gather(members, common, into);
    }

    private static JsonObject Follow(JsonObject schema, JsonObject common)
    {
        while ((string?)schema["$ref"] is { } reference && reference.StartsWith("https://smart-data-models.github.io/data-models/common-schema.json#/", StringComparison.Ordinal))
            schema = reference[(reference.IndexOf('#', StringComparison.Ordinal) + 2)..].Split('/').Aggregate(common, (at, part) => at[part]?.AsObject() ?? []);
        return schema;
    }
}
