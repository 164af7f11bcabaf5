using System.Buffers;

namespace CityHub.Sensing.Mqtt;

/// <summary>Where packets begin and end (MQTT 5.0, 2.1): a type, flags, and the remaining length as a variable byte integer of at most four bytes.</summary>
internal static class MqttFraming
{
    /// <summary>How many bytes of the buffer are whole packets.</summary>
    /// <param name="mostPacket">A packet with its header may have this many bytes.</param>
    /// <param name="mostBlock">Stops after this many bytes, but never before the first packet.</param>
    /// <param name="fault">What is wrong with the packet after those.</param>
    public static long Complete(in ReadOnlySequence<byte> buffer, int mostPacket, int mostBlock, out Reason? fault)
    {
        fault = null;
        var reader = new SequenceReader<byte>(buffer);
        while (true)
        {
            var start = reader.Consumed;
            if (start >= mostBlock)
                return start;
            if (!reader.TryRead(out var header))
                return start;
            if (header >> 4 == 0)
            {
                fault = Reason.MalformedPacket;
                return start;
            }

            int length = 0, shift = 0;
            while (true)
            {
                if (!reader.TryRead(out var part))
                    return start;
                length |= (part & 0x7F) << shift;
                if ((part & 0x80) == 0)
                    break;
                shift += 7;
                if (shift > 21)
                {
                    fault = Reason.MalformedPacket;
                    return start;
                }
            }

            if (reader.Consumed - start + length > mostPacket)
            {
                fault = Reason.PacketTooLarge;
                return start;
            }

            if (reader.Remaining < length)
                return start;
            reader.Advance(length);
        }
    }

    /// <summary>The first packet of whole ones.</summary>
    public static (PacketType Type, byte Flags, ReadOnlyMemory<byte> Body) Next(ref ReadOnlyMemory<byte> block)
    {
        var span = block.Span;
        int at = 1, length = 0, shift = 0;
        while (true)
        {
            var part = span[at++];
            length |= (part & 0x7F) << shift;
            if ((part & 0x80) == 0)
                break;
            shift += 7;
        }

        var packet = ((PacketType)(span[0] >> 4), (byte)(span[0] & 0x0F), block.Slice(at, length));
        block = block[(at + length)..];
        return packet;
    }
}
