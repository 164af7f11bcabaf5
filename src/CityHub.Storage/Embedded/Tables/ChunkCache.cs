namespace CityHub.Storage.Embedded.Tables;

/// <summary>The opened chunks of one table that were asked for last, up to a number of bytes. Safe for threads.</summary>
internal sealed class ChunkCache(int mostBytes)
{
    readonly Lock _gate = new();
    readonly Dictionary<Place, LinkedListNode<Entry>> _entries = [];
    readonly LinkedList<Entry> _order = new();
    long _bytes;

    public Chunk Get(Segment segment, SegmentDirectory directory, int group, int column)
    {
        var place = new Place(segment, group, column);
        lock (_gate)
        {
            if (_entries.TryGetValue(place, out LinkedListNode<Entry>? known))
            {
                if (_order.First != known)
                {
                    _order.Remove(known);
                    _order.AddFirst(known);
                }

                return known.Value.Chunk;
            }
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>(directory.Groups[group].Lengths[column] + Chunk.Slack);
        using Seal seal = segment.NewSeal();
        int length = segment.Read(seal, directory, group, column, ref bytes);
        var chunk = new Chunk();
        chunk.Load(bytes, length, directory.Columns[column].Type, directory.Groups[group].Rows);
        lock (_gate)
        {
            if (segment.Directory != directory)
            {
                return chunk; // locked meanwhile: not to be kept
            }

            if (_entries.TryAdd(place, new LinkedListNode<Entry>(new(place, chunk, chunk.Footprint))))
            {
                _order.AddFirst(_entries[place]);
                _bytes += chunk.Footprint;
            }

            while (_bytes > mostBytes && _order.Count > 1 && _order.Last is { } oldest)
            {
                _order.Remove(oldest);
                _entries.Remove(oldest.Value.Place);
                _bytes -= oldest.Value.Bytes;
            }
        }

        return chunk;
    }

    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _order.Clear();
            _bytes = 0;
        }
    }

    readonly record struct Place(Segment Segment, int Group, int Column);

    sealed record Entry(Place Place, Chunk Chunk, int Bytes);
}
