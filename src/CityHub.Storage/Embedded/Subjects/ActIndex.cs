using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using CityHub.Core.Facts;

namespace CityHub.Storage.Embedded.Subjects;

/// <summary>
/// Where in the log the acts about a tag are, newest first. What is new stands in memory (16 bytes an act and person, at most <see cref="MostInMemory"/> of them: 16 MB) and goes
/// to a view in blocks: one block for each of 4,096 parts of the tags instead of a key for each act, because keys in
/// random order touch a page of the file each. A question reads the blocks of one part, 40 kB of ten million acts. A start after a crash reads again what was in memory: at most
/// <see cref="MostFacts"/> acts.
/// </summary>
/// <remarks>
/// Half a tag stands in it: who finds a position compares the whole tag. A block is entries of 16 bytes (half a tag, position), oldest first, under <c>{part}/{how far before
/// the end of time its first is}</c>, so that the newest come first; the one that is not full yet is under <c>{part}</c>.
/// </remarks>
internal sealed class ActIndex(IView view)
{
    public const string ViewName = "acts-by-tag";
    public const int EntryBytes = 16;

    const int MostInMemory = 1 << 20;
    const int MostFacts = 100_000;
    const int Parts = 4096;
    const int FullBytes = 4096;

    readonly Lock _gate = new();
    readonly List<(ulong Tag, long Position)> _recent = [];
    int _facts;

    /// <summary>Acts up to here are in it.</summary>
    public long Position { get; private set; } = view.Position;

    /// <summary>It is time for <see cref="Keep"/>.</summary>
    public bool IsFull => _recent.Count >= MostInMemory || _facts >= MostFacts;

    /// <summary>Acts come in the order of the log, from one caller at a time; <see cref="Newest"/> may be asked meanwhile.</summary>
    public void Add(long position, List<ulong> tags)
    {
        lock (_gate)
        {
            foreach (ulong tag in tags)
            {
                _recent.Add((tag, position));
            }
        }

        _facts++;
        Position = position;
    }

    /// <summary>No act is between here and there.</summary>
    public void MoveTo(long position) => Position = position;

    /// <summary>What was added goes into the view. A crash within leaves the view as it was: those acts are read again.</summary>
    public void Keep()
    {
        if (Position == view.Position)
        {
            return;
        }

        var changes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
        foreach (IGrouping<int, (ulong Tag, long Position)> part in _recent.GroupBy(entry => PartOf(entry.Tag)))
        {
            string name = Name(part.Key);
            ReadOnlyMemory<byte> begun = view.Get(name) ?? ReadOnlyMemory<byte>.Empty;
            byte[] block = new byte[begun.Length + part.Count() * EntryBytes];
            begun.CopyTo(block);
            Span<byte> rest = block.AsSpan(begun.Length);
            foreach ((ulong tag, long position) in part)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(rest, tag);
                BinaryPrimitives.WriteInt64LittleEndian(rest[8..], position);
                rest = rest[EntryBytes..];
            }

            bool full = block.Length >= FullBytes;
            if (full)
            {
                changes.Add(new(string.Create(CultureInfo.InvariantCulture, $"{name}/{long.MaxValue - PositionOf(block, 0):D19}"), block));
            }

            if (!full || begun.Length > 0)
            {
                changes.Add(new(name, full ? null : block));
            }
        }

        view.Commit(Position, changes);
        lock (_gate)
        {
            _recent.Clear();
        }

        _facts = 0;
    }

    /// <summary>Positions of acts that may be about the tag, each lower than the one before.</summary>
    public IEnumerable<long> Newest(byte[] tag, long before)
    {
        ulong half = BinaryPrimitives.ReadUInt64BigEndian(tag);
        long last = before;
        var found = new List<long>();
        lock (_gate)
        {
            // A million entries in a row take about a millisecond.
            foreach ((ulong of, long position) in CollectionsMarshal.AsSpan(_recent))
            {
                if (of == half && position < before)
                {
                    found.Add(position);
                }
            }
        }

        for (int i = found.Count - 1; i >= 0; i--)
        {
            yield return last = found[i];
        }

        string name = Name(PartOf(half));
        foreach (ReadOnlyMemory<byte> block in Blocks(name))
        {
            for (int at = block.Length - EntryBytes; at >= 0; at -= EntryBytes)
            {
                // What was in memory may have gone to the view meanwhile: it is not told twice.
                if (BinaryPrimitives.ReadUInt64LittleEndian(block.Span[at..]) == half && PositionOf(block.Span, at) is var position && position < last)
                {
                    yield return last = position;
                }
            }
        }
    }

    /// <summary>Every entry, in no order; while nobody adds.</summary>
    public IEnumerable<(ulong Tag, long Position)> All()
    {
        foreach ((_, ReadOnlyMemory<byte> block) in view.Scan())
        {
            for (int at = 0; at < block.Length; at += EntryBytes)
            {
                yield return (BinaryPrimitives.ReadUInt64LittleEndian(block.Span[at..]), PositionOf(block.Span, at));
            }
        }

        foreach ((ulong Tag, long Position) entry in _recent)
        {
            yield return entry;
        }
    }

    IEnumerable<ReadOnlyMemory<byte>> Blocks(string name)
    {
        if (view.Get(name) is { } begun)
        {
            yield return begun;
        }

        foreach ((_, ReadOnlyMemory<byte> block) in view.Scan(prefix: name + "/"))
        {
            yield return block;
        }
    }

    static int PartOf(ulong tag) => (int)(tag >> 52) & (Parts - 1);

    static string Name(int part) => part.ToString("x3", CultureInfo.InvariantCulture);

    static long PositionOf(ReadOnlySpan<byte> block, int at) => BinaryPrimitives.ReadInt64LittleEndian(block[(at + 8)..]);
}
