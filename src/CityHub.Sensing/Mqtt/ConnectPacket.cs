namespace CityHub.Sensing.Mqtt;

/// <summary>What a client leaves to be said when its connection breaks.</summary>
internal sealed record Will(string Topic, byte[] Payload, int QoS, bool Retain, uint Delay, uint? Expiry, byte[]? Properties);

/// <summary>CONNECT (MQTT 5.0 and 3.1.1, 3.1).</summary>
internal sealed record ConnectPacket
{
    /// <summary>4: MQTT 3.1.1; 5: MQTT 5.0.</summary>
    public required int Version { get; init; }

    public required string ClientId { get; init; }

    public required bool CleanStart { get; init; }

    /// <summary>Seconds; 0: none.</summary>
    public required ushort KeepAlive { get; init; }

    /// <summary>Seconds; 0xFFFFFFFF: for ever. In 3.1.1 a session that is not clean has no end.</summary>
    public required uint SessionExpiry { get; init; }

    public required ushort ReceiveMaximum { get; init; }

    public required uint MaximumPacketSize { get; init; }

    public required bool WantsReasons { get; init; }

    public string? UserName { get; init; }

    public byte[]? Password { get; init; }

    public Will? Will { get; init; }

    /// <returns>What is wrong; null when nothing is.</returns>
    /// <param name="version">The version to answer in: 4 or 5; 0 when the packet is no CONNECT that could be answered.</param>
    public static Reason? Read(ReadOnlySpan<byte> body, byte headerFlags, out ConnectPacket? packet, out int version)
    {
        packet = null;
        version = 0;
        var reader = new FieldReader(body);
        // MQTT 3.1 called itself MQIsdp; it and whatever else this is cannot be answered.
        if (headerFlags != 0 || !reader.TryBinary(out var name) || !name.SequenceEqual("MQTT"u8))
            return Reason.MalformedPacket;
        if (!reader.TryByte(out var level))
            return Reason.MalformedPacket;
        if (level is not (4 or 5))
        {
            version = level < 4 ? 4 : 5;
            return Reason.UnsupportedProtocolVersion;
        }

        version = level;
        if (!reader.TryByte(out var flags) || !reader.TryUInt16(out var keepAlive))
            return Reason.MalformedPacket;
        var (hasUser, hasPassword, hasWill, willQoS, willRetain) = ((flags & 0x80) != 0, (flags & 0x40) != 0, (flags & 0x04) != 0, (flags >> 3) & 3, (flags & 0x20) != 0);
        if ((flags & 1) != 0 || willQoS == 3 || (!hasWill && (willQoS != 0 || willRetain)) || (level == 4 && hasPassword && !hasUser))
            return Reason.MalformedPacket;
        MqttProperties properties = default, willProperties = default;
        if (level == 5 && MqttProperties.Read(ref reader, MqttProperties.OfConnect, keep: false, out properties) is { } wrong)
            return wrong;
        if (!reader.TryText(out string clientId))
            return Reason.MalformedPacket;
        Will? will = null;
        if (hasWill)
        {
            if (level == 5 && MqttProperties.Read(ref reader, MqttProperties.OfWill, keep: true, out willProperties) is { } wrongWill)
                return wrongWill;
            if (!reader.TryText(out string topic) || !reader.TryBinary(out var payload))
                return Reason.MalformedPacket;
            if (!Topics.IsName(topic))
                return Reason.TopicNameInvalid;
            will = new Will(topic, payload.ToArray(), willQoS, willRetain, willProperties.WillDelay, willProperties.MessageExpiry, willProperties.Forwarded);
        }

        string? user = null;
        byte[]? password = null;
        if (hasUser)
        {
            if (!reader.TryText(out string text))
                return Reason.MalformedPacket;
            user = text;
        }

        if (hasPassword)
        {
            if (!reader.TryBinary(out var bytes))
                return Reason.MalformedPacket;
            password = bytes.ToArray();
        }

        if (!reader.AtEnd)
            return Reason.MalformedPacket;
        if (properties.HasAuthenticationMethod)
            return Reason.BadAuthenticationMethod;
        var clean = (flags & 0x02) != 0;
        packet = new ConnectPacket
        {
            Version = level,
            ClientId = clientId,
            CleanStart = clean,
            KeepAlive = keepAlive,
            SessionExpiry = level == 5 ? properties.SessionExpiry ?? 0 : clean ? 0 : uint.MaxValue,
            ReceiveMaximum = properties.ReceiveMaximum ?? ushort.MaxValue,
            MaximumPacketSize = properties.MaximumPacketSize ?? uint.MaxValue,
            WantsReasons = level == 5 && !properties.NoProblemInformation,
            UserName = user,
            Password = password,
            Will = will,
        };
        return null;
    }
}
