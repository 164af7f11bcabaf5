using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Http;
using CityHub.Server.Ledger;

namespace CityHub.Server.Doors;

/// <summary><c>/tokens</c>: issue, list, revoke tokens of this hub.</summary>
internal static class TokenRoutes
{
    private static readonly TimeSpan DefaultLife = TimeSpan.FromDays(1);

    public static IEndpointRouteBuilder MapTokens(this IEndpointRouteBuilder routes, TokenRegister tokens)
    {
        routes.MapPost("/tokens", http => IssueAsync(http, tokens)).RequireAuthorization(Permissions.Operate)
            .WithName("IssueToken").WithSummary("Issue a token for a machine or a device; the answer is the only place where it is ever shown").WithTags("Tokens");
        routes.MapGet("/tokens", http => ListAsync(http, tokens)).RequireAuthorization(Permissions.Operate)
            .WithName("ListTokens").WithSummary("The tokens that were issued, by the hash of their id").WithTags("Tokens");
        routes.MapDelete("/tokens/{id}", http => RevokeAsync(http, tokens)).RequireAuthorization(Permissions.Operate)
            .WithName("RevokeToken").WithSummary("From now on the token opens nothing").WithTags("Tokens");
        return routes;
    }

    /// <summary>What POST /tokens takes.</summary>
    public sealed record Request(string Subject, IReadOnlyList<string> Permissions, IReadOnlyList<string> Tenants, TimeSpan Life)
    {
        /// <summary>Why this is an emergency; null when it is none.</summary>
        public string? BreakGlass { get; init; }

        public static Result<Request> Read(JsonElement json)
        {
            if (json.ValueKind != JsonValueKind.Object)
                return ServerProblems.BadBody.Because("The body is no JSON object.");
            string? subject = null, breakGlass = null;
            List<string> permissions = [], tenants = [];
            TimeSpan? life = null;
            foreach (var member in json.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "subject" when member.Value.ValueKind == JsonValueKind.String: subject = member.Value.GetString(); break;
                    case "permissions" when Strings(member.Value) is { } words: permissions = words; break;
                    case "tenants" when Strings(member.Value) is { } words: tenants = words; break;
                    case "expires" when member.Value.ValueKind == JsonValueKind.String && Durations.TryParse(member.Value.GetString() ?? "", out var span): life = span; break;
                    case "breakGlass" when member.Value.ValueKind == JsonValueKind.String: breakGlass = member.Value.GetString(); break;
                    case "subject" or "permissions" or "tenants" or "expires" or "breakGlass":
                        return ServerProblems.BadBody.Because($"{member.Name} is {member.Value.GetRawText()}.", "{\"subject\": \"pump-17\", \"permissions\": [\"entities:write\"], \"tenants\": [], \"expires\": \"30d\"}");
                    default:
                        return ServerProblems.BadBody.Because($"{member.Name} is no member here.", "There are subject, permissions, tenants, expires, breakGlass.");
                }
            }

            return string.IsNullOrWhiteSpace(subject)
                ? ServerProblems.BadBody.Because("subject is missing: who will carry the token?")
                : new Request(subject, permissions, tenants, life ?? (breakGlass is null ? DefaultLife : TokenRegister.LongestEmergency)) { BreakGlass = breakGlass };
        }

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("subject", Subject);
            Array(json, "permissions", Permissions);
            Array(json, "tenants", Tenants);
            json.WriteString("expires", Durations.Text(Life));
            if (BreakGlass is not null)
                json.WriteString("breakGlass", BreakGlass);
            json.WriteEndObject();
        }

        private static List<string>? Strings(JsonElement value) =>
            value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) ? [.. value.EnumerateArray().Select(v => v.GetString() ?? "")] : null;
    }

    private static async Task IssueAsync(HttpContext http, TokenRegister tokens)
    {
        Result<Request> read;
        try
        {
            using var json = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            read = Request.Read(json.RootElement);
        }
        catch (JsonException e)
        {
            read = ServerProblems.BadBody.Because($"The body is not JSON at line {e.LineNumber + 1}.");
        }

        if (!read.TryGet(out var request, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        var issued = await tokens.IssueAsync(request.Subject, request.Permissions, request.Tenants, request.Life, Bearer.NameOf(http), http.RequestAborted, request.BreakGlass);
        if (!issued.TryGet(out var token, out problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        LedgerRoutes.Receipted(http, token.Position);
        await Json.WriteAsync(http, 201, json =>
        {
            json.WriteStartObject();
            json.WriteString("token", token.Token);
            json.WriteString("id", token.Claims.Id);
            json.WriteString("expiresAt", TokenRegister.Time(token.Claims.ExpiresAt));
            json.WriteEndObject();
        });
    }

    private static Task ListAsync(HttpContext http, TokenRegister tokens) => Json.WriteAsync(http, 200, json =>
    {
        json.WriteStartArray();
        foreach (var token in tokens.All)
        {
            json.WriteStartObject();
            json.WriteString("id", token.IdHash);
            json.WriteString("subject", token.Subject);
            Array(json, "permissions", token.Permissions);
            Array(json, "tenants", token.Tenants);
            json.WriteString("issuedAt", TokenRegister.Time(token.IssuedAt));
            json.WriteString("expiresAt", TokenRegister.Time(token.ExpiresAt));
            if (token.BreakGlass is not null)
                json.WriteString("breakGlass", token.BreakGlass);
            if (token.RevokedAt is { } revoked)
                json.WriteString("revokedAt", TokenRegister.Time(revoked));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static async Task RevokeAsync(HttpContext http, TokenRegister tokens)
    {
        var revoked = await tokens.RevokeAsync(http.Request.RouteValues["id"]?.ToString() ?? "", Bearer.NameOf(http), http.RequestAborted);
        if (!revoked.TryGet(out var token, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        LedgerRoutes.Receipted(http, token.Position);
        http.Response.StatusCode = 204;
    }

    private static void Array(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
