using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Standards.Mapping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Quality;

/// <summary>What the routes of quality stand on.</summary>
internal sealed class QualityRoom
{
    /// <param name="check">Looks into no other dataset: what a rule finds there would be an answer that no grant gives.</param>
    public QualityRoom(QualityBook book, DeliveryCheck check, TimeProvider clock, IOwners owners)
    {
        (Book, Check, Clock, Owners) = (book, check, clock, owners);
        Routes = new("quality-rules", "QualityRules", "qualityRules", "rules", book, owners)
        {
            Read = body => QualityRules.Read(body.Span),
            Declare = async (_, id, rules, by, taken) => Beyond(rules) is { } beyond ? beyond : await book.DeclareAsync(id, rules, by, taken),
            Unknown = QualityBook.UnknownRules,
        };
    }

    public QualityBook Book { get; }

    public DeliveryCheck Check { get; }

    public TimeProvider Clock { get; }

    public IOwners Owners { get; }

    public DeclaredRoutes<QualityRules> Routes { get; }

    /// <summary>Null: every dataset that a rule looks into is the department's own, or granted to it for that field.</summary>
    private Problem? Beyond(QualityRules rules)
    {
        foreach (var rule in rules.Rules)
            if (rule.Dataset is { } dataset && Owners.MayLook(new Lookup(Owners.DepartmentOf(rules.Owner) ?? "", dataset, rule.Purpose), rule.Looked) is { } refused)
                return QualityProblems.BeyondGrant.Because($"{rule.Id} looks into {dataset}. {refused.Detail}", refused.Hint ?? "Ask its provider for a grant of these fields.", refused.Rule);
        return null;
    }
}

internal static class QualityRoutes
{
    /// <summary>/standards/quality-rules and /standards/quality.</summary>
    public static IEndpointRouteBuilder MapQuality(this IEndpointRouteBuilder routes, QualityRoom room)
    {
        room.Routes.Map(routes);
        TryQualityRules.Map(routes, room);
        ShowQuality.Map(routes, room);
        return routes;
    }
}

/// <summary><c>POST /standards/quality-rules/{id}/try?dataset=…</c> with CSV: what the rules say of these rows, recorded nowhere.</summary>
internal static class TryQualityRules
{
    private const int MostBytes = 4 << 20;

    public static void Map(IEndpointRouteBuilder routes, QualityRoom room) =>
        routes.MapPost("/standards/quality-rules/{id}/try", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("TryQualityRules").WithSummary("What the rules say of rows in CSV (query: dataset, mapping, format), without recording it").WithTags("Standards");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, QualityRoom room)
    {
        if (!room.Routes.Known(http).TryGet(out var rules, out var problem))
            return problem;
        var (dataset, mapping) = (http.Request.Query["dataset"].ToString(), http.Request.Query["mapping"].ToString());
        if (!room.Owners.SchemaOf(http, dataset).TryGet(out var schema, out problem)
            || !(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out problem)
            || !CsvRows.Read(body.Span).TryGet(out var csv, out problem)
            || !room.Check.Check(csv, schema, new DeliveryTerms(dataset, room.Owners.DepartmentOf(new Owner(dataset, null)) ?? "", mapping.Length == 0 ? null : mapping, rules.Id, room.Clock.GetUtcNow())).TryGet(out var rows, out problem))
            return problem;
        await using (rows)
            while (await rows.NextAsync(http.RequestAborted) is not null)
            {
                // Judged while they go by.
            }

        var result = rows.Result;
        var feedback = QualityFeedback.Of(result.Faults, rules.What);
        if (http.Request.Query["format"] == "csv")
        {
            await RoomHttp.SendAsync(http, StatusCodes.Status200OK, "text/csv; charset=utf-8", feedback.ToCsv());
            return null;
        }

        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("rows"u8, result.Rows);
            json.WriteNumber("refused"u8, result.Refused);
            ShowQuality.WriteScores(json, result.Scores, result.Score);
            json.WritePropertyName("feedback"u8);
            json.WriteRawValue(feedback.ToJson());
            json.WriteEndObject();
        });
        return null;
    }
}

/// <summary><c>GET /standards/quality/{dataset}</c>: what its deliveries were found to be; <c>…/dqv</c>: the last one as JSON-LD.</summary>
internal static class ShowQuality
{
    public static void Map(IEndpointRouteBuilder routes, QualityRoom room)
    {
        routes.MapGet("/standards/quality/{dataset}", RoomHttp.Handle(http => HistoryAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ShowQuality").WithSummary("What the deliveries of a dataset were found to be, newest first (limit)").WithTags("Standards");
        routes.MapGet("/standards/quality/{dataset}/dqv", RoomHttp.Handle(http => DqvAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("DescribeQuality").WithSummary("The quality of a dataset after W3C DQV, as JSON-LD").WithTags("Standards");
    }

    public static void WriteScores(Utf8JsonWriter json, IReadOnlyDictionary<string, double> scores, double? score)
    {
        json.WriteStartObject("scores"u8);
        foreach (var name in Dimensions.Names)
            if (scores.TryGetValue(name, out var one))
                json.WriteNumber(name, one);
        json.WriteEndObject();
        if (score is { } all)
            json.WriteNumber("score"u8, all);
    }

    private static async ValueTask<Problem?> HistoryAsync(HttpContext http, QualityRoom room)
    {
        if (!StandardsRoom.Http.Page(http).TryGet(out var page, out var problem) || !Known(http, room).TryGet(out var dataset, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("dataset"u8, dataset);
            json.WriteStartArray("deliveries"u8);
            foreach (var judged in room.Book.History(dataset).Reverse().Take(page.Limit))
            {
                json.WriteStartObject();
                json.WriteString("at"u8, RoomHttp.Time(judged.At));
                json.WriteString("asOf"u8, RoomHttp.Time(judged.AsOf));
                if (judged.Rules is { } rules)
                {
                    json.WriteString("rules"u8, rules);
                    json.WriteNumber("rulesVersion"u8, judged.RulesVersion);
                }

                json.WriteNumber("rows"u8, judged.Rows);
                json.WriteNumber("refused"u8, judged.Refused);
                WriteScores(json, judged.Scores, judged.Score);
                json.WriteStartObject("counts"u8);
                foreach (var (rule, count) in judged.Counts)
                    json.WriteNumber(rule, count);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> DqvAsync(HttpContext http, QualityRoom room)
    {
        if (!Known(http, room).TryGet(out var dataset, out var problem))
            return problem;
        if (room.Book.History(dataset) is not [.., var last])
            return QualityProblems.Unknown.Because($"No delivery of {dataset} was judged yet.", "It is judged when it is delivered.");
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer))
            DqvWriter.Write(json, $"{http.Request.Scheme}://{http.Request.Host}/catalog/datasets/{Uri.EscapeDataString(dataset)}", last);
        await RoomHttp.SendAsync(http, StatusCodes.Status200OK, "application/ld+json", buffer.WrittenMemory);
        return null;
    }

    // Who may not know of a dataset hears the same as of one that is not there.
    private static Result<string> Known(HttpContext http, QualityRoom room)
    {
        var dataset = http.Request.RouteValues["dataset"] as string ?? "";
        return room.Owners.SchemaOf(http, dataset).Map(_ => dataset);
    }
}
