using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;

namespace CityHub.Sharing.Access;

/// <summary>Purposes and their changes as JSON.</summary>
internal static class PurposeJson
{
    public static void Write(Utf8JsonWriter json, Purpose purpose)
    {
        json.WriteStartObject();
        WriteMembers(json, purpose);
        json.WriteNumber("version"u8, purpose.Version);
        json.WriteBoolean("withdrawn"u8, purpose.Withdrawn);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, Purpose purpose)
    {
        json.WriteString("code"u8, purpose.Code);
        json.WriteString("zh"u8, purpose.Name.Zh);
        json.WriteString("en"u8, purpose.Name.En);
        json.WriteString("basis"u8, purpose.Basis);
        json.WritePropertyName("obligations"u8);
        ObligationsJson.Write(json, purpose.Obligations);
    }

    public static void Write(Utf8JsonWriter json, PurposeChange change)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, change.Id);
        json.WriteString("kind"u8, Refusals.Name(change.Kind));
        json.WriteString("state"u8, Refusals.Name(change.State));
        json.WriteString("proposedBy"u8, change.ProposedBy);
        json.WriteString("proposedAt"u8, RoomHttp.Time(change.ProposedAt));
        if (change.DecidedBy is { } by)
            json.WriteString("decidedBy"u8, by);
        if (change.Reason is { } reason)
            json.WriteString("reason"u8, reason);
        json.WritePropertyName("purpose"u8);
        Write(json, change.Purpose);
        json.WriteEndObject();
    }

    public static Result<Purpose> Read(JsonElement json)
    {
        var obligations = Obligations.Nothing;
        if (json.TryGetProperty("obligations"u8, out var bound) && !ObligationsJson.Read(bound).TryGet(out obligations, out var problem))
            return problem;
        return new Purpose(Text(json, "code"), new(Text(json, "zh"), Text(json, "en")), Text(json, "basis"), obligations);
    }

    public static string Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
}
