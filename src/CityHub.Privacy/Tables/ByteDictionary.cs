using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace CityHub.Privacy;

/// <summary>Numbers byte strings in the order in which they first come. A text is made, and checked to be UTF-8, once for each distinct one and not for each cell.</summary>
internal sealed class ByteDictionary
{
    private Slot[] slots = new Slot[64];
    private int shift = 64 - 6;
    private readonly List<(int Start, int Length)> places = [];
    private byte[] arena = new byte[1024];
    private int used;

    private struct Slot
    {
        /// <summary>Of a string up to eight bytes it is the string itself, of a longer one a hash.</summary>
        public ulong Head;
        public int Length;
        public int Next; // code + 1; 0 where it is free
    }

    public int Count => places.Count;

    /// <param name="after">The bytes with at least eight more behind them, whatever they are: short strings are compared as one word.</param>
    /// <returns>The code, or -1 where the bytes are new and not UTF-8.</returns>
    public int Add(ReadOnlySpan<byte> after, int length)
    {
        var head = Head(after, length);
        var mask = slots.Length - 1;
        for (var at = (int)(Mix(head, length) >> shift); ; at = (at + 1) & mask)
        {
            ref readonly var slot = ref slots[at];
            if (slot.Next == 0)
                return AddNew(after[..length], head);
            if (slot.Head == head && slot.Length == length && (length <= 8 || Bytes(slot.Next - 1).SequenceEqual(after[..length])))
                return slot.Next - 1;
        }
    }

    public ReadOnlySpan<byte> Bytes(int code) => arena.AsSpan(places[code].Start, places[code].Length);

    public string[] Texts()
    {
        var texts = new string[places.Count];
        for (var code = 0; code < texts.Length; code++)
            texts[code] = Encoding.UTF8.GetString(Bytes(code));
        return texts;
    }

    private static ulong Head(ReadOnlySpan<byte> after, int length)
    {
        if (length <= 8)
            return length == 0 ? 0 : MemoryMarshal.Read<ulong>(after) & (ulong.MaxValue >> (64 - 8 * length));
        var hash = MemoryMarshal.Read<ulong>(after[(length - 8)..]);
        for (var at = 0; at + 8 < length; at += 8)
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(after[at..])) * 0x9E3779B97F4A7C15, 29);
        return hash;
    }

    private static ulong Mix(ulong head, int length) => BitOperations.RotateLeft((head + (ulong)length) * 0x9E3779B97F4A7C15, 32) * 0xD6E8FEB86659FD93;

    private int AddNew(ReadOnlySpan<byte> bytes, ulong head)
    {
        if (!Utf8.IsValid(bytes))
            return -1;
        if (used + bytes.Length > arena.Length)
            Array.Resize(ref arena, checked(Math.Max(arena.Length * 2, used + bytes.Length)));
        bytes.CopyTo(arena.AsSpan(used));
        places.Add((used, bytes.Length));
        used += bytes.Length;
        Place(slots, shift, new Slot { Head = head, Length = bytes.Length, Next = places.Count });
        if (places.Count * 2 > slots.Length)
        {
            var larger = new Slot[slots.Length * 2];
            shift--;
            foreach (var slot in slots)
            {
                if (slot.Next != 0)
                    Place(larger, shift, slot);
            }

            slots = larger;
        }

        return places.Count - 1;
    }

    private static void Place(Slot[] slots, int shift, Slot slot)
    {
        var at = (int)(Mix(slot.Head, slot.Length) >> shift);
        while (slots[at].Next != 0)
            at = (at + 1) & (slots.Length - 1);
        slots[at] = slot;
    }
}
