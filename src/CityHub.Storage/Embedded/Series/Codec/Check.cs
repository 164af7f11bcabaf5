using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>CRC-32C of stored bytes: SQLite checks the shape of its pages, not their content.</summary>
internal static class Check
{
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        uint check = ~seed;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            check = BitOperations.Crc32C(check, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            check = BitOperations.Crc32C(check, rest);
        }

        return ~check;
    }

    /// <summary>A check that is also of an identity, so that sound bytes in the wrong place are found.</summary>
    public static uint Of(long identity, ReadOnlySpan<byte> bytes) => Of(bytes, BitOperations.Crc32C(0, (ulong)identity));
}
