using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Deliveries;

/// <summary>
/// <c>PUT /datasets/{id}/deliveries</c> (text/csv or application/x-ndjson, read as it comes), <c>POST /datasets/{id}/corrections</c>, and what became of them:
/// <c>GET /datasets/{id}/deliveries</c>, <c>…/{position}/faults</c>, <c>/datasets/{id}/lineage</c>.
/// </summary>
internal static class DeliverRows
{
    public static IEndpointRouteBuilder MapDeliveries(this IEndpointRouteBuilder routes, DeliveryRoom room, IntakeLimits? limits = null)
    {
        limits ??= new IntakeLimits();
        routes.MapPut("/datasets/{id}/deliveries", RoomHttp.Handle(http => TakeAsync(http, room, limits, correction: false))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("DeliverRows").WithSummary("Deliver rows of a dataset as CSV or JSON lines").WithTags("Deliveries");
        routes.MapPost("/datasets/{id}/corrections", RoomHttp.Handle(http => TakeAsync(http, room, limits, correction: true))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("CorrectRows").WithSummary("Correct rows: those with a known key take the place of the older ones").WithTags("Deliveries");
        routes.MapPost("/datasets/{id}/deliveries/nothing", RoomHttp.Handle(http => NothingAsync(http, room))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("DeclareNothing").WithSummary("Say that in this period there is nothing to deliver").WithTags("Deliveries");
        routes.MapGet("/datasets/{id}/deliveries", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListDeliveries").WithSummary("What was delivered, newest first, and what comes in now").WithTags("Deliveries");
        routes.MapGet("/datasets/{id}/deliveries/{position:long}/faults", RoomHttp.Handle(http => FaultsAsync(http, room))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("ListDeliveryFaults").WithSummary("The rows that were refused or found wanting, for the department that delivered them").WithTags("Deliveries");
        routes.MapGet("/datasets/{id}/lineage", RoomHttp.Handle(http => LineageAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetLineage").WithSummary("Sources, deliveries and versions of a dataset (PROV)").WithTags("Deliveries");
        return routes;
    }

    private static async ValueTask<Problem?> TakeAsync(HttpContext http, DeliveryRoom room, IntakeLimits limits, bool correction)
    {
        if (!Mine(http, room).TryGet(out var dataset, out var problem) || !Read(http, dataset.Id, correction).TryGet(out var delivery, out problem))
            return problem;
        if (http.Request.ContentLength > limits.MostBytes)
            return SharingProblems.TooLarge.Because($"The delivery is larger than {limits.MostBytes} bytes.", "Deliver it in parts: the first replaces, the others append.");
        if (!Digest(http).TryGet(out var announced, out problem))
            return problem;
        using var bytes = new IntakeBytes(http.Request.BodyReader, limits);
        if (!(await OpenAsync(http, bytes, dataset, delivery)).TryGet(out var rows, out problem))
            return problem;
        await using var intake = rows;
        using var arriving = room.Arriving(new Arrival(dataset.Id, delivery.By, room.Now, () => (intake.Rows, intake.BytesRead)));
        var taken = await room.DeliverAsync(delivery, intake, () => SourceOf(delivery.Source, intake, announced), correction, http.RequestAborted);
        if (!taken.TryGet(out var outcome, out problem))
            return problem;
        RoomHttp.Receipted(http, outcome.Position);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, outcome));
        return null;
    }

    /// <summary>Silence keeps no promise; an officer's word that nothing happened does.</summary>
    private static async ValueTask<Problem?> NothingAsync(HttpContext http, DeliveryRoom room)
    {
        if (!Mine(http, room).TryGet(out var dataset, out var problem) || !(await StepBody.ReadAsync(http)).TryGet(out var body, out problem))
            return problem;
        if (body.Text("why") is not { Length: > 0 and <= 500 } why)
            return SharingProblems.BadRequest.Because("why is missing, or longer than 500 characters.", "Say why nothing happened in this period; the fact keeps it, so name nobody.", "decree 809, arts 18, 38");
        if (!(await room.Book.NothingAsync(new NothingToDeliver(dataset.Id, why, SharingHttp.CallerOf(http).Person))).TryGet(out _, out problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    /// <summary>The name that was given and the hash of what came, which has to be the one that was announced.</summary>
    private static Result<string> SourceOf(string name, Intake intake, string announced)
    {
        var hash = intake.Sha256();
        if (announced.Length > 0 && announced != hash)
            return DeliveryProblems.DigestWrong.Because($"Content-Digest announced {announced}, and {hash} arrived.", "Send it again: something was lost or changed on the way.", "RFC 9530");
        return $"{name}#sha256:{hash}";
    }

    private static async ValueTask<Result<Intake>> OpenAsync(HttpContext http, IntakeBytes bytes, Dataset dataset, Delivery delivery)
    {
        switch ((http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant())
        {
            case "text/csv":
                var delimiter = http.Request.Query["delimiter"].ToString() is { Length: 1 } given && char.IsAscii(given[0]) ? (byte)given[0] : (byte)',';
                return (await CsvIntake.OpenAsync(bytes, delimiter, http.RequestAborted)).TryGet(out var csv, out var problem) ? csv : problem;
            case "application/x-ndjson" or "application/jsonl" or "application/ndjson":
                var columns = delivery.Mapping is null ? dataset.Fields.Select(f => f.Name).ToList() : null;
                return (await JsonLinesIntake.OpenAsync(bytes, columns, http.RequestAborted)).TryGet(out var lines, out problem) ? lines : problem;
            default:
                return DeliveryProblems.Unreadable.Because($"Content-Type is {http.Request.ContentType ?? "not given"}.", "text/csv or application/x-ndjson, in UTF-8.", "RFC 4180");
        }
    }

    private static Result<Delivery> Read(HttpContext http, string dataset, bool correction)
    {
        var query = http.Request.Query;
        foreach (var name in query.Keys)
            if (name is not ("mode" or "mapping" or "asOf" or "source" or "delimiter") || (name == "mode" && correction))
                return SharingProblems.BadRequest.Because($"{name} is no parameter here.", "There are mode (replace, upsert, append), mapping, asOf, source, delimiter; a correction has no mode.");
        WriteMode? mode = correction ? WriteMode.Upsert : query["mode"].ToString() switch { "" or "replace" => WriteMode.Replace, "upsert" => WriteMode.Upsert, "append" => WriteMode.Append, _ => null };
        if (mode is not { } known)
            return SharingProblems.BadRequest.Because($"mode is {query["mode"]}; it takes replace, upsert or append.");
        DateTimeOffset? asOf = null;
        if (query["asOf"].ToString() is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                return SharingProblems.BadRequest.Because($"asOf is {text}; it takes an instant as 2026-03-01T00:00:00Z.");
            asOf = at;
        }

        var source = query["source"].ToString() is { Length: > 0 } given ? given : "upload";
        return source.Length > 500
            ? SharingProblems.BadRequest.Because("source is longer than 500 characters.")
            : new Delivery(dataset, known, SharingHttp.CallerOf(http).Person, source) { Mapping = query["mapping"].ToString() is { Length: > 0 } mapping ? mapping : null, AsOf = asOf };
    }

    /// <summary>RFC 9530, of sha-256; hex. Empty: none was announced.</summary>
    private static Result<string> Digest(HttpContext http)
    {
        var header = http.Request.Headers["Content-Digest"].ToString();
        if (header.Length == 0)
            return "";
        Span<byte> hash = stackalloc byte[33];
        var start = header.IndexOf("sha-256=:", StringComparison.Ordinal);
        var end = start < 0 ? -1 : header.IndexOf(':', start + 9);
        return end > 0 && Convert.TryFromBase64String(header[(start + 9)..end], hash, out var length) && length == 32
            ? Convert.ToHexStringLower(hash[..32])
            : DeliveryProblems.DigestWrong.Because("Content-Digest has no usable sha-256.", "It is written sha-256=:base64:", "RFC 9530");
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, DeliveryRoom room)
    {
        if (!Seen(http, room).TryGet(out var dataset, out var problem) || !SharingHttp.Room.Page(http).TryGet(out var page, out problem))
            return problem;
        var before = long.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? after : long.MaxValue;
        var list = room.Book.Of(dataset.Id).Reverse().Where(r => r.Position < before).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("arriving"u8);
            foreach (var arrival in room.Arrivals.Where(a => a.Dataset == dataset.Id))
            {
                json.WriteStartObject();
                json.WriteString("by"u8, arrival.By);
                json.WriteString("began"u8, RoomHttp.Time(arrival.Began));
                json.WriteNumber("rows"u8, arrival.SoFar.Rows);
                json.WriteNumber("bytes"u8, arrival.SoFar.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (room.ProtectionInForce(dataset) is { } inForce)
                json.WriteString("protection"u8, inForce ? "inForce"u8 : "pending"u8);
            json.WriteStartArray("deliveries"u8);
            foreach (var received in list)
                Write(json, received);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> FaultsAsync(HttpContext http, DeliveryRoom room)
    {
        if (!Mine(http, room).TryGet(out var dataset, out var problem))
            return problem;
        var position = long.Parse(http.Request.RouteValues["position"] as string ?? "0", CultureInfo.InvariantCulture);
        if (room.Book.Of(dataset.Id).Find(r => r.Position == position) is not { } received)
            return DeliveryProblems.Unknown.Because($"{dataset.Id} has no delivery {position}.", $"GET /datasets/{dataset.Id}/deliveries lists them.", "decree 809, arts 18, 26");
        var faults = room.FaultsOf(received);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("complete"u8, faults is not null || received.What.Faults.Count == 0);
            json.WriteStartArray("counts"u8);
            foreach (var count in received.What.Faults)
            {
                json.WriteStartObject();
                json.WriteString("field"u8, count.Field);
                json.WriteString("rule"u8, count.Rule);
                json.WriteString("dimension"u8, count.Dimension);
                json.WriteBoolean("refused"u8, count.Refused);
                json.WriteNumber("count"u8, count.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Write(json, faults ?? []);
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> LineageAsync(HttpContext http, DeliveryRoom room)
    {
        if (!Seen(http, room).TryGet(out var dataset, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Lineage.Write(json, dataset, room.Book.Of(dataset.Id), room.Book.Before(dataset.Id)));
        return null;
    }

    /// <summary>The provider's people deliver, and see what was wrong with it.</summary>
    private static Result<Dataset> Mine(HttpContext http, DeliveryRoom room)
    {
        var (id, caller) = (http.Request.RouteValues["id"] as string ?? "", SharingHttp.CallerOf(http));
        if (room.Catalogue.Find(id) is not { } dataset)
            return CatalogueProblems.Unknown(id);
        return caller.IsOf(dataset.Provider, Roles.DataOfficer) || caller.IsOf(dataset.Provider, Roles.SharingOfficer)
            ? dataset
            : dataset.State == DatasetState.Published && caller.Department is not null
                ? SharingProblems.NotYours.Because($"The officers of {dataset.Provider} deliver {id} and see its faults.", null, "decree 809, art. 18")
                : CatalogueProblems.Unknown(id);
    }

    /// <summary>Provider, authority and auditor see the record of deliveries; it has no rows.</summary>
    private static Result<Dataset> Seen(HttpContext http, DeliveryRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        return room.Catalogue.Find(id) is { } dataset && CatalogueRoom.WorksOn(SharingHttp.CallerOf(http), dataset) ? dataset : CatalogueProblems.Unknown(id);
    }

    private static void Write(Utf8JsonWriter json, DeliveryOutcome outcome)
    {
        json.WriteStartObject();
        json.WriteNumber("position"u8, outcome.Position);
        json.WriteBoolean("known"u8, outcome.Known);
        json.WriteNumber("taken"u8, outcome.Taken);
        json.WriteNumber("refused"u8, outcome.Refused);
        if (outcome.Score is { } score)
            json.WriteNumber("score"u8, score);
        Write(json, outcome.Faults);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<RowFault> faults)
    {
        json.WriteStartArray("faults"u8);
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteNumber("row"u8, fault.Row);
            json.WriteString("field"u8, fault.Field);
            json.WriteString("rule"u8, fault.Rule);
            json.WriteString("dimension"u8, fault.Dimension);
            json.WriteString("why"u8, fault.Why);
            json.WriteBoolean("refused"u8, fault.Refused);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Received received)
    {
        var what = received.What;
        json.WriteStartObject();
        json.WriteNumber("position"u8, received.Position);
        json.WriteString("at"u8, RoomHttp.Time(received.At));
        json.WriteString("mode"u8, CatalogueNames.Of(what.Mode));
        json.WriteBoolean("correction"u8, what.Correction);
        json.WriteNumber("taken"u8, what.Rows);
        if (what.Gone is { } gone)
            json.WriteNumber("gone"u8, gone);
        json.WriteNumber("refused"u8, what.Refused);
        if (what.Score is { } score)
            json.WriteNumber("score"u8, score);
        json.WriteStartObject("scores"u8);
        foreach (var (dimension, value) in what.Scores)
            json.WriteNumber(dimension, value);
        json.WriteEndObject();
        json.WriteString("source"u8, what.Source);
        if (what.AsOf is { } asOf)
            json.WriteString("asOf"u8, RoomHttp.Time(asOf));
        json.WriteString("by"u8, what.By);
        json.WriteEndObject();
    }
}
