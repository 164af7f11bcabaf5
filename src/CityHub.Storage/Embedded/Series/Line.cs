using CityHub.Core.Series;

namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// One series in memory: closed chunks, which lie in time one behind the other, and open rows of any time. Under the lock of its book;
/// the array of chunks is replaced, never changed, so that a reader keeps the one he found.
/// </summary>
internal sealed class Line(Book book, string attribute, string dataset)
{
    public string Attribute => attribute;

    public string Dataset => dataset;

    public SeriesKey Key => new(book.Tenant, book.Entity, attribute, dataset);

    /// <summary>Sorted; the first <see cref="Count"/> are in use.</summary>
    public Row[] Rows { get; private set; } = [];

    public int Count { get; private set; }

    public Chunk[] Chunks { get; set; } = [];

    public bool IsEmpty => Count == 0 && Chunks.Length == 0;

    public ReadOnlySpan<Row> Open => Rows.AsSpan(0, Count);

    public override string ToString() =>
        $"{attribute} of {book.Entity}{(dataset.Length == 0 ? "" : $" ({dataset})")}{(book.Tenant.Length == 0 ? "" : $", tenant {book.Tenant}")}";

    /// <summary>Merges sorted rows in, from behind: rows in order cost a copy.</summary>
    public void Insert(ReadOnlySpan<Row> rows)
    {
        int total = Count + rows.Length;
        if (total > Rows.Length)
        {
            var wider = new Row[Count == 0 ? total : Math.Max(total, Rows.Length < 64 ? Rows.Length * 2 : Rows.Length + (Rows.Length >> 1))];
            Open.CopyTo(wider);
            Rows = wider;
        }

        int old = Count - 1, to = total - 1;
        for (int i = rows.Length - 1; i >= 0; i--)
        {
            Mark mark = rows[i].Mark;
            if (old >= 0 && mark.Before(Rows[old].Mark))
            {
                int from = Row.LowerBound(Rows.AsSpan(0, old + 1), mark);
                int moved = old - from + 1;
                Array.Copy(Rows, from, Rows, to - moved + 1, moved);
                (old, to) = (from - 1, to - moved);
            }

            Rows[to--] = rows[i];
        }

        Count = total;
    }

    /// <summary>The body that the newest row has already, where it says the same, as most of a series do: an array less for each row, 32 bytes and more.</summary>
    public byte[]? Shared(byte[]? body) => body is not null && Count > 0 && Rows[Count - 1].Body is { } known && known.AsSpan().SequenceEqual(body) ? known : body;

    public void RemoveRow(int at)
    {
        Count--;
        Array.Copy(Rows, at + 1, Rows, at, Count - at);
        Rows[Count] = default;
    }

    /// <summary>Keeps these rows (sorted) and no others.</summary>
    public void KeepRows(Row[] rows) => (Rows, Count) = (rows, rows.Length);

    /// <summary>Index of the first chunk whose last sample is not before a mark.</summary>
    public static int FirstChunk(Chunk[] chunks, Mark mark)
    {
        int low = 0, high = chunks.Length;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (chunks[middle].Last.Before(mark))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
