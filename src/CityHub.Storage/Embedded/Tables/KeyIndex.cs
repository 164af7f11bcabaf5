using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// Where the row with a key lies: 16 bytes a slot, of which 77 bits are of the key's hash, so that two of 10^8 keys are taken for one with a probability of 3e-8; who reads
/// a row compares the key itself. The seeds are the process's own: nobody can choose keys that collide. Not safe for threads.
/// </summary>
internal sealed class KeyIndex
{
    /// <summary>Rows are numbered through all segments of a table, and never twice in one process.</summary>
    public const int PlaceBits = 51;

    /// <summary>No place: the key was taken out. It keeps its slot, so that those behind it are found, and so that <see cref="Take"/> takes it out elsewhere.</summary>
    public const long Gone = -2;

    const ulong PlaceMask = (1UL << PlaceBits) - 1;

    readonly ulong[] _seeds;
    (ulong Hash, ulong Tail)[] _slots;
    int _used;

    /// <param name="seeds">Four, unguessable.</param>
    public KeyIndex(ulong[] seeds, int room = 16)
    {
        _seeds = seeds;
        _slots = new (ulong, ulong)[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, room + room / 2))];
    }

    public int Count => _used;

    public static ulong[] Seeds(Action<byte[]> entropy)
    {
        byte[] random = new byte[32];
        entropy(random);
        return MemoryMarshal.Cast<byte, ulong>(random).ToArray();
    }

    public KeyHash Hash(ReadOnlySpan<byte> key)
    {
        ulong a = _seeds[0] ^ (ulong)key.Length, b = _seeds[1];
        while (key.Length >= 16)
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]), ref a, ref b);
            key = key[16..];
        }

        Span<byte> last = stackalloc byte[16];
        last.Clear();
        key.CopyTo(last);
        Mix(BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]), ref a, ref b);
        Mix(_seeds[2], _seeds[3], ref a, ref b);
        return new(a, b);
    }

    /// <summary>-1: there is no such key.</summary>
    public long Find(KeyHash key)
    {
        return Math.Max(-1, PlaceOf(_slots[SlotOf(key)].Tail));
    }

    /// <summary>Takes a key out.</summary>
    /// <returns>Where it was; -1: nowhere; <see cref="Gone"/>: it was taken out before.</returns>
    public long Remove(KeyHash key) => Put(key, Gone);

    /// <returns>Where the key was before; -1: nowhere; <see cref="Gone"/>: it was taken out.</returns>
    public long Put(KeyHash key, long place)
    {
        if ((_used + 1L) * 4 > _slots.Length * 3L)
        {
            Grow();
        }

        int slot = SlotOf(key);
        long before = PlaceOf(_slots[slot].Tail);
        if (before == -1)
        {
            _used++;
        }

        _slots[slot] = (key.A, (key.B & ~PlaceMask) | (place == Gone ? PlaceMask : (ulong)(place + 1)));
        return before;
    }

    /// <summary>Takes every key of another index with the same seeds.</summary>
    public void Take(KeyIndex other)
    {
        foreach ((ulong hash, ulong tail) in other._slots)
        {
            if (tail != 0)
            {
                Put(new KeyHash(hash, tail), PlaceOf(tail));
            }
        }
    }

    static long PlaceOf(ulong tail) => (tail & PlaceMask) == PlaceMask ? Gone : (long)(tail & PlaceMask) - 1;

    int SlotOf(KeyHash key)
    {
        int mask = _slots.Length - 1;
        for (int slot = (int)(key.A >> 32) & mask; ; slot = (slot + 1) & mask)
        {
            (ulong hash, ulong tail) = _slots[slot];
            if (tail == 0 || (hash == key.A && (tail & ~PlaceMask) == (key.B & ~PlaceMask)))
            {
                return slot;
            }
        }
    }

    void Grow()
    {
        (ulong Hash, ulong Tail)[] before = _slots;
        _slots = new (ulong, ulong)[checked(before.Length * 2)];
        foreach ((ulong hash, ulong tail) in before)
        {
            if (tail != 0)
            {
                _slots[SlotOf(new KeyHash(hash, tail))] = (hash, tail);
            }
        }
    }

    void Mix(ulong x, ulong y, ref ulong a, ref ulong b)
    {
        ulong high = Math.BigMul(x ^ _seeds[2] ^ b, y ^ a, out ulong low);
        ulong other = Math.BigMul(y ^ _seeds[3] ^ a, x ^ b ^ _seeds[1], out ulong lower);
        (a, b) = (a ^ high ^ low, b ^ other ^ lower);
    }
}

/// <summary>The hash of a key under the seeds of one index.</summary>
internal readonly record struct KeyHash(ulong A, ulong B);
