using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Requests;

/// <summary>Grants as JSON: in facts, and on the wire.</summary>
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
        if (grant.Persons is { } persons)
            Texts(json, "persons"u8, persons);
        Words(json, "rights"u8, grant.Rights);
        json.WriteString("purpose"u8, grant.Purpose);
        Words(json, "modes"u8, grant.Modes);
        json.WritePropertyName("obligations"u8);
        ObligationsJson.Write(json, grant.Obligations);
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
        Persons = json.TryGetProperty("persons"u8, out var persons) ? ImmutableSortedSet.CreateRange(StringComparer.Ordinal, Strings(persons)) : null,
        Rights = Flags<Rights>(json.GetProperty("rights"u8)).Value,
        Purpose = Text(json, "purpose"),
        Modes = Flags<DeliveryModes>(json.GetProperty("modes"u8)).Value,
        Obligations = ObligationsJson.Read(json.GetProperty("obligations"u8)).Value,
        From = Time(json, "from"),
        Until = Time(json, "until"),
        Basis = Text(json, "basis"),
        Item = Optional(json, "item"),
        State = Enum.Parse<GrantState>(Text(json, "state"), ignoreCase: true),
        SignedBy = Text(json, "signedBy"),
    };

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
}
