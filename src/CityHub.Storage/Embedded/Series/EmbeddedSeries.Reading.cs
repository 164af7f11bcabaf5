using System.Collections.Concurrent;
using CityHub.Core.Series;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Series;

/// <summary>Reading, and what stays in memory for it.</summary>
internal sealed partial class EmbeddedSeries
{
    /// <summary>Books that nobody changes, for second chances.</summary>
    readonly ConcurrentQueue<Book> _resting = new();

    public IEnumerable<Sample> Read(SeriesKey key, long from, long to, bool newestFirst = false, int limit = int.MaxValue, bool byRecorded = false)
    {
        if (limit <= 0 || from >= to)
        {
            return [];
        }

        IEnumerable<Sample> found = byRecorded ? ReadByRecorded(key, from, to, newestFirst) : newestFirst ? ReadDown(key, from, to) : ReadUp(key, from, to);
        return limit == int.MaxValue ? found : found.Take(limit);
    }

    public Sample? Find(SeriesKey key, long sequence)
    {
        _cache.BeginReading();
        try
        {
            if (!TryFind(key, static r => r.ToArray(), out Line? line, out Row[] open, out Chunk[] chunks))
            {
                return null;
            }

            int at = Row.Find(open, sequence);
            if (at >= 0)
            {
                return open[at].Sample;
            }

            foreach (Chunk chunk in chunks)
            {
                if (chunk.MinSequence <= sequence && sequence <= chunk.MaxSequence)
                {
                    foreach (Sample sample in Samples(line, chunk, long.MinValue, long.MaxValue, down: false))
                    {
                        if (sample.Sequence == sequence)
                        {
                            return sample;
                        }
                    }
                }
            }

            return null;
        }
        finally
        {
            _cache.EndReading();
        }
    }

    public IReadOnlyList<Bucket> Aggregate(SeriesKey key, long from, long to, long width)
    {
        if (width <= 0 || from >= to)
        {
            return [];
        }

        _cache.BeginReading();
        try
        {
            if (!TryFind(key, rows => Between(rows, from, to), out Line? line, out Row[] open, out Chunk[] chunks))
            {
                return [];
            }

            var buckets = new Buckets(from, width);
            Block block = Block.Rent();
            try
            {
                for (int i = Line.FirstChunk(chunks, Mark.Start(from)); i < chunks.Length && chunks[i].First.Time < to; i++)
                {
                    Aggregate(line, chunks[i], from, to, buckets, block);
                }
            }
            finally
            {
                block.Return();
            }

            var late = new Buckets(from, width);
            foreach (Row row in open)
            {
                late.Of(row.Time).Add(row.Number);
            }

            return buckets.With(late);
        }
        finally
        {
            _cache.EndReading();
        }
    }

    public (long Count, long First, long Last) Extent(SeriesKey key)
    {
        Book? book = Peek(key.Tenant, key.Entity);
        if (book is null)
        {
            return default;
        }

        try
        {
            if (book.Find(key.Attribute, key.Dataset) is not { IsEmpty: false } line)
            {
                return default;
            }

            (long count, long first, long last) = (line.Count, long.MaxValue, long.MinValue);
            if (line.Count > 0)
            {
                (first, last) = (line.Open[0].Time, line.Open[^1].Time);
            }

            if (line.Chunks.Length > 0)
            {
                (first, last) = (Math.Min(first, line.Chunks[0].First.Time), Math.Max(last, line.Chunks[^1].Last.Time));
            }

            foreach (Chunk chunk in line.Chunks)
            {
                count += chunk.Count;
            }

            return (count, first, last);
        }
        finally
        {
            Monitor.Exit(book);
        }
    }

    public IReadOnlyList<SeriesKey> Of(string tenant, string entity)
    {
        Book? book = Peek(tenant, entity);
        if (book is null)
        {
            return [];
        }

        try
        {
            return [.. book.Lines.Where(l => !l.IsEmpty).Select(l => l.Key)];
        }
        finally
        {
            Monitor.Exit(book);
        }
    }

    /// <summary>Every entity that has a history, in the file and in memory.</summary>
    IEnumerable<(string Tenant, string Entity)> Everyone()
    {
        foreach ((string, string) inMemory in _books.Keys)
        {
            yield return inMemory;
        }

        (string tenant, string entity) = ("", "");
        while (true)
        {
            IReadOnlyList<(string Tenant, string Entity)> page = _file.After(tenant, entity, 1_000);
            foreach ((string, string) stored in page)
            {
                yield return stored;
            }

            if (page.Count == 0)
            {
                yield break;
            }

            (tenant, entity) = page[^1];
        }
    }

    /// <summary>The whole book of an entity, locked; null when it has no history.</summary>
    Book? Peek(string tenant, string entity)
    {
        while (true)
        {
            bool known = _books.TryGetValue((tenant, entity), out Book? book);
            if (book is null)
            {
                book = new Book(tenant, entity);
                lock (book)
                {
                    _binder.Complete(book);
                    if (book.Lines.Count == 0)
                    {
                        // Nobody made one meanwhile? Then there is none.
                        if (!_books.ContainsKey((tenant, entity)))
                        {
                            return null;
                        }

                        continue;
                    }
                }

                if (!_books.TryAdd((tenant, entity), book))
                {
                    continue;
                }
            }

            Monitor.Enter(book);
            bool sound = false;
            try
            {
                if (book.Gone)
                {
                    continue;
                }

                _binder.Complete(book);
                book.Touched = true;
                sound = true;
            }
            finally
            {
                if (!sound)
                {
                    Monitor.Exit(book);
                }
            }

            if (known)
            {
                return book;
            }

            // The gate comes before the book's lock.
            Monitor.Exit(book);
            lock (_gate)
            {
                lock (book)
                {
                    if (!book.Gone && !book.Dirty)
                    {
                        Rest(book);
                    }
                }
            }
        }
    }

    /// <summary>Nothing of the book waits to be written: it stays as long as there is room and somebody reads it. Under the gate and the book's lock.</summary>
    void Rest(Book book)
    {
        if (!book.Whole || !book.Touched)
        {
            Forget(book);
            return;
        }

        _resting.Enqueue(book);
        for (int looked = 0; _resting.Count > _options.CachedBooks && looked < 8 && _resting.TryDequeue(out Book? oldest); looked++)
        {
            lock (oldest)
            {
                if (oldest.Gone || oldest.Dirty || oldest.Awaited || oldest.Record is not null)
                {
                    continue; // It comes back when it is written.
                }

                if (oldest.Touched)
                {
                    oldest.Touched = false;
                    _resting.Enqueue(oldest);
                }
                else
                {
                    Forget(oldest);
                }
            }
        }
    }

    void Forget(Book book)
    {
        book.Gone = true;
        _books.TryRemove((book.Tenant, book.Entity), out _);
        if (_last == book)
        {
            _last = null;
        }
    }

    /// <summary>What a reader keeps of a series: its chunks, and a copy of the open rows that he chooses.</summary>
    bool TryFind(SeriesKey key, Func<ReadOnlySpan<Row>, Row[]> choose, out Line line, out Row[] open, out Chunk[] chunks)
    {
        Book? book = Peek(key.Tenant, key.Entity);
        try
        {
            if (book?.Find(key.Attribute, key.Dataset) is not { } found)
            {
                (line, open, chunks) = (Nothing, [], []);
                return false;
            }

            (line, open, chunks) = (found, choose(found.Open), found.Chunks);
            return true;
        }
        finally
        {
            if (book is not null)
            {
                Monitor.Exit(book);
            }
        }
    }

    static readonly Line Nothing = new(new Book("", ""), "", "");

    static Row[] Between(ReadOnlySpan<Row> rows, long from, long to)
    {
        int start = Row.LowerBound(rows, from);
        return rows[start..Math.Max(start, Row.LowerBound(rows, to))].ToArray();
    }

    IEnumerable<Sample> ReadUp(SeriesKey key, long from, long to)
    {
        _cache.BeginReading();
        try
        {
            if (!TryFind(key, rows => Between(rows, from, to), out Line? line, out Row[] open, out Chunk[] chunks))
            {
                yield break;
            }

            int next = 0;
            for (int i = Line.FirstChunk(chunks, Mark.Start(from)); i < chunks.Length && chunks[i].First.Time < to; i++)
            {
                foreach (Sample sample in Samples(line, chunks[i], from, to, down: false))
                {
                    while (next < open.Length && open[next].Mark.Before(new Mark(sample.Time, sample.Sequence)))
                    {
                        yield return open[next++].Sample;
                    }

                    yield return sample;
                }
            }

            while (next < open.Length)
            {
                yield return open[next++].Sample;
            }
        }
        finally
        {
            _cache.EndReading();
        }
    }

    IEnumerable<Sample> ReadDown(SeriesKey key, long from, long to)
    {
        _cache.BeginReading();
        try
        {
            if (!TryFind(key, rows => Between(rows, from, to), out Line? line, out Row[] open, out Chunk[] chunks))
            {
                yield break;
            }

            int next = open.Length - 1;
            for (int i = Math.Min(Line.FirstChunk(chunks, Mark.Start(to)), chunks.Length - 1); i >= 0 && chunks[i].Last.Time >= from; i--)
            {
                foreach (Sample sample in Samples(line, chunks[i], from, to, down: true))
                {
                    while (next >= 0 && new Mark(sample.Time, sample.Sequence).Before(open[next].Mark))
                    {
                        yield return open[next--].Sample;
                    }

                    yield return sample;
                }
            }

            while (next >= 0)
            {
                yield return open[next--].Sample;
            }
        }
        finally
        {
            _cache.EndReading();
        }
    }

    List<Sample> ReadByRecorded(SeriesKey key, long from, long to, bool newestFirst)
    {
        _cache.BeginReading();
        try
        {
            var samples = new List<Sample>();
            if (!TryFind(key, static rows => rows.ToArray(), out Line? line, out Row[] open, out Chunk[] chunks))
            {
                return samples;
            }

            foreach (Chunk chunk in chunks)
            {
                if (chunk.MaxRecorded >= from && chunk.MinRecorded < to)
                {
                    samples.AddRange(Samples(line, chunk, long.MinValue, long.MaxValue, down: false).Where(s => s.Recorded >= from && s.Recorded < to));
                }
            }

            samples.AddRange(open.Where(r => r.Recorded >= from && r.Recorded < to).Select(r => r.Sample));
            samples.Sort(static (a, b) => a.Recorded != b.Recorded ? a.Recorded.CompareTo(b.Recorded) : a.Sequence.CompareTo(b.Sequence));
            if (newestFirst)
            {
                samples.Reverse();
            }

            return samples;
        }
        finally
        {
            _cache.EndReading();
        }
    }

    bool Holds(Line line, Chunk chunk, long sequence) => Samples(line, chunk, long.MinValue, long.MaxValue, down: false).Any(s => s.Sequence == sequence);

    IEnumerable<Sample> Samples(Line line, Chunk chunk, long from, long to, bool down)
    {
        BlockSummary[] summaries = _cache.Summaries(line, chunk);
        byte[] body = _cache.Body(line, chunk);
        Block block = Block.Rent();
        try
        {
            for (int n = 0; n < summaries.Length; n++)
            {
                BlockSummary summary = summaries[down ? summaries.Length - 1 - n : n];
                if (summary.Last < from || summary.First >= to)
                {
                    continue;
                }

                ChunkCache.Read(line, chunk, summary, body, block, Columns.All);
                for (int i = 0; i < block.Count; i++)
                {
                    Sample sample = block[down ? block.Count - 1 - i : i];
                    if (sample.Time >= from && sample.Time < to)
                    {
                        yield return sample;
                    }
                }
            }
        }
        finally
        {
            block.Return();
        }
    }

    void Aggregate(Line line, Chunk chunk, long from, long to, Buckets buckets, Block block)
    {
        byte[]? body = null;
        foreach (ref readonly BlockSummary summary in _cache.Summaries(line, chunk).AsSpan())
        {
            if (summary.Last < from || summary.First >= to)
            {
                continue;
            }

            if (summary.First >= from && summary.Last < to && buckets.AreOne(summary.First, summary.Last))
            {
                buckets.Of(summary.First).Add(summary);
                continue;
            }

            body ??= _cache.Body(line, chunk);
            ChunkCache.Read(line, chunk, summary, body, block, Columns.TimesAndNumbers);
            ReadOnlySpan<long> times = block.Times;
            int end = times.Length;
            for (int i = 0; i < end;)
            {
                if (times[i] < from || times[i] >= to)
                {
                    i++;
                    continue;
                }

                long last = Math.Min(buckets.EndOf(times[i]), to);
                int next = i + 1;
                while (next < end && times[next] < last)
                {
                    next++;
                }

                buckets.Of(times[i]).Add(block.Numbers[i..next]);
                i = next;
            }
        }
    }
}

/// <summary>Buckets under way, of one width, asked for in ascending order.</summary>
internal sealed class Buckets(long from, long width)
{
    readonly List<long> _indexes = [];
    Tally[] _tallies = new Tally[16];

    public bool AreOne(long first, long last) => Index(first) == Index(last);

    public long EndOf(long time) => End(Index(time));

    public ref Tally Of(long time)
    {
        long index = Index(time);
        if (_indexes.Count == 0 || _indexes[^1] != index)
        {
            if (_indexes.Count == _tallies.Length)
            {
                Array.Resize(ref _tallies, _tallies.Length * 2);
            }

            _tallies[_indexes.Count] = Tally.Empty;
            _indexes.Add(index);
        }

        return ref _tallies[_indexes.Count - 1];
    }

    /// <summary>These and others of the same width together, in order.</summary>
    public IReadOnlyList<Bucket> With(Buckets other)
    {
        var all = new List<Bucket>(_indexes.Count + other._indexes.Count);
        int mine = 0, theirs = 0;
        while (mine < _indexes.Count || theirs < other._indexes.Count)
        {
            long a = mine < _indexes.Count ? _indexes[mine] : long.MaxValue, b = theirs < other._indexes.Count ? other._indexes[theirs] : long.MaxValue;
            long index = Math.Min(a, b);
            Tally tally = Tally.Empty;
            if (a == index)
            {
                tally.Add(_tallies[mine++]);
            }

            if (b == index)
            {
                tally.Add(other._tallies[theirs++]);
            }

            all.Add(tally.Bucket(from + (index * width), End(index)));
        }

        return all;
    }

    long Index(long time) => (time - from) / width;

    /// <summary>One bucket over everything has no end that a number could say.</summary>
    long End(long index)
    {
        long start = from + (index * width);
        return start > long.MaxValue - width ? long.MaxValue : start + width;
    }
}
