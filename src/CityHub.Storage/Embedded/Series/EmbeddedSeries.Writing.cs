using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Series;

/// <summary>The way into the file.</summary>
internal sealed partial class EmbeddedSeries
{
    /// <exception cref="StorageException">The disk said no. Nothing is lost: the log has it, and memory.</exception>
    public void Flush()
    {
        lock (_flushing)
        {
            if (Cut(out List<Book> books, out long position, out long sequence))
            {
                Write(books, position, sequence);
            }
        }
    }

    void Wake()
    {
        if (!_closing)
        {
            _wake.Set();
        }
    }

    void WriteLoop()
    {
        try
        {
            while (!_closing)
            {
                _wake.WaitOne();
                FlushOnce();
            }
        }
#pragma warning disable CA1031 // Whatever it is: a writer that has died silently would let memory grow for ever.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _stop(failure);
        }
    }

    void FlushOnce()
    {
        try
        {
            Flush();
        }
        catch (StorageException)
        {
            // Failure says why; the next time tries again.
        }
    }

    /// <summary>Takes what is changed so far, as of the last <see cref="Advance"/>. False when there is nothing.</summary>
    bool Cut(out List<Book> books, out long position, out long sequence)
    {
        lock (_gate)
        {
            // A change inside a book, in a group whose end has not come yet: it will in a moment.
            for (int i = 0; _loose && !_closing && i < 20; i++)
            {
                Monitor.Wait(_gate, LongestGroup / 20);
            }

            (books, position, sequence) = (_dirty, _markedPosition, _markedSequence);
            if (books.Count == 0 && position == Position)
            {
                return false;
            }

            _dirty = [];
            foreach (Book book in books)
            {
                (book.Dirty, book.Awaited) = (false, true);
            }

            (_cutSequence, _written, _waiting) = (sequence, _waiting, 0);
            return true;
        }
    }

    void Write(List<Book> books, long position, long sequence)
    {
        // In the order of the file's pages.
        books.Sort(static (a, b) => string.CompareOrdinal(a.Tenant, b.Tenant) is var order && order != 0 ? order : string.CompareOrdinal(a.Entity, b.Entity));
        bool done = false;
        try
        {
            _options.Fault?.Invoke(FaultPoint.SeriesBeforeChanges); // A crash here or anywhere before the commit leaves the file as it was; the log is read from its position.
            _file.Begin();
            foreach (Book book in books)
            {
                lock (book)
                {
                    WriteBook(book, sequence);
                }
            }

            _options.Fault?.Invoke(FaultPoint.SeriesBeforeCommit);
            _file.Commit(position, sequence, _names);
            done = true;
            _options.Fault?.Invoke(FaultPoint.SeriesAfterCommit); // Position and samples are both there.
            Failure = null;
        }
        catch (SqliteException failure)
        {
            StorageException refused = SeriesFile.Failed("The history", failure);
            Failure = refused.Problem;
            throw refused;
        }
        catch (StorageException failure)
        {
            Failure = failure.Problem;
            throw;
        }
        finally
        {
            if (!done)
            {
                _file.Rollback();
            }

            Volatile.Write(ref _position, _file.Position);
            After(books, sequence, done);
        }
    }

    /// <summary>Under the book's lock.</summary>
    void WriteBook(Book book, long sequence)
    {
        BookRecord record = book.Record ?? _binder.Bind(book, sequence);
        if (!record.Fresh)
        {
            _file.Put(book, record);
        }
        else if (record.Bytes is not null)
        {
            // Most that are not in memory are new, and need not be looked for first.
            if (_file.TryAdd(book, record))
            {
                book.Whole = true;
            }
            else
            {
                _binder.Complete(book);
                record = _binder.Bind(book, sequence);
                _file.Put(book, record);
            }
        }

        _file.PutChunks(record);
        (book.Record, book.Awaited) = (record, false);
    }

    void After(List<Book> books, long sequence, bool done)
    {
        const int Slice = 512;
        for (int start = 0; start < books.Count; start += Slice)
        {
            lock (_gate)
            {
                for (int i = start; i < Math.Min(start + Slice, books.Count); i++)
                {
                    lock (books[i])
                    {
                        Settle(books[i], sequence, done);
                    }
                }
            }
        }

        lock (_gate)
        {
            _waiting += done ? 0 : _written;
            (_written, _failing) = (0, !done);
            Monitor.PulseAll(_gate);
        }
    }

    void Settle(Book book, long sequence, bool done)
    {
        BookRecord? record = book.Record;
        (book.Record, book.Awaited) = (null, false);
        if (!done)
        {
            Dirty(book);
            return;
        }

        if (record is not null)
        {
            foreach (Chunk chunk in record.Chunks)
            {
                _cache.Saved(chunk);
            }

            book.Dropped.RemoveRange(0, record.Dropped.Length);
        }

        if (HasBehind(book, sequence))
        {
            Dirty(book);
        }

        if (!book.Dirty)
        {
            Rest(book);
        }
    }

    static bool HasBehind(Book book, long sequence)
    {
        foreach (Line line in book.Lines)
        {
            foreach (ref readonly Row row in line.Open)
            {
                if (row.Sequence > sequence)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
