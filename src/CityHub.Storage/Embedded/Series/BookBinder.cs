using System.Runtime.InteropServices;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Series;

/// <summary>Books ↔ records and chunks: closes what has grown long, and opens again what must be changed inside. Under the lock of the book.</summary>
internal sealed class BookBinder(SeriesFile file, ChunkCache cache, NameTable names, SeriesOptions options)
{
    readonly Lock _gate = new();
    readonly RecordCodec _codec = new(names);
    readonly ChunkEncoder _encoder = new(options);
    long _chunk = file.LastChunk;

    /// <summary>Takes what the file has of a book into it.</summary>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public void Complete(Book book)
    {
        if (book.Whole)
        {
            return;
        }

        if (file.Read(book.Tenant, book.Entity) is { } bytes)
        {
            try
            {
                RecordCodec.Decode(bytes, book, names);
            }
            catch (DamageException damage)
            {
                throw SeriesFile.Damaged(book, damage);
            }
        }

        book.Whole = true;
    }

    /// <summary>The book as of a sequence, ready to be written.</summary>
    public BookRecord Bind(Book book, long sequence)
    {
        lock (_gate)
        {
            foreach (Line line in book.Lines)
            {
                if (line.Count > options.OpenSamples)
                {
                    Complete(book);
                    break;
                }
            }

            foreach (Line line in book.Lines)
            {
                if (line.Count > options.OpenSamples)
                {
                    Close(book, line, sequence);
                }
            }

            List<Chunk>? unsaved = null;
            foreach (Line line in book.Lines)
            {
                foreach (Chunk chunk in line.Chunks)
                {
                    if (chunk.Held is not null)
                    {
                        (unsaved ??= []).Add(chunk);
                    }
                }
            }

            return new BookRecord(_codec.Encode(book, sequence), unsaved?.ToArray() ?? [], [.. book.Dropped], Fresh: !book.Whole);
        }
    }

    /// <summary>The rows of a chunk become open rows again.</summary>
    public void Reopen(Book book, Line line, Chunk chunk)
    {
        var rows = new List<Row>(chunk.Count);
        cache.AddRows(line, chunk, rows);
        line.Insert(CollectionsMarshal.AsSpan(rows));
        Drop(book, line, chunk);
    }

    public void Drop(Book book, Line line, Chunk chunk)
    {
        line.Chunks = [.. line.Chunks.Where(c => c != chunk)];
        cache.Retire(line, chunk);
        book.Dropped.Add(chunk.Id);
    }

    /// <summary>Open rows up to a sequence go into chunks: those in a chunk's time into that chunk, the newest behind the last, which grows until it is full.</summary>
    void Close(Book book, Line line, long sequence)
    {
        Row[] rows = [.. line.Open.ToArray().Where(r => r.Sequence <= sequence)];
        if (rows.Length <= options.OpenSamples)
        {
            return;
        }

        var chunks = new List<Chunk>(line.Chunks.Length + 1 + (rows.Length / options.ChunkSamples));
        var retired = new List<Chunk>();
        int done = 0;
        for (int i = 0; i < line.Chunks.Length; i++)
        {
            Chunk chunk = line.Chunks[i];
            int end = Row.LowerBound(rows, chunk.Last);
            if (i == line.Chunks.Length - 1 && chunk.Count < options.ChunkSamples && chunk.BodyBytes < options.ChunkBodyBytes)
            {
                end = rows.Length;
            }

            if (end <= done)
            {
                chunks.Add(chunk);
                continue;
            }

            var merged = new List<Row>(chunk.Count + end - done);
            cache.AddRows(line, chunk, merged);
            bool behind = merged[^1].Mark.Before(rows[done].Mark);
            merged.AddRange(rows.AsSpan(done, end - done));
            if (!behind)
            {
                merged.Sort(Row.Order);
            }

            AddChunks(chunks, CollectionsMarshal.AsSpan(merged));
            retired.Add(chunk);
            done = end;
        }

        AddChunks(chunks, rows.AsSpan(done));
        line.Chunks = [.. chunks];
        line.KeepRows([.. line.Open.ToArray().Where(r => r.Sequence > sequence)]);
        foreach (Chunk chunk in retired)
        {
            cache.Retire(line, chunk);
            book.Dropped.Add(chunk.Id);
        }
    }

    void AddChunks(List<Chunk> to, ReadOnlySpan<Row> rows)
    {
        for (int start = 0; start < rows.Length;)
        {
            int length = 0;
            long bodies = 0;
            while (start + length < rows.Length && length < options.ChunkSamples && (length == 0 || bodies < options.ChunkBodyBytes))
            {
                bodies += rows[start + length].Body?.Length ?? 0;
                length++;
            }

            to.Add(_encoder.Encode(rows.Slice(start, length), ++_chunk));
            start += length;
        }
    }
}
