using System.Diagnostics;
using System.Net;
using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>What a load saw. Latencies in milliseconds.</summary>
internal readonly record struct LoadResult(double PerSecond, double P50, double P99, long Failed, double Seconds);

/// <summary>
/// HTTP/1.1 over raw sockets with keep-alive, one request at a time per connection: the generator shares the cores with the hub, so it must cost
/// little (a request is prepared bytes, an answer is its status and its length).
/// </summary>
internal static class HttpLoad
{
    /// <param name="request">The bytes of request number n on connection c.</param>
    /// <param name="expected">The first digit of the status that counts as success.</param>
    public static async Task<LoadResult> RunAsync(IPEndPoint address, int connections, TimeSpan duration, Func<int, int, ReadOnlyMemory<byte>> request, char expected = '2')
    {
        var clients = new List<Task<(int Count, long Failed, List<double> Latencies)>>();
        var began = Stopwatch.GetTimestamp();
        for (var c = 0; c < connections; c++)
        {
            var connection = c;
            clients.Add(Task.Run(() => ClientAsync(address, connection, began, duration, request, expected)));
        }

        var results = await Task.WhenAll(clients);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var latencies = results.SelectMany(r => r.Latencies).Order().ToList();
        return new LoadResult(results.Sum(r => (long)r.Count) / seconds, At(latencies, 0.5), At(latencies, 0.99), results.Sum(r => r.Failed), seconds);
    }

    public static byte[] Request(string method, string path, string? body = null, string contentType = "application/json", string? headers = null)
    {
        var text = new StringBuilder();
        text.Append(method).Append(' ').Append(path).Append(" HTTP/1.1\r\nHost: hub\r\n").Append(headers);
        if (body is not null)
            text.Append("Content-Type: ").Append(contentType).Append("\r\nContent-Length: ").Append(Encoding.UTF8.GetByteCount(body)).Append("\r\n");
        text.Append("\r\n").Append(body);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>One request, its whole answer.</summary>
    public static async Task<(int Status, byte[] Body)> OnceAsync(IPEndPoint address, ReadOnlyMemory<byte> request)
    {
        using var connection = await HttpConnection.OpenAsync(address);
        return await connection.AskAsync(request);
    }

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * share)];

    private static async Task<(int Count, long Failed, List<double> Latencies)> ClientAsync(
        IPEndPoint address, int connection, long began, TimeSpan duration, Func<int, int, ReadOnlyMemory<byte>> request, char expected)
    {
        using var hub = await HttpConnection.OpenAsync(address);
        var latencies = new List<double>(16_384);
        var failed = 0L;
        var n = 0;
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var start = Stopwatch.GetTimestamp();
            var (status, _) = await hub.AskAsync(request(connection, n++), keepBody: false);
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (status / 100 != expected - '0')
                failed++;
        }

        return (n, failed, latencies);
    }
}
