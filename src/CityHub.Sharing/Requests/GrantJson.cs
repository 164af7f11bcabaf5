using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Requests;

/// <summary>Grants and their obligations as JSON: in facts, and on the wire.</summary>
internal static class GrantJson
{
    public static void Write(Utf8JsonWriter json, Grant grant)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, grant.Id);
        json.WriteNumber("version"u8, grant.Version);
        if (grant.Request is { } request)
            json.WriteString("request"u8, request);
        json.WriteString("dataset"u8, grant.Dataset);
        json.WriteString("provider"u8, grant.Provider);
        json.WriteString("receiver"u8, grant.Receiver);
        Words(json, "rights"u8, grant.Rights);
        json.WriteString("purpose"u8, grant.Purpose);
        Words(json, "modes"u8, grant.Modes);
        json.WritePropertyName("obligations"u8);
        Write(json, grant.Obligations);
        json.WriteString("from"u8, RoomHttp.Time(grant.From));
        json.WriteString("until"u8, RoomHttp.Time(grant.Until));
        json.WriteString("basis"u8, grant.Basis);
        if (grant.Item is { } item)
            json.WriteString("item"u8, item);
        json.WriteString("state"u8, Word(grant.State));
        json.WriteString("signedBy"u8, grant.SignedBy);
        json.WriteEndObject();
    }

    public static Grant Read(JsonElement json) => new()
    {
        Id = Text(json, "id"),
        Version = json.GetProperty("version"u8).GetInt32(),
        Request = Optional(json, "request"),
        Dataset = Text(json, "dataset"),
        Provider = Text(json, "provider"),
        Receiver = Text(json, "receiver"),
        Rights = Flags<Rights>(json.GetProperty("rights"u8)).Value,
        Purpose = Text(json, "purpose"),
        Modes = Flags<DeliveryModes>(json.GetProperty("modes"u8)).Value,
        Obligations = ReadObligations(json.GetProperty("obligations"u8)).Value,
        From = Time(json, "from"),
        Until = Time(json, "until"),
        Basis = Text(json, "basis"),
        Item = Optional(json, "item"),
        State = Enum.Parse<GrantState>(Text(json, "state"), ignoreCase: true),
        SignedBy = Text(json, "signedBy"),
    };

    public static void Write(Utf8JsonWriter json, Obligations of)
    {
        json.WriteStartObject();
        if (of.Fields is { } fields)
            Texts(json, "fields"u8, fields);
        if (of.Rows.Count > 0)
        {
            json.WriteStartArray("rows"u8);
            foreach (var rule in of.Rows.OrderBy(r => r.Field, StringComparer.Ordinal).ThenBy(r => r.Test).ThenBy(r => string.Join('\n', r.Values), StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("field"u8, rule.Field);
                json.WriteString("test"u8, Word(rule.Test));
                Texts(json, "values"u8, rule.Values);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (of.Grain != Grain.Finest)
        {
            json.WriteStartObject("grain"u8);
            json.WriteString("time"u8, Word(of.Grain.Time));
            json.WriteString("space"u8, Word(of.Grain.Space));
            json.WriteString("entity"u8, Word(of.Grain.Entity));
            json.WriteEndObject();
        }

        if (of.Masks.Count > 0)
        {
            json.WriteStartObject("masks"u8);
            foreach (var (field, kind) in of.Masks)
                json.WriteString(field, Word(kind));
            json.WriteEndObject();
        }

        if (of.SmallestGroup > 0)
            json.WriteNumber("smallestGroup"u8, of.SmallestGroup);
        if (of.Epsilon is { } epsilon)
            json.WriteNumber("epsilon"u8, epsilon);
        if (of.Quota != Quota.None)
        {
            json.WriteStartObject("quota"u8);
            if (of.Quota.RowsPerDay is { } rows)
                json.WriteNumber("rowsPerDay"u8, rows);
            if (of.Quota.RequestsPerDay is { } requests)
                json.WriteNumber("requestsPerDay"u8, requests);
            if (of.Quota.BytesPerDay is { } bytes)
                json.WriteNumber("bytesPerDay"u8, bytes);
            json.WriteEndObject();
        }

        if (of.Expires is { } expires)
            json.WriteString("expires"u8, RoomHttp.Time(expires));
        if (of.DestroyWithin is { } within)
            json.WriteNumber("destroyWithinDays"u8, within.TotalDays);
        if (!of.Onward)
            json.WriteBoolean("onward"u8, false);
        if (of.TellSubject)
            json.WriteBoolean("tellSubject"u8, true);
        if (of.Canaries > 0)
            json.WriteNumber("canaries"u8, of.Canaries);
        if (of.Watermark)
            json.WriteBoolean("watermark"u8, true);
        json.WriteEndObject();
    }

    /// <summary>An obligation that this hub does not know is refused: what cannot be executed must not be granted.</summary>
    public static Result<Obligations> ReadObligations(JsonElement json)
    {
        var of = new Obligations();
        try
        {
            foreach (var member in json.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "fields": of = of with { Fields = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, Strings(value)) }; break;
                    case "rows": of = of with { Rows = [.. value.EnumerateArray().Select(r => new RowRule(Text(r, "field"), Parse<RowTest>(Text(r, "test")), [.. Strings(r.GetProperty("values"u8))]))] }; break;
                    case "grain": of = of with { Grain = new Grain(Parse<TimeGrain>(Text(value, "time")), Parse<SpaceGrain>(Text(value, "space")), Parse<EntityGrain>(Text(value, "entity"))) }; break;
                    case "masks": of = of with { Masks = value.EnumerateObject().ToImmutableSortedDictionary(m => m.Name, m => Parse<MaskKind>(m.Value.GetString() ?? ""), StringComparer.Ordinal) }; break;
                    case "smallestGroup": of = of with { SmallestGroup = value.GetInt32() }; break;
                    case "epsilon": of = of with { Epsilon = value.GetDouble() }; break;
                    case "quota": of = of with { Quota = new Quota(Number(value, "rowsPerDay"), Number(value, "requestsPerDay"), Number(value, "bytesPerDay")) }; break;
                    case "expires": of = of with { Expires = value.GetDateTimeOffset() }; break;
                    case "destroyWithinDays": of = of with { DestroyWithin = TimeSpan.FromDays(value.GetDouble()) }; break;
                    case "onward": of = of with { Onward = value.GetBoolean() }; break;
                    case "tellSubject": of = of with { TellSubject = value.GetBoolean() }; break;
                    case "canaries": of = of with { Canaries = value.GetInt32() }; break;
                    case "watermark": of = of with { Watermark = value.GetBoolean() }; break;
                    default: return RequestProblems.Unusable($"\"{member.Name}\" is no obligation of this hub.");
                }
            }
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException or OverflowException)
        {
            return RequestProblems.Unusable($"The obligations cannot be read: {e.Message}");
        }

        return of.SmallestGroup < 0 || of.Epsilon is <= 0 || of.DestroyWithin < TimeSpan.Zero || of.Canaries < 0 ? RequestProblems.Unusable("An obligation is less than nothing.") : of;
    }

    /// <summary>The single flags of a set, in words.</summary>
    public static void Words<T>(Utf8JsonWriter json, ReadOnlySpan<byte> name, T flags)
        where T : struct, Enum
    {
        json.WriteStartArray(name);
        foreach (var flag in Enum.GetValues<T>())
            if (Convert.ToInt32(flag, CultureInfo.InvariantCulture) != 0 && flags.HasFlag(flag))
                json.WriteStringValue(Word(flag));
        json.WriteEndArray();
    }

    public static Result<T> Flags<T>(JsonElement array)
        where T : struct, Enum
    {
        var sum = 0;
        if (array.ValueKind != JsonValueKind.Array)
            return RequestProblems.Missing($"a list of {string.Join(", ", Enum.GetNames<T>().Skip(1)).ToLowerInvariant()}");
        foreach (var word in array.EnumerateArray())
        {
            if (word.ValueKind != JsonValueKind.String || !Enum.TryParse<T>(word.GetString(), ignoreCase: true, out var flag) || !Enum.IsDefined(flag))
                return RequestProblems.Missing($"{word} is none of {string.Join(", ", Enum.GetNames<T>().Skip(1)).ToLowerInvariant()}");
            sum |= Convert.ToInt32(flag, CultureInfo.InvariantCulture);
        }

        return (T)Enum.ToObject(typeof(T), sum);
    }

    /// <summary>smallestGroup rather than SmallestGroup.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    public static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static IEnumerable<string> Strings(JsonElement array) => array.EnumerateArray().Select(t => t.GetString() ?? "");

    public static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";

    public static string? Optional(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static DateTimeOffset Time(JsonElement json, string name) => json.GetProperty(name).GetDateTimeOffset();

    private static long? Number(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static T Parse<T>(string word)
        where T : struct, Enum => Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : throw new FormatException($"{word} is no {typeof(T).Name}.");
}
