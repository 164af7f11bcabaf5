using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary><c>POST /standards/elements/{id}/publish</c>: the draft comes into force and the version before goes out of it. Four eyes: not by who drafted it.</summary>
internal static class PublishElement
{
    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room) =>
        routes.MapPost("/standards/elements/{id}/publish", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("PublishElement").WithSummary("Put the draft of a data element into force; not by who drafted it").WithTags("Standards");

    public static Result<DataElement> Decide(string id, IReadOnlyList<DataElement> known, ICodeTables tables, string by, DateTimeOffset now)
    {
        if (known.Count == 0)
            return ShowElements.Unknown(id);
        var draft = known[^1];
        if (draft.State != ElementState.Draft)
            return StandardsProblems.ElementState.Because($"{id} has no draft: version {draft.Version} is {draft.State}.", $"PUT /standards/elements/{id} begins one.", "ISO/IEC 11179-6 (registration status)");
        if (draft.DraftedBy == by)
            return StandardsProblems.FourEyes.Because($"{by} drafted version {draft.Version} of {id}.", "Somebody else publishes it.", "Four eyes: who drafts does not publish");
        return DataElement.Check(id, draft.Declaration, tables).Map(_ => draft with { State = ElementState.Published, PublishedBy = by, PublishedAt = now });
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, StandardsRoom room)
    {
        if (!(await room.Book.PublishAsync(StandardsRoom.IdOf(http), StandardsRoom.By(http))).TryGet(out var element, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => ShowElements.Write(json, element));
        return null;
    }
}
