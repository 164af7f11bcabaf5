using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>One keep-alive connection, one request at a time. An answer has its length told beforehand, or comes in chunks, or has no body.</summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    private HttpConnection(Socket socket) => _socket = socket;

    public static async Task<HttpConnection> OpenAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new HttpConnection(socket);
    }

    /// <exception cref="IOException">The hub closed the connection before the answer was whole.</exception>
    /// <exception cref="SocketException">It is gone.</exception>
    public async ValueTask<(int Status, byte[] Body)> AskAsync(ReadOnlyMemory<byte> request, bool keepBody = true)
    {
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request)..];
        var head = await HeadAsync();
        var (status, length) = Parse(_buffer.AsSpan(_start, head + 2));
        _start += head + 4;
        var body = length < 0 ? await ChunksAsync() : await TakeAsync(length, keepBody);
        if (_start == _end)
            _start = _end = 0;
        return (status, body);
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<int> HeadAsync()
    {
        int head;
        while ((head = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
            await FillAsync();
        return head;
    }

    private async ValueTask<byte[]> TakeAsync(int length, bool keep)
    {
        while (_end - _start < length)
            await FillAsync();
        var body = keep ? _buffer[_start..(_start + length)] : [];
        _start += length;
        return body;
    }

    private async ValueTask<byte[]> ChunksAsync()
    {
        var body = new List<byte>();
        while (true)
        {
            int end;
            while ((end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
                await FillAsync();
            var size = Convert.ToInt32(Encoding.ASCII.GetString(_buffer, _start, end), 16);
            _start += end + 2;
            body.AddRange((await TakeAsync(size + 2, keep: true)).AsSpan(0, size));
            if (size == 0)
                return [.. body];
        }
    }

    /// <returns>Length -1: the body comes in chunks.</returns>
    private static (int Status, int Length) Parse(ReadOnlySpan<byte> head)
    {
        var status = (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
            return (status, head.IndexOf("Transfer-Encoding: chunked"u8) >= 0 ? -1 : 0);
        var length = 0;
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
        var got = await _socket.ReceiveAsync(_buffer.AsMemory(_end));
        if (got == 0)
            throw new IOException("The hub closed the connection.");
        _end += got;
    }
}
