using System.Buffers;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Agreements;

/// <summary>
/// <c>GET /sharing/grants/{id}/agreement</c>: the grant as an ODRL Agreement. <c>POST /sharing/agreements/reading</c>: what somebody else's agreement would be as a grant here,
/// and whether it could be kept; nothing is granted by it.
/// </summary>
internal static class AgreementRoutes
{
    private const int MostBytes = 256 << 10;

    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapGet("/sharing/grants/{id}/agreement", RoomHttp.Handle(http => WriteAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetAgreement").WithSummary("A grant as an ODRL 2.2 Agreement (JSON-LD)").WithTags("Grants");
        routes.MapPost("/sharing/agreements/reading", RoomHttp.Handle(http => ReadAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ReadAgreement").WithSummary("Read an ODRL 2.2 Agreement as a grant, and say whether it could be kept here").WithTags("Grants");
    }

    private static async ValueTask<Problem?> WriteAsync(HttpContext http, RequestRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        // An emergency is agreed with nobody.
        if (room.Grants.Find(id) is not { Persons: null } grant || !ListGrants.IsSeenBy(grant, SharingHttp.CallerOf(http)))
            return RequestProblems.NoGrant(id);
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            AgreementWriter.Write(json, grant);
        await RoomHttp.SendAsync(http, StatusCodes.Status200OK, AgreementWriter.MediaType, buffer.WrittenMemory);
        return null;
    }

    private static async ValueTask<Problem?> ReadAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var json, out problem)
            || !AgreementReader.Read(json).TryGet(out var grant, out problem))
            return problem;
        // A dataset that the caller may not know of is answered as one that is not there.
        var cannot = room.World.Catalogue.Find(grant.Dataset) is { } dataset && Decider.MayDiscover(SharingHttp.CallerOf(http), dataset, room.Grants)
            ? GrantCheck.Executable(grant, dataset, room.World.Purposes)
            : SharingProblems.DatasetUnknown.Because($"There is no dataset {grant.Dataset} for you.", "GET /catalogue lists those you may know of.");
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, answer =>
        {
            answer.WriteStartObject();
            answer.WritePropertyName("grant"u8);
            GrantJson.Write(answer, grant);
            answer.WriteBoolean("canBeKept"u8, cannot is null);
            if (cannot is not null)
            {
                answer.WriteString("code"u8, cannot.Code);
                answer.WriteString("why"u8, cannot.Detail);
                answer.WriteString("wayForward"u8, cannot.Hint);
            }

            answer.WriteEndObject();
        });
        return null;
    }
}
