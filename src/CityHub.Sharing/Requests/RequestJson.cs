using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>Requests as JSON: what comes in, what stands in facts, what is shown.</summary>
internal static class RequestJson
{
    private static readonly string[] Members = ["dataset", "fields", "purpose", "basis", "scene", "scope", "necessity", "modes", "rights", "until", "area", "onGrant"];

    /// <summary>Says everything that is missing at once, as it is asked of departments.</summary>
    public static Result<Wanted> ReadWanted(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return SharingProblems.BadRequest.Because("The body is not a JSON object.", "Send an object with dataset, fields, purpose, basis, scene, scope, necessity, modes and until.", "decree 809, art. 20");
        foreach (var member in json.EnumerateObject())
            if (!Members.Contains(member.Name))
                return RequestProblems.Missing($"{member.Name} is no member of a request; there are {string.Join(", ", Members)}");
        var missing = new List<string>();
        string Need(string name)
        {
            var text = GrantJson.Optional(json, name)?.Trim() ?? "";
            if (text.Length == 0)
                missing.Add(name);
            return text;
        }

        var (dataset, purpose, basis, scene, scope, necessity) = (Need("dataset"), Need("purpose"), Need("basis"), Need("scene"), Need("scope"), Need("necessity"));
        List<string> fields = json.TryGetProperty("fields"u8, out var list) && list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(f => f.ValueKind == JsonValueKind.String)
            ? [.. GrantJson.Strings(list).Distinct(StringComparer.Ordinal)]
            : [];
        if (fields.Count == 0)
            missing.Add("fields");
        Rights? rights = Rights.Obtain | Rights.Use;
        DeliveryModes modes = DeliveryModes.None;
        if (json.TryGetProperty("modes"u8, out var some) && GrantJson.Flags<DeliveryModes>(some).TryGet(out var read, out _))
            modes = read;
        if (modes == DeliveryModes.None)
            missing.Add("modes");
        if (json.TryGetProperty("rights"u8, out var wanted))
            rights = GrantJson.Flags<Rights>(wanted).TryGet(out var r, out _) && r != Rights.None ? r : null;
        if (rights is null)
            missing.Add("rights");
        var until = default(DateTimeOffset);
        if (!json.TryGetProperty("until"u8, out var end) || end.ValueKind != JsonValueKind.String || !end.TryGetDateTimeOffset(out until))
            missing.Add("until");
        if (missing.Count > 0)
            return RequestProblems.Missing(string.Join(", ", missing));
        return new Wanted
        {
            Dataset = dataset,
            Fields = fields,
            Purpose = purpose,
            Basis = basis,
            Scene = scene,
            Scope = scope,
            Necessity = necessity,
            Modes = modes,
            Rights = rights ?? Rights.None,
            Until = until,
            Area = GrantJson.Optional(json, "area"),
            OnGrant = GrantJson.Optional(json, "onGrant"),
        };
    }

    public static void Write(Utf8JsonWriter json, Wanted wanted)
    {
        json.WriteStartObject();
        json.WriteString("dataset"u8, wanted.Dataset);
        GrantJson.Texts(json, "fields"u8, wanted.Fields);
        json.WriteString("purpose"u8, wanted.Purpose);
        json.WriteString("basis"u8, wanted.Basis);
        json.WriteString("scene"u8, wanted.Scene);
        json.WriteString("scope"u8, wanted.Scope);
        json.WriteString("necessity"u8, wanted.Necessity);
        GrantJson.Words(json, "modes"u8, wanted.Modes);
        GrantJson.Words(json, "rights"u8, wanted.Rights);
        json.WriteString("until"u8, RoomHttp.Time(wanted.Until));
        if (wanted.Area is { } area)
            json.WriteString("area"u8, area);
        if (wanted.OnGrant is { } grant)
            json.WriteString("onGrant"u8, grant);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, string name, Deadline? deadline)
    {
        if (deadline is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("article"u8, deadline.Article);
        json.WriteString("profile"u8, deadline.Profile);
        json.WriteString("began"u8, RoomHttp.Time(deadline.Began));
        json.WriteString("due"u8, RoomHttp.Time(deadline.Due));
        json.WriteBoolean("extendable"u8, deadline.Extendable);
        json.WriteEndObject();
    }

    public static Deadline? ReadDeadline(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
        ? new Deadline(
            GrantJson.Text(value, "article"), GrantJson.Text(value, "profile"), GrantJson.Time(value, "began"), GrantJson.Time(value, "due"), value.GetProperty("extendable"u8).GetBoolean())
        : null;

    public static void Write(Utf8JsonWriter json, string name, Owner owner)
    {
        json.WriteStartObject(name);
        json.WriteString("department"u8, owner.Department);
        json.WriteString("role"u8, GrantJson.Word(owner.Role));
        json.WriteString("person"u8, owner.Person);
        json.WriteEndObject();
    }

    public static Owner? ReadOwner(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
        ? new Owner(GrantJson.Text(value, "department"), Enum.Parse<Roles>(GrantJson.Text(value, "role"), ignoreCase: true), GrantJson.Text(value, "person"))
        : null;

    public static IEnumerable<Document> ReadDocuments(JsonElement json) =>
        json.TryGetProperty("documents"u8, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(d => new Document(GrantJson.Text(d, "name"), GrantJson.Text(d, "sha256")))
            : [];
}
