using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Http;

/// <summary>What all routes of a room share: bodies, pages, JSON, problems (RFC 9457).</summary>
/// <param name="badRequest">The room's refusal of a parameter or a body.</param>
/// <param name="tooLarge">The room's refusal of a body that is too large.</param>
public sealed class RoomHttp(ProblemKind badRequest, ProblemKind tooLarge)
{
    public const int DefaultPage = 100;
    public const int MostPage = 1000;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A handler that answers, or gives back the refusal to be written.</summary>
    public delegate ValueTask<Problem?> Handler(HttpContext http);

    public static RequestDelegate Handle(Handler handler) => async http =>
    {
        if (await handler(http) is { } problem)
            await WriteProblemAsync(http, problem);
    };

    /// <summary>The whole body, or a refusal when it is larger than this route takes.</summary>
    public async ValueTask<Result<ReadOnlyMemory<byte>>> BodyAsync(HttpContext http, int most)
    {
        if (http.Request.ContentLength > most)
            return TooLarge(most);
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > most)
            {
                reader.AdvanceTo(read.Buffer.End);
                return TooLarge(most);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return (ReadOnlyMemory<byte>)body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>limit and after of a page; names of other parameters that the route knows are in <paramref name="known"/>.</summary>
    public Result<(int Limit, string? After)> Page(HttpContext http, params ReadOnlySpan<string> known)
    {
        foreach (var name in http.Request.Query.Keys)
            if (name is not ("limit" or "after") && !known.Contains(name))
                return badRequest.Because($"{name} is no parameter here.", $"There are limit, after{(known.Length == 0 ? "" : ", ")}{string.Join(", ", known.ToArray())}.");
        var limit = DefaultPage;
        if (http.Request.Query.TryGetValue("limit", out var text) && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostPage))
            return badRequest.Because($"limit is {text}; it takes 1 to {MostPage}.");
        return (limit, http.Request.Query.TryGetValue("after", out var after) ? after.ToString() : null);
    }

    public static Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            write(json);
        return SendAsync(http, status, "application/json", buffer.WrittenMemory);
    }

    public static Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> json) => SendAsync(http, status, "application/json", json);

    public static Task WriteProblemAsync(HttpContext http, Problem problem)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        ComeAgain(http, problem);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "/problems/" + problem.Code);
            json.WriteString("title"u8, problem.Kind.Title);
            json.WriteNumber("status"u8, problem.Kind.Status);
            json.WriteString("detail"u8, problem.Detail);
            json.WriteString("code"u8, problem.Code);
            if (problem.Hint is { } hint)
                json.WriteString("hint"u8, hint);
            if (problem.Rule is { } rule)
                json.WriteString("rule"u8, rule);
            json.WriteEndObject();
        }

        return SendAsync(http, problem.Kind.Status, "application/problem+json", buffer.WrittenMemory);
    }

    /// <summary>When it is worth asking again, where waiting helps.</summary>
    public static void ComeAgain(HttpContext http, Problem problem)
    {
        if (problem.Kind.RetryAfter is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The receipt of an act that is in the ledger, for whoever the answer goes to.</summary>
    public static void Receipted(HttpContext http, long position) =>
        http.Response.Headers.Append("Link", string.Create(CultureInfo.InvariantCulture, $"</ledger/receipts/{position}>; rel=\"receipt\""));

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    public static Task SendAsync(HttpContext http, int status, string type, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private Problem TooLarge(int most) => tooLarge.Because($"The body is larger than {most} bytes.");
}
