using System.Globalization;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sensing.Http;

/// <summary>What all routes of this room share beyond <see cref="RoomHttp"/>: tenants.</summary>
internal static class SensingHttp
{
    public const string TenantHeader = "NGSILD-Tenant";
    public const int DefaultPage = RoomHttp.DefaultPage;
    public const int MostPage = RoomHttp.MostPage;

    private static readonly RoomHttp Room = new(SensingProblems.BadRequest, SensingProblems.TooLarge);

    /// <summary>A handler that answers, or gives back the refusal to be written.</summary>
    public delegate ValueTask<Problem?> Handler(HttpContext http, string tenant);

    public static RequestDelegate Handle(Handler handler) => async http =>
    {
        var problem = Tenant(http).TryGet(out var tenant, out var unnamed) ? await handler(http, tenant) : unnamed;
        if (problem is not null)
            await WriteProblemAsync(http, problem);
    };

    public static Result<string> Tenant(HttpContext http)
    {
        if (!http.Request.Headers.TryGetValue(TenantHeader, out var values) || values.ToString() is not { Length: > 0 } tenant)
            return "";
        return Tenants.IsName(tenant) ? tenant : SensingProblems.BadRequest.Because($"\"{tenant}\" cannot be a tenant's name.", "Letters, digits, _ - . : /, at most 255.");
    }

    public static ValueTask<Result<ReadOnlyMemory<byte>>> BodyAsync(HttpContext http, int most) => Room.BodyAsync(http, most);

    public static Result<(int Limit, string? After)> Page(HttpContext http, params ReadOnlySpan<string> known) => Room.Page(http, known);

    public static Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write) => RoomHttp.WriteAsync(http, status, write);

    public static Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> json) => RoomHttp.WriteAsync(http, status, json);

    public static Task WriteProblemAsync(HttpContext http, Problem problem) => RoomHttp.WriteProblemAsync(http, problem);

    public static string Time(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
