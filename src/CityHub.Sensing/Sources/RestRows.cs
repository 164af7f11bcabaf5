using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sensing.Sources;

/// <summary>
/// Rows of JSON documents, page after page. A page is one answer; the next one is found by a cursor in the answer, by a Link header (RFC 8288) with rel=next, or by counting.
/// Members that are objects or arrays come as their JSON.
/// </summary>
internal sealed class RestRows : IRows
{
    private const int MostPages = 100_000;
    private const long MostPage = 64L << 20;

    private readonly HttpClient _http;
    private readonly SourceDeclaration _source;
    private readonly string? _secret;
    private readonly string _after;
    private readonly BatchBuilder _batch;
    private readonly string[] _each;
    private Uri? _next;
    private int _page = 1;
    private JsonDocument? _document;
    private JsonElement.ArrayEnumerator _rows;

    public RestRows(HttpClient http, SourceDeclaration source, string? secret, string? after)
    {
        (_http, _source, _secret, _after) = (http, source, secret, after ?? "");
        Schema = new TableSchema([.. source.Columns.Select(c => new TableColumn(c, ColumnType.Text))]);
        _batch = new BatchBuilder(Schema);
        _each = Path(source.Each);
        _next = Address(cursor: "");
    }

    public TableSchema Schema { get; }

    /// <summary>The greatest that was read, by its text; null: none.</summary>
    public string? Watermark { get; private set; }

    /// <exception cref="SourceException">The service does not answer, or with something else.</exception>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        _batch.Clear();
        while (!_batch.Full)
        {
            if (_document is not null && _rows.MoveNext())
            {
                Take(_rows.Current);
                continue;
            }

            if (_next is null)
                break;
            await FetchAsync(_next, cancel);
        }

        return _batch.Rows == 0 ? null : _batch.Batch;
    }

    public ValueTask DisposeAsync()
    {
        _document?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Take(JsonElement row)
    {
        foreach (var column in _source.Columns)
        {
            var value = Find(row, column.Split('.'));
            if (value is not { } found || found.ValueKind == JsonValueKind.Null)
                _batch.Null();
            else
                _batch.Text(found.ValueKind == JsonValueKind.String ? found.GetString() : found.GetRawText());
        }

        if (_source.Watermark is { } member && Find(row, member.Split('.')) is { } mark)
        {
            var text = mark.ValueKind == JsonValueKind.String ? mark.GetString() ?? "" : mark.GetRawText();
            if (Watermark is null || Later(text, Watermark))
                Watermark = text;
        }
    }

    private async Task FetchAsync(Uri address, CancellationToken cancel)
    {
        if (_page > MostPages)
            throw Wrong($"there are more than {MostPages} pages");
        _document?.Dispose();
        _document = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            // The secret goes to the declared place alone, whatever a link in an answer says.
            if (_secret is not null && address.Authority == new Uri(_source.Url ?? "").Authority)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _secret);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!answer.IsSuccessStatusCode)
                throw Wrong($"page {_page} is answered with {(int)answer.StatusCode}");
            if (answer.Content.Headers.ContentLength > MostPage)
                throw Wrong($"page {_page} has more than {MostPage >> 20} MiB");
            _document = JsonDocument.Parse(await PageAsync(answer, cancel));
            if (Find(_document.RootElement, _each) is not { ValueKind: JsonValueKind.Array } rows)
                throw Wrong($"page {_page} has no array at {_source.Each}");
            _rows = rows.EnumerateArray();
            var any = rows.GetArrayLength() > 0;
            _page++;
            _next = Following(answer, any);
        }
        catch (HttpRequestException e) when (e.InnerException is SourceException refused)
        {
            throw refused;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException and not SourceException || e is TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw Wrong(e is TaskCanceledException ? "it takes too long" : e.Message);
        }
    }

    /// <summary>What really comes is counted: a length that is announced is a promise of the other side.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> PageAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        using var page = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = await body.ReadAsync(buffer, cancel)) > 0;)
        {
            if (page.Length + read > MostPage)
                throw Wrong($"page {_page} has more than {MostPage >> 20} MiB");
            page.Write(buffer, 0, read);
        }

        return page.GetBuffer().AsMemory(0, (int)page.Length);
    }

    private Uri? Following(HttpResponseMessage answer, bool any)
    {
        if (!any)
            return null;
        if (_source.Next is { } way)
        {
            var cursor = Find(_document?.RootElement ?? default, Path(way));
            var text = cursor is { ValueKind: JsonValueKind.String } ? cursor.Value.GetString() : cursor is { ValueKind: JsonValueKind.Number } ? cursor.Value.GetRawText() : null;
            return string.IsNullOrEmpty(text) ? null : Address(text);
        }

        if (answer.Headers.TryGetValues("Link", out var links) && links.SelectMany(l => l.Split(',')).FirstOrDefault(l => l.Contains("rel=\"next\"", StringComparison.Ordinal) || l.Contains("rel=next", StringComparison.Ordinal)) is { } link)
        {
            var (from, to) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
            var next = from >= 0 && to > from && Uri.TryCreate(new Uri(_source.Url ?? ""), link[(from + 1)..to], out var linked) ? linked : null;
            return next?.Authority == new Uri(_source.Url ?? "").Authority ? next : null;
        }

        return _source.Url?.Contains("{page}", StringComparison.Ordinal) == true ? Address("") : null;
    }

    private Uri Address(string cursor) => new((_source.Url ?? "")
        .Replace("{watermark}", Uri.EscapeDataString(_after), StringComparison.Ordinal)
        .Replace("{page}", _page.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{cursor}", Uri.EscapeDataString(cursor), StringComparison.Ordinal));

    /// <summary>Numbers by their value, everything else by its letters: ISO 8601 is made for that.</summary>
    private static bool Later(string one, string other) =>
        decimal.TryParse(one, NumberStyles.Float, CultureInfo.InvariantCulture, out var a) && decimal.TryParse(other, NumberStyles.Float, CultureInfo.InvariantCulture, out var b) ? a > b : string.CompareOrdinal(one, other) > 0;

    private static JsonElement? Find(JsonElement from, IReadOnlyList<string> path)
    {
        foreach (var name in path)
        {
            if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out from))
                return null;
        }

        return from.ValueKind == JsonValueKind.Undefined ? null : from;
    }

    /// <summary>$.data.items[*], $.next: names from the root.</summary>
    private static string[] Path(string text) =>
        text.TrimStart('$').TrimStart('.').Replace("[*]", "", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries);

    private static SourceException Wrong(string why) => new(SourceProblems.Unreachable.Because($"The service does not give its rows: {why}.", "The hub tries again at the next turn."));
}
