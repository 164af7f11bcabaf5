using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CityHub.Core.Problems;
using CityHub.Core.Series;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// The history in one file: what is new lies in memory, by entity, and is written now and then as of one position of the log, all of it or
/// nothing. Only what changes or is read is in memory, so a start reads nothing. Numbers lie in columns, with summaries for aggregates.
/// </summary>
/// <remarks>
/// Locks: the gate (whoever changes anything, and the cut between what is written now and later), then a book's own (its content).
/// The cut is exact: appends are cut by their sequence, and whoever changes what lies inside a book that waits to be written encodes it first.
/// </remarks>
internal sealed partial class EmbeddedSeries : ISeries, IDisposable
{
    static readonly TimeSpan LongestGroup = TimeSpan.FromSeconds(2);

    readonly object _gate = new();
    readonly Lock _flushing = new();
    readonly ConcurrentDictionary<(string Tenant, string Entity), Book> _books = new();
    readonly NameTable _names;
    readonly SeriesFile _file;
    readonly SeriesOptions _options;
    readonly ChunkCache _cache;
    readonly BookBinder _binder;
    readonly Action<Exception> _stop;
    readonly AutoResetEvent _wake = new(false);
    readonly ITimer _timer;
    readonly Thread _writer;

    List<Book> _dirty = [];
    Book? _last;
    long _sequence, _markedSequence, _markedPosition, _cutSequence;
    int _waiting, _written;
    bool _loose, _failing;
    volatile bool _closing;

    EmbeddedSeries(SeriesFile file, NameTable names, TimeProvider time, SeriesOptions options, Action<Exception> stop)
    {
        (_file, _names, _options, _stop) = (file, names, options, stop);
        _cache = new ChunkCache(file, options.CacheBytes);
        _binder = new BookBinder(file, _cache, names, options);
        (_sequence, _markedSequence, _markedPosition) = (file.Sequence, file.Sequence, file.Position);
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "series" };
        _writer.Start();
        _timer = time.CreateTimer(_ => Wake(), null, options.FlushEvery, options.FlushEvery);
    }

    public long Position => Volatile.Read(ref _position);

    long _position;

    /// <summary>Why the last flush did not work; null when it did.</summary>
    public Problem? Failure { get; private set; }

    /// <summary>Books in memory (tests, metrics).</summary>
    internal int Books => _books.Count;

    /// <param name="stop">What happens when the writer fails for another reason than the disk.</param>
    public static Result<EmbeddedSeries> Open(string folder, long head, TimeProvider time, SeriesOptions options, Action<Exception> stop)
    {
        var names = new NameTable();
        if (!SeriesFile.Open(folder, head, names).TryGet(out SeriesFile? file, out Problem? problem))
        {
            return problem;
        }

        return new EmbeddedSeries(file, names, time, options, stop) { _position = file.Position };
    }

    public long Append(SeriesKey key, ReadOnlySpan<Sample> samples)
    {
        lock (_gate)
        {
            long first = _sequence + 1;
            if (samples.IsEmpty)
            {
                return first;
            }

            Book book = Enter(key.Tenant, key.Entity);
            try
            {
                Line line = book.FindOrAdd(key.Attribute, key.Dataset);
                if (samples.Length == 1)
                {
                    var row = new Row(samples[0], ++_sequence, line.Shared(BodyOf(samples[0])));
                    line.Insert(MemoryMarshal.CreateReadOnlySpan(ref row, 1));
                }
                else
                {
                    var rows = new Row[samples.Length];
                    for (int i = 0; i < rows.Length; i++)
                    {
                        rows[i] = new Row(samples[i], ++_sequence, line.Shared(BodyOf(samples[i])));
                    }

                    Array.Sort(rows, Row.Order);
                    line.Insert(rows);
                }

                Dirty(book);
            }
            finally
            {
                Monitor.Exit(book);
            }

            _waiting += samples.Length;
            return first;
        }
    }

    public void Advance(long position)
    {
        lock (_gate)
        {
            _markedPosition = Math.Max(_markedPosition, position);
            _markedSequence = _sequence;
            if (_loose)
            {
                _loose = false;
                Monitor.PulseAll(_gate);
            }

            if (_waiting >= _options.FlushSamples)
            {
                _wake.Set();
            }

            // The log waits with us, and so do those who write: memory has an end. A disk that fails is the log's to tell of.
            while (_waiting + _written >= _options.MostSamples && !_failing && !_closing)
            {
                Monitor.Wait(_gate, 100);
            }
        }
    }

    public bool Replace(SeriesKey key, long sequence, Sample sample)
    {
        lock (_gate)
        {
            return Change(key, (book, line) =>
            {
                if (!TryOpen(book, line, sequence, out int at))
                {
                    return false;
                }

                line.RemoveRow(at);
                var row = new Row(sample, sequence, BodyOf(sample));
                line.Insert(MemoryMarshal.CreateReadOnlySpan(ref row, 1));
                return true;
            });
        }
    }

    public bool Remove(SeriesKey key, long? sequence = null)
    {
        lock (_gate)
        {
            return Change(key, (book, line) =>
            {
                if (sequence is { } one)
                {
                    if (!TryOpen(book, line, one, out int at))
                    {
                        return false;
                    }

                    line.RemoveRow(at);
                }
                else
                {
                    foreach (Chunk chunk in line.Chunks)
                    {
                        _binder.Drop(book, line, chunk);
                    }

                    line.KeepRows([]);
                }

                if (line.IsEmpty)
                {
                    book.Lines.Remove(line);
                }

                return true;
            });
        }
    }

    public long Expire(Func<SeriesKey, bool> which, long olderThan)
    {
        long gone = 0;
        foreach ((string tenant, string entity) in Everyone())
        {
            foreach (SeriesKey key in Of(tenant, entity))
            {
                if (which(key) && Extent(key) is { Count: > 0 } extent && extent.First < olderThan)
                {
                    lock (_gate)
                    {
                        Change(key, (book, line) =>
                        {
                            gone += Cut(book, line, olderThan);
                            return true;
                        });
                        _loose = false; // The clock's doing, not the log's: it belongs to no position.
                    }
                }
            }
        }

        return gone;
    }

    public void Dispose()
    {
        _closing = true;
        _timer.Dispose();
        _wake.Set();
        _writer.Join();
        _file.Dispose();
        _wake.Dispose();
    }

    static byte[]? BodyOf(in Sample sample) => sample.Body.IsEmpty ? null
        : MemoryMarshal.TryGetArray(sample.Body, out ArraySegment<byte> whole) && whole.Array is { } array && whole.Count == array.Length ? array
        : sample.Body.ToArray();

    /// <summary>The book of an entity, locked, made when it is not in memory. Under the gate.</summary>
    Book Enter(string tenant, string entity)
    {
        Book? book = _last;
        if (book is null || book.Entity != entity || book.Tenant != tenant)
        {
            book = _books.GetOrAdd((tenant, entity), static key => new Book(key.Tenant, key.Entity));
        }

        Monitor.Enter(book);
        while (book.Gone)
        {
            Monitor.Exit(book);
            book = _books.GetOrAdd((tenant, entity), static key => new Book(key.Tenant, key.Entity));
            Monitor.Enter(book);
        }

        return _last = book;
    }

    /// <summary>Under the gate and the book's lock.</summary>
    void Dirty(Book book)
    {
        if (!book.Dirty)
        {
            book.Dirty = true;
            _dirty.Add(book);
        }
    }

    /// <summary>A change of more than the end of a series. Under the gate.</summary>
    bool Change(SeriesKey key, Func<Book, Line, bool> change)
    {
        Book book = Enter(key.Tenant, key.Entity);
        try
        {
            _binder.Complete(book);
            if (book.Find(key.Attribute, key.Dataset) is null)
            {
                return false;
            }

            BeforeChange(book);
            if (book.Find(key.Attribute, key.Dataset) is not { } line || !change(book, line))
            {
                return false;
            }

            Dirty(book);
            _waiting++;
            return _loose = true;
        }
        finally
        {
            Monitor.Exit(book);
        }
    }

    /// <summary>Who is being written is encoded as of the cut before it changes inside.</summary>
    void BeforeChange(Book book)
    {
        if (book.Awaited)
        {
            book.Record = _binder.Bind(book, _cutSequence);
            book.Awaited = false;
        }
    }

    bool TryOpen(Book book, Line line, long sequence, out int at)
    {
        at = Row.Find(line.Open, sequence);
        if (at >= 0)
        {
            return true;
        }

        foreach (Chunk chunk in line.Chunks)
        {
            if (chunk.MinSequence <= sequence && sequence <= chunk.MaxSequence && Holds(line, chunk, sequence))
            {
                _binder.Reopen(book, line, chunk);
                at = Row.Find(line.Open, sequence);
                return true;
            }
        }

        return false;
    }

    long Cut(Book book, Line line, long olderThan)
    {
        long gone = 0;
        foreach (Chunk chunk in line.Chunks)
        {
            if (chunk.Last.Time < olderThan)
            {
                gone += chunk.Count;
                _binder.Drop(book, line, chunk);
            }
            else if (chunk.First.Time < olderThan)
            {
                _binder.Reopen(book, line, chunk);
            }
        }

        int old = Row.LowerBound(line.Open, olderThan);
        line.KeepRows(line.Open[old..].ToArray());
        if (line.IsEmpty)
        {
            book.Lines.Remove(line);
        }

        return gone + old;
    }
}
