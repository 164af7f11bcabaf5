using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>Reads what a <see cref="ByteWriter"/> wrote. Whatever else the bytes are, it ends with a <see cref="DamageException"/>.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> _rest = bytes;

    public readonly int Left => _rest.Length;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte()
    {
        if (_rest.IsEmpty)
        {
            Damage("it ends early");
        }

        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (int i = 0, shift = 0; i < _rest.Length && shift < 64; i++, shift += 7)
        {
            ulong part = _rest[i];
            value |= (part & 0x7f) << shift;
            if (part < 0x80)
            {
                if (shift == 63 && part > 1)
                {
                    break;
                }

                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        Damage("a number in it does not end");
        return 0;
    }

    public long Zigzag() => ZigzagBack(Varint());

    /// <summary>A count or a length, which is never beyond <paramref name="most"/>.</summary>
    public int Count(int most)
    {
        ulong count = Varint();
        if (count > (ulong)most)
        {
            Damage("a count in it is too large");
        }

        return (int)count;
    }

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            Damage("it ends early");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ZigzagBack(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    [DoesNotReturn]
    public static void Damage(string what) => throw new DamageException(what);
}

/// <summary>Stored bytes are not what was written. The one who knows whose bytes they are turns it into a <see cref="StorageException"/>.</summary>
internal sealed class DamageException(string what) : IOException(what);
