using System.Numerics;
using System.Runtime.InteropServices;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// CRC-32C over everything a row says, so that a byte that changed on disk is found when the row is read. SQLite checks the shape
/// of its pages, not their content.
/// </summary>
internal static class RowCheck
{
    public static uint Of(long position, long stream, long version, long type, long at, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> payload)
    {
        uint check = uint.MaxValue;
        check = BitOperations.Crc32C(check, (ulong)position);
        check = BitOperations.Crc32C(check, (ulong)stream);
        check = BitOperations.Crc32C(check, (ulong)version);
        check = BitOperations.Crc32C(check, (ulong)type);
        check = BitOperations.Crc32C(check, (ulong)at);
        check = BitOperations.Crc32C(check, (ulong)payload.Length);
        return ~Over(Over(check, salt), payload);
    }

    static uint Over(uint check, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            check = BitOperations.Crc32C(check, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            check = BitOperations.Crc32C(check, rest);
        }

        return check;
    }
}
