using System.Collections.Immutable;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CityHub.Sharing.Releases;

/// <summary>
/// What every door reads alike from a request: for which purpose, for which case, under which grant. Headers <c>CityHub-Purpose</c>, <c>CityHub-Case</c>, <c>CityHub-Grant</c>
/// (percent-encoded where they are not ASCII) or, for clients that set no headers, the parameters <c>purpose</c>, <c>case</c>, <c>grant</c>; a header wins.
/// </summary>
internal static class AskReader
{
    public const string PurposeHeader = "CityHub-Purpose";
    public const string CaseHeader = "CityHub-Case";
    public const string GrantHeader = "CityHub-Grant";

    /// <summary>Parameters that belong to the ask and not to the door's own question.</summary>
    public static readonly ImmutableArray<string> Parameters = ["purpose", "case", "grant"];

    private const int Longest = 200;

    /// <summary>Where no purpose is said, it stays empty: <see cref="IReleases"/> then takes that of the grant that was named, or of open data, and refuses otherwise.</summary>
    public static Result<Ask> AskOf(HttpContext http, string dataset, Rights right, DeliveryModes mode)
    {
        if (!Read(http, PurposeHeader, "purpose").TryGet(out var purpose, out var problem) || !Read(http, CaseHeader, "case").TryGet(out var matter, out problem)
            || !Read(http, GrantHeader, "grant").TryGet(out var grant, out problem))
            return problem;
        return new Ask(SharingHttp.CallerOf(http), right, dataset, purpose, mode) { Case = matter.Length == 0 ? null : matter, Grant = grant.Length == 0 ? null : grant };
    }

    private static Result<string> Read(HttpContext http, string header, string parameter)
    {
        if (http.Request.Headers.TryGetValue(header, out var said) && !StringValues.IsNullOrEmpty(said))
            return One(said, header, Uri.UnescapeDataString(said.ToString()));
        return http.Request.Query.TryGetValue(parameter, out said) ? One(said, parameter, said.ToString()) : "";
    }

    private static Result<string> One(StringValues said, string name, string text) =>
        said.Count > 1 ? SharingProblems.BadRequest.Because($"{name} stands more than once.", "Say it once: a release is for one purpose, under one grant.")
        : text.Length > Longest || text.AsSpan().ContainsAnyInRange('\0', '\u001f') ? SharingProblems.BadRequest.Because($"{name} is longer than {Longest} letters, or has control characters in it.")
        : text;
}
