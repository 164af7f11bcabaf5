using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards;

/// <summary>
/// The routes of what departments declare: <c>GET /standards/{segment}</c>, a page at a time, <c>GET</c> and <c>PUT</c> of one. Seen by whoever may know of its dataset,
/// changed by the data officers of its department.
/// </summary>
/// <param name="Segment">/standards/{segment}/{id}.</param>
/// <param name="Name">Ends the names of the operations.</param>
/// <param name="List">The member that holds a page of them.</param>
/// <param name="Member">The member that holds the declaration.</param>
internal sealed record DeclaredRoutes<T>(string Segment, string Name, string List, string Member, DeclaredBook<T> Book, IOwners Owners)
    where T : class, IOwned
{
    public const int MostBytes = 256 << 10;

    public required Func<ReadOnlyMemory<byte>, Result<T>> Read { get; init; }

    /// <summary>Declares it under a name, by a person; what has the name already may refuse.</summary>
    public required Func<HttpContext, string, T, string, Func<T, Problem?>, ValueTask<Result<Declared<T>>>> Declare { get; init; }

    public required Func<string, Problem> Unknown { get; init; }

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet($"/standards/{Segment}", RoomHttp.Handle(ListAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("List" + Name).WithSummary("Those that you may know of, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet($"/standards/{Segment}/{{id}}", RoomHttp.Handle(GetAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("Get" + Name).WithSummary("One by its name").WithTags("Standards");
        routes.MapPut($"/standards/{Segment}/{{id}}", RoomHttp.Handle(PutAsync)).RequireAuthorization(Permissions.SharingWrite)
            .WithName("Declare" + Name).WithSummary("Declare it, or a new version of it, as a data officer of its department").WithTags("Standards");
    }

    /// <summary>The one that the address names; for whoever may not know of it there is none.</summary>
    public Result<Declared<T>> Known(HttpContext http)
    {
        var id = StandardsRoom.IdOf(http);
        return Book.Find(id) is { } known && Owners.Sees(http, known.What.Owner) ? known : Unknown(id);
    }

    private async ValueTask<Problem?> ListAsync(HttpContext http)
    {
        if (!StandardsRoom.Http.Page(http).TryGet(out var page, out var problem))
            return problem;
        var found = Book.Page(page.After, page.Limit, owner => Owners.Sees(http, owner));
        await RoomHttp.WritePageAsync(http, List, found, page.Limit, d => d.Id, Write);
        return null;
    }

    private async ValueTask<Problem?> GetAsync(HttpContext http)
    {
        if (!Known(http).TryGet(out var known, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, known));
        return null;
    }

    private async ValueTask<Problem?> PutAsync(HttpContext http)
    {
        var id = StandardsRoom.IdOf(http);
        if (!DeclaredName.IsValid(id))
            return StandardsProblems.BadRequest.Because($"\"{id}\" cannot be a name here.", DeclaredName.Rule);
        if (!(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem) || !Read(body).TryGet(out var what, out problem))
            return problem;
        if (what.Owner is { Dataset: null, Department: null } or { Dataset: not null, Department: not null })
            return StandardsProblems.NoOwner.Because($"{id} says {(what.Owner.Dataset is null ? "neither a dataset nor a department" : "a dataset and a department")}.", "\"dataset\": \"…\", or \"department\": \"…\" where it is for several of its datasets.");
        if (Owners.MayChange(http, what.Owner) is { } refused)
            return refused;
        // What is another's is not taken over by its name.
        Problem? Taken(T known) => Owners.MayChange(http, known.Owner) is null ? null : StandardsProblems.NameTaken.Because($"The name {id} is in use.", "Choose another one.");
        if (!(await Declare(http, id, what, Owners.NameOf(http), Taken)).TryGet(out var declared, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, declared.Version == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK, json => Write(json, declared));
        return null;
    }

    private void Write(Utf8JsonWriter json, Declared<T> declared)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, declared.Id);
        json.WriteNumber("version"u8, declared.Version);
        json.WriteString("declaredAt"u8, RoomHttp.Time(declared.At));
        json.WritePropertyName(Member);
        json.WriteRawValue(Book.Write(declared.What));
        json.WriteEndObject();
    }
}

/// <summary>Names of mappings and of rules.</summary>
internal static class DeclaredName
{
    public const string Rule = "Lower-case letters, digits and hyphens, at most 100.";

    public static bool IsValid(string name) => name.Length is > 0 and <= 100 && name[0] != '-' && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
