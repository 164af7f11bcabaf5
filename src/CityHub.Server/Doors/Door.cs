using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Http;
using CityHub.Server.Sharing.Entities;
using Microsoft.AspNetCore.Authorization;

namespace CityHub.Server.Doors;

/// <summary>
/// May I? Every request passes here between routing and its endpoint. An endpoint asks for one permission by
/// <c>RequireAuthorization(Permissions.X)</c>; one that asks for nothing is closed to all. A token that was found good is known by its
/// SHA-256 until it expires, so that the signature is checked once (bench: about 0.1 ms) and not with every request (about 1 µs).
/// </summary>
/// <param name="takenBack">Whether its department revoked a token, or its person's.</param>
internal sealed class Door(bool open, HubTokens tokens, DepartmentTokens departments, TokenRegister register, OidcIssuers issuers, Callers callers, Func<Bearer, bool> takenBack, TimeProvider time)
{
    private const int MostKnown = 20_000;

    private static readonly ulong DataUseBit = PermissionSet.BitOf(Permissions.DataUse);

    private readonly ConcurrentDictionary<TokenHash, Bearer> _known = new();

    public RequestDelegate Guard(RequestDelegate next) => http =>
    {
        var endpoint = http.GetEndpoint();
        // Routing's own answers (405, 415) and "no such route" carry nothing to guard.
        if (endpoint is null || endpoint is not RouteEndpoint)
            return next(http);
        var asked = endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy;
        if (open && asked is not null)
        {
            http.Features.Set(callers.OfOpen(http));
            return next(http);
        }

        if (asked == Permissions.Public || (asked == Permissions.Optional && !HasToken(http)))
            return next(http);
        return KnownAsync(http, next, endpoint, asked);
    };

    private async Task KnownAsync(HttpContext http, RequestDelegate next, Endpoint endpoint, string? asked)
    {
        if (TokenOf(http) is not { } token)
        {
            if (!HasToken(http) && http.GetEndpoint()?.Metadata.GetMetadata<SignInFirst>() is not null && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
            {
                http.Response.Redirect("/sign-in");
                return;
            }

            await RefuseAsync(http, ServerProblems.NotAuthenticated.Because("This address needs a token: Authorization: Bearer …", "cityhub token --help says how to get one."), "Bearer realm=\"cityhub\"");
            return;
        }

        var admitted = await AdmitAsync(token, http.RequestAborted);
        if (!admitted.TryGet(out var bearer, out var problem))
        {
            await RefuseAsync(http, problem, problem.Kind.Status == 401 ? "Bearer realm=\"cityhub\", error=\"invalid_token\"" : null);
            return;
        }

        var bit = asked is null ? 0 : PermissionSet.BitOf(asked);
        var allowed = asked == Permissions.Optional || bearer.Permissions.Has(bit);
        // Grants are given to departments: a token that stands for none is not let in by them.
        if (!allowed && endpoint.Metadata.GetMetadata<AlsoUnderGrants>() is { } other && bearer.Permissions.Has(PermissionSet.BitOf(other.Permission)) && callers.Of(bearer).Department is not null)
        {
            allowed = true;
            http.Features.Set(UnderGrants.Instance);
        }

        if (!allowed)
        {
            await RefuseAsync(
                http,
                ServerProblems.NotPermitted.Because(asked is null ? "This address is open to nobody." : $"This address asks for {asked}.", $"The token of {bearer.Subject} carries: {string.Join(' ', bearer.Permissions.Names)}"),
                asked is null ? "Bearer realm=\"cityhub\", error=\"insufficient_scope\"" : $"Bearer realm=\"cityhub\", error=\"insufficient_scope\", scope=\"{asked}\"");
            return;
        }

        var tenant = Bearer.TenantOf(http);
        if (!bearer.MayUse(tenant))
        {
            var tenants = bearer.Tenants.Count == 0 ? "the default tenant" : string.Join(", ", bearer.Tenants);
            await RefuseAsync(
                http,
                ServerProblems.TenantNotPermitted.Because($"The token is for {tenants}, and the request is for {(tenant.Length == 0 ? "the default tenant" : tenant)}.", "The header NGSILD-Tenant names the tenant."),
                "Bearer realm=\"cityhub\", error=\"insufficient_scope\"");
            return;
        }

        http.Features.Set(bearer);
        // Where a token is optional it may still give data: only one that was given for that speaks for its department there.
        var caller = callers.Of(bearer);
        http.Features.Set(asked == Permissions.Optional && !bearer.Permissions.Has(DataUseBit) ? caller with { Department = null } : caller);
        http.User = bearer.Principal;
        await next(http);
    }

    /// <summary>Whether a token opens the hub, and what it may: for HTTP, MQTT and whoever else stands at a door.</summary>
    public async ValueTask<Result<Bearer>> AdmitAsync(string token, CancellationToken cancel)
    {
        var hash = TokenHash.Of(token);
        var now = time.GetUtcNow();
        if (!_known.TryGetValue(hash, out var bearer))
        {
            var verified = tokens.Claims(token) ? tokens.Verify(token, now) : DepartmentTokens.Claims(token) ? departments.Verify(token, now) : await issuers.VerifyAsync(token, cancel);
            if (!verified.TryGet(out bearer, out var problem))
                return problem;
            if (_known.Count >= MostKnown)
                _known.Clear();
            _known[hash] = bearer;
        }
        else if (bearer.ExpiresAt <= now.UtcTicks)
        {
            _known.TryRemove(hash, out _);
            return ServerProblems.TokenRefused.Because("It has expired.");
        }

        if (!departments.StillSigns(bearer))
            return ServerProblems.TokenRefused.Because("The department that signed it has another key now.", "Ask your department for another: cityhub token --department.");
        if (takenBack(bearer))
            return ServerProblems.TokenRefused.Because("The department took it back.", "Ask your department for another.");
        if (bearer.IdHash is { } id && bearer.Issuer == HubTokens.Issuer && register.IsRevoked(id))
            return ServerProblems.TokenRefused.Because("It was revoked.");
        return bearer;
    }

    private static bool HasToken(HttpContext http) => http.Request.Headers.Authorization.Count > 0 || http.Request.Cookies.ContainsKey(Session.Cookie);

    private static string? TokenOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count == 0)
            return Session.TokenOf(http);
        return header.Count == 1 && header[0] is { } text && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? text[7..].Trim() : null;
    }

    private static Task RefuseAsync(HttpContext http, Problem problem, string? challenge) => ProblemWriter.WriteAsync(http, problem, challenge);

    /// <summary>The SHA-256 of a token: what is kept of it.</summary>
    private readonly record struct TokenHash(ulong A, ulong B, ulong C, ulong D)
    {
        public static TokenHash Of(string token)
        {
            Span<byte> bytes = token.Length <= 1024 ? stackalloc byte[1024 * 3] : new byte[token.Length * 3];
            var length = Encoding.UTF8.GetBytes(token, bytes);
            Span<byte> hash = stackalloc byte[32];
            SHA256.HashData(bytes[..length], hash);
            var words = MemoryMarshal.Cast<byte, ulong>(hash);
            return new TokenHash(words[0], words[1], words[2], words[3]);
        }
    }
}

/// <summary>On a page: a browser that has no token yet is sent to where one signs in.</summary>
internal sealed class SignInFirst
{
    public static readonly SignInFirst Here = new();
}
