using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Facts;
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

    /// <summary>What the caller says that he read: <c>{"version": 2, "hash": "…"}</c>.</summary>
    public async ValueTask<Result<AsRead>> AsReadAsync(HttpContext http)
    {
        if (!(await BodyAsync(http, 4 << 10)).TryGet(out var body, out var problem))
            return problem;
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("version"u8, out var version) && version.TryGetInt32(out var number)
                && root.TryGetProperty("hash"u8, out var hash) && hash.ValueKind == JsonValueKind.String && hash.GetString() is { Length: > 0 } text)
                return new AsRead(number, text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Answered like everything else that names neither.
        }

        return badRequest.Because("The body does not say what you read.", "{\"version\": 2, \"hash\": \"…\"}, both as the proposal shows them.", "GB/T 39477: four eyes on one text");
    }

    /// <summary>Version, hash and authors of what waits, as members of the object at hand.</summary>
    public static void Write<T>(Utf8JsonWriter json, Proposal<T> proposal)
    {
        json.WriteNumber("version"u8, proposal.Version);
        json.WriteString("hash"u8, proposal.Hash);
        json.WriteStartArray("authors"u8);
        foreach (var author in proposal.Authors)
            json.WriteStringValue(author);
        json.WriteEndArray();
        json.WriteString("proposedBy"u8, proposal.By);
        json.WriteString("proposedAt"u8, Time(proposal.At));
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

    /// <summary>A page of a list, and the same question from there on where there may be more.</summary>
    public static Task WritePageAsync<T>(HttpContext http, string name, IReadOnlyList<T> page, int limit, Func<T, string> id, Action<Utf8JsonWriter, T> write) => WriteAsync(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray(name);
        foreach (var item in page)
            write(json, item);
        json.WriteEndArray();
        if (page.Count == limit)
            json.WriteString("next"u8, http.Request.Path + QueryString.Create(
                http.Request.Query.Where(q => q.Key is not ("limit" or "after")).Select(q => KeyValuePair.Create(q.Key, (string?)q.Value.ToString()))
                    .Append(KeyValuePair.Create("limit", (string?)limit.ToString(CultureInfo.InvariantCulture))).Append(KeyValuePair.Create("after", (string?)id(page[^1])))).ToString());
        json.WriteEndObject();
    });

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
