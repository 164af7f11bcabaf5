using System.Net.Http.Headers;
using System.Security.Cryptography;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Server.Ledger;

/// <summary>Another place that keeps, or dates, a checkpoint: a time stamping authority, a judicial chain. What it answers is evidence, not trust of ours.</summary>
internal interface IAnchor
{
    /// <exception cref="LedgerException">It did not, and why.</exception>
    Task<Anchored> AnchorAsync(SignedNote checkpoint, CancellationToken cancel);
}

/// <param name="By">Who says so.</param>
/// <param name="At">When, by their clock.</param>
/// <param name="Proof">What they gave, as they gave it.</param>
/// <param name="Extension">Of a file with the proof.</param>
internal sealed record Anchored(string By, DateTimeOffset At, byte[] Proof, string Extension);

/// <summary>RFC 3161 over HTTP: a time stamp over the bytes of the note.</summary>
internal sealed class TimeStampAnchor(HttpClient http, Uri authority) : IAnchor
{
    private const int NonceBytes = 16;

    public async Task<Anchored> AnchorAsync(SignedNote checkpoint, CancellationToken cancel)
    {
        var hash = SHA256.HashData(checkpoint.ToBytes());
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        using var content = new ByteArrayContent(TimeStamp.Request(hash, nonce)) { Headers = { ContentType = new MediaTypeHeaderValue(TimeStamp.RequestType) } };
        try
        {
            using var answer = await http.PostAsync(authority, content, cancel);
            var bytes = await answer.Content.ReadAsByteArrayAsync(cancel);
            if (!answer.IsSuccessStatusCode)
                throw new LedgerException(FormattableString.Invariant($"{authority} answered {(int)answer.StatusCode}."));
            return TimeStamp.TryRead(bytes, hash, nonce, out var stamp, out var why)
                ? new Anchored(stamp.Authority, stamp.At, stamp.Response, ".tsr")
                : throw new LedgerException($"{authority}: {why}");
        }
        catch (HttpRequestException e)
        {
            throw new LedgerException($"{authority} cannot be reached: {e.Message}", e);
        }
    }
}
