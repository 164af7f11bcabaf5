using CityHub.Context.Consumption;
using CityHub.Context.JsonLd;
using CityHub.Context.Provision;
using CityHub.Context.Temporal;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Context.Http;

/// <summary>The routes of ETSI GS CIM 009 clause 6, each with its clause and its permission.</summary>
public static class NgsiLdRoutes
{
    private const string Root = "/ngsi-ld/v1";

    private const string QueryParameters =
        "id,type,idPattern,attrs,pick,omit,q,csf,georel,geometry,coordinates,geoproperty,geometryProperty,lang,scopeQ,containedBy,join,joinLevel,datasetId,expandValues,options,format," +
        "limit,offset,count,local,orderBy,orderFrom,collation,jsonKeys,splitEntities,entityMap,entityMapRetrieve,via";

    public static void MapNgsiLd(this IEndpointRouteBuilder routes, ContextRoom room)
    {
        Map("POST", "/entities", EntityProvision.Create, Permissions.EntitiesWrite, "Create an entity (5.6.1)", "local");
        Map("GET", "/entities", QueryEntities.Get, Permissions.EntitiesRead, "Query entities (5.7.2)", QueryParameters);
        Map("DELETE", "/entities", PurgeEntities.Handle, Permissions.EntitiesWrite, "Purge entities (5.6.21)", QueryParameters + ",keep,drop");
        Map("GET", "/entities/{id}", RetrieveEntity.Handle, Permissions.EntitiesRead, "Retrieve an entity (5.7.1)", "type,attrs,pick,omit,geometryProperty,lang,containedBy,join,joinLevel,datasetId,options,format,local,entityMap,splitEntities");
        Map("PATCH", "/entities/{id}", EntityProvision.Merge, Permissions.EntitiesWrite, "Merge an entity (5.6.17)");
        Map("PUT", "/entities/{id}", EntityProvision.Replace, Permissions.EntitiesWrite, "Replace an entity (5.6.18)");
        Map("DELETE", "/entities/{id}", EntityProvision.Delete, Permissions.EntitiesWrite, "Delete an entity (5.6.6)");
        Map("POST", "/entities/{id}/attrs", AttributeProvision.Append, Permissions.EntitiesWrite, "Append attributes (5.6.3)");
        Map("PATCH", "/entities/{id}/attrs", AttributeProvision.Update, Permissions.EntitiesWrite, "Update attributes (5.6.2)");
        Map("PATCH", "/entities/{id}/attrs/{attr}", AttributeProvision.PartialUpdate, Permissions.EntitiesWrite, "Update an attribute in part (5.6.4)");
        Map("PUT", "/entities/{id}/attrs/{attr}", AttributeProvision.Replace, Permissions.EntitiesWrite, "Replace an attribute (5.6.19)");
        Map("DELETE", "/entities/{id}/attrs/{attr}", AttributeProvision.Delete, Permissions.EntitiesWrite, "Delete an attribute (5.6.5)");
        Map("POST", "/entityOperations/create", BatchProvision.Create, Permissions.EntitiesWrite, "Create a batch (5.6.7)");
        Map("POST", "/entityOperations/upsert", BatchProvision.Upsert, Permissions.EntitiesWrite, "Create or update a batch (5.6.8)");
        Map("POST", "/entityOperations/update", BatchProvision.Update, Permissions.EntitiesWrite, "Update a batch (5.6.9)");
        Map("POST", "/entityOperations/delete", BatchProvision.Delete, Permissions.EntitiesWrite, "Delete a batch (5.6.10)");
        Map("POST", "/entityOperations/merge", BatchProvision.Merge, Permissions.EntitiesWrite, "Merge a batch (5.6.20)");
        Map("POST", "/entityOperations/query", QueryEntities.Post, Permissions.EntitiesRead, "Query entities by a body (5.7.2)");
        Map("GET", "/types", Discovery.Types, Permissions.EntitiesRead, "List entity types (5.7.5, 5.7.6)", "details,local");
        Map("GET", "/types/{type}", Discovery.Type, Permissions.EntitiesRead, "Describe an entity type (5.7.7)", "local");
        Map("GET", "/attributes", Discovery.Attributes, Permissions.EntitiesRead, "List attributes (5.7.8, 5.7.9)", "details,local,count");
        Map("GET", "/attributes/{attr}", Discovery.Attribute, Permissions.EntitiesRead, "Describe an attribute (5.7.10)", "local");

        routes.MapJsonLdContexts(room);

        const string interval = ",timerel,timeAt,endTimeAt,timeproperty,lastN,aggrMethods,aggrPeriodDuration";
        var record = new TemporalProvision(room.History);
        var recall = new TemporalConsumption(room.History);
        Map("POST", "/temporal/entities", record.Upsert, Permissions.EntitiesWrite, "Create or update a temporal representation (5.6.11)", "local");
        Map("GET", "/temporal/entities", recall.Query, Permissions.EntitiesRead, "Query temporal evolutions (5.7.4)", QueryParameters + interval);
        Map("GET", "/temporal/entities/{id}", recall.Retrieve, Permissions.EntitiesRead, "Retrieve a temporal evolution (5.7.3)", "type,attrs,pick,omit,lang,datasetId,options,format,local" + interval);
        Map("DELETE", "/temporal/entities/{id}", record.Delete, Permissions.EntitiesWrite, "Delete a temporal representation (5.6.16)");
        Map("POST", "/temporal/entities/{id}/attrs", record.AddAttributes, Permissions.EntitiesWrite, "Add to a temporal representation (5.6.12)");
        Map("DELETE", "/temporal/entities/{id}/attrs/{attr}", record.DeleteAttribute, Permissions.EntitiesWrite, "Delete an attribute's history (5.6.13)");
        Map("PATCH", "/temporal/entities/{id}/attrs/{attr}/{instance}", record.ModifyInstance, Permissions.EntitiesWrite, "Modify an instance (5.6.14)");
        Map("DELETE", "/temporal/entities/{id}/attrs/{attr}/{instance}", record.DeleteInstance, Permissions.EntitiesWrite, "Delete an instance (5.6.15)");
        Map("POST", "/temporal/entityOperations/query", recall.Post, Permissions.EntitiesRead, "Query temporal evolutions by a body (5.7.4)", QueryParameters + interval);

        // What an empty last segment leaves over: the resource is there, the method is not.
        foreach (var (pattern, methods) in new (string, string[])[]
                 {
                     ("/entities/{id}/attrs", ["DELETE", "GET", "PUT"]), ("/temporal/entities", ["DELETE", "PATCH", "PUT"]), ("/temporal/entities/{id}/attrs/{attr}", ["PATCH"]),
                 })
            routes.MapMethods(Root + pattern, methods, http =>
            {
                http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                return Task.CompletedTask;
            }).RequireAuthorization(Permissions.EntitiesRead).WithName("no" + pattern.Replace('/', '-').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal))
                .WithSummary("Not a method of this resource (405)").WithTags("NGSI-LD");

        // 6.3.2: what is not offered says so in the words of the standard.
        foreach (var later in new[] { "csourceRegistrations", "csourceSubscriptions", "entityMaps", "snapshots" })
            routes.Map($"{Root}/{later}/{{**rest}}", Handlers.Of(room, (_, _, _) => new ValueTask<Problem?>(ContextProblems.OperationNotSupported.Because(
                    $"This hub does not offer {later} yet.", "See docs/reference/ngsi-ld.md for what it offers."))))
                .RequireAuthorization(Permissions.EntitiesRead).WithName(later).WithSummary($"{later}: not offered (6.3.2)").WithTags("NGSI-LD");
        routes.Map($"{Root}/{{**rest}}", Handlers.Of(room, (http, _, _) => http.Request.Method == "PATCH" && http.Request.Path.Value is { } target && target.StartsWith(Root + "/temporal", StringComparison.Ordinal) && target.Contains("/attrs//", StringComparison.Ordinal)
            ? Handlers.Empty(http, StatusCodes.Status405MethodNotAllowed)
            : new ValueTask<Problem?>(
                http.Request.Path.Value is { } path && (path.Contains("//", StringComparison.Ordinal) || path.TrimEnd('/').EndsWith("/entities", StringComparison.Ordinal))
                    ? ContextProblems.BadRequestData.Because("An identifier is missing in the path.")
                    : ContextProblems.ResourceNotFound.Because($"There is no {http.Request.Path}."))))
            .RequireAuthorization(Permissions.EntitiesRead).WithName("ngsi-ld-other").WithSummary("Anything else: not found (6.3.2)").WithTags("NGSI-LD");

        // What a write does not find in an entity that is hidden from the writer, it does not find in the words of an entity that is not there.
        static Handler Blind(Handler handler) => async (http, of, tenant) =>
            await handler(http, of, tenant) is not { } problem ? null
            : problem.Kind == ContextProblems.ResourceNotFound && Handlers.EntityId(http).TryGet(out var id, out _) && await of.HidesAsync(http, tenant, id) ? Target.Missing(id, http.Request.Query["type"].ToString().Length > 0)
            : problem;

        void Map(string method, string pattern, Handler handler, string permission, string summary, string? parameters = null) =>
            routes.MapMethods(Root + pattern, [method], Handlers.Of(room, permission == Permissions.EntitiesWrite && pattern.StartsWith("/entities/{id}", StringComparison.Ordinal) ? Blind(handler) : handler, parameters?.Split(',').ToHashSet(StringComparer.Ordinal))).RequireAuthorization(permission)
                .WithMetadata(permission == Permissions.EntitiesRead ? [new AlsoUnderGrants(Permissions.DataUse)] : [])
                .WithName($"{method.ToLowerInvariant()}{pattern.Replace('/', '-').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}")
                .WithSummary(summary).WithTags("NGSI-LD");
    }
}
