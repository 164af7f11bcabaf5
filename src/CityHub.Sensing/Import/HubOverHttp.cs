using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Import;

/// <summary>
/// A hub on the other side of HTTP. What is sent can be sent again (imports are idempotent by content), so that a hub that restarts, is full for a moment
/// or loses the answer is waited for with growing patience; what a wait cannot cure is said at once.
/// </summary>
public sealed class HubOverHttp : IImportTarget, IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Func<CancellationToken, ValueTask<HttpClient?>> _connect;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly List<HttpClient> _used = [];
    private HttpClient? _client;

    /// <param name="connect">A client with the hub's address, token and tenant in its headers; asked again when the hub no longer takes the token. Null: no hub.</param>
    /// <param name="patience">How long a hub that does not answer is waited for.</param>
    public HubOverHttp(Func<CancellationToken, ValueTask<HttpClient?>> connect, TimeProvider clock, TimeSpan patience) => (_connect, _clock, _patience) = (connect, clock, patience);

    /// <summary>Words stay as they are: the hub knows the contexts.</summary>
    public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) => new(term);

    public async ValueTask<Result<ImportState?>> FindAsync(string id, CancellationToken cancel)
    {
        var found = await SendAsync(HttpMethod.Get, $"/imports/{id}", null, cancel);
        if (found.TryGet(out var body, out var problem))
            return ImportState.Read(body, id);
        if (problem.Kind.Code != ImportProblems.ImportUnknown.Code)
            return problem;
        ImportState? none = null;
        return none;
    }

    public async ValueTask<Result<Done>> NoteAsync(ImportState state, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            state.Write(json, withTime: false);
            json.WriteEndObject();
        }

        return (await SendAsync(HttpMethod.Put, $"/imports/{state.Id}", buffer.WrittenMemory, cancel)).Map(_ => Done.Value);
    }

    public async ValueTask<Result<Filled>> RecordAsync(string? context, IReadOnlyList<Observation> observations, CancellationToken cancel)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            ReadingsJson.Write(json, context, observations);
        return (await SendAsync(HttpMethod.Post, "/readings", buffer.WrittenMemory, cancel)).Then(Filled);
    }

    public void Dispose()
    {
        foreach (var client in _used)
            client.Dispose();
        _connecting.Dispose();
    }

    private static Result<Filled> Filled(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return new Filled(json.RootElement.GetProperty("recorded"u8).GetInt32(), json.RootElement.GetProperty("known"u8).GetInt32());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return NoHub("it took the readings and said something else");
        }
    }

    private async ValueTask<Result<ReadOnlyMemory<byte>>> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte>? body, CancellationToken cancel)
    {
        var began = _clock.GetTimestamp();
        var (wait, renewed) = (FirstWait, false);
        while (true)
        {
            string why;
            var client = _client ?? await ConnectAsync(null, cancel);
            if (client is null)
            {
                why = "nobody answers there";
            }
            else
            {
                try
                {
                    using var request = new HttpRequestMessage(method, path);
                    if (body is { } bytes)
                        request.Content = new ReadOnlyMemoryContent(bytes) { Headers = { ContentType = new("application/json") } };
                    using var answer = await client.SendAsync(request, cancel);
                    var said = await answer.Content.ReadAsByteArrayAsync(cancel);
                    if (answer.IsSuccessStatusCode)
                        return (ReadOnlyMemory<byte>)said;
                    if (answer.StatusCode == HttpStatusCode.Unauthorized && !renewed)
                    {
                        renewed = true;
                        await ConnectAsync(client, cancel);
                        continue;
                    }

                    var problem = ProblemOf((int)answer.StatusCode, said);
                    if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout))
                        return problem;
                    why = problem.Detail;
                }
                catch (HttpRequestException e)
                {
                    why = e.Message;
                    await ConnectAsync(client, cancel);
                }
                catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
                {
                    why = "it takes too long";
                }
            }

            if (_clock.GetElapsedTime(began) + wait > _patience)
            {
                return ImportProblems.Interrupted.Because(
                    $"The hub has not answered for {_patience.TotalSeconds:0} s: {why.TrimEnd('.')}.", "What it had acknowledged is recorded. Run the same command again when it is back: it goes on from there.");
            }

            await Task.Delay(wait, _clock, cancel);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    /// <param name="tired">The client that no longer serves; another may have replaced it already.</param>
    private async ValueTask<HttpClient?> ConnectAsync(HttpClient? tired, CancellationToken cancel)
    {
        await _connecting.WaitAsync(cancel);
        try
        {
            if (ReferenceEquals(_client, tired))
            {
                _client = await _connect(cancel) ?? tired;
                if (_client is { } client && !_used.Contains(client))
                    _used.Add(client);
            }

            return _client;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private static Problem ProblemOf(int status, byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            string? Text(string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
            if (Text("code") is { } code)
                return new ProblemKind(code, Text("title") ?? "", status).Because(Text("detail") ?? "", Text("hint"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Said below.
        }

        return NoHub($"it said {status}");
    }

    private static Problem NoHub(string why) => ImportProblems.Interrupted.Because($"What answers there is no hub: {why}.", "--url is the hub's own address, such as http://127.0.0.1:8080");
}
