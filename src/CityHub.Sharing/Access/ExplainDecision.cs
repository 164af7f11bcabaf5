using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary><c>GET /sharing/decisions/explain</c>: what would be decided, and each test on the way.</summary>
internal static class ExplainDecision
{
    private static readonly string[] Known = ["department", "right", "dataset", "purpose", "mode", "fields", "area", "from", "to", "grant"];

    public static void Map(IEndpointRouteBuilder routes, AccessRoom room) =>
        routes.MapGet("/sharing/decisions/explain", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ExplainDecision").WithSummary("What would be decided on an ask, with every test of every grant of the asker").WithTags("Decisions");

    public static void Write(Utf8JsonWriter json, DecisionTrace trace)
    {
        json.WriteStartObject();
        WriteDecision(json, trace.Decision);
        Write(json, "summary", trace.Summary);
        Write(json, "before", trace.Before);
        json.WriteStartArray("grants"u8);
        foreach (var grant in trace.Grants)
        {
            json.WriteStartObject();
            json.WriteString("grant"u8, grant.Grant);
            json.WriteNumber("version"u8, grant.Version);
            json.WriteBoolean("permits"u8, grant.Permits);
            Write(json, "tests", grant.Tests);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteDecision(Utf8JsonWriter json, Decision decision)
    {
        json.WriteString("answer"u8, decision is Permit ? "permit" : "refuse");
        switch (decision)
        {
            case Permit permit:
                json.WriteString("grant"u8, permit.Grant.Id);
                json.WritePropertyName("obligations"u8);
                ObligationsJson.Write(json, permit.Obligations);
                break;
            case Refuse refuse:
                WriteRefuse(json, refuse);
                break;
        }
    }

    public static void WriteRefuse(Utf8JsonWriter json, Refuse refuse)
    {
        json.WriteString("code"u8, refuse.Code);
        json.WriteString("rule"u8, refuse.Rule);
        json.WriteString("why"u8, refuse.Why);
        json.WriteString("wayForward"u8, refuse.WayForward);
    }

    public static T? Flag<T>(string text)
        where T : struct, Enum => Enum.TryParse<T>(text, ignoreCase: true, out var value) && Refusals.Name(value) == text && Enum.IsDefined(value) ? value : null;

    private static void Write(Utf8JsonWriter json, string name, ImmutableArray<TracedTest> tests)
    {
        json.WriteStartArray(name);
        foreach (var test in tests)
        {
            json.WriteStartObject();
            json.WriteString("test"u8, test.Test);
            json.WriteBoolean("passed"u8, test.Passed);
            Write(json, "said", test.Said);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, Words words)
    {
        json.WriteStartObject(name);
        json.WriteString("zh"u8, words.Zh);
        json.WriteString("en"u8, words.En);
        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, AccessRoom room)
    {
        if (!ForDepartment.Of(http).TryGet(out var caller, out var problem) || !Read(http.Request.Query, caller).TryGet(out var ask, out problem))
            return problem;
        var trace = Decider.Explain(ask, room.Grants, room.Catalogue, room.Purposes.Tree, room.Clock.GetUtcNow());
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, trace));
        return null;
    }

    private static Result<Ask> Read(IQueryCollection query, Caller caller)
    {
        foreach (var name in query.Keys)
            if (!Known.Contains(name))
                return SharingProblems.BadRequest.Because($"{name} is no parameter here.", $"There are {string.Join(", ", Known)}.");
        if (query["dataset"].ToString() is not { Length: > 0 } dataset || query["purpose"].ToString() is not { Length: > 0 } purpose)
            return SharingProblems.BadRequest.Because("dataset and purpose are missing.", "Say which dataset, and for which purpose.");
        if (Flag<Rights>(query["right"].ToString()) is not { } right || (Flag<DeliveryModes>(query["mode"].ToString()) ?? (right == Rights.Collect ? DeliveryModes.None : null)) is not { } mode)
            return SharingProblems.BadRequest.Because("right or mode is none that is known.", "right: collect, obtain, use; mode: api, batch, file, subscription, verify, enclave, joint.");
        if (!Time(query["from"].ToString(), out var from) || !Time(query["to"].ToString(), out var to))
            return SharingProblems.BadRequest.Because("from or to is no instant.", "ISO 8601 with an offset, as 2026-01-01T00:00:00+08:00.");
        return new Ask(caller, right, dataset, purpose, mode)
        {
            Fields = query["fields"].ToString() is { Length: > 0 } fields ? [.. fields.Split(',')] : null,
            Area = query["area"].ToString() is { Length: > 0 } area ? area : null,
            Grant = query["grant"].ToString() is { Length: > 0 } grant ? grant : null,
            From = from,
            To = to,
        };
    }

    private static bool Time(string text, out DateTimeOffset? at)
    {
        at = null;
        if (text.Length == 0)
            return true;
        var read = DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant);
        at = instant;
        return read;
    }
}
