using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary><c>POST /standards/elements?id=…</c> drafts a data element that is new; <c>PUT /standards/elements/{id}</c> changes its draft, or begins the next version.</summary>
internal static class DraftElement
{
    private const int MostBytes = 64 << 10;

    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapPost("/standards/elements", RoomHttp.Handle(http => HandleAsync(http, room, http.Request.Query["id"].ToString(), true))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("RegisterElement").WithSummary("Draft a new data element (query: id)").WithTags("Standards");
        routes.MapPut("/standards/elements/{id}", RoomHttp.Handle(http => HandleAsync(http, room, StandardsRoom.IdOf(http), false))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("DraftElement").WithSummary("Change the draft of a data element, or begin its next version").WithTags("Standards");
    }

    public static Result<DataElement> Decide(string id, ElementDeclaration declaration, IReadOnlyList<DataElement> known, bool mustBeNew, ICodeTables tables, string by, DateTimeOffset now)
    {
        if (!DataElement.Check(id, declaration, tables).TryGet(out _, out var problem))
            return problem;
        if (mustBeNew && known.Count > 0)
            return StandardsProblems.ElementState.Because($"There is a data element {id} already.", $"PUT /standards/elements/{id} drafts its next version.", "ISO/IEC 11179-6 (registration)");
        var version = known.Count == 0 ? 1 : known[^1].State == ElementState.Draft ? known[^1].Version : known[^1].Version + 1;
        return new DataElement(id, version, ElementState.Draft, declaration, by, now);
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, StandardsRoom room, string id, bool mustBeNew)
    {
        if (!(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem)
            || !StandardsJson.Read<ElementDeclaration>(body.Span, StandardsProblems.NotAnElement).TryGet(out var declaration, out problem)
            || !(await room.Book.DraftAsync(id, declaration, mustBeNew, StandardsRoom.By(http))).TryGet(out var element, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, element.Version == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK, json => ShowElements.Write(json, element));
        return null;
    }
}
