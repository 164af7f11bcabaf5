namespace CityHub.Sensing.Mqtt;

/// <summary>The properties of a packet of MQTT 5.0 that this server acts on; the others are checked and passed over.</summary>
internal struct MqttProperties
{
    public uint? SessionExpiry;
    public uint? MessageExpiry;
    public uint? MaximumPacketSize;
    public uint WillDelay;
    public ushort? ReceiveMaximum;
    public ushort? TopicAlias;
    public bool PayloadIsText;
    public bool NoProblemInformation;
    public bool HasAuthenticationMethod;

    /// <summary>Those that travel on with a message unchanged, as they came: all but topic alias and message expiry.</summary>
    public byte[]? Forwarded;

    private const ulong Once = ~(1UL << Property.UserProperty);

    public static readonly ulong OfConnect = Set(
        Property.SessionExpiry, Property.ReceiveMaximum, Property.MaximumPacketSize, Property.TopicAliasMaximum, Property.RequestResponseInformation,
        Property.RequestProblemInformation, Property.UserProperty, Property.AuthenticationMethod, Property.AuthenticationData);

    public static readonly ulong OfMessage = Set(
        Property.PayloadFormat, Property.MessageExpiry, Property.ContentType, Property.ResponseTopic, Property.CorrelationData, Property.UserProperty);

    public static readonly ulong OfWill = OfMessage | Set(Property.WillDelay);
    public static readonly ulong OfPublish = OfMessage | Set(Property.TopicAlias);
    public static readonly ulong OfSubscribe = Set(Property.SubscriptionIdentifier, Property.UserProperty);
    public static readonly ulong OfUnsubscribe = Set(Property.UserProperty);
    public static readonly ulong OfAck = Set(Property.ReasonString, Property.UserProperty);
    public static readonly ulong OfDisconnect = Set(Property.SessionExpiry, Property.ReasonString, Property.UserProperty);

    /// <summary>Reads length and properties.</summary>
    /// <param name="allowed">Bits of the identifiers that this packet may carry.</param>
    /// <param name="keep">Whether <see cref="Forwarded"/> is wanted.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static Reason? Read(ref FieldReader packet, ulong allowed, bool keep, out MqttProperties found)
    {
        found = default;
        if (!packet.TryVariable(out var length) || !packet.TrySlice(length, out var slice))
            return Reason.MalformedPacket;
        var reader = new FieldReader(slice);
        var seen = 0UL;
        List<byte>? kept = null;
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            reader.TryByte(out var id);
            if (id > 63 || (allowed & (1UL << id)) == 0)
                return IsKnown(id) ? Reason.ProtocolError : Reason.MalformedPacket;
            if ((seen & (1UL << id) & Once) != 0)
                return Reason.ProtocolError;
            seen |= 1UL << id;
            if (found.Take(id, ref reader) is { } wrong)
                return wrong;
            if (keep && id is not (Property.TopicAlias or Property.MessageExpiry))
                (kept ??= []).AddRange(slice[start..reader.Position]);
        }

        // 3.1.2.11.10: authentication data needs a method.
        if ((seen & Set(Property.AuthenticationData)) != 0 && !found.HasAuthenticationMethod)
            return Reason.ProtocolError;
        found.Forwarded = kept?.ToArray();
        return null;
    }

    private Reason? Take(byte id, ref FieldReader reader)
    {
        switch (id)
        {
            case Property.PayloadFormat or Property.RequestProblemInformation or Property.RequestResponseInformation:
                if (!reader.TryByte(out var flag))
                    return Reason.MalformedPacket;
                if (flag > 1)
                    return Reason.ProtocolError;
                PayloadIsText |= id == Property.PayloadFormat && flag == 1;
                NoProblemInformation |= id == Property.RequestProblemInformation && flag == 0;
                return null;
            case Property.SessionExpiry or Property.MessageExpiry or Property.MaximumPacketSize or Property.WillDelay:
                if (!reader.TryUInt32(out var number))
                    return Reason.MalformedPacket;
                if (id == Property.SessionExpiry)
                    SessionExpiry = number;
                else if (id == Property.MessageExpiry)
                    MessageExpiry = number;
                else if (id == Property.WillDelay)
                    WillDelay = number;
                else if (number == 0)
                    return Reason.ProtocolError;
                else
                    MaximumPacketSize = number;
                return null;
            case Property.ReceiveMaximum or Property.TopicAliasMaximum or Property.TopicAlias:
                if (!reader.TryUInt16(out var small))
                    return Reason.MalformedPacket;
                if (id == Property.TopicAlias)
                    TopicAlias = small;
                else if (id == Property.ReceiveMaximum && small == 0)
                    return Reason.ProtocolError;
                else if (id == Property.ReceiveMaximum)
                    ReceiveMaximum = small;
                return null;
            case Property.SubscriptionIdentifier:
                return reader.TryVariable(out _) ? Reason.SubscriptionIdentifiersNotSupported : Reason.MalformedPacket;
            case Property.CorrelationData or Property.AuthenticationData:
                return reader.TryBinary(out _) ? null : Reason.MalformedPacket;
            case Property.UserProperty:
                return reader.TryText(out ReadOnlySpan<byte> _) && reader.TryText(out ReadOnlySpan<byte> _) ? null : Reason.MalformedPacket;
            default:
                if (!reader.TryText(out ReadOnlySpan<byte> text))
                    return Reason.MalformedPacket;
                HasAuthenticationMethod |= id == Property.AuthenticationMethod;
                return id == Property.ResponseTopic && (text.IsEmpty || text.ContainsAny((byte)'+', (byte)'#')) ? Reason.ProtocolError : null;
        }
    }

    private static bool IsKnown(byte id) => id is 0x01 or 0x02 or 0x03 or 0x08 or 0x09 or 0x0B or >= 0x11 and <= 0x13 or >= 0x15 and <= 0x1A or 0x1C or 0x1F or >= 0x21 and <= 0x2A;

    private static ulong Set(params ReadOnlySpan<byte> ids)
    {
        var set = 0UL;
        foreach (var id in ids)
            set |= 1UL << id;
        return set;
    }
}
