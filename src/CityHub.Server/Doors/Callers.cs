using CityHub.Core.Ports;
using CityHub.Sharing.Parties;

namespace CityHub.Server.Doors;

/// <summary>
/// Who a token makes one in sharing. Roles come from the register of parties, and only for a token that the department itself stands behind: one that it signed, or one of
/// the identity provider that is configured for it. A token of the hub makes nobody an officer, however it is named.
/// </summary>
/// <param name="registered">What the register says of a person.</param>
/// <param name="citizens">The department whose tokens say who a citizen is; null: none does.</param>
internal sealed class Callers(Func<string, Caller> registered, string? citizens)
{
    /// <summary>On an open hub anybody may be anybody: this header, or the cookie of the same name in lower case, names the person.</summary>
    public const string OpenHeader = "CityHub-As";

    private const string OpenCookie = "cityhub-as";
    private static readonly ulong OperateBit = PermissionSet.BitOf(Permissions.Operate);
    private static readonly ulong CitizenBit = PermissionSet.BitOf(Permissions.Citizen);

    public Caller Of(Bearer bearer)
    {
        var department = bearer.Department ?? DepartmentTokens.DepartmentOf(bearer.Issuer);
        if (department is null)
            return new Caller(bearer.Subject, null, bearer.Permissions.Has(OperateBit) ? Roles.Operator : Roles.None);
        if (bearer.Permissions.Has(CitizenBit))
            return department == citizens ? new Caller(bearer.Subject, null, Roles.Citizen) : new Caller(bearer.Subject, null, Roles.None);
        var known = registered(bearer.Subject);
        if (known.Department != department)
            return new Caller(bearer.Subject, null, Roles.None);
        // Who operates and has a role beside it is refused by the decision: the two exclude each other.
        return bearer.Permissions.Has(OperateBit) ? known with { Roles = known.Roles | Roles.Operator } : known;
    }

    /// <summary>On an open hub: from now on this browser is this person; null: nobody.</summary>
    public static void Be(HttpContext http, string? person)
    {
        var options = new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" };
        if (string.IsNullOrWhiteSpace(person))
            http.Response.Cookies.Delete(OpenCookie, options);
        else
            http.Response.Cookies.Append(OpenCookie, person.Trim(), options);
    }

    /// <summary>Whoever the request says; without a word nobody in particular.</summary>
    public Caller OfOpen(HttpContext http)
    {
        var name = http.Request.Headers.TryGetValue(OpenHeader, out var header) ? header.ToString() : http.Request.Cookies[OpenCookie];
        if (string.IsNullOrEmpty(name))
            return Caller.Anyone;
        return name.StartsWith("citizen:", StringComparison.Ordinal) ? new Caller(name[8..], null, Roles.Citizen) : registered(name);
    }
}
