using System.Buffers;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.OpenData.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>CKAN Action API v3 under both of its prefixes, for clients that were written for CKAN: ckanapi, ckanr, the browsers of desktop GIS.</summary>
internal static class CkanRoutes
{
    public const string Version = "2.10.0";

    /// <summary>An action answers, or gives back the refusal.</summary>
    internal delegate ValueTask<Problem?> Action(HttpContext http, OpenDataRoom room, string name, CkanParameters parameters);

    private static readonly Dictionary<string, Action> Actions = new(StringComparer.Ordinal)
    {
        ["site_read"] = (http, room, name, _) => AnswerAsync(http, room, name, json => json.WriteBooleanValue(true)),
        ["status_show"] = (http, room, name, _) => AnswerAsync(http, room, name, json => Status(json, room, http)),
        ["help_show"] = HelpAsync,
        ["package_list"] = PackageActions.ListAsync,
        ["current_package_list_with_resources"] = PackageActions.CurrentAsync,
        ["package_search"] = PackageSearch.HandleAsync,
        ["package_show"] = PackageActions.ShowAsync,
        ["resource_show"] = PackageActions.ResourceAsync,
        ["organization_list"] = GroupActions.OrganizationsAsync,
        ["organization_show"] = GroupActions.OrganizationAsync,
        ["group_list"] = GroupActions.GroupsAsync,
        ["group_show"] = GroupActions.GroupAsync,
        ["tag_list"] = GroupActions.TagsAsync,
        ["license_list"] = GroupActions.LicencesAsync,
        ["datastore_search"] = DatastoreSearch.HandleAsync,
        ["datastore_search_sql"] = DatastoreSql.HandleAsync,
        ["datastore_info"] = DatastoreInfo.HandleAsync,
    };

    public static void Map(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        foreach (var (prefix, version) in new[] { ("/api/action/", ""), ("/api/3/action/", "3") })
        {
            routes.MapGet(prefix + "{action}", http => HandleAsync(http, room)).RequireAuthorization(Permissions.Optional)
                .WithName("CkanAction" + version).WithSummary("An action of the CKAN API, its parameters in the address").WithTags("CKAN");
            routes.MapPost(prefix + "{action}", http => HandleAsync(http, room)).RequireAuthorization(Permissions.Optional)
                .WithName("PostCkanAction" + version).WithSummary("An action of the CKAN API, its parameters as JSON or as a form").WithTags("CKAN");
        }

        routes.MapGet("/api/3", RoomHttp.Handle(VersionAsync)).RequireAuthorization(Permissions.Optional)
            .WithName("CkanVersion").WithSummary("The version of the CKAN API").WithTags("CKAN");
        routes.MapGet("/datastore/dump/{id}", RoomHttp.Handle(http => DatastoreDump.HandleAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("CkanDump").WithSummary("A whole table as csv, tsv or json").WithTags("CKAN");
        routes.MapGet("/dataset/{name}", RoomHttp.Handle(http => DatasetPage.HandleAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("CkanDatasetPage").WithSummary("A dataset, for people").WithTags("CKAN");
    }

    public static async ValueTask<Problem?> AnswerAsync(HttpContext http, OpenDataRoom room, string action, Action<Utf8JsonWriter> result)
    {
        await CkanHttp.WriteAsync(http, room, action, result);
        return null;
    }

    private static async Task HandleAsync(HttpContext http, OpenDataRoom room)
    {
        var name = http.Request.RouteValues["action"] as string ?? "";
        if (!Actions.TryGetValue(name, out var action))
        {
            // As CKAN answers: a text, no envelope.
            var buffer = new ArrayBufferWriter<byte>(128);
            using (var json = new Utf8JsonWriter(buffer))
                json.WriteStringValue($"Bad request - Action name not known: {name}");
            await RoomHttp.SendAsync(http, StatusCodes.Status400BadRequest, "application/json;charset=utf-8", buffer.WrittenMemory);
            return;
        }

        var problem = (await CkanParameters.ReadAsync(http)).TryGet(out var parameters, out var unread) ? await action(http, room, name, parameters) : unread;
        if (problem is not null)
            await CkanHttp.RefuseAsync(http, room, name, problem);
    }

    private static async ValueTask<Problem?> VersionAsync(HttpContext http)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, 3);
            json.WriteEndObject();
        });
        return null;
    }

    private static ValueTask<Problem?> HelpAsync(HttpContext http, OpenDataRoom room, string name, CkanParameters parameters)
    {
        if (!parameters.Needed("name").TryGet(out var asked, out var problem))
            return ValueTask.FromResult<Problem?>(problem);
        if (!Actions.ContainsKey(asked))
            return ValueTask.FromResult<Problem?>(CkanProblems.NotFound.Because($"There is no action {asked}."));
        return AnswerAsync(http, room, name, json => json.WriteStringValue($"{asked}: as in CKAN; what is answered here stands in docs/reference/open-data.md."));
    }

    private static void Status(Utf8JsonWriter json, OpenDataRoom room, HttpContext http)
    {
        json.WriteStartObject();
        json.WriteString("ckan_version"u8, Version);
        json.WriteString("site_url"u8, room.BaseOf(http));
        json.WriteString("site_title"u8, room.Title.Zh);
        json.WriteString("site_description"u8, room.Title.En);
        json.WriteNull("error_emails_to"u8);
        json.WriteString("locale_default"u8, "zh_Hans_CN");
        json.WriteStartArray("extensions"u8);
        json.WriteStringValue("datastore"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
