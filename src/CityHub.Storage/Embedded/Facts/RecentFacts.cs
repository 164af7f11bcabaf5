using System.Runtime.InteropServices;
using CityHub.Core.Facts;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// The last facts, in memory: views that follow the log a moment behind it read them without the database. At most 16,384 facts and 8 MB of payloads.
/// Of 198 µs that a governed read took, 45 went into reading its two acts back from the file, twice.
/// </summary>
/// <remarks>
/// Payloads are copied into one array and out of it again. Kept as the objects that they came as, all of them outlived the collection after them, which then stopped every request
/// for 6 ms (up to 47): three of four reads in the slowest hundredth had waited for one (`bench sharing`, governed_p99_ms).
/// </remarks>
internal sealed class RecentFacts
{
    const int MostFacts = 1 << 14;
    const int MostBytes = 8 << 20;

    readonly Lock _gate = new();

    /// <summary>The fact at a position stands at its last bits: positions have no gap.</summary>
    Kept[] _ring = [];

    /// <summary>Salts and payloads, one behind the other: what was put at an offset stands at its last bits.</summary>
    byte[] _bytes = [];
    long _first = 1;
    long _next = 1;
    long _begin;
    long _end;

    /// <summary>Facts that are durable, each at the position behind the one before it.</summary>
    public void Add(List<Fact> facts)
    {
        lock (_gate)
        {
            foreach (ref readonly Fact fact in CollectionsMarshal.AsSpan(facts))
            {
                int size = Fact.SaltBytes + fact.Payload.Length;
                while (_first < _next && _end - _begin + size > MostBytes)
                {
                    DropFirst();
                }

                if (_first == _next)
                {
                    _first = _next = fact.Position;
                }

                if (size > MostBytes)
                {
                    _first = _next = fact.Position + 1;
                    continue;
                }

                MakeRoom(size);
                At(fact.Position) = new Kept(fact with { Payload = default, Salt = default }, _end, fact.Payload.Length);
                _next = fact.Position + 1;
                Put(fact.Salt.Span);
                Put(fact.Payload.Span);
            }
        }
    }

    /// <summary>A page of those behind a position, or none if there is no more; false if the file must be asked.</summary>
    public bool TryRead(List<Fact> page, long after, long upTo, int most, string? stream)
    {
        lock (_gate)
        {
            if (after + 1 < _first || _next <= upTo)
            {
                return false;
            }

            for (long position = after + 1; position <= upTo && page.Count < most; position++)
            {
                ref readonly Kept kept = ref At(position);
                if (stream is null || kept.Fact.Stream == stream)
                {
                    page.Add(kept.Fact with { Salt = Copy(kept.Offset, Fact.SaltBytes), Payload = Copy(kept.Offset + Fact.SaltBytes, kept.Length) });
                }
            }

            return true;
        }
    }

    ref Kept At(long position) => ref _ring[position & (_ring.Length - 1)];

    void MakeRoom(int size)
    {
        if (_next - _first == MostFacts)
        {
            DropFirst();
        }

        if (_next - _first == _ring.Length)
        {
            Kept[] old = _ring;
            _ring = new Kept[Math.Max(256, old.Length * 2)];
            for (long position = _first; position < _next; position++)
            {
                At(position) = old[position & (old.Length - 1)];
            }
        }

        int needed = (int)(_end - _begin) + size;
        if (needed > _bytes.Length)
        {
            byte[] kept = Copy(_begin, (int)(_end - _begin));
            _bytes = GC.AllocateUninitializedArray<byte>((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(64 << 10, needed)));
            _end = _begin;
            Put(kept);
        }
    }

    void Put(ReadOnlySpan<byte> bytes)
    {
        Span<byte> place = _bytes.AsSpan((int)(_end & (_bytes.Length - 1)));
        int straight = Math.Min(bytes.Length, place.Length);
        bytes[..straight].CopyTo(place);
        bytes[straight..].CopyTo(_bytes);
        _end += bytes.Length;
    }

    byte[] Copy(long offset, int length)
    {
        if (length == 0)
        {
            return [];
        }

        byte[] copy = GC.AllocateUninitializedArray<byte>(length);
        ReadOnlySpan<byte> place = _bytes.AsSpan((int)(offset & (_bytes.Length - 1)));
        int straight = Math.Min(length, place.Length);
        place[..straight].CopyTo(copy);
        _bytes.AsSpan(0, length - straight).CopyTo(copy.AsSpan(straight));
        return copy;
    }

    void DropFirst()
    {
        ref Kept first = ref At(_first++);
        _begin = first.Offset + Fact.SaltBytes + first.Length;
        first = default;
    }

    /// <param name="Fact">Without its salt and payload.</param>
    readonly record struct Kept(Fact Fact, long Offset, int Length);
}
