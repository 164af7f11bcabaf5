using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;
using CityHub.Sensing.Mqtt;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Fuzz;

/// <summary>
/// Mutated bytes for the MQTT server and mutated payloads for the mappings. The server, over pipes instead of sockets: whatever comes, in whatever pieces, the
/// connection ends in order, what it answers are whole packets, and it acknowledges no more than it read. A mapping: readings or a fault with a reason, and every value is JSON.
/// </summary>
public static class MqttFuzz
{
    private static readonly string[] Declarations =
    [
        """{"type":"T","entity":"urn:x:{device}","time":{"from":"t","format":"unix"},"attributes":[{"name":"a","as":"number","required":true,"scale":0.1},{"name":"b","from":"$.x.y[1]"},{"name":"c","as":"text"},{"name":"d","as":"json"}]}""",
        """{"type":"T","each":"$.readings[*]","entity":"urn:x:{id}","time":{"from":"t"},"location":{"longitude":"lon","latitude":"lat"},"attributes":[{"name":"a"},{"name":"b","as":"boolean"}],"missing":["NA"]}""",
        """{"format":"csv","columns":["t","a","b"],"delimiter":";","type":"T","entity":"urn:x:{topic[1]}","time":{"from":"t","format":"unixMilliseconds"},"attributes":[{"name":"a","as":"number"},{"name":"b","as":"text"}]}""",
        """{"format":"value","type":"T","entity":"urn:x:{device}","attributes":[{"name":"a"}]}""",
    ];

    private static readonly byte[][] Payloads = [.. new[]
    {
        """{"t":1770000000,"a":21.5,"x":{"y":[1,"two",null]},"c":"枢\u5dde","d":{"e":[true,{}]}}""",
        """{"readings":[{"id":"1","t":"2026-11-23T08:00:00Z","a":1,"b":true,"lon":106.5,"lat":29.5},{"id":"2","t":"2026-11-23T08:00:00+08:00","a":"NA","b":"false","lon":-200,"lat":1}]}""",
        "1770000000000;1.5;\"a;b\"\n1770000000001;;x\r\n", "21.5", "\"text\"", "", "null", "{}", "[]", "-1e999", "{\"t\":-99999999999999999999,\"a\":1}",
    }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Packets =
    [
        Packet(0x32, [.. Text("devices/d/readings"), 0, 1, 0, .. "{\"t\":1,\"a\":2}"u8]),
        Packet(0x32, [.. Text("devices/d/readings"), 0, 2, 3, 0x23, 0, 1, .. "{\"t\":2,\"a\":2}"u8]),
        Packet(0x30, [.. Text(""), 3, 0x23, 0, 1, .. "{\"t\":3,\"a\":2}"u8]),
        Packet(0x33, [.. Text("rooms/1"), 0, 4, 12, 1, 1, 2, 0, 0, 0, 9, 3, 0, 2, (byte)'a', (byte)'b', .. "hello"u8]),
        Packet(0x82, [0, 5, 0, .. Text("rooms/#"), 1, .. Text("+/d/#"), 0x2D]),
        Packet(0xA2, [0, 6, 0, .. Text("rooms/#")]),
        [0xC0, 0], [0x40, 2, 0, 1], [0x40, 4, 0, 1, 0x10, 0], [0xE0, 0], [0xE0, 2, 4, 0], [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0], [0x62, 2, 0, 1], [0xF0, 0],
    ];

    private static readonly byte[][] Connects =
    [
        Packet(0x10, [.. Text("MQTT"), 5, 2, 0, 60, 0, .. Text("c")]),
        Packet(0x10, [.. Text("MQTT"), 4, 2, 0, 60, .. Text("c")]),
        Packet(0x10, [.. Text("MQTT"), 5, 0xC6, 0, 60, 8, 0x11, 0, 0, 0, 1, 0x21, 0, 9, .. Text("c"), 5, 0x18, 0, 0, 0, 1, .. Text("rooms/1"), .. Text("will"), .. Text("d"), .. Text("secret")]),
    ];

    /// <summary>Deterministic from the seed.</summary>
    public static async Task<FuzzReport> RunAsync(int seed, int count, string folder)
    {
        var random = new Random(seed);
        if (!EmbeddedStore.Open(folder, TimeProvider.System).TryGet(out var store, out var problem))
            throw new InvalidOperationException(problem.ToString());
        using var closes = store;
        var observations = new Counted();
        await using var room = new SensingRoom(store.Log, store.Views, observations, new Words(), TimeProvider.System);
        var mappings = new List<PayloadMapping>();
        foreach (var declaration in Declarations)
            mappings.Add((await MappingCompiler.CompileAsync(MappingDeclaration.Read(Encoding.UTF8.GetBytes(declaration)).Value, new Words(), CancellationToken.None)).Value.Mapping);
        await room.ProvideAsync("", [("m", mappings[0].Declaration)], [new Device { Id = "d", Kind = "k", Mapping = "m", Auth = "token" }], CancellationToken.None);
        await using var server = new MqttServer(room, new MqttOptions { Open = true, Limits = new MqttLimits { RefusalDelay = TimeSpan.Zero, Packet = 4_096 } }, new Ids());
        var (accepted, slowest) = (0, 0.0);
        var failures = new List<string>();
        for (var i = 0; i < count && failures.Count < 10; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var bytes = i % 2 == 0 ? Mutated(Payloads[random.Next(Payloads.Length)], random, Payloads) : Session(random);
            try
            {
                var (good, wrong) = i % 2 == 0 ? Map(mappings[i / 2 % mappings.Count], bytes) : await ServeAsync(server, bytes, random, observations);
                accepted += good ? 1 : 0;
                if (wrong is not null)
                    failures.Add($"{wrong}\n  {Convert.ToHexString(bytes)}");
            }
            catch (Exception e)
            {
                failures.Add($"{e.Message} {string.Join(' ', (e.StackTrace ?? "").Split('\n').Take(4))}\n  {Convert.ToHexString(bytes)}");
            }

            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return new FuzzReport(count, accepted, failures, slowest);
    }

    private static (bool Good, string? Wrong) Map(PayloadMapping mapping, byte[] payload)
    {
        var found = new List<Observation>();
        if (mapping.Map(payload, new MappingSource("d", "devices/d/readings"), DateTimeOffset.UnixEpoch, found, out _) is { } fault)
            return (false, found.Count > 0 ? "A refused payload left readings." : fault.Reason.Length == 0 ? "A refusal says nothing." : null);
        foreach (var observation in found)
        {
            if (!observation.Entity.StartsWith("urn:", StringComparison.Ordinal))
                return (true, $"The entity is \"{observation.Entity}\".");
            foreach (var value in observation.Values)
                using (JsonDocument.Parse(value.Value)) // throws where it is none
                {
                }
        }

        return (true, null);
    }

    private static async Task<(bool Good, string? Wrong)> ServeAsync(MqttServer server, byte[] bytes, Random random, Counted observations)
    {
        var (incoming, outgoing) = (new Pipe(), new Pipe(new PipeOptions(pauseWriterThreshold: 0)));
        var before = observations.Count;
        var serving = server.ServeAsync(incoming.Reader, outgoing.Writer, () => incoming.Writer.CancelPendingFlush(), isLoopback: true);
        for (var at = 0; at < bytes.Length;)
        {
            var piece = random.Next(4) == 0 ? random.Next(1, 8) : bytes.Length;
            piece = Math.Min(piece, bytes.Length - at);
            if ((await incoming.Writer.WriteAsync(bytes.AsMemory(at, piece))).IsCompleted)
                break;
            at += piece;
        }

        await incoming.Writer.CompleteAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(10)); // a connection whose client has gone ends
        var read = await outgoing.Reader.ReadAtLeastAsync(int.MaxValue);
        var answer = read.Buffer.ToArray();
        outgoing.Reader.AdvanceTo(read.Buffer.End);
        var whole = MqttFraming.Complete(new ReadOnlySequence<byte>(answer), int.MaxValue, int.MaxValue, out var fault);
        if (whole != answer.Length || fault is not null)
            return (true, $"The server answered something that is no packet: {Convert.ToHexString(answer)}");
        ReadOnlyMemory<byte> rest = answer;
        var acknowledged = 0;
        while (!rest.IsEmpty)
        {
            var (type, _, body) = MqttFraming.Next(ref rest);
            if (type is not (PacketType.ConnAck or PacketType.PubAck or PacketType.SubAck or PacketType.UnsubAck or PacketType.PingResp or PacketType.Disconnect or PacketType.Publish))
                return (true, $"The server answered a {type}.");
            acknowledged += type == PacketType.PubAck && body.Length == 2 ? 1 : 0;
        }

        // Messages to rooms are acknowledged with a reason; a plain acknowledgement is a recorded reading, one that held nothing, or a message that was heard.
        return (answer.Length > 8, acknowledged > 0 && bytes.Length < 8 ? "It acknowledged what never came." : observations.Count < before ? "Readings went away." : null);
    }

    private static byte[] Session(Random random)
    {
        var bytes = new List<byte>(random.Next(10) == 0 ? Mutated(Connects[random.Next(Connects.Length)], random, Connects) : Connects[random.Next(Connects.Length)]);
        for (var packets = random.Next(6); packets > 0; packets--)
            bytes.AddRange(random.Next(3) == 0 ? Packets[random.Next(Packets.Length)] : Mutated(Packets[random.Next(Packets.Length)], random, Packets));
        return [.. bytes];
    }

    private static byte[] Mutated(byte[] seed, Random random, byte[][] others)
    {
        var bytes = new List<byte>(seed);
        for (var times = random.Next(4); times >= 0; times--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(7))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 8)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(0, Math.Min(bytes.Count, random.Next(1, 20))));
                    break;
                case 4:
                    var other = others[random.Next(others.Length)];
                    var from = random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 30))]);
                    break;
                case 5 when at < bytes.Count:
                    bytes[at] = (byte)"0{}[]\",:;-.e\\\n\xff"[random.Next(15)];
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Text(string text) => [0, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Packet(byte first, byte[] body) => [first, (byte)body.Length, .. body];

    private sealed class Counted : IObservations
    {
        private long _count;

        public long Count => Volatile.Read(ref _count);

        public ValueTask<Result<long>> RecordAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default) => new(Interlocked.Add(ref _count, observations.Count));
    }

    private sealed class Words : IVocabulary
    {
        public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) => new($"https://example.org/{term}");
    }

    private sealed class Ids : IIdSource
    {
        private int _last;

        public Guid Next() => new(Interlocked.Increment(ref _last), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
