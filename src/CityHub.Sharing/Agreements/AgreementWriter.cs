using System.Text.Json;
using System.Xml;
using CityHub.Core.Grains;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Requests;
using static CityHub.Sharing.Agreements.AgreementWords;

namespace CityHub.Sharing.Agreements;

/// <summary>
/// A grant as an ODRL Agreement in JSON-LD: one permission, whose constraints are what limits it and whose duties are what has to be done; handing on is prohibited unless it is
/// allowed. <see cref="AgreementReader"/> reads it back to the same grant.
/// </summary>
internal static class AgreementWriter
{
    public const string MediaType = "application/ld+json";

    public static void Write(Utf8JsonWriter json, Grant grant)
    {
        json.WriteStartObject();
        json.WriteStartArray("@context"u8);
        json.WriteStringValue(Context);
        json.WriteStartObject();
        json.WriteString("cityhub"u8, Own);
        json.WriteString("xsd"u8, "http://www.w3.org/2001/XMLSchema#");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("@type"u8, "Agreement");
        json.WriteString("uid"u8, $"{Named(GrantSpace, grant.Id)}:{grant.Version}");
        json.WriteString("profile"u8, Profile);
        json.WriteString("assigner"u8, Named(DepartmentSpace, grant.Provider));
        json.WriteString("assignee"u8, Named(DepartmentSpace, grant.Receiver));
        json.WriteString("target"u8, Named(DatasetSpace, grant.Dataset));
        Ours(json, "basis", grant.Basis);
        Ours(json, "request", grant.Request);
        Ours(json, "item", grant.Item);
        Ours(json, "state", GrantJson.Word(grant.State));
        Ours(json, "signedBy", grant.SignedBy);
        json.WriteStartArray("permission"u8);
        Permission(json, grant);
        json.WriteEndArray();
        if (!grant.Obligations.Onward)
        {
            json.WriteStartArray("prohibition"u8);
            json.WriteStartObject();
            json.WriteString("action"u8, "distribute");
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Permission(Utf8JsonWriter json, Grant grant)
    {
        json.WriteStartObject();
        GrantJson.Texts(json, "action"u8, Actions.Where(a => (grant.Rights & a.Right) != 0).Select(a => a.Action));
        json.WriteStartArray("constraint"u8);
        Constraint(json, "purpose", "isA", () => Reference(json, Named(PurposeSpace, grant.Purpose)));
        Constraint(json, "dateTime", "gteq", () => Typed(json, RoomHttp.Time(grant.From), "xsd:dateTime"));
        Constraint(json, "dateTime", "lt", () => Typed(json, RoomHttp.Time(grant.Until), "xsd:dateTime"));
        Constraint(json, Prefix + "mode", "isAnyOf", () => GrantJson.Words(json, "rightOperand"u8, grant.Modes));
        Limits(json, grant.Obligations);
        json.WriteEndArray();
        json.WriteStartArray("duty"u8);
        Duties(json, grant.Obligations);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Limits(Utf8JsonWriter json, Obligations bound)
    {
        if (bound.Fields is { } fields)
            Constraint(json, Prefix + "field", "isAnyOf", () => GrantJson.Texts(json, "rightOperand"u8, fields));
        foreach (var rule in bound.Rows.OrderBy(r => r.Field, StringComparer.Ordinal).ThenBy(r => r.Test).ThenBy(r => string.Join('\n', r.Values), StringComparer.Ordinal))
            Constraint(json, Prefix + "row", Tests.First(t => t.Test == rule.Test).Operator, () => GrantJson.Texts(json, "rightOperand"u8, rule.Values), of: rule.Field);
        if (bound.Grain.Time != TimeGrain.Instant)
            Constraint(json, Prefix + "grainOfTime", "gteq", () => json.WriteString("rightOperand"u8, GrantJson.Word(bound.Grain.Time)));
        if (bound.Grain.Space != SpaceGrain.Point)
            Constraint(json, Prefix + "grainOfSpace", "gteq", () => json.WriteString("rightOperand"u8, GrantJson.Word(bound.Grain.Space)));
        if (bound.Grain.Entity != EntityGrain.Individual)
            Constraint(json, Prefix + "grainOfEntity", "gteq", () => json.WriteString("rightOperand"u8, GrantJson.Word(bound.Grain.Entity)));
        if (bound.SmallestGroup != 0)
            Constraint(json, Prefix + "minimumGroupSize", "gteq", () => json.WriteNumber("rightOperand"u8, bound.SmallestGroup));
        if (bound.Epsilon is { } epsilon)
            Constraint(json, Prefix + "epsilon", "lteq", () => json.WriteNumber("rightOperand"u8, epsilon));
        AtMost(json, "rowsPerDay", bound.Quota.RowsPerDay);
        AtMost(json, "requestsPerDay", bound.Quota.RequestsPerDay);
        AtMost(json, "bytesPerDay", bound.Quota.BytesPerDay);
        if (bound.Expires is { } expires)
            Constraint(json, Prefix + "expires", "lt", () => Typed(json, RoomHttp.Time(expires), "xsd:dateTime"));
    }

    private static void Duties(Utf8JsonWriter json, Obligations bound)
    {
        foreach (var (field, kind) in bound.Masks)
            Duty(json, "anonymize", () => Constraint(json, Prefix + "mask", "eq", () => json.WriteString("rightOperand"u8, GrantJson.Word(kind)), of: field));
        if (bound.DestroyWithin is { } within)
            Duty(json, "delete", () => Constraint(json, "delayPeriod", "lteq", () => Typed(json, XmlConvert.ToString(within), "xsd:duration")));
        if (bound.TellSubject)
            Duty(json, "inform", () => Constraint(json, "recipient", "eq", () => Reference(json, Own + "subject")));
    }

    private static void Constraint(Utf8JsonWriter json, string left, string with, Action right, string? of = null)
    {
        json.WriteStartObject();
        json.WriteString("leftOperand"u8, left);
        if (of is not null)
            json.WriteString("cityhub:of"u8, of);
        json.WriteString("operator"u8, with);
        right();
        json.WriteEndObject();
    }

    private static void Duty(Utf8JsonWriter json, string action, Action constraint)
    {
        json.WriteStartObject();
        json.WriteString("action"u8, action);
        json.WriteStartArray("constraint"u8);
        constraint();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void AtMost(Utf8JsonWriter json, string name, long? most)
    {
        if (most is { } number)
            Constraint(json, Prefix + name, "lteq", () => json.WriteNumber("rightOperand"u8, number));
    }

    private static void Reference(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject("rightOperand"u8);
        json.WriteString("@id"u8, name);
        json.WriteEndObject();
    }

    private static void Typed(Utf8JsonWriter json, string value, string type)
    {
        json.WriteStartObject("rightOperand"u8);
        json.WriteString("@value"u8, value);
        json.WriteString("@type"u8, type);
        json.WriteEndObject();
    }

    private static void Ours(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
            json.WriteString(Prefix + name, text);
    }
}
