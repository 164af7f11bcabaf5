using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards;

/// <summary>
/// <c>PUT /standards/{elements|code-tables|calibres|schemas}/{id}</c>: one person of the authority drafts the next version of a word. <c>GET …/{id}/draft</c> and
/// <c>GET /standards/drafts</c>: what waits, with the hash by which another puts it into force.
/// </summary>
internal static class DraftWord
{
    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapGet("/standards/drafts", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListDrafts").WithSummary("What waits to be published, of every kind").WithTags("Standards");
        foreach (var kind in WordKind.All)
        {
            routes.MapPut($"/standards/{kind.Segment}/{{id}}", RoomHttp.Handle(http => PutAsync(http, room, kind))).RequireAuthorization(Permissions.SharingWrite)
                .WithName("Draft" + kind.Name).WithSummary("Draft it or its next version, as the authority; another person publishes").WithTags("Standards");
            routes.MapGet($"/standards/{kind.Segment}/{{id}}/draft", RoomHttp.Handle(http => GetAsync(http, room, kind))).RequireAuthorization(Permissions.SharingRead)
                .WithName("GetDraftOf" + kind.Name).WithSummary("What waits to be published, with its hash").WithTags("Standards");
        }
    }

    public static Problem Nothing(WordKind kind, string id) =>
        StandardsProblems.NothingDrafted.Because($"Nothing of {kind.Segment}/{id} waits.", $"PUT /standards/{kind.Segment}/{id} drafts the next version.", "ISO/IEC 11179-6 (registration status)");

    private static async ValueTask<Problem?> PutAsync(HttpContext http, StandardsRoom room, WordKind kind)
    {
        if (!room.MayChange(http).TryGet(out var person, out var problem)
            || !(await StandardsRoom.Http.BodyAsync(http, kind.MostBytes)).TryGet(out var body, out problem)
            || !kind.Read(http, body).TryGet(out var declaration, out problem)
            || !(await room.Book.DraftAsync(new Word(kind, StandardsRoom.IdOf(http), declaration), person)).TryGet(out var draft, out problem))
            return problem;
        // What changes nothing is answered as what is in force already.
        await RoomHttp.WriteAsync(http, room.Book.Draft(kind, draft.What.Id) is null ? StatusCodes.Status200OK : StatusCodes.Status202Accepted, json => Write(json, draft, whole: false));
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room, WordKind kind)
    {
        var id = StandardsRoom.IdOf(http);
        if (room.Book.Draft(kind, id) is not { } draft)
            return Nothing(kind, id);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, draft, whole: true));
        return null;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, StandardsRoom room)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("drafts"u8);
            foreach (var draft in room.Book.Drafts)
                Write(json, draft, whole: false);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, Proposal<Word> draft, bool whole)
    {
        json.WriteStartObject();
        json.WriteString("kind"u8, draft.What.Kind.Segment);
        json.WriteString("id"u8, draft.What.Id);
        RoomHttp.Write(json, draft);
        if (whole)
        {
            json.WritePropertyName("declaration"u8);
            json.WriteRawValue(draft.What.Declaration.Span);
        }

        json.WriteEndObject();
    }
}
