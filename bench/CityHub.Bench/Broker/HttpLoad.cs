using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
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
        using var socket = await ConnectAsync(address);
        var reader = new Reader(socket);
        await socket.SendAsync(request);
        return await reader.ReadAsync();
    }

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * share)];

    private static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return socket;
    }

    private static async Task<(int Count, long Failed, List<double> Latencies)> ClientAsync(
        IPEndPoint address, int connection, long began, TimeSpan duration, Func<int, int, ReadOnlyMemory<byte>> request, char expected)
    {
        using var socket = await ConnectAsync(address);
        var reader = new Reader(socket);
        var latencies = new List<double>(16_384);
        var failed = 0L;
        var n = 0;
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request(connection, n++));
            var (status, _) = await reader.ReadAsync(keepBody: false);
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (status / 100 != expected - '0')
                failed++;
        }

        return (n, failed, latencies);
    }

    private sealed class Reader(Socket socket)
    {
        private byte[] _buffer = new byte[64 << 10];
        private int _start;
        private int _end;

        public async ValueTask<(int Status, byte[] Body)> ReadAsync(bool keepBody = true)
        {
            int head;
            while ((head = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
                await FillAsync();
            var (status, length) = Parse(_buffer.AsSpan(_start, head + 2));
            _start += head + 4;
            while (_end - _start < length)
                await FillAsync();
            var body = keepBody ? _buffer[_start..(_start + length)] : [];
            _start += length;
            if (_start == _end)
                _start = _end = 0;
            return (status, body);
        }

        private static (int Status, int Length) Parse(ReadOnlySpan<byte> head)
        {
            var status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
            var at = head.IndexOf("Content-Length: "u8);
            var length = 0;
            if (at >= 0)
                for (var i = at + 16; head[i] is >= (byte)'0' and <= (byte)'9'; i++)
                    length = length * 10 + (head[i] - '0');
            return (status, length);
        }

        private async ValueTask FillAsync()
        {
            if (_start > 0 && _end == _buffer.Length)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            var got = await socket.ReceiveAsync(_buffer.AsMemory(_end));
            if (got == 0)
                throw new IOException("The hub closed the connection.");
            _end += got;
        }
    }
}
