using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData;

/// <summary>The body of an answer with released rows: every byte of it is told to the release before it leaves.</summary>
internal sealed class ReleaseBody(HttpContext http, ReleaseStream stream)
{
    public static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private const int Full = 32 << 10;
    private const int MostBlock = 64 << 10;

    public ArrayBufferWriter<byte> Buffer { get; } = new(Full + (8 << 10));

    /// <summary>Writes the answer and completes the release. A grant that ends before the first byte is a refusal; after it the connection is cut, so that nobody takes a part for the whole.</summary>
    public static async ValueTask<Problem?> SendAsync(HttpContext http, ReleaseStream stream, string type, Func<ReleaseBody, ValueTask> write)
    {
        await using (stream)
        {
            RoomHttp.Receipted(http, stream.Receipt);
            http.Response.ContentType = type;
            var body = new ReleaseBody(http, stream);
            try
            {
                await write(body);
                await body.FlushAsync();
                stream.Complete();
                return null;
            }
            catch (ReleaseEndedException ended) when (!http.Response.HasStarted)
            {
                return ended.Problem;
            }
            catch (ReleaseEndedException)
            {
                http.Abort();
                return null;
            }
        }
    }

    public ValueTask FlushIfFullAsync() => Buffer.WrittenCount >= Full ? FlushAsync() : ValueTask.CompletedTask;

    public async ValueTask FlushAsync()
    {
        for (var left = Buffer.WrittenMemory; left.Length > 0;)
        {
            var block = left[..Math.Min(left.Length, MostBlock)];
            await stream.SendAsync(http.Response.Body, block, http.RequestAborted);
            left = left[block.Length..];
        }

        Buffer.ResetWrittenCount();
    }

    public static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);
}
