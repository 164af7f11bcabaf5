using System.Collections.Immutable;
using System.Text.Json;
using System.Xml;
using CityHub.Core.Grains;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Access;

/// <summary>Obligations as JSON: in facts, in requests, in answers. What is neutral is not written.</summary>
public static class ObligationsJson
{
    public static void Write(Utf8JsonWriter json, Obligations obligations)
    {
        json.WriteStartObject();
        if (obligations.Fields is { } fields)
            WriteTexts(json, "fields", fields);
        if (!obligations.Rows.IsEmpty)
        {
            json.WriteStartArray("rows"u8);
            foreach (var rule in obligations.Rows.OrderBy(r => r.Field, StringComparer.Ordinal).ThenBy(r => r.Test).ThenBy(r => string.Join('\n', r.Values), StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("field"u8, rule.Field);
                json.WriteString("test"u8, Refusals.Name(rule.Test));
                WriteTexts(json, "values", rule.Values);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (obligations.Grain != Grain.Finest)
        {
            json.WriteStartObject("grain"u8);
            json.WriteString("time"u8, Refusals.Name(obligations.Grain.Time));
            json.WriteString("space"u8, Refusals.Name(obligations.Grain.Space));
            json.WriteString("entity"u8, Refusals.Name(obligations.Grain.Entity));
            json.WriteEndObject();
        }

        if (!obligations.Masks.IsEmpty)
        {
            json.WriteStartObject("masks"u8);
            foreach (var (field, kind) in obligations.Masks)
                json.WriteString(field, Refusals.Name(kind));
            json.WriteEndObject();
        }

        if (obligations.SmallestGroup != 0)
            json.WriteNumber("smallestGroup"u8, obligations.SmallestGroup);
        if (obligations.Epsilon is { } epsilon)
            json.WriteNumber("epsilon"u8, epsilon);
        if (obligations.Quota != Quota.None)
        {
            json.WriteStartObject("quota"u8);
            WriteNumber(json, "rowsPerDay", obligations.Quota.RowsPerDay);
            WriteNumber(json, "requestsPerDay", obligations.Quota.RequestsPerDay);
            WriteNumber(json, "bytesPerDay", obligations.Quota.BytesPerDay);
            json.WriteEndObject();
        }

        if (obligations.Expires is { } expires)
            json.WriteString("expires"u8, Http.RoomHttp.Time(expires));
        if (obligations.DestroyWithin is { } within)
            json.WriteString("destroyWithin"u8, XmlConvert.ToString(within));
        if (!obligations.Onward)
            json.WriteBoolean("onward"u8, false);
        if (obligations.TellSubject)
            json.WriteBoolean("tellSubject"u8, true);
        json.WriteEndObject();
    }

    /// <summary>A member that is not known is refused: an obligation that is not understood cannot be kept.</summary>
    public static Result<Obligations> Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return No("obligations are an object");
        var read = Obligations.Nothing;
        try
        {
            foreach (var member in json.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "fields": read = read with { Fields = [.. Texts(value)] }; break;
                    case "rows": read = read with { Rows = [.. value.EnumerateArray().Select(Rule)] }; break;
                    case "grain": read = read with { Grain = new(One<TimeGrain>(value, "time"), One<SpaceGrain>(value, "space"), One<EntityGrain>(value, "entity")) }; break;
                    case "masks": read = read with { Masks = value.EnumerateObject().ToImmutableSortedDictionary(m => m.Name, m => Parse<MaskKind>(m.Value.GetString())) }; break;
                    case "smallestGroup": read = read with { SmallestGroup = value.GetInt32() }; break;
                    case "epsilon": read = read with { Epsilon = value.GetDouble() }; break;
                    case "quota": read = read with { Quota = new(Number(value, "rowsPerDay"), Number(value, "requestsPerDay"), Number(value, "bytesPerDay")) }; break;
                    case "expires": read = read with { Expires = value.GetDateTimeOffset().ToUniversalTime() }; break;
                    case "destroyWithin": read = read with { DestroyWithin = XmlConvert.ToTimeSpan(value.GetString() ?? "") }; break;
                    case "onward": read = read with { Onward = value.GetBoolean() }; break;
                    case "tellSubject": read = read with { TellSubject = value.GetBoolean() }; break;
                    default: return No($"there is no obligation {member.Name}");
                }
            }
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            return No(wrong.Message);
        }

        return read.SmallestGroup < 0 || read.Epsilon is <= 0 || read.DestroyWithin < TimeSpan.Zero ? No("an obligation is less than nothing") : read;
    }

    private static RowRule Rule(JsonElement rule) => new(rule.GetProperty("field"u8).GetString() ?? "", Parse<RowTest>(rule.GetProperty("test"u8).GetString()), [.. Texts(rule.GetProperty("values"u8))]);

    private static IEnumerable<string> Texts(JsonElement texts) => texts.EnumerateArray().Select(text => text.GetString() ?? throw new FormatException("a name is a text"));

    private static T One<T>(JsonElement json, string name)
        where T : struct, Enum => json.TryGetProperty(name, out var value) ? Parse<T>(value.GetString()) : default;

    private static T Parse<T>(string? text)
        where T : struct, Enum => Enum.TryParse<T>(text, ignoreCase: true, out var value) && Refusals.Name(value) == text ? value : throw new FormatException($"{text} is no {typeof(T).Name}");

    private static long? Number(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static Problem No(string why) => SharingProblems.BadRequest.Because($"The obligations were not understood: {why}.",
        "fields, rows, grain, masks, smallestGroup, epsilon, quota, expires, destroyWithin, onward, tellSubject; see how decisions work.");
}
