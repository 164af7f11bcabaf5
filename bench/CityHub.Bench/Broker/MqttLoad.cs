using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>
/// MQTT 3.1.1 clients on raw sockets that publish with QoS 1, each with a window of publishes in flight, and count what the hub acknowledged. They share the
/// machine with the hub: a publish is prepared bytes in which the value and the packet identifier are overwritten.
/// </summary>
internal static class MqttLoad
{
    /// <param name="window">Publishes of one client that may wait for their acknowledgement.</param>
    /// <param name="device">The user name of a client; its topic is <c>devices/{name}/readings</c>.</param>
    public static async Task<LoadResult> RunAsync(IPEndPoint address, int clients, int window, TimeSpan duration, Func<int, string> device)
    {
        // All are connected before the clock starts: what is measured are publishes.
        var sockets = new List<Socket>();
        for (var i = 0; i < clients; i++)
            sockets.Add(await ConnectAsync(address, device(i)));
        var began = Stopwatch.GetTimestamp();
        var results = await Task.WhenAll(sockets.Select((socket, i) => Task.Run(() => ClientAsync(socket, device(i), i, window, began, duration))));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var latencies = results.SelectMany(r => r.Latencies).Order().ToList();
        return new LoadResult(results.Sum(r => (long)r.Acknowledged) / seconds, At(latencies, 0.5), At(latencies, 0.99), results.Sum(r => r.Failed), seconds);
    }

    public static string Topic(string device) => $"devices/{device}/readings";

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * share)];

    private static async Task<Socket> ConnectAsync(IPEndPoint address, string device)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        var name = Encoding.UTF8.GetBytes(device);
        byte[] body = [0, 4, .. "MQTT"u8, 4, 0x82, 0, 0, 0, (byte)name.Length, .. name, 0, (byte)name.Length, .. name];
        await socket.SendAsync((byte[])[0x10, (byte)body.Length, .. body]);
        var answer = new byte[4];
        var got = 0;
        while (got < 4)
        {
            var read = await socket.ReceiveAsync(answer.AsMemory(got));
            if (read == 0)
                throw new InvalidOperationException("The hub closed the connection at CONNECT.");
            got += read;
        }

        return answer[3] == 0 ? socket : throw new InvalidOperationException($"The hub refused {device}: return code {answer[3]}.");
    }

    private static async Task<(int Acknowledged, long Failed, List<double> Latencies)> ClientAsync(Socket socket, string device, int number, int window, long began, TimeSpan duration)
    {
        using var _ = socket;
        // Fixed header (2), topic, packet identifier (2), payload with a value of six digits that changes.
        var topic = Encoding.UTF8.GetBytes(Topic(device));
        var payload = Encoding.ASCII.GetBytes("{\"NO2\":100000,\"PM10\":42.5,\"battery\":87}");
        byte[] body = [0, (byte)topic.Length, .. topic, 0, 0, .. payload];
        byte[] packet = [0x32, (byte)body.Length, .. body];
        if (body.Length > 127)
            throw new InvalidOperationException("The packet needs a longer header.");
        var (idAt, valueAt) = (2 + 2 + topic.Length, 2 + 2 + topic.Length + 2 + 7);
        var (outgoing, incoming) = (new byte[packet.Length * window], new byte[4 * window * 2]);
        var sentAt = new long[window];
        var latencies = new List<double>(1 << 14);
        int next = 0, acknowledged = 0, rest = 0, value = number * 37;
        var failed = 0L;
        var free = window;
        while (true)
        {
            var length = 0;
            if (Stopwatch.GetElapsedTime(began) < duration)
            {
                for (; free > 0; free--, next++)
                {
                    packet.CopyTo(outgoing, length);
                    BinaryPrimitives.WriteUInt16BigEndian(outgoing.AsSpan(length + idAt), (ushort)(next % 60_000 + 1));
                    (100_000 + (value += 7) % 900_000).TryFormat(outgoing.AsSpan(length + valueAt, 6), out var _, default, CultureInfo.InvariantCulture);
                    sentAt[next % window] = Stopwatch.GetTimestamp();
                    length += packet.Length;
                }
            }
            else if (acknowledged == next)
            {
                return (acknowledged, failed, latencies);
            }

            if (length > 0)
                await socket.SendAsync(outgoing.AsMemory(0, length));
            var got = await socket.ReceiveAsync(incoming.AsMemory(rest));
            if (got == 0)
                throw new IOException("The hub closed the connection.");
            got += rest;
            var at = 0;
            for (; at + 4 <= got; at += 4)
            {
                // Acknowledgements come in the order of the publishes.
                if (incoming[at] != 0x40 || BinaryPrimitives.ReadUInt16BigEndian(incoming.AsSpan(at + 2)) != acknowledged % 60_000 + 1)
                    failed++;
                latencies.Add(Stopwatch.GetElapsedTime(sentAt[acknowledged % window]).TotalMilliseconds);
                acknowledged++;
                free++;
            }

            rest = got - at;
            incoming.AsSpan(at, rest).CopyTo(incoming);
        }
    }
}
