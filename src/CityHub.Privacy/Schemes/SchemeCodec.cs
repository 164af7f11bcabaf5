using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>
/// A scheme as a file: JSON in one canonical form (names in ordinal order, no spaces, numbers in their shortest form), so that equal schemes have equal bytes and a hash says which
/// one was used. It holds counts by class and sensitive value: it is not for the receivers of the release.
/// </summary>
public static class SchemeCodec
{
    private const string Format = "cityhub-deidentification";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(DeidentificationScheme scheme)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteStartArray("columns");
            foreach (var column in scheme.Columns)
                Write(json, column);
            json.WriteEndArray();
            json.WriteString("format", Format);
            json.WriteNumber("loss", scheme.Loss);
            Write(json, "models", scheme.Models.Select(one => one.Text));
            Write(json, scheme.Released);
            json.WriteNumber("suppressionLimit", scheme.SuppressionLimit);
            json.WriteStartArray("transforms");
            foreach (var transform in scheme.Transforms)
                TransformCodec.Write(json, transform);
            json.WriteEndArray();
            json.WriteNumber("version", DeidentificationScheme.Version);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="PrivacyException">It is no scheme, of a version that is not known here, or contradicts itself.</exception>
    public static DeidentificationScheme Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new PrivacyException(Unreadable($"It is not the JSON of a scheme: {e.Message}"), e);
        }
    }

    private static DeidentificationScheme Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.GetString() != Format)
            throw Unreadable($"It does not say that it is a scheme (\"format\":\"{Format}\").").ToException();
        if (root.GetProperty("version").GetInt32() is var version && version != DeidentificationScheme.Version)
            throw Unreadable(FormattableString.Invariant($"It is of version {version}; this program knows version {DeidentificationScheme.Version}.")).ToException();
        var columns = root.GetProperty("columns").EnumerateArray().Select(ReadColumn).ToArray();
        if (columns.Select(one => one.Name).Distinct(StringComparer.Ordinal).Count() < columns.Length)
            throw Unreadable("Two of its columns have one name.").ToException();
        var hierarchies = columns.Select(one => one.Hierarchy).OfType<Hierarchy>().ToArray();
        var models = PrivacyModels.ParseAll(root.GetProperty("models").EnumerateArray().Select(one => one.GetString() ?? ""), hierarchies);
        var limit = root.GetProperty("suppressionLimit").GetDouble();
        if (limit is not (>= 0 and <= 1))
            throw Unreadable("Its suppression limit is not between 0 and 1.").ToException();
        var released = ReadReleased(root.GetProperty("released"), columns.Count(one => one.Class == PersonalDataClass.QuasiIdentifier));
        if (!released.Sensitive.SequenceEqual(DeidentificationScheme.SensitiveOf(models), StringComparer.Ordinal))
            throw Unreadable("What it has released is not counted for the attributes of its models.").ToException();
        return new DeidentificationScheme
        {
            Columns = columns,
            Models = models,
            SuppressionLimit = limit,
            Loss = root.GetProperty("loss").GetDouble(),
            Transforms = [.. root.GetProperty("transforms").EnumerateArray().Select(one => TransformCodec.Read(one.GetRawText()))],
            Released = released,
        };
    }

    private static void Write(Utf8JsonWriter json, SchemeColumn column)
    {
        json.WriteStartObject();
        json.WriteString("class", SchemeColumn.WordOf(column.Class));
        if (column.Hierarchy is { } hierarchy)
        {
            json.WriteStartArray("hierarchy");
            for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
            {
                json.WriteStartArray();
                for (var level = 0; level < hierarchy.Levels; level++)
                    json.WriteStringValue(hierarchy.Label(level, hierarchy.Group(leaf, level)));
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteNumber("level", column.Level);
        }

        json.WriteString("name", column.Name);
        if (column.Rule is { } rule)
            json.WriteString("rule", rule);
        json.WriteEndObject();
    }

    private static SchemeColumn ReadColumn(JsonElement json)
    {
        var name = json.GetProperty("name").GetString() ?? "";
        var kind = SchemeColumn.ClassOf(json.GetProperty("class").GetString()) ?? throw Unreadable($"The class of {name} is none that is known.").ToException();
        if (!json.TryGetProperty("hierarchy", out var lines))
            return new SchemeColumn(name, kind);
        var hierarchy = Hierarchy.Of(name, lines.EnumerateArray().Select(line => Texts(line)).ToArray());
        var level = json.GetProperty("level").GetInt32();
        if (level < 0 || level >= hierarchy.Levels)
            throw Unreadable(FormattableString.Invariant($"{name} has no level {level}.")).ToException();
        var rule = json.TryGetProperty("rule", out var text) ? text.GetString() : null;
        return rule is null || HierarchyRule.IsOne(rule) ? new SchemeColumn(name, kind) { Hierarchy = hierarchy, Level = level, Rule = rule } : throw Unreadable($"The rule of {name} is none that is known.").ToException();
    }

    private static void Write(Utf8JsonWriter json, ReleasedClasses released)
    {
        json.WriteStartObject("released");
        json.WriteStartArray("classes");
        foreach (var one in released.Classes)
        {
            json.WriteStartObject();
            json.WriteStartArray("counts");
            foreach (var counts in one.Counts)
                Write(json, counts);
            json.WriteEndArray();
            Write(json, "key", one.Key);
            json.WriteNumber("size", one.Size);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("records", released.Records);
        Write(json, "sensitive", released.Sensitive);
        json.WriteNumber("suppressed", released.Suppressed);
        json.WriteStartArray("values");
        foreach (var values in released.Values)
        {
            json.WriteStartArray();
            foreach (var value in values)
                json.WriteStringValue(value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("whole");
        foreach (var counts in released.Whole)
            Write(json, counts);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ReleasedClasses ReadReleased(JsonElement json, int keys)
    {
        var sensitive = Texts(json.GetProperty("sensitive"));
        var values = json.GetProperty("values").EnumerateArray().Select(one => (IReadOnlyList<string>)Texts(one)).ToArray();
        var whole = json.GetProperty("whole").EnumerateArray().Select(Numbers).ToArray();
        var classes = json.GetProperty("classes").EnumerateArray()
            .Select(one => new ReleasedClass(Texts(one.GetProperty("key")), one.GetProperty("size").GetInt32(), [.. one.GetProperty("counts").EnumerateArray().Select(Numbers)])).ToArray();
        var (records, suppressed) = (json.GetProperty("records").GetInt64(), json.GetProperty("suppressed").GetInt64());
        if (values.Length != sensitive.Length || whole.Length != sensitive.Length || records < 0 || suppressed < 0 || suppressed + classes.Sum(one => (long)one.Size) != records)
            throw Unreadable("Its released records do not add up.").ToException();
        for (var i = 0; i < sensitive.Length; i++)
        {
            if (whole[i].Length != values[i].Count || whole[i].Any(count => count < 0) || values[i].Distinct(StringComparer.Ordinal).Count() < values[i].Count || whole[i].Sum(one => (long)one) != records)
                throw Unreadable($"Its counts of {sensitive[i]} do not add up.").ToException();
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in classes)
        {
            if (!known.Add(ReleasedClass.Joined(one.Key)) || one.Key.Count != keys || one.Size < 1 || one.Counts.Count != sensitive.Length || one.Counts.Where((counts, a) => counts.Length > values[a].Count).Any() || one.Counts.Any(counts => counts.Any(count => count < 0) || counts.Sum(count => (long)count) != one.Size))
                throw Unreadable($"The class {string.Join(", ", one.Key)} does not add up.").ToException();
        }

        // Counts of a class end with the last value that it had been told of; later ones it has none of.
        return new ReleasedClasses(records, suppressed, sensitive, values, whole, classes);
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, int[] numbers)
    {
        json.WriteStartArray();
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static string[] Texts(JsonElement json) => [.. json.EnumerateArray().Select(one => one.GetString() ?? "")];

    private static int[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(one => one.GetInt32())];

    private static PrivacyRefusal Unreadable(string detail) =>
        new(PrivacyCodes.SchemeUnreadable, detail, "A scheme is what cityhub deidentify fit writes; it is changed by fitting again, not by hand.");
}
