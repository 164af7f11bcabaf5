using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <summary>What the routes of departments work with.</summary>
internal sealed class PartyRoom(PartyBook book, BreakGlassBook glass, IIdSource ids, IGrantUse? use = null)
{
    /// <summary>When an emergency was last used; null: nobody counts.</summary>
    public IGrantUse? Use { get; } = use;

    public PartyBook Book { get; } = book;

    public BreakGlassBook Glass { get; } = glass;

    public IIdSource Ids { get; } = ids;

    public static void Write(Utf8JsonWriter json, Department department)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, department.Id);
        json.WriteStartObject("name"u8);
        json.WriteString("zh"u8, department.Name.Zh);
        json.WriteString("en"u8, department.Name.En);
        json.WriteEndObject();
        json.WriteString("adminCode"u8, department.AdminCode);
        json.WriteNumber("level"u8, department.Level);
        Put(json, "superior"u8, department.Superior);
        Put(json, "sharingOfficer"u8, department.SharingOfficer);
        Put(json, "head"u8, department.Head);
        Put(json, "publicKey"u8, department.PublicKey);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, PartyProposal proposal)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, proposal.Id);
        json.WriteString("kind"u8, proposal.PublicKey is null ? "role"u8 : "key"u8);
        Put(json, "person"u8, proposal.Person);
        Put(json, "department"u8, proposal.Department);
        if (proposal.PublicKey is { } key)
        {
            json.WriteString("publicKey"u8, key);
        }
        else
        {
            Put(json, "roles"u8, proposal.Roles);
            json.WriteBoolean("give"u8, proposal.Give);
            json.WriteString("reason"u8, proposal.Reason);
        }

        json.WriteString("by"u8, proposal.By);
        json.WriteString("at"u8, RoomHttp.Time(proposal.At));
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, Caller person)
    {
        json.WriteStartObject();
        json.WriteString("person"u8, person.Person);
        Put(json, "department"u8, person.Department);
        Put(json, "roles"u8, person.Roles);
        json.WriteEndObject();
    }

    private static void Put(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
            json.WriteString(name, text);
    }

    private static void Put(Utf8JsonWriter json, ReadOnlySpan<byte> name, Roles roles)
    {
        json.WriteStartArray(name);
        foreach (var role in Enum.GetValues<Roles>())
            if ((roles & role) != 0)
                json.WriteStringValue(CatalogueNames.Of(role));
        json.WriteEndArray();
    }
}

/// <summary>The routes of departments.</summary>
internal static class PartyRoutes
{
    public static IEndpointRouteBuilder MapParties(this IEndpointRouteBuilder routes, PartyRoom room)
    {
        RegisterDepartment.Map(routes, room);
        GiveRole.Map(routes, room);
        EnrolKey.Map(routes, room);
        BreakGlass.Map(routes, room);
        routes.MapGet("/departments", RoomHttp.Handle(async http =>
        {
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var department in room.Book.Departments)
                    PartyRoom.Write(json, department);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListDepartments").WithSummary("All departments").WithTags("Departments");
        routes.MapGet("/departments/{id}", RoomHttp.Handle(async http =>
        {
            var id = http.Request.RouteValues["id"] as string ?? "";
            if (room.Book.Find(id) is not { } department)
                return PartyProblems.DepartmentUnknown.Because($"{id} is no registered department.", "GET /departments lists them.", "decree 809, art. 11");
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => PartyRoom.Write(json, department));
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("GetDepartment").WithSummary("One department").WithTags("Departments");
        routes.MapGet("/departments/people", RoomHttp.Handle(async http =>
        {
            var caller = SharingHttp.CallerOf(http);
            if (caller.Department is null)
                return SharingProblems.NotYours.Because("Officers see who has which role.", null, "GB/T 39477: separate roles");
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var person in room.Book.State.People.Values.Where(p => p.Department == caller.Department || caller.Is(Roles.Authority | Roles.Auditor)))
                    PartyRoom.Write(json, person);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListPeople").WithSummary("Who has which role").WithTags("Departments");
        routes.MapGet("/departments/proposals", RoomHttp.Handle(async http =>
        {
            var caller = SharingHttp.CallerOf(http);
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var proposal in room.Book.State.Proposals.Values.Where(p => caller.Is(Roles.Authority | Roles.Auditor) || (p.Department is { } d && d == caller.Department)))
                    PartyRoom.Write(json, proposal);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListPartyProposals").WithSummary("Roles and keys that wait for a second person").WithTags("Departments");
        return routes;
    }
}
