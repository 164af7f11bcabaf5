using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace CityHub.Sensing.Mqtt;

/// <summary>The fields of a packet (MQTT 5.0, 1.5). Every method says no at the end of the packet and at text that is none.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == _bytes.Length;

    public readonly ReadOnlySpan<byte> Rest => _bytes[Position..];

    public bool TryByte(out byte value)
    {
        value = 0;
        if (AtEnd)
            return false;
        value = _bytes[Position++];
        return true;
    }

    public bool TryUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(Rest, out value))
            return false;
        Position += 2;
        return true;
    }

    public bool TryUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(Rest, out value))
            return false;
        Position += 4;
        return true;
    }

    public bool TryVariable(out int value)
    {
        value = 0;
        for (var shift = 0; shift <= 21; shift += 7)
        {
            if (!TryByte(out var part))
                return false;
            value |= (part & 0x7F) << shift;
            if ((part & 0x80) == 0)
                return true;
        }

        return false;
    }

    public bool TrySlice(int length, out ReadOnlySpan<byte> slice)
    {
        slice = default;
        if (length > _bytes.Length - Position)
            return false;
        slice = _bytes.Slice(Position, length);
        Position += length;
        return true;
    }

    public bool TryBinary(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryUInt16(out var length) && TrySlice(length, out value);
    }

    /// <summary>UTF-8 without U+0000 (1.5.4).</summary>
    public bool TryText(out ReadOnlySpan<byte> utf8) => TryBinary(out utf8) && Utf8.IsValid(utf8) && !utf8.Contains((byte)0);

    public bool TryText(out string text)
    {
        var good = TryText(out ReadOnlySpan<byte> utf8);
        text = good ? Encoding.UTF8.GetString(utf8) : "";
        return good;
    }
}
