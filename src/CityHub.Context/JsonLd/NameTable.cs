using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CityHub.Context.JsonLd;

/// <summary>
/// UTF-8 names to IRI ids: open addressing, readers without locks, one writer at a time, nothing is ever removed.
/// The hash is keyed with secrets of this process: names are the clients' to invent, and must not be inventable to collide.
/// </summary>
internal sealed class NameTable
{
    private static readonly ulong SecretA = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;
    private static readonly ulong SecretB = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    private readonly Lock _gate = new();
    private volatile Entry?[] _slots = new Entry?[32];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet(ReadOnlySpan<byte> name, out int iri)
    {
        var slots = _slots;
        var hash = Hash(name);
        for (var at = hash; ; at++)
        {
            var entry = Volatile.Read(ref slots[at & (uint)(slots.Length - 1)]);
            if (entry is null)
            {
                iri = 0;
                return false;
            }

            if (entry.Hash == hash && name.SequenceEqual(entry.Name))
            {
                iri = entry.Iri;
                return true;
            }
        }
    }

    public void Add(ReadOnlySpan<byte> name, int iri)
    {
        lock (_gate)
        {
            if (TryGet(name, out _))
                return;
            // At most half full, so that a look-up rarely takes a second step.
            if (_count * 2 >= _slots.Length)
            {
                var larger = new Entry?[_slots.Length * 2];
                foreach (var entry in _slots)
                    if (entry is not null)
                        Place(larger, entry);
                _slots = larger;
            }

            Place(_slots, new Entry(Hash(name), name.ToArray(), iri));
            Volatile.Write(ref _count, _count + 1);
        }
    }

    private static void Place(Entry?[] slots, Entry entry)
    {
        var at = entry.Hash;
        while (slots[at & (uint)(slots.Length - 1)] is not null)
            at++;
        Volatile.Write(ref slots[at & (uint)(slots.Length - 1)], entry);
    }

    /// <summary>Multiply and fold, 16 bytes a step.</summary>
    public static uint Hash(ReadOnlySpan<byte> name)
    {
        var state = SecretA ^ (ulong)name.Length;
        var rest = name;
        while (rest.Length > 16)
        {
            state = Fold(Read8(rest) ^ SecretB, Read8(rest[8..]) ^ state);
            rest = rest[16..];
        }

        ulong a, b;
        if (rest.Length >= 8)
        {
            (a, b) = (Read8(rest), Read8(rest[^8..]));
        }
        else if (rest.Length >= 4)
        {
            (a, b) = (MemoryMarshal.Read<uint>(rest), MemoryMarshal.Read<uint>(rest[^4..]));
        }
        else
        {
            (a, b) = rest.Length == 0 ? (0UL, 0UL) : ((ulong)rest[0] | ((ulong)rest[rest.Length / 2] << 8) | ((ulong)rest[^1] << 16), 0UL);
        }

        var hash = Fold(a ^ SecretB, b ^ state);
        return (uint)(hash ^ (hash >> 32));
    }

    private static ulong Read8(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private sealed class Entry(uint hash, byte[] name, int iri)
    {
        public readonly uint Hash = hash;
        public readonly byte[] Name = name;
        public readonly int Iri = iri;
    }
}
