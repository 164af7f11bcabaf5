using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using CityHub.Core.Problems;
using Microsoft.Extensions.Logging;

namespace CityHub.Sensing.Mqtt;

/// <summary>
/// One client. Three things go on at once: packets are read and publishes handed to the log; acknowledgements wait for the disk and go out in the order of
/// the publishes; messages go out as the client takes them. Nothing is acknowledged that is not durable.
/// </summary>
#pragma warning disable CA1001 // Semaphores without a wait handle and a token source without a timer hold nothing that needs to be given back; Close may come late.
internal sealed partial class MqttConnection
#pragma warning restore CA1001
{
    /// <summary>Bytes of packets that are taken out of the socket's buffer at once.</summary>
    private const int MostBlock = 64 << 10;

    private readonly MqttServer _server;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly Action _abort;
    private readonly MqttLimits _limits;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ArrayBufferWriter<byte> _answers = new(256);
    private readonly Channel<PublishBatch> _batches = Channel.CreateUnbounded<PublishBatch>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim _room = new(0);

    private MqttActor? _actor;
    private MqttSession? _session;
    private ConnectPacket? _connect;
    private int _version = 4;
    private long _idleLimit;
    private Reason _closeReason;
    private string? _closeWhy;
    private volatile bool _closed;
    private bool _willDropped;
    private Task? _pump;

    /// <summary>Timestamps of the server's clock; 0: not now.</summary>
    private long _readingSince;
    private long _writingSince;

    public MqttConnection(MqttServer server, PipeReader input, PipeWriter output, Action abort, bool isLoopback)
    {
        (_server, _input, _output, _abort, IsLoopback) = (server, input, output, abort, isLoopback);
        _limits = server.Options.Limits;
        Began = server.Clock.GetTimestamp();
    }

    public bool IsLoopback { get; }

    public long Began { get; }

    /// <summary>Null until it is admitted.</summary>
    public MqttActor? Actor => _actor;

    private MqttActor Who => _actor ?? throw new InvalidOperationException("Nobody was admitted yet.");

    public bool IsConnected => _session is not null;

    /// <summary>Completes when the connection has let go of its session.</summary>
    public Task Completion => _done.Task;

    /// <summary>Ends it: what is on its way to the disk is still acknowledged, then the client is told why where it can be told.</summary>
    public void Close(Reason reason, string? why = null)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            (_closed, _closeReason, _closeWhy) = (true, reason, why);
        }

        _closing.Cancel();
    }

    public void Abort() => _abort();

    /// <summary>Looks whether the client keeps its promises. Once a second.</summary>
    public void Look(long now)
    {
        var (reading, writing) = (Volatile.Read(ref _readingSince), Volatile.Read(ref _writingSince));
        if (writing != 0 && _server.Clock.GetElapsedTime(writing, now) > _limits.Write)
        {
            Close(Reason.QuotaExceeded);
            Abort();
        }
        else if (!IsConnected && _server.Clock.GetElapsedTime(Began, now) > _limits.Connect)
        {
            Close(Reason.KeepAliveTimeout);
            Abort();
        }
        else if (IsConnected && reading != 0 && _server.Clock.GetElapsedTime(reading, now).Ticks > _idleLimit)
        {
            Close(Reason.KeepAliveTimeout, "Nothing was heard for one and a half times the keep-alive.");
        }
        else if (_server.Clock.GetUtcNow().UtcTicks > (_actor?.TokenExpiresAt ?? long.MaxValue))
        {
            Close(Reason.MaximumConnectTime, "The token has expired.");
        }
    }

    public async Task RunAsync()
    {
        Task acknowledging = Task.CompletedTask;
        try
        {
            if (await ConnectAsync() is not { } rest)
                return;
            acknowledging = AcknowledgeAsync();
            if (_session is { SubscriptionCount: > 0 })
                StartPump();
            await ReadAsync(rest);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            // The client has gone, or Close was called: which of them _closeReason knows.
        }
        catch (Exception e)
        {
            _server.Logger.LogError(e, "A connection of {Device} failed", _actor?.Name);
            Close(Reason.ImplementationSpecific);
        }
        finally
        {
            await EndAsync(acknowledging);
        }
    }

    private async Task EndAsync(Task acknowledging)
    {
        SubmitBatch();
        _batches.Writer.TryComplete();
        try
        {
            await acknowledging;
            Close(Reason.Success);
            if (_pump is not null)
                await _pump;
            if (_version == 5 && _closeReason != Reason.Success && _connect is not null)
            {
                _answers.ResetWrittenCount();
                PacketWriter.Disconnect(_answers, _closeReason, _connect.WantsReasons ? _closeWhy : null, _connect.MaximumPacketSize);
                await SendAsync(_answers.WrittenMemory);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            // It does not listen any more.
        }
        finally
        {
            await _input.CompleteAsync();
            await _output.CompleteAsync();
            if (_session is { } session)
                _server.Leave(this, session, _willDropped ? null : _connect?.Will);
            _done.TrySetResult();
        }
    }

    /// <summary>Reads CONNECT, asks the door, answers. Null: it was refused.</summary>
    /// <returns>What came behind the CONNECT in the same read.</returns>
    private async Task<ReadOnlyMemory<byte>?> ConnectAsync()
    {
        var (block, fault) = await ReadBlockAsync(_limits.FirstPacket, first: true);
        if (block.IsEmpty)
            return null; // Not MQTT, or gone: nobody who could be answered.
        var (type, flags, body) = MqttFraming.Next(ref block);
        if (type != PacketType.Connect)
            return null;
        var wrong = ConnectPacket.Read(body.Span, flags, out var connect, out var version);
        if (version != 0)
            _version = version;
        if (wrong is { } reason || connect is null)
        {
            if (version != 0)
                await RefuseAsync(wrong ?? Reason.MalformedPacket, null);
            return null;
        }

        var admitted = await _server.AdmitAsync(this, connect, _closing.Token);
        if (admitted.Actor is not { } actor)
        {
            if (admitted.Reason is Reason.BadUserNameOrPassword or Reason.NotAuthorized)
                await Task.Delay(_limits.RefusalDelay, _server.Clock, _closing.Token);
            await RefuseAsync(admitted.Reason, connect.WantsReasons ? admitted.Why : null);
            return null;
        }

        _actor = actor;
        var clientId = connect.ClientId.Length > 0 ? connect.ClientId : _server.NewClientId();
        var (session, present, full) = await _server.EnterAsync(this, actor, connect, clientId);
        if (session is null)
        {
            await RefuseAsync(full, connect.WantsReasons ? $"A device may have {_limits.SessionsOfDevice} sessions." : null);
            return null;
        }

        _connect = connect;
        _idleLimit = (connect.KeepAlive == 0 || connect.KeepAlive > _limits.KeepAlive.TotalSeconds
            ? (_version == 5 ? _limits.KeepAlive : connect.KeepAlive == 0 ? _limits.IdleWithoutKeepAlive : TimeSpan.FromSeconds(connect.KeepAlive))
            : TimeSpan.FromSeconds(connect.KeepAlive)).Ticks * 3 / 2;
        _session = session;
        _answers.ResetWrittenCount();
        PacketWriter.ConnAck(_answers, _version, present, Reason.Success, Welcome(connect, session, clientId));
        foreach (var sent in session.Unacknowledged())
            WriteMessage(_answers, sent, duplicate: true);
        await SendAsync(_answers.WrittenMemory);
        _answers.ResetWrittenCount();
        if (fault is { } broken)
            Close(broken);
        return block;
    }

    /// <summary>What this server does and does not do, for a client that can be told (5.0, 3.2.2.3).</summary>
    private ReadOnlySpan<byte> Welcome(ConnectPacket connect, MqttSession session, string clientId)
    {
        if (_version == 4)
            return default;
        var properties = new ArrayBufferWriter<byte>(64);
        if (session.Expiry != connect.SessionExpiry)
            PacketWriter.Number(properties, Property.SessionExpiry, session.Expiry);
        PacketWriter.Small(properties, Property.ReceiveMaximum, (ushort)_limits.Unacknowledged);
        PacketWriter.Flag(properties, Property.MaximumQoS, 1);
        PacketWriter.Flag(properties, Property.RetainAvailable, 0);
        PacketWriter.Number(properties, Property.MaximumPacketSize, (uint)_limits.Packet);
        PacketWriter.Small(properties, Property.TopicAliasMaximum, MostAliases);
        PacketWriter.Flag(properties, Property.SubscriptionIdentifiersAvailable, 0);
        PacketWriter.Flag(properties, Property.SharedAvailable, 0);
        if (connect.KeepAlive == 0 || connect.KeepAlive > _limits.KeepAlive.TotalSeconds)
            PacketWriter.Small(properties, Property.ServerKeepAlive, (ushort)_limits.KeepAlive.TotalSeconds);
        if (connect.ClientId.Length == 0)
            PacketWriter.Text(properties, Property.AssignedClientIdentifier, System.Text.Encoding.UTF8.GetBytes(clientId));
        return properties.WrittenSpan;
    }

    private async Task RefuseAsync(Reason reason, string? why)
    {
        var properties = new ArrayBufferWriter<byte>(64);
        if (_version == 5 && PacketWriter.ReasonBytes(why) is { Length: > 0 } text)
            PacketWriter.Text(properties, Property.ReasonString, text);
        _answers.ResetWrittenCount();
        PacketWriter.ConnAck(_answers, _version, sessionPresent: false, reason, properties.WrittenSpan);
        await SendAsync(_answers.WrittenMemory);
    }

    private async Task ReadAsync(ReadOnlyMemory<byte> block)
    {
        Reason? fault = null;
        while (true)
        {
            if (!block.IsEmpty)
            {
                fault = Take(block) ?? fault;
                SubmitBatch();
                if (_answers.WrittenCount > 0)
                {
                    await SendAsync(_answers.WrittenMemory);
                    _answers.ResetWrittenCount();
                }
            }

            if (fault is { } reason)
            {
                Close(reason, _faultWhy);
                return;
            }

            if (_closed)
                return;
            await WaitForRoomAsync();
            (block, fault) = await ReadBlockAsync(_limits.Packet);
            if (block.IsEmpty && fault is null)
                return;
        }
    }

    /// <summary>The next whole packets, copied out of the socket's buffer; empty at the end.</summary>
    private async ValueTask<(ReadOnlyMemory<byte> Block, Reason? Fault)> ReadBlockAsync(int mostPacket, bool first = false)
    {
        Volatile.Write(ref _readingSince, _server.Clock.GetTimestamp());
        try
        {
            while (true)
            {
                var read = await _input.ReadAsync(_closing.Token);
                var buffer = read.Buffer;
                // Whoever speaks HTTP or TLS here need not wait for a packet that his bytes seem to promise.
                if (first && !buffer.IsEmpty && buffer.FirstSpan[0] != (byte)PacketType.Connect << 4)
                    return (default, Reason.ProtocolError);
                var length = MqttFraming.Complete(buffer, mostPacket, MostBlock, out var fault);
                if (length > 0 || fault is not null)
                {
                    var end = buffer.GetPosition(length);
                    byte[] block = length == 0 ? [] : buffer.Slice(0, end).ToArray();
                    _input.AdvanceTo(end);
                    return (block, fault);
                }

                _input.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                    return (default, null);
            }
        }
        finally
        {
            Volatile.Write(ref _readingSince, 0);
        }
    }

    /// <summary>One at a time; bytes of two packets never mix. Waits while the client does not read, which holds back only its own connection.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _writing.WaitAsync();
        try
        {
            Volatile.Write(ref _writingSince, _server.Clock.GetTimestamp());
            var flushed = await _output.WriteAsync(bytes);
            if (flushed.IsCompleted)
                throw new IOException("The client has gone.");
        }
        finally
        {
            Volatile.Write(ref _writingSince, 0);
            _writing.Release();
        }
    }
}
