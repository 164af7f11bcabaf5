using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>A buffer that grows and is used again; one thread at a time.</summary>
internal sealed class ByteWriter
{
    byte[] _buffer = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public Span<byte> WrittenFrom(int start) => _buffer.AsSpan(start, Length - start);

    public void Clear() => Length = 0;

    /// <summary>Forgets what was written after a length.</summary>
    public void Rewind(int length) => Length = length;

    /// <summary>Gives a large buffer back to the collector.</summary>
    public void Shrink(int keep)
    {
        Length = 0;
        if (_buffer.Length > keep)
        {
            _buffer = new byte[keep];
        }
    }

    public void Byte(byte value)
    {
        if (Length == _buffer.Length)
        {
            Grow(1);
        }

        _buffer[Length++] = value;
    }

    public void Varint(ulong value)
    {
        if (_buffer.Length - Length < 10)
        {
            Grow(10);
        }

        byte[] buffer = _buffer;
        int at = Length;
        while (value >= 0x80)
        {
            buffer[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        buffer[at++] = (byte)value;
        Length = at;
    }

    public void Zigzag(long value) => Varint(ZigzagOf(value));

    public void Fixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void Fixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Room for so many bytes, counted as written.</summary>
    public Span<byte> Take(int count)
    {
        if (_buffer.Length - Length < count)
        {
            Grow(count);
        }

        Span<byte> room = _buffer.AsSpan(Length, count);
        Length += count;
        return room;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ZigzagOf(long value) => (ulong)(value << 1) ^ (ulong)(value >> 63);

    void Grow(int count) => Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)Length + count, _buffer.Length * 2L)));
}
