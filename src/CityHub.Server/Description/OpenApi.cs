using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Server.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing.Patterns;

namespace CityHub.Server.Description;

/// <summary>
/// The OpenAPI 3.1 document, written from the routes themselves: what is mapped is described, what is not mapped cannot be. Made by hand since the
/// platform's generator passes over endpoints that are plain request delegates.
/// </summary>
internal static class OpenApi
{
    public static byte[] Write(IEnumerable<Endpoint> endpoints, string version) => Json.Bytes(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.1");
            json.WriteStartObject("info");
            json.WriteString("title", "CityHub 城枢");
            json.WriteString("version", version);
            json.WriteString("description", "Every address of this hub. Problems are RFC 9457; NGSI-LD routes use the error types of ETSI GS CIM 009.");
            json.WriteStartObject("license");
            json.WriteString("name", "Apache-2.0");
            json.WriteString("identifier", "Apache-2.0");
            json.WriteEndObject();
            json.WriteEndObject();
            WriteTags(json, endpoints);
            WritePaths(json, endpoints);
            WriteComponents(json);
            json.WriteEndObject();
        },
        indented: true);

    /// <summary>Routes with methods, as (path, method): what the document must contain.</summary>
    public static IEnumerable<(string Path, string Method, RouteEndpoint Endpoint)> Operations(IEnumerable<Endpoint> endpoints) =>
        from endpoint in endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        orderby PathOf(endpoint.RoutePattern), method
        select (PathOf(endpoint.RoutePattern), method, endpoint);

    /// <summary>The pattern as OpenAPI writes it: no constraints, no catch-all stars.</summary>
    public static string PathOf(RoutePattern pattern)
    {
        var segments = pattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p => p switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            _ => "",
        })));
        return "/" + string.Join('/', segments);
    }

    private static void WriteTags(Utf8JsonWriter json, IEnumerable<Endpoint> endpoints)
    {
        json.WriteStartArray("tags");
        foreach (var tag in endpoints.SelectMany(TagsOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", tag);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePaths(Utf8JsonWriter json, IEnumerable<Endpoint> endpoints)
    {
        json.WriteStartObject("paths");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Operations(endpoints).GroupBy(o => o.Path, StringComparer.Ordinal))
        {
            json.WriteStartObject(path.Key);
            foreach (var (_, method, endpoint) in path.DistinctBy(o => o.Method, StringComparer.OrdinalIgnoreCase))
            {
                json.WriteStartObject(method.ToLowerInvariant());
                WriteOperation(json, endpoint, method, names);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, RouteEndpoint endpoint, string method, HashSet<string> names)
    {
        if (endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName is { } name && names.Add(name))
            json.WriteString("operationId", name);
        if (endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()?.Summary is { } summary)
            json.WriteString("summary", summary);
        if (endpoint.Metadata.GetMetadata<IEndpointDescriptionMetadata>()?.Description is { } description)
            json.WriteString("description", description);
        json.WriteStartArray("tags");
        foreach (var tag in TagsOf(endpoint))
            json.WriteStringValue(tag);
        json.WriteEndArray();
        WriteParameters(json, endpoint);
        if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is { } accepts)
            WriteBody(json, accepts.ContentTypes);
        else if (method is "POST" or "PUT" or "PATCH")
            WriteBody(json, DefaultTypes(endpoint));
        var permission = endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy;
        WriteResponses(json, endpoint, permission);
        json.WriteStartArray("security");
        if (permission != Permissions.Public)
        {
            json.WriteStartObject();
            json.WriteStartArray("bearer");
            json.WriteStringValue(permission ?? "nobody");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(Utf8JsonWriter json, RouteEndpoint endpoint)
    {
        json.WriteStartArray("parameters");
        foreach (var parameter in endpoint.RoutePattern.Parameters)
            WriteParameter(json, new Parameter(parameter.Name, "") { In = "path", Required = true });
        foreach (var parameter in endpoint.Metadata.OfType<Parameter>().Concat(NgsiLdParameters.Of(endpoint)))
            WriteParameter(json, parameter);
        json.WriteEndArray();
    }

    private static void WriteParameter(Utf8JsonWriter json, Parameter parameter)
    {
        json.WriteStartObject();
        json.WriteString("name", parameter.Name);
        json.WriteString("in", parameter.In);
        if (parameter.Help.Length > 0)
            json.WriteString("description", parameter.Help);
        if (parameter.Required)
            json.WriteBoolean("required", true);
        json.WriteStartObject("schema");
        json.WriteString("type", parameter.Type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter json, IEnumerable<string> types)
    {
        json.WriteStartObject("requestBody");
        json.WriteStartObject("content");
        foreach (var type in types)
        {
            json.WriteStartObject(type);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResponses(Utf8JsonWriter json, RouteEndpoint endpoint, string? permission)
    {
        json.WriteStartObject("responses");
        json.WriteStartObject("2XX");
        json.WriteString("description", "Done");
        json.WriteEndObject();
        if (permission != Permissions.Public)
        {
            Reference(json, "401", "NotAuthenticated");
            Reference(json, "403", "NotPermitted");
        }

        Reference(json, "default", "Problem");
        json.WriteEndObject();
    }

    private static void Reference(Utf8JsonWriter json, string status, string response)
    {
        json.WriteStartObject(status);
        json.WriteString("$ref", "#/components/responses/" + response);
        json.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter json)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("securitySchemes");
        json.WriteStartObject("bearer");
        json.WriteString("type", "http");
        json.WriteString("scheme", "bearer");
        json.WriteString("bearerFormat", "JWT");
        json.WriteString("description", "A token of this hub (cityhub token) or of a configured OpenID Connect issuer; its scope carries the permissions.");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("schemas");
        json.WriteStartObject("Problem");
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        foreach (var (name, type, help) in new[]
        {
            ("type", "string", "Leads to the page of the problem"), ("title", "string", "The same for every occurrence"), ("status", "integer", "The HTTP status"),
            ("detail", "string", "What was wrong here"), ("code", "string", "Stable; cityhub explain CODE prints the page"), ("hint", "string", "The way forward"), ("rule", "string", "The clause or setting that refused"),
        })
        {
            json.WriteStartObject(name);
            json.WriteString("type", type);
            json.WriteString("description", help);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("responses");
        foreach (var (name, help) in new[] { ("NotAuthenticated", "The hub does not know who asks"), ("NotPermitted", "The token does not carry the permission"), ("Problem", "A refusal") })
        {
            json.WriteStartObject(name);
            json.WriteString("description", help);
            json.WriteStartObject("content");
            json.WriteStartObject(ProblemWriter.ContentType);
            json.WriteStartObject("schema");
            json.WriteString("$ref", "#/components/schemas/Problem");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string[] DefaultTypes(RouteEndpoint endpoint) =>
        PathOf(endpoint.RoutePattern).StartsWith("/ngsi-ld/", StringComparison.Ordinal) ? ["application/json", "application/ld+json"] : ["application/json"];

    private static IReadOnlyList<string> TagsOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags ?? [];
}
