using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace CityHub.Sensing.Mqtt;

/// <summary>The packets of a server, as bytes, for one protocol version.</summary>
internal static class PacketWriter
{
    private const int MostReasonBytes = 512;

    /// <param name="version">4 or 5.</param>
    public static void ConnAck(ArrayBufferWriter<byte> to, int version, bool sessionPresent, Reason reason, ReadOnlySpan<byte> properties)
    {
        if (version == 4)
        {
            Bytes(to, (byte)PacketType.ConnAck << 4, 2, sessionPresent ? (byte)1 : (byte)0, ReturnCode(reason));
            return;
        }

        Header(to, (byte)PacketType.ConnAck << 4, 2 + VariableLength(properties.Length) + properties.Length);
        Bytes(to, sessionPresent ? (byte)1 : (byte)0, (byte)reason);
        Variable(to, properties.Length);
        to.Write(properties);
    }

    /// <summary>Four bytes for the usual case: a success (3.4.2.1 allows 5.0 to leave its reason out).</summary>
    public static void PubAck(ArrayBufferWriter<byte> to, int version, ushort packetId, Reason reason, string? why, uint mostPacket)
    {
        if (version == 4 || reason == Reason.Success)
        {
            var four = to.GetSpan(4);
            (four[0], four[1], four[2], four[3]) = ((byte)PacketType.PubAck << 4, 2, (byte)(packetId >> 8), (byte)packetId);
            to.Advance(4);
            return;
        }

        var text = ReasonBytes(why);
        // 3.4.2.2.2: no reason string that would make the packet larger than the client takes.
        var properties = text.Length == 0 || 16 + text.Length > mostPacket ? 0 : 3 + text.Length;
        Header(to, (byte)PacketType.PubAck << 4, properties == 0 ? 3 : 3 + VariableLength(properties) + properties);
        Bytes(to, (byte)(packetId >> 8), (byte)packetId, (byte)reason);
        if (properties == 0)
            return;
        Variable(to, properties);
        Text(to, Property.ReasonString, text);
    }

    public static void SubAck(ArrayBufferWriter<byte> to, int version, ushort packetId, ReadOnlySpan<Reason> reasons)
    {
        Header(to, (byte)PacketType.SubAck << 4, 2 + (version == 5 ? 1 : 0) + reasons.Length);
        UInt16(to, packetId);
        if (version == 5)
            Bytes(to, 0);
        foreach (var reason in reasons)
            // 3.1.1 knows one failure (3.9.3).
            Bytes(to, version == 4 && (byte)reason >= 0x80 ? (byte)0x80 : (byte)reason);
    }

    public static void UnsubAck(ArrayBufferWriter<byte> to, int version, ushort packetId, ReadOnlySpan<Reason> reasons)
    {
        Header(to, (byte)PacketType.UnsubAck << 4, version == 5 ? 3 + reasons.Length : 2);
        UInt16(to, packetId);
        if (version == 4)
            return;
        Bytes(to, 0);
        foreach (var reason in reasons)
            Bytes(to, (byte)reason);
    }

    public static void PingResp(ArrayBufferWriter<byte> to) => Bytes(to, (byte)PacketType.PingResp << 4, 0);

    /// <summary>5.0 alone: a 3.1.1 server has no way to say why.</summary>
    public static void Disconnect(ArrayBufferWriter<byte> to, Reason reason, string? why, uint mostPacket)
    {
        var text = ReasonBytes(why);
        var properties = text.Length == 0 || 16 + text.Length > mostPacket ? 0 : 3 + text.Length;
        Header(to, (byte)PacketType.Disconnect << 4, properties == 0 ? 1 : 1 + VariableLength(properties) + properties);
        Bytes(to, (byte)reason);
        if (properties == 0)
            return;
        Variable(to, properties);
        Text(to, Property.ReasonString, text);
    }

    /// <returns>False when the packet would be larger than the client takes: then nothing was written.</returns>
    /// <param name="remaining">Seconds until the message expires; null: never.</param>
    public static bool Publish(ArrayBufferWriter<byte> to, int version, Message message, int qos, bool duplicate, bool retain, ushort packetId, uint? remaining, uint mostPacket)
    {
        var properties = version == 4 ? 0 : message.Properties.Length + (remaining is null ? 0 : 5);
        var length = 2 + message.Topic.Length + (qos > 0 ? 2 : 0) + (version == 4 ? 0 : VariableLength(properties) + properties) + message.Payload.Length;
        if (1 + VariableLength(length) + (uint)length > mostPacket)
            return false;
        Header(to, (byte)(((byte)PacketType.Publish << 4) | (duplicate ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)), length);
        UInt16(to, (ushort)message.Topic.Length);
        to.Write(message.Topic);
        if (qos > 0)
            UInt16(to, packetId);
        if (version == 5)
        {
            Variable(to, properties);
            if (remaining is { } seconds)
                Number(to, Property.MessageExpiry, seconds);
            to.Write(message.Properties);
        }

        to.Write(message.Payload.Span);
        return true;
    }

    public static void Number(ArrayBufferWriter<byte> to, byte property, uint value)
    {
        var span = to.GetSpan(5);
        span[0] = property;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], value);
        to.Advance(5);
    }

    public static void Small(ArrayBufferWriter<byte> to, byte property, ushort value)
    {
        Bytes(to, property);
        UInt16(to, value);
    }

    public static void Flag(ArrayBufferWriter<byte> to, byte property, byte value) => Bytes(to, property, value);

    public static void Text(ArrayBufferWriter<byte> to, byte property, ReadOnlySpan<byte> utf8)
    {
        Bytes(to, property);
        UInt16(to, (ushort)utf8.Length);
        to.Write(utf8);
    }

    /// <summary>A reason for people; cut where it is long, between two characters.</summary>
    public static byte[] ReasonBytes(string? why)
    {
        if (string.IsNullOrEmpty(why))
            return [];
        var text = why.Length > MostReasonBytes / 3 && Encoding.UTF8.GetByteCount(why) > MostReasonBytes ? why[..(MostReasonBytes / 3)] : why;
        return Encoding.UTF8.GetBytes(text.Replace("\0", "", StringComparison.Ordinal));
    }

    /// <summary>The return codes of 3.1.1 (3.2.2.3).</summary>
    private static byte ReturnCode(Reason reason) => reason switch
    {
        Reason.Success => 0,
        Reason.UnsupportedProtocolVersion => 1,
        Reason.ClientIdentifierNotValid => 2,
        Reason.BadUserNameOrPassword or Reason.BadAuthenticationMethod => 4,
        Reason.NotAuthorized or Reason.QoSNotSupported or Reason.TopicNameInvalid => 5,
        _ => 3,
    };

    private static void Bytes(ArrayBufferWriter<byte> to, params ReadOnlySpan<byte> bytes) => to.Write(bytes);

    private static void Header(ArrayBufferWriter<byte> to, byte first, int length)
    {
        Bytes(to, first);
        Variable(to, length);
    }

    private static void UInt16(ArrayBufferWriter<byte> to, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to.GetSpan(2), value);
        to.Advance(2);
    }

    private static int VariableLength(int value) => value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;

    private static void Variable(ArrayBufferWriter<byte> to, int value)
    {
        do
        {
            var part = (byte)(value & 0x7F);
            value >>= 7;
            Bytes(to, value > 0 ? (byte)(part | 0x80) : part);
        }
        while (value > 0);
    }
}
