using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CityHub.Context.Http;

public enum MediaType
{
    Json,
    JsonLd,
    GeoJson,
}

/// <summary>What clause 6.3 asks of every NGSI-LD route: media types, the Link header, the tenant header, error bodies, paging.</summary>
public static class NgsiLdHttp
{
    public const string TenantHeader = "NGSILD-Tenant";
    public const string CountHeader = "NGSILD-Results-Count";
    public const string ContextRelation = "http://www.w3.org/ns/json-ld#context";

    internal static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The tenant that the request names; empty for the default one.</summary>
    public static Result<string> Tenant(HttpContext http)
    {
        if (!http.Request.Headers.TryGetValue(TenantHeader, out var values) || values.ToString() is not { Length: > 0 } tenant)
            return "";
        if (tenant.Length > 255 || tenant.Any(c => !char.IsLetterOrDigit(c) && c is not ('_' or '-' or '.' or ':' or '/')) || tenant.Contains('@', StringComparison.Ordinal))
            return ContextProblems.BadRequestData.Because($"\"{tenant}\" cannot be a tenant's name.", "Letters, digits, _ - . : /, at most 255.", "ETSI GS CIM 009, 6.3.14");
        http.Response.Headers[TenantHeader] = tenant;
        return tenant;
    }

    /// <summary>The best of the accepted media types that the hub serves here (RFC 9110, 12.5.1). JSON when nothing is asked.</summary>
    public static Result<MediaType> Accept(HttpContext http, bool geoJson = false)
    {
        var accept = http.Request.Headers.Accept;
        if (StringValues.IsNullOrEmpty(accept))
            return MediaType.Json;
        // 6.3.4: of equal weights the first of json, ld+json, geo+json; an explicit weight counts before a wildcard's.
        Span<double> weights = [-1, -1, -1];
        var wildcard = -1.0;
        foreach (var range in accept.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            var q = 1.0;
            foreach (var parameter in parts.Skip(1))
                if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase) && double.TryParse(parameter.AsSpan(2), NumberStyles.Float, CultureInfo.InvariantCulture, out var given))
                    q = given;
            var at = parts[0].ToLowerInvariant() switch { "application/json" => 0, "application/ld+json" => 1, "application/geo+json" => 2, _ => -1 };
            if (at >= 0)
                weights[at] = Math.Max(weights[at], q);
            else if (parts[0] is "application/*" or "*/*")
                wildcard = Math.Max(wildcard, q);
        }

        var (best, weight) = (-1, 0.0);
        for (var i = 0; i < (geoJson ? 3 : 2); i++)
            if ((weights[i] < 0 ? wildcard : weights[i]) is var own && own > weight)
                (best, weight) = (i, own);
        return best >= 0
            ? (MediaType)best
            : ContextProblems.NotAcceptable.Because($"None of \"{accept}\" can be served.", geoJson ? "application/json, application/ld+json, application/geo+json" : "application/json, application/ld+json");
    }

    /// <summary>The URL of the Link header with the JSON-LD context relation; null when there is none.</summary>
    public static Result<string?> LinkedContext(HttpContext http)
    {
        string? found = null;
        foreach (var header in http.Request.Headers.Link)
            foreach (var link in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var (open, close) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
                if (open != 0 || close < 0 || !link.Contains(ContextRelation, StringComparison.Ordinal))
                    continue;
                if (found is not null)
                    return ContextProblems.BadRequestData.Because("There is more than one Link header with a JSON-LD context.", rule: "ETSI GS CIM 009, 6.3.5");
                found = link[1..close];
            }

        return found;
    }

    /// <summary>The context of a request without a body of its own: the Link header's, else the core context.</summary>
    public static async ValueTask<Result<LdContext>> ContextOfAsync(HttpContext http, ContextStore contexts, string tenant)
    {
        if (!LinkedContext(http).TryGet(out var url, out var problem))
            return problem;
        return url is null ? LdContext.Core : await contexts.ResolveUrlAsync(tenant, url, http.RequestAborted);
    }

    /// <summary>The body's bytes. Refused: too large, empty.</summary>
    public static async ValueTask<Result<ReadOnlyMemory<byte>>> BodyAsync(HttpContext http, int most)
    {
        if (http.Request.ContentLength > most)
            return TooLarge(most);
        var length = (int)(http.Request.ContentLength ?? 4096);
        var body = new byte[Math.Max(length, 1)];
        var used = 0;
        while (true)
        {
            if (used == body.Length)
            {
                if (used > most)
                    return TooLarge(most);
                if (used == http.Request.ContentLength)
                    break;
                Array.Resize(ref body, Math.Min(body.Length * 2, most + 1));
            }

            var got = await http.Request.Body.ReadAsync(body.AsMemory(used), http.RequestAborted);
            if (got == 0)
                break;
            used += got;
        }

        if (used == 0)
            return ContextProblems.InvalidRequest.Because("The body is empty.");
        return (ReadOnlyMemory<byte>)body.AsMemory(0, used);
    }

    private static Problem TooLarge(int most) => ContextProblems.PayloadTooLarge.Because($"The body is larger than {most} bytes.", "Send less at once, or raise limits.body.", "limits.body");

    /// <summary>
    /// The body with the context it is to be read in (6.3.5): application/ld+json carries it inside, application/json in the Link header;
    /// application/merge-patch+json is read like application/json, but may carry one inside.
    /// </summary>
    public static async ValueTask<Result<LdBody>> LdBodyAsync(HttpContext http, ContextStore contexts, string tenant, int most, bool array = false)
    {
        var media = (http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        if (media is not ("application/json" or "application/ld+json" or "application/merge-patch+json"))
            return ContextProblems.UnsupportedMediaType.Because($"\"{http.Request.ContentType}\" cannot be read here.", "application/json, application/ld+json");
        if (!LinkedContext(http).TryGet(out var link, out var linkProblem))
            return linkProblem;
        var read = await BodyAsync(http, most);
        if (!read.Ok)
            return read.Problem;
        var ld = media == "application/ld+json";
        if (array)
        {
            if (ld && link is not null)
                return LinkForbidden();
            var shared = await ContextOfAsync(http, contexts, tenant);
            return shared.Ok ? new LdBody(read.Value, shared.Value, ld, link is not null) : shared.Problem;
        }

        if (!PayloadContext.Find(read.Value).TryGet(out var inside, out var notJson))
            return notJson;
        if (ld && link is not null)
            return LinkForbidden();
        if (ld && inside is null)
            return ContextProblems.BadRequestData.Because("The body is application/ld+json but has no @context.", rule: "ETSI GS CIM 009, 6.3.5");
        if (media == "application/json" && inside is not null)
            return ContextProblems.BadRequestData.Because("The body is application/json but has an @context.", "Send it as application/ld+json, or name the context in a Link header.", "ETSI GS CIM 009, 6.3.5");
        var context = inside is { } json ? await contexts.ResolveAsync(tenant, json, http.RequestAborted)
            : link is not null ? await contexts.ResolveUrlAsync(tenant, link, http.RequestAborted)
            : LdContext.Core;
        return context.Ok ? new LdBody(read.Value, context.Value, ld, link is not null) : context.Problem;
    }

    /// <summary>A refusal as RFC 9457 asks, with the error type of clause 6.3.2. NGSI-LD fixes the media type application/json.</summary>
    public static Task WriteProblem(HttpContext http, Problem problem)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            WriteProblem(json, problem);
        // What is left of a body that is too large is not read: the connection ends with the answer, and the client has to know.
        if (problem.Kind.Status == StatusCodes.Status413PayloadTooLarge)
            http.Response.Headers.Connection = "close";
        http.Response.StatusCode = problem.Kind.Status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        return http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted).AsTask();
    }

    public static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WriteStartObject();
        // What clause 6.3.2 has no word for (a grant that does not reach) leads to its page, as everywhere else in the hub.
        json.WriteString("type"u8, problem.Kind.EtsiType is null && problem.Kind.Status < 500 ? "/problems/" + problem.Kind.Code : "https://uri.etsi.org/ngsi-ld/errors/" + (problem.Kind.EtsiType ?? "InternalError"));
        json.WriteString("title"u8, problem.Kind.Title);
        json.WriteString("detail"u8, problem.Detail);
        json.WriteNumber("status"u8, problem.Kind.Status);
        json.WriteString("code"u8, problem.Kind.Code);
        if (problem.Hint is { } hint)
            json.WriteString("hint"u8, hint);
        if (problem.Rule is { } rule)
            json.WriteString("rule"u8, rule);
        json.WriteEndObject();
    }

    /// <summary>Sends JSON in the accepted media type, with the context in a Link header where it is not in the body.</summary>
    /// <param name="reading">Where types are guarded: the answer is written, then recorded, then sent.</param>
    public static async Task WriteAsync(HttpContext http, int status, MediaType media, LdContext? context, Action<Utf8JsonWriter> write, EntityReading? reading = null)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            write(json);
        if (reading is not null && await reading.RecordAsync(QuestionOf(http), http.RequestAborted) is { } problem)
        {
            foreach (var told in new[] { CountHeader, "Link", "Content-Range", "Preference-Applied" })
                http.Response.Headers.Remove(told);
            await WriteProblem(http, problem);
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = media switch
        {
            MediaType.JsonLd => "application/ld+json",
            MediaType.GeoJson => "application/geo+json",
            MediaType.Json => "application/json",
            _ => throw new InvalidOperationException($"No such media type: {media}"),
        };
        if (media != MediaType.JsonLd && context?.Url is { } url)
            http.Response.Headers.Append("Link", $"<{url}>; rel=\"{ContextRelation}\"; type=\"application/ld+json\"");
        http.Response.ContentLength = buffer.WrittenCount;
        if (reading is null)
            await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
        else
            await SendAsync(http, buffer.WrittenMemory, reading);
    }

    /// <summary>An answer that shows no entity tells something, too: it is recorded where it is about somebody. The problem to answer with.</summary>
    internal static async ValueTask<Problem> ToldAsync(HttpContext http, Problem problem, EntityReading? reading)
    {
        if (reading is null)
            return problem;
        if (await reading.RecordAsync(QuestionOf(http), http.RequestAborted) is { } unrecorded)
            return unrecorded;
        await reading.CloseAsync(complete: true);
        return problem;
    }

    private static string QuestionOf(HttpContext http) => $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}";

    private static async Task SendAsync(HttpContext http, ReadOnlyMemory<byte> body, EntityReading reading)
    {
        const int Block = 64 << 10;
        var complete = false;
        try
        {
            for (var at = 0; at < body.Length; at += Block)
            {
                var block = body.Slice(at, Math.Min(Block, body.Length - at));
                if (!reading.MaySend(block.Span))
                {
                    http.Abort();
                    return;
                }

                // A reader who takes it slowly keeps it waiting, and the grant may end meanwhile: that is noticed then.
                var writing = http.Response.Body.WriteAsync(block, http.RequestAborted);
                if (writing.IsCompleted)
                    await writing;
                else if (!await reading.WaitAsync(writing.AsTask()))
                {
                    http.Abort();
                    return;
                }
            }

            complete = true;
        }
        finally
        {
            await reading.CloseAsync(complete);
        }
    }

    private static Problem LinkForbidden() => ContextProblems.BadRequestData.Because(
        "The body is application/ld+json and there is a Link header with a context.", "One of the two.", "ETSI GS CIM 009, 6.3.5");
}

/// <param name="Ld">The body carries its context inside.</param>
/// <param name="Linked">The context came in a Link header.</param>
public readonly record struct LdBody(ReadOnlyMemory<byte> Json, LdContext Context, bool Ld, bool Linked);
