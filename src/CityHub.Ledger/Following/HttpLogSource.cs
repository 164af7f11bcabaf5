using System.Globalization;
using System.Net;

namespace CityHub.Ledger;

/// <summary>A log behind a URL (c2sp.org/tlog-tiles). What it gives is not believed; no answer is longer than what was asked for can be.</summary>
/// <param name="prefix">With or without a slash at its end.</param>
public sealed class HttpLogSource(HttpClient http, Uri prefix) : ITileSource
{
    /// <summary>256 entries of 65,535 bytes, each with its length.</summary>
    private const int LargestBundle = TilePath.FullWidth * (EntryBundle.LargestEntry + 2);

    private readonly string prefix = prefix.AbsoluteUri.TrimEnd('/');

    /// <summary>What the log says now.</summary>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    public async Task<byte[]> CheckpointAsync(CancellationToken cancel)
    {
        using var request = Request("checkpoint");
        request.Headers.CacheControl = new System.Net.Http.Headers.CacheControlHeaderValue { NoCache = true };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        var stream = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var bytes = new byte[SignedNote.MaxBytes + 1];
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            return length <= SignedNote.MaxBytes ? bytes[..length] : throw TooLong("checkpoint");
        }
    }

    /// <summary>Null: there is none (404, 410).</summary>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    public byte[]? Read(TilePath path)
    {
        using var request = Request(path.ToString());
        using var answer = http.Send(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        answer.EnsureSuccessStatusCode();
        var most = path.IsBundle ? LargestBundle : TilePath.FullBytes;
        using var stream = answer.Content.ReadAsStream();
        using var bytes = new MemoryStream();
        var part = new byte[16 * 1024];
        for (int length; (length = stream.Read(part)) > 0;)
        {
            bytes.Write(part, 0, length);
            if (bytes.Length > most)
                throw TooLong(path.ToString());
        }

        return bytes.ToArray();
    }

    private HttpRequestMessage Request(string path) => new(HttpMethod.Get, $"{prefix}/{path}");

    private HttpRequestException TooLong(string path) => new(string.Create(CultureInfo.InvariantCulture, $"{prefix}/{path} is longer than such a file can be."));
}
