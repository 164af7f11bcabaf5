using System.Text;

namespace CityHub.Sensing.Mqtt;

/// <summary>A message to those who listen.</summary>
/// <param name="Topic">UTF-8.</param>
/// <param name="Properties">Those of MQTT 5.0 that travel on unchanged, encoded.</param>
/// <param name="Expires">By the hub's clock, UTC ticks; 0: never.</param>
internal sealed record Message(byte[] Topic, ReadOnlyMemory<byte> Payload, int QoS, bool Retain, byte[] Properties, long Expires)
{
    public int Bytes => Topic.Length + Payload.Length + Properties.Length + 64;

    public static Message Of(string topic, ReadOnlyMemory<byte> payload, int qos = 1) => new(Encoding.UTF8.GetBytes(topic), payload, qos, false, [], 0);
}

/// <summary>A message in one session: on its way to the client, or waiting for it.</summary>
internal sealed class Waiting(Message message, int qos, bool retain)
{
    public Message Message { get; } = message;

    public int QoS { get; } = qos;

    public bool Retain { get; } = retain;

    /// <summary>0 until it was sent.</summary>
    public ushort PacketId { get; set; }
}

/// <summary>
/// What the server keeps of one client identifier of one device: subscriptions, and messages that it has not acknowledged. It lives in memory: after a
/// restart of the hub a client is told that there is no session, and subscribes again (MQTT 5.0, 3.1.2.4).
/// </summary>
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing that needs to be given back.
internal sealed class MqttSession(string device, string clientId, TopicTree tree, MqttLimits limits)
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SubscriptionOptions> _subscriptions = new(StringComparer.Ordinal);

    /// <summary>Not sent yet.</summary>
    private readonly LinkedList<Waiting> _waiting = new();

    /// <summary>Sent with QoS 1 and not acknowledged, in the order in which they were sent.</summary>
    private readonly LinkedList<Waiting> _sent = new();
    private readonly SemaphoreSlim _signal = new(0);
    private int _bytes;
    private ushort _lastId;
    private bool _over;

    /// <summary>tenant, newline, device.</summary>
    public string Device { get; } = device;

    public string ClientId { get; } = clientId;

    /// <summary>The connection that holds it; null while it waits for its client.</summary>
    public MqttConnection? Connection { get; set; }

    /// <summary>Seconds that it outlives its connection.</summary>
    public uint Expiry { get; set; }

    /// <summary>By the clock of the server, UTC ticks, while no connection holds it.</summary>
    public long ExpiresAt { get; set; }

    /// <summary>What is still to be said for a connection that broke, and when.</summary>
    public (Will Will, MqttActor Actor, long At)? WillToCome { get; set; }

    public int SubscriptionCount
    {
        get
        {
            lock (_gate)
                return _subscriptions.Count;
        }
    }

    /// <returns>False when it has as many as it may.</returns>
    public bool Subscribe(string filter, SubscriptionOptions options)
    {
        lock (_gate)
        {
            if (_over || (!_subscriptions.ContainsKey(filter) && _subscriptions.Count >= limits.SubscriptionsOfSession))
                return false;
            _subscriptions[filter] = options;
        }

        tree.Add(filter, this, options);
        return true;
    }

    public bool Unsubscribe(string filter)
    {
        lock (_gate)
        {
            if (!_subscriptions.Remove(filter))
                return false;
        }

        tree.Remove(filter, this);
        return true;
    }

    /// <summary>Gives a message to the session. False when it does not take it: it is full, or there is nobody to read something that is not worth waiting for.</summary>
    public bool Offer(Message message, SubscriptionOptions options)
    {
        var qos = Math.Min(message.QoS, options.QoS);
        lock (_gate)
        {
            if (_over || (qos == 0 && Connection is null))
                return false;
            if (_waiting.Count + _sent.Count >= limits.Waiting || _bytes + message.Bytes > limits.WaitingBytes)
                return false;
            _waiting.AddLast(new Waiting(message, qos, options.RetainAsPublished && message.Retain));
            _bytes += message.Bytes;
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }

        return true;
    }

    /// <summary>Completes when there may be something to take.</summary>
    public Task WaitAsync(CancellationToken cancel) => _signal.WaitAsync(cancel);

    /// <summary>Wakes the one who waits.</summary>
    public void Wake()
    {
        lock (_gate)
            if (_signal.CurrentCount == 0)
                _signal.Release();
    }

    /// <summary>The next to be sent; null when there is none or the client has its hands full.</summary>
    /// <param name="most">How many QoS 1 messages the client takes at once.</param>
    public Waiting? Take(int most)
    {
        lock (_gate)
        {
            if (_waiting.First is not { } first || (first.Value.QoS > 0 && _sent.Count >= most))
                return null;
            _waiting.RemoveFirst();
            if (first.Value.QoS == 0)
            {
                _bytes -= first.Value.Message.Bytes;
                return first.Value;
            }

            first.Value.PacketId = NextId();
            _sent.AddLast(first);
            return first.Value;
        }
    }

    /// <summary>Those that were sent and never acknowledged, to be sent again when the client comes back (4.4).</summary>
    public IReadOnlyList<Waiting> Unacknowledged()
    {
        lock (_gate)
            return [.. _sent];
    }

    /// <summary>The client has it, or will never get it.</summary>
    public bool Forget(ushort packetId)
    {
        lock (_gate)
        {
            for (var node = _sent.First; node is not null; node = node.Next)
            {
                if (node.Value.PacketId != packetId)
                    continue;
                _sent.Remove(node);
                _bytes -= node.Value.Message.Bytes;
                if (_signal.CurrentCount == 0)
                    _signal.Release();
                return true;
            }
        }

        return false;
    }

    /// <summary>It ends: nothing reaches it any more.</summary>
    public void End()
    {
        string[] filters;
        lock (_gate)
        {
            _over = true;
            filters = [.. _subscriptions.Keys];
            _subscriptions.Clear();
            _waiting.Clear();
            _sent.Clear();
            _bytes = 0;
        }

        foreach (var filter in filters)
            tree.Remove(filter, this);
    }

    private ushort NextId()
    {
        while (true)
        {
            if (++_lastId == 0)
                continue;
            var taken = false;
            foreach (var sent in _sent)
                taken |= sent.PacketId == _lastId;
            if (!taken)
                return _lastId;
        }
    }
}
