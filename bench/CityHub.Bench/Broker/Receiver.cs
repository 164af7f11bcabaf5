using System.Net;
using System.Net.Sockets;

namespace CityHub.Bench.Broker;

/// <summary>A local endpoint of notifications: takes a POST, hands its body over, answers 204.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private static readonly byte[] NoContent = "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray();

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<ReadOnlySpan<byte>> _take;
    private readonly Task _accepting;
    private long _count;

    public Receiver(Action<ReadOnlySpan<byte>> take)
    {
        _take = take;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1_024);
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndPoint}/");

    public long Count => Volatile.Read(ref _count);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync(_stop.Token));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            var (buffer, used) = (new byte[16 << 10], 0);
            try
            {
                while (true)
                {
                    var taken = Whole(buffer.AsSpan(0, used));
                    if (taken > 0)
                    {
                        Interlocked.Increment(ref _count);
                        Buffer.BlockCopy(buffer, taken, buffer, 0, used -= taken);
                        await socket.SendAsync(NoContent, _stop.Token);
                        continue;
                    }

                    if (used == buffer.Length)
                        Array.Resize(ref buffer, buffer.Length * 2);
                    var got = await socket.ReceiveAsync(buffer.AsMemory(used), _stop.Token);
                    if (got == 0)
                        return;
                    used += got;
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
            }
        }
    }

    /// <summary>The length of the request at the beginning, 0 while it is not whole.</summary>
    private int Whole(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return 0;
        var at = bytes[..head].IndexOf("Content-Length: "u8);
        var length = 0;
        for (var i = at + 16; at >= 0 && bytes[i] is >= (byte)'0' and <= (byte)'9'; i++)
            length = length * 10 + bytes[i] - '0';
        if (bytes.Length < head + 4 + length)
            return 0;
        _take(bytes.Slice(head + 4, length));
        return head + 4 + length;
    }
}
