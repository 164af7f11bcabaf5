using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Server.Http;

/// <summary>Problems as RFC 9457 JSON whose <c>type</c> leads to the page of docs/problems.</summary>
internal static class ProblemWriter
{
    public const string ContentType = "application/problem+json";
    private const string EtsiErrors = "https://uri.etsi.org/ngsi-ld/errors/";

    public static string PageOf(ProblemKind kind) => "/problems/" + kind.Code;

    /// <summary>Answers with the problem, unless the answer has begun already: then the connection is cut, so that nobody takes half an answer for a whole one.</summary>
    /// <param name="challenge">WWW-Authenticate (RFC 6750), with 401 and 403.</param>
    /// <param name="keep">A header that was set before and goes out with the problem.</param>
    public static Task WriteAsync(HttpContext http, Problem problem, string? challenge = null, string? keep = null)
    {
        var response = http.Response;
        if (response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        var body = new ArrayBufferWriter<byte>(512);
        Write(body, problem, http.Request.Path.StartsWithSegments("/ngsi-ld", StringComparison.Ordinal));
        var kept = keep is null ? default : response.Headers[keep];
        response.Clear();
        if (keep is not null)
            response.Headers[keep] = kept;
        if (challenge is not null)
            response.Headers.WWWAuthenticate = challenge;
        // What is left of a body that is too large is not read: the connection ends with the answer, and the client has to know.
        if (problem.Kind.Status == StatusCodes.Status413PayloadTooLarge)
            response.Headers.Connection = "close";
        response.StatusCode = problem.Kind.Status;
        response.ContentType = ContentType;
        response.ContentLength = body.WrittenCount;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body.WrittenMemory, CancellationToken.None).AsTask();
    }

    private static void Write(IBufferWriter<byte> to, Problem problem, bool ngsiLd)
    {
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = Json.Relaxed });
        json.WriteStartObject();
        json.WriteString("type", ngsiLd && problem.Kind.EtsiType is { } etsi ? EtsiErrors + etsi : PageOf(problem.Kind));
        json.WriteString("title", problem.Kind.Title);
        json.WriteNumber("status", problem.Kind.Status);
        json.WriteString("detail", problem.Detail);
        json.WriteString("code", problem.Code);
        if (problem.Hint is { } hint)
            json.WriteString("hint", hint);
        if (problem.Rule is { } rule)
            json.WriteString("rule", rule);
        json.WriteEndObject();
    }
}

/// <summary>JSON by hand: no reflection, Chinese as it is.</summary>
internal static class Json
{
    /// <summary>Chinese text stays readable; still safe inside a JSON document (never inside HTML).</summary>
    public static readonly System.Text.Encodings.Web.JavaScriptEncoder Relaxed = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static byte[] Bytes(Action<Utf8JsonWriter> write, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Relaxed, Indented = indented }))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        var body = Bytes(write);
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
