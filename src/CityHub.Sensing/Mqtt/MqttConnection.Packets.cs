using System.Buffers;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;
using CityHub.Sensing.Readings;
using Microsoft.Extensions.Logging;

namespace CityHub.Sensing.Mqtt;

/// <summary>What each packet does.</summary>
internal sealed partial class MqttConnection
{
    private const ushort MostAliases = 64;

    private static readonly Task<Result<long>> s_nothing = Task.FromResult<Result<long>>(0);

    private readonly Lock _gate = new();
    private readonly Stack<PublishBatch> _spare = new();
    private readonly List<(MqttSession Session, SubscriptionOptions Options)> _matches = [];
    private readonly List<Reason> _reasons = [];
    private PublishBatch? _batch;
    private TopicRoute?[]? _aliases;
    private string? _faultWhy;
    private int _unacknowledged;
    private int _unacknowledgedBytes;
    private int _waitsForRoom;

    private bool IsFull => Volatile.Read(ref _unacknowledged) >= _limits.Unacknowledged || Volatile.Read(ref _unacknowledgedBytes) >= _limits.UnacknowledgedBytes;

    /// <summary>All packets of a block, in order.</summary>
    /// <returns>Why the connection cannot go on; null when it can.</returns>
    private Reason? Take(ReadOnlyMemory<byte> block)
    {
        while (!block.IsEmpty)
        {
            var (type, flags, body) = MqttFraming.Next(ref block);
            var fault = type switch
            {
                PacketType.Publish => Publish(flags, body),
                PacketType.PubAck => flags == 0 ? PubAck(body.Span) : Reason.MalformedPacket,
                PacketType.Subscribe => flags == 2 ? Subscribe(body.Span) : Reason.MalformedPacket,
                PacketType.Unsubscribe => flags == 2 ? Unsubscribe(body.Span) : Reason.MalformedPacket,
                PacketType.PingReq => flags == 0 && body.IsEmpty ? Ping() : Reason.MalformedPacket,
                PacketType.Disconnect => flags == 0 ? Disconnect(body.Span) : Reason.MalformedPacket,
                // QoS 2 was never granted, AUTH needs a method, a second CONNECT is one too many, and the rest are the server's.
                _ => Reason.ProtocolError,
            };
            if (fault is not null || _closed)
                return fault;
        }

        return null;
    }

    private Reason? Publish(byte flags, ReadOnlyMemory<byte> body)
    {
        // 1. Fixed header: QoS 3 is malformed, and a repeated publish of QoS 0 does not exist (3.3.1).
        var (qos, retain) = ((flags >> 1) & 3, (flags & 1) != 0);
        if (qos == 3 || (qos == 0 && (flags & 8) != 0))
            return Reason.MalformedPacket;
        if (qos == 2)
            return Fault(Reason.QoSNotSupported, "This server takes QoS 0 and 1.");

        // 2. Topic, packet identifier, properties.
        var reader = new FieldReader(body.Span);
        ushort packetId = 0;
        if (!reader.TryText(out ReadOnlySpan<byte> topic) || (qos > 0 && (!reader.TryUInt16(out packetId) || packetId == 0)))
            return Reason.MalformedPacket;
        MqttProperties properties = default;
        var listened = Who.City.Listeners.Count > 0;
        if (_version == 5 && MqttProperties.Read(ref reader, MqttProperties.OfPublish, keep: listened, out properties) is { } wrong)
            return wrong;
        if (Route(topic, properties.TopicAlias, out var route) is { } noRoute)
            return noRoute;
        var payload = body[reader.Position..];

        // 3. The client keeps to the Receive Maximum it was told (4.9); one of 3.1.1 was told nothing and is held back instead.
        var batch = _batch ??= Spare();
        if (qos == 1 && _version == 5 && Volatile.Read(ref _unacknowledged) + batch.Acknowledgements >= _limits.Unacknowledged)
            return Reason.ReceiveMaximumExceeded;
        if (batch.Publishes++ == 0)
            batch.At = _server.Intake.Now;
        batch.Bytes += payload.Length;
        batch.Acknowledgements += qos;

        // 4. May it? 3.1.1 cannot say no to one publish (3.3.5): the connection ends.
        if (!route.MayPublish)
            return Denied(batch, route, payload, qos, packetId);
        if (!route.IsReading)
        {
            if (retain && _version == 5)
                return Fault(Reason.RetainNotSupported, "Messages are not retained; what a device reads is kept as the city's state.");
            var reached = listened && Pass(MessageOf(route, payload, qos, retain, properties)) > 0;
            if (qos == 1)
                batch.Answers.Add(new PublishAnswer(packetId, reached ? Reason.Success : Reason.NoMatchingSubscribers, null, null));
        }
        else if (!payload.IsEmpty || !retain)
        {
            if (Reading(batch, route, payload, qos, packetId, properties) && listened)
                PassLater(batch, route, payload, qos, retain, properties);
        }
        else if (qos == 1)
        {
            // An empty retained message asks to forget the last one (3.3.1.3): there is none here, the city's state stays.
            batch.Answers.Add(new PublishAnswer(packetId, Reason.Success, null, null));
        }

        if (batch.Publishes >= PublishBatch.Most)
            SubmitBatch();
        return null;
    }

    /// <summary>Reads the payload into the batch, or puts it among the dead letters: acknowledged either way, since sending it again would not make it better.</summary>
    /// <returns>Whether it was read.</returns>
    private bool Reading(PublishBatch batch, TopicRoute route, ReadOnlyMemory<byte> payload, int qos, ushort packetId, in MqttProperties properties)
    {
        if (route is not { Device: { } device, Rules: { } rules, Source: { } source })
            return false;
        Problem? problem = properties.PayloadIsText && !System.Text.Unicode.Utf8.IsValid(payload.Span)
            ? MappingProblems.PayloadUnreadable.Because("The payload is marked as text and is not UTF-8.")
            : Intake.Read(Who.City, device, rules, source, payload, batch.At, batch.Readings, out var tells) is { } unreadable ? unreadable : Told(tells);
        if (problem is null)
        {
            batch.Hear(device);
            if (qos == 1)
                batch.Answers.Add(new PublishAnswer(packetId, Reason.Success, null, null));
            return true;
        }

        var reason = problem.Kind == MappingProblems.PayloadUnreadable ? Reason.PayloadFormatInvalid : Reason.ImplementationSpecific;
        batch.Answers.Add(new PublishAnswer(packetId, reason, problem.Detail, _server.Intake.KeepAsync(Who.City, device, route.Topic, payload, problem).AsTask()));
        return false;

        Problem? Told(bool tells)
        {
            if (tells)
                batch.Told.Add(device);
            return null;
        }
    }

    private Reason? Denied(PublishBatch batch, TopicRoute route, ReadOnlyMemory<byte> payload, int qos, ushort packetId)
    {
        var why = $"The rules of {Who.Name} do not let it publish to {route.Topic}.";
        if (route.Device is { } device)
            batch.Answers.Add(new PublishAnswer(
                0, Reason.NotAuthorized, null, _server.Intake.KeepAsync(Who.City, device, route.Topic, payload, MqttProblems.TopicNotPermitted.Because(why, "GET /devices/{id} shows its topics.")).AsTask()));
        if (qos == 0 || _version == 4)
            return Fault(Reason.NotAuthorized, why);
        batch.Answers.Add(new PublishAnswer(packetId, Reason.NotAuthorized, why, null));
        return null;
    }

    private Reason? Route(ReadOnlySpan<byte> topic, ushort? alias, out TopicRoute route)
    {
        route = TopicRoute.Nowhere;
        if (alias is 0 or > MostAliases)
            return Reason.TopicAliasInvalid;
        if (topic.IsEmpty)
        {
            if (alias is not { } known || _aliases?[known] is not { } named)
                return _version == 5 ? Reason.ProtocolError : Reason.TopicNameInvalid;
            route = Who.Route(named.Topic);
            return null;
        }

        if (topic.Length > Topics.MostCharacters)
            return Reason.TopicNameInvalid;
        Span<char> characters = stackalloc char[topic.Length];
        var length = System.Text.Encoding.UTF8.GetChars(topic, characters);
        if (!Topics.IsName(characters[..length]))
            return Reason.TopicNameInvalid;
        route = Who.Route(characters[..length]);
        if (alias is { } number)
            (_aliases ??= new TopicRoute?[MostAliases + 1])[number] = route;
        return null;
    }

    private Message MessageOf(TopicRoute route, ReadOnlyMemory<byte> payload, int qos, bool retain, in MqttProperties properties) => new(
        System.Text.Encoding.UTF8.GetBytes(route.Topic), payload, qos, retain, properties.Forwarded ?? [],
        properties.MessageExpiry is { } seconds ? _server.Intake.Now.UtcTicks + seconds * TimeSpan.TicksPerSecond : 0);

    /// <summary>A reading goes to those who listen when it is durable, not before.</summary>
    private void PassLater(PublishBatch batch, TopicRoute route, ReadOnlyMemory<byte> payload, int qos, bool retain, in MqttProperties properties)
    {
        _matches.Clear();
        Who.City.Listeners.Match(route.Topic, _matches);
        if (_matches.Count > 0)
            batch.ToPass.Add((route, MessageOf(route, payload, qos, retain, properties)));
    }

    private int Pass(Message message) => _server.Tell(Who.City, message, _session);

    private Reason? PubAck(ReadOnlySpan<byte> body)
    {
        var reader = new FieldReader(body);
        if (!reader.TryUInt16(out var packetId) || packetId == 0)
            return Reason.MalformedPacket;
        if (_version == 5 && !reader.AtEnd && (!reader.TryByte(out _) || (!reader.AtEnd && MqttProperties.Read(ref reader, MqttProperties.OfAck, keep: false, out _) is not null)))
            return Reason.MalformedPacket;
        if (!reader.AtEnd)
            return Reason.MalformedPacket;
        _session?.Forget(packetId);
        return null;
    }

    private Reason? Subscribe(ReadOnlySpan<byte> body)
    {
        var reader = new FieldReader(body);
        if (!reader.TryUInt16(out var packetId) || packetId == 0)
            return Reason.MalformedPacket;
        if (_version == 5 && MqttProperties.Read(ref reader, MqttProperties.OfSubscribe, keep: false, out _) is { } wrong)
            return wrong;
        _reasons.Clear();
        do
        {
            if (!reader.TryText(out string filter) || !reader.TryByte(out var options))
                return Reason.MalformedPacket;
            var (qos, retainHandling) = (options & 3, (options >> 4) & 3);
            if (qos == 3 || (options & 0xC0) != 0 || retainHandling == 3 || (_version == 4 && options > 2))
                return Reason.MalformedPacket;
            _reasons.Add(Subscribe(filter, new SubscriptionOptions(Math.Min(qos, 1), (options & 4) != 0, (options & 8) != 0)));
        }
        while (!reader.AtEnd);
        PacketWriter.SubAck(_answers, _version, packetId, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_reasons));
        StartPump();
        return null;
    }

    private Reason Subscribe(string filter, SubscriptionOptions options)
    {
        if (!Topics.IsFilter(filter))
            return Reason.TopicFilterInvalid;
        if (filter.StartsWith("$share/", StringComparison.Ordinal))
            return Reason.SharedSubscriptionsNotSupported;
        if (!Who.MaySubscribe(filter))
            return Reason.NotAuthorized;
        return _session?.Subscribe(filter, options) == true ? (Reason)options.QoS : Reason.QuotaExceeded;
    }

    private Reason? Unsubscribe(ReadOnlySpan<byte> body)
    {
        var reader = new FieldReader(body);
        if (!reader.TryUInt16(out var packetId) || packetId == 0)
            return Reason.MalformedPacket;
        if (_version == 5 && MqttProperties.Read(ref reader, MqttProperties.OfUnsubscribe, keep: false, out _) is { } wrong)
            return wrong;
        _reasons.Clear();
        do
        {
            if (!reader.TryText(out string filter))
                return Reason.MalformedPacket;
            _reasons.Add(!Topics.IsFilter(filter) ? Reason.TopicFilterInvalid : _session?.Unsubscribe(filter) == true ? Reason.Success : Reason.NoSubscriptionExisted);
        }
        while (!reader.AtEnd);
        PacketWriter.UnsubAck(_answers, _version, packetId, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_reasons));
        return null;
    }

    private Reason? Ping()
    {
        PacketWriter.PingResp(_answers);
        return null;
    }

    private Reason? Disconnect(ReadOnlySpan<byte> body)
    {
        var reader = new FieldReader(body);
        byte reason = 0;
        MqttProperties properties = default;
        if (_version == 5 && !reader.AtEnd && (!reader.TryByte(out reason) || (!reader.AtEnd && MqttProperties.Read(ref reader, MqttProperties.OfDisconnect, keep: false, out properties) is not null)))
            return Reason.MalformedPacket;
        if (!reader.AtEnd)
            return Reason.MalformedPacket;
        if (properties.SessionExpiry is { } expiry && _session is { } session)
        {
            // 3.14.2.2.2: what was over from the beginning cannot be prolonged at the end.
            if (_connect?.SessionExpiry == 0 && expiry != 0)
                return Reason.ProtocolError;
            session.Expiry = Math.Min(expiry, (uint)_limits.Session.TotalSeconds);
        }

        // Any reason but 0 leaves the will to be said (3.14.2.1).
        _willDropped = reason == 0;
        Close(Reason.Success);
        return null;
    }

    private Reason Fault(Reason reason, string why)
    {
        _faultWhy = why;
        return reason;
    }

    private PublishBatch Spare()
    {
        lock (_gate)
            return _spare.TryPop(out var batch) ? batch : new PublishBatch();
    }

    /// <summary>Hands what was read to the log; the acknowledgements follow when it is durable.</summary>
    private void SubmitBatch()
    {
        if (_batch is not { } batch)
            return;
        _batch = null;
        Interlocked.Add(ref _unacknowledged, batch.Acknowledgements);
        Interlocked.Add(ref _unacknowledgedBytes, batch.Bytes);
        _server.AddUnacknowledged(batch.Bytes);
        batch.Recorded = batch.Readings.Count > 0 ? _server.Intake.RecordAsync(Who.City, batch.Readings).AsTask() : s_nothing;
        _batches.Writer.TryWrite(batch);
    }

    /// <summary>Waits while this connection, or all of them together, have more on the way to the disk than they may.</summary>
    private async ValueTask WaitForRoomAsync()
    {
        while (IsFull)
        {
            Interlocked.Exchange(ref _waitsForRoom, 1);
            if (IsFull)
                await _room.WaitAsync(_closing.Token);
        }

        while (_server.IsFull)
            await Task.Delay(TimeSpan.FromMilliseconds(10), _closing.Token);
    }

    private async Task AcknowledgeAsync()
    {
        var acks = new ArrayBufferWriter<byte>(1024);
        var (failed, gone) = (false, false);
        await foreach (var batch in _batches.Reader.ReadAllAsync())
        {
            var problem = await DurableAsync(batch);
            failed |= problem is not null;
            if (problem is not null)
            {
                // Not acknowledged, so that the client sends it again: to a hub that has room then.
                foreach (var device in batch.Told)
                    device.TellPlaceAgain();
                Close(problem.Kind.Status == 507 ? Reason.QuotaExceeded : Reason.ServerBusy, problem.Detail);
            }

            if (!failed)
            {
                foreach (var (device, payloads) in batch.Heard)
                    _server.Intake.Durable(device, batch.At, payloads);
                foreach (var (_, message) in batch.ToPass)
                    Pass(message);
                acks.ResetWrittenCount();
                foreach (var answer in batch.Answers)
                    if (answer.PacketId != 0)
                        PacketWriter.PubAck(acks, _version, answer.PacketId, answer.Reason, _connect?.WantsReasons == true ? answer.Why : null, _connect?.MaximumPacketSize ?? uint.MaxValue);
            }

            Interlocked.Add(ref _unacknowledged, -batch.Acknowledgements);
            Interlocked.Add(ref _unacknowledgedBytes, -batch.Bytes);
            _server.AddUnacknowledged(-batch.Bytes);
            if (!failed && !gone && acks.WrittenCount > 0)
                gone = !await TrySendAsync(acks.WrittenMemory);
            if (Interlocked.Exchange(ref _waitsForRoom, 0) == 1)
                _room.Release();
            batch.Clear();
            lock (_gate)
                if (_spare.Count < 4)
                    _spare.Push(batch);
        }
    }

    private async ValueTask<Problem?> DurableAsync(PublishBatch batch)
    {
        Problem? problem = null;
        try
        {
            problem = batch.Recorded is { } recorded ? (await recorded).Problem : null;
            foreach (var answer in batch.Answers)
                if (answer.Letter is { } letter)
                    problem = (await letter).Problem ?? problem;
        }
#pragma warning disable CA1031 // Whatever failed: it is not durable, and not acknowledged.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _server.Logger.LogError(e, "Readings of {Device} could not be recorded", Who.Name);
            problem = MqttProblems.NotRecorded.Because("The hub has failed to record it.");
        }

        return problem;
    }

    private async ValueTask<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await SendAsync(bytes);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            Close(Reason.Success);
            return false;
        }
    }

    private void StartPump() => _pump ??= PumpAsync();

    /// <summary>Messages to the client, as many as it takes.</summary>
    private async Task PumpAsync()
    {
        await Task.Yield();
        if (_session is not { } session || _connect is not { } connect)
            return;
        var buffer = new ArrayBufferWriter<byte>(1024);
        try
        {
            while (true)
            {
                buffer.ResetWrittenCount();
                while (buffer.WrittenCount < MostBlock && session.Take(connect.ReceiveMaximum) is { } next)
                    WriteMessage(buffer, next, duplicate: false);
                if (buffer.WrittenCount > 0)
                    await SendAsync(buffer.WrittenMemory);
                else
                    await session.WaitAsync(_closing.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            Close(Reason.Success);
        }
    }

    private void WriteMessage(ArrayBufferWriter<byte> to, Waiting waiting, bool duplicate)
    {
        uint? remaining = null;
        if (waiting.Message.Expires != 0)
        {
            var left = waiting.Message.Expires - _server.Intake.Now.UtcTicks;
            remaining = (uint)Math.Max(0, left / TimeSpan.TicksPerSecond);
            // 3.3.2.3.3: what has expired is not sent; what was begun is finished.
            if (left <= 0 && !duplicate)
            {
                _session?.Forget(waiting.PacketId);
                return;
            }
        }

        if (!PacketWriter.Publish(to, _version, waiting.Message, waiting.QoS, duplicate, waiting.Retain, waiting.PacketId, remaining, _connect?.MaximumPacketSize ?? uint.MaxValue))
            _session?.Forget(waiting.PacketId);
    }
}
