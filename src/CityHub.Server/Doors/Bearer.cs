using System.Security.Claims;

namespace CityHub.Server.Doors;

/// <summary>Who asks: what a token said that was found good.</summary>
internal sealed class Bearer
{
    public const string AnyTenant = "*";

    public required string Subject { get; init; }

    public required PermissionSet Permissions { get; init; }

    /// <summary>The tenants that may be named, <c>*</c> for any; empty: the default tenant alone.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>UTC ticks.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>UTC ticks; of a token that does not say when: 0, so that whatever takes back its person's tokens takes it back.</summary>
    public long IssuedAt { get; init; }

    /// <summary>Hash of the token's id, for tokens of this hub and of departments; null for those of other issuers that give none.</summary>
    public string? IdHash { get; init; }

    public string? Issuer { get; init; }

    /// <summary>The department whose identity provider issued it; null for all others.</summary>
    public string? Department { get; init; }

    public ClaimsPrincipal Principal => field ??= new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", Subject)], "Bearer", "sub", "scope"));

    /// <summary>The public key, base64, under which a department signed it; it counts while that key is the department's.</summary>
    public string? SignedUnder { get; init; }

    public bool MayUse(string tenant)
    {
        if (Tenants.Count == 0)
            return tenant.Length == 0;
        foreach (var allowed in Tenants)
            if (allowed == AnyTenant || allowed == tenant)
                return true;
        return false;
    }

    /// <summary>Whoever asks, for the log; <c>open</c> where the hub asks nobody.</summary>
    public static string NameOf(HttpContext http) => http.Features.Get<Bearer>()?.Subject ?? "open";

    public static string TenantOf(HttpContext http) => http.Request.Headers.TryGetValue("NGSILD-Tenant", out var tenant) ? tenant.ToString() : "";
}
