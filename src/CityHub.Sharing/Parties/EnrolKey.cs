using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <summary>
/// <c>POST /departments/{id}/key</c>: the public half of a department's key. It vouches for the department's people, so that it is proposed by one and confirmed by another.
/// </summary>
internal static class EnrolKey
{
    private const int KeyBytes = 32; // RFC 8032, 5.1.5

    public static void Map(IEndpointRouteBuilder routes, PartyRoom room) =>
        routes.MapPost("/departments/{id}/key", RoomHttp.Handle(async http =>
        {
            var id = room.Ids.Next().ToString();
            if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
                || !(await ProposeAsync(room.Book, SharingHttp.CallerOf(http), id, http.Request.RouteValues["id"] as string ?? "", body.Text("publicKey"))).TryGet(out _, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => PartyRoom.Write(json, room.Book.State.Proposals[id]));
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("ProposeDepartmentKey").WithSummary("Propose the public key of a department").WithTags("Departments");

    public static ValueTask<Result<Done>> ProposeAsync(PartyBook book, Caller caller, string id, string department, string publicKey) =>
        book.SayAsync((state, _) => Decide(state, caller, id, department, publicKey));

    public static Result<IReadOnlyList<NewFact>> Decide(PartyState state, Caller caller, string id, string department, string publicKey)
    {
        if (!state.Departments.ContainsKey(department))
            return PartyProblems.DepartmentUnknown.Because($"{department} is no registered department.", "PUT /departments/{id} registers it.", "decree 809, art. 11");
        if (!GiveRole.MayPropose(caller, department, Roles.None))
            return SharingProblems.NotYours.Because($"The authority, or the head or the sharing officer of {department}, enrols its key.", null, "GB/T 39477: keys of the provider");
        Span<byte> key = stackalloc byte[KeyBytes + 3];
        if (!Convert.TryFromBase64String(publicKey, key, out var length) || length != KeyBytes)
            return PartyProblems.KeyUnusable.Because("publicKey is not the base64 of 32 bytes.", "cityhub department keys prints it.", "RFC 8032, 5.1.5");
        return Taken(state, publicKey) is { } taken
            ? taken
            : PartyBook.Facts(SharingJson.Said(new KeyProposed(id, department, publicKey, caller.Person), PartyJson.Default.KeyProposed));
    }

    /// <summary>Null: no department has the key.</summary>
    public static Problem? Taken(PartyState state, string publicKey) => state.Departments.Values.FirstOrDefault(d => d.PublicKey == publicKey) is { } holder
        ? PartyProblems.KeyUnusable.Because($"It is the key of {holder.Id} already.", "Every department has a key of its own.", "GB/T 39477: keys of the provider")
        : null;
}
