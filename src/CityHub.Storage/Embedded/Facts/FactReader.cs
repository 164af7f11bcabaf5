using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// Reads in pages on connections of its own. No read transaction lives longer than a page: a slow reader never keeps the
/// write-ahead log from being reused. What was appended a moment ago comes from memory.
/// </summary>
internal sealed class FactReader(string path, FactNames names, RecentFacts recent) : IDisposable
{
    const int PageFacts = 512;
    const int PageBytes = 4 << 20;

    /// <summary>Of a page that is copied out of memory: the log's thread, which adds to it, waits meanwhile.</summary>
    const int RecentFactsAtOnce = 128;

    readonly ReaderPool<Connection> _readers = new(() => new Connection(path));

    /// <exception cref="StorageException">A fact does not check, or one is missing.</exception>
    public IEnumerable<Fact> Read(long after, long upTo, string? stream)
    {
        long streamVersion = -1;
        StreamState? state = stream is null ? null : names.Find(stream);
        if (stream is not null && state is null)
        {
            yield break;
        }

        // The first page is one fact: who wants a single act of a bulk release would read a hundred others of 35 kB with it (5 ms instead of 0.2).
        var page = new List<Fact>();
        for (int most = 1; after < upTo; most = Math.Min(most * 16, PageFacts))
        {
            page.Clear();
            if (!recent.TryRead(page, after, upTo, Math.Min(most, RecentFactsAtOnce), stream))
            {
                ReadPage(page, after, upTo, most, state, ref streamVersion);
            }
            else if (stream is not null && page.Count > 0)
            {
                streamVersion = page[^1].Version; // the next page may come from the file again
            }

            foreach (Fact fact in page)
            {
                yield return fact;
            }

            if (page.Count == 0)
            {
                yield break;
            }

            after = page[^1].Position;
        }
    }

    void ReadPage(List<Fact> page, long after, long upTo, int most, StreamState? stream, ref long streamVersion)
    {
        Connection connection = Connect();
        bool sound = false;
        SqliteStatement rows = stream is null
            ? connection.All.Bind(1, after).Bind(2, upTo).Bind(3, most)
            : connection.OfStream.Bind(1, stream.Id).Bind(2, after).Bind(3, upTo).Bind(4, most);
        try
        {
            for (long bytes = 0; bytes < PageBytes && rows.Step();)
            {
                long expected = stream is null ? after + page.Count + 1 : rows.Long(0);
                Problem? problem = RowReader.Read(rows, names, expected, out Fact fact);
                if (problem is null && stream is not null)
                {
                    problem = streamVersion >= 0 && fact.Version != streamVersion + 1
                        ? RowReader.Damaged(fact.Position, $"version {streamVersion + 1} of stream {fact.Stream} is missing before it")
                        : null;
                    streamVersion = fact.Version;
                }

                if (problem is not null)
                {
                    throw new StorageException(problem);
                }

                page.Add(fact);
                bytes += fact.Payload.Length;
            }

            if (stream is null && page.Count == 0)
            {
                throw new StorageException(RowReader.Damaged(after + 1, "it is missing"));
            }

            sound = true;
        }
        catch (SqliteException failure)
        {
            throw Explain(failure, after + page.Count + 1);
        }
        finally
        {
            rows.Reset();
            _readers.GiveBack(connection, sound);
        }
    }

    Connection Connect()
    {
        try
        {
            return _readers.Take();
        }
        catch (SqliteException failure)
        {
            throw Explain(failure, 0);
        }
    }

    static StorageException Explain(SqliteException failure, long position) => new(
        failure.Damaged
            ? RowReader.Damaged(position, $"the page that holds it cannot be read ({failure.Message})")
            : FactProblems.StorageUnavailable.Because($"Reading at fact {position} failed: {failure.Message}"),
        failure);

    public void Dispose() => _readers.Dispose();

    sealed class Connection : IDisposable
    {
        readonly SqliteDb _db;

        public Connection(string path)
        {
            _db = SqliteDb.Open(path, readOnly: true);
            All = _db.Prepare($"{RowReader.Columns} WHERE position > ? AND position <= ? ORDER BY position LIMIT ?");
            OfStream = _db.Prepare($"""
                SELECT f.position, f.stream, f.version, f.type, f.at, f.row_check, f.salt, f.payload
                FROM stretches s CROSS JOIN facts f ON f.position >= s.stretch << {FactFile.StretchBits} AND f.position < (s.stretch + 1) << {FactFile.StretchBits}
                WHERE s.stream = ?1 AND s.stretch >= ?2 >> {FactFile.StretchBits} AND s.stretch <= ?3 >> {FactFile.StretchBits}
                  AND f.stream = ?1 AND f.position > ?2 AND f.position <= ?3
                ORDER BY s.stretch, f.position LIMIT ?4
                """);
        }

        public SqliteStatement All { get; }

        public SqliteStatement OfStream { get; }

        public void Dispose() => _db.Dispose();
    }
}
