using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// The bytes of closed chunks for those who read: from memory while they are not in the file, else from a bounded cache, else from the file.
/// </summary>
internal sealed class ChunkCache(SeriesFile file, long mostBytes)
{
    readonly ConcurrentQueue<CacheEntry> _queue = new();
    long _bytes;
    int _readers;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Between these two, chunks that leave their series stay readable for whoever found them there.</summary>
    public void BeginReading() => Interlocked.Increment(ref _readers);

    public void EndReading() => Interlocked.Decrement(ref _readers);

    /// <exception cref="StorageException">The file does not hold what was written.</exception>
    public BlockSummary[] Summaries(Line line, Chunk chunk)
    {
        BlockSummary[]? summaries;
        lock (chunk)
        {
            summaries = chunk.Held?.Summaries ?? chunk.CachedSummaries;
            if (summaries is not null)
            {
                chunk.Touched = true;
                return summaries;
            }

            byte[] bytes = Found(line, chunk, file.ReadSummaries(line, chunk));
            summaries = chunk.CachedSummaries = ReadSummaries(line, chunk, bytes);
            Interlocked.Add(ref _bytes, SummaryBytes(summaries.Length));
        }

        Keep(chunk);
        return summaries;
    }

    /// <exception cref="StorageException">The file does not hold what was written.</exception>
    public byte[] Body(Line line, Chunk chunk)
    {
        byte[]? body;
        lock (chunk)
        {
            body = chunk.Held?.Body ?? chunk.CachedBody;
            if (body is not null)
            {
                chunk.Touched = true;
                return body;
            }

            body = chunk.CachedBody = Found(line, chunk, file.ReadBody(line, chunk));
            if (body.Length != chunk.BodyBytes)
            {
                chunk.CachedBody = null;
                throw Damaged(line, chunk, "its body has another length");
            }

            Interlocked.Add(ref _bytes, body.Length);
        }

        Keep(chunk);
        return body;
    }

    /// <summary>Decodes one block of a chunk.</summary>
    public static void Read(Line line, Chunk chunk, in BlockSummary summary, byte[] body, Block into, Columns columns)
    {
        try
        {
            into.Read(body.AsSpan(summary.Offset, summary.Length), columns);
        }
        catch (DamageException damage)
        {
            throw Damaged(line, chunk, damage.Message);
        }

        if (into.Count != summary.Count || into.Times[0] != summary.First || into.Times[^1] != summary.Last)
        {
            throw Damaged(line, chunk, "a block is not the one that its summary is of");
        }
    }

    /// <summary>All samples of a chunk, as rows.</summary>
    public void AddRows(Line line, Chunk chunk, List<Row> rows)
    {
        BlockSummary[] summaries = Summaries(line, chunk);
        byte[] body = Body(line, chunk);
        Block block = Block.Rent();
        try
        {
            foreach (ref readonly BlockSummary summary in summaries.AsSpan())
            {
                Read(line, chunk, summary, body, block, Columns.All);
                block.AddTo(rows);
            }
        }
        finally
        {
            block.Return();
        }
    }

    /// <summary>The chunk is in the file: its bytes move into the cache.</summary>
    public void Saved(Chunk chunk)
    {
        lock (chunk)
        {
            if (chunk.Retired || chunk.Held is not { } held)
            {
                return;
            }

            (chunk.Held, chunk.CachedSummaries, chunk.CachedBody) = (null, held.Summaries, held.Body);
            Interlocked.Add(ref _bytes, SummaryBytes(held.Summaries.Length) + held.Body.Length);
        }

        Keep(chunk);
    }

    /// <summary>
    /// The chunk has left its series and will leave the file. Called after the first and before the second, so that a reader who found it
    /// in its series always finds its bytes.
    /// </summary>
    public void Retire(Line line, Chunk chunk)
    {
        bool read = Volatile.Read(ref _readers) > 0;
        try
        {
            ChunkBytes? held = read ? new ChunkBytes(Summaries(line, chunk), [], Body(line, chunk)) : null;
            lock (chunk)
            {
                Forget(chunk);
                chunk.Retired = true;
                chunk.Held ??= held;
            }
        }
        catch (StorageException)
        {
            // Whoever reads it will meet the same and say so.
        }
    }

    /// <summary>Second chance: what was used since the last look stays once more.</summary>
    void Keep(Chunk chunk)
    {
        lock (chunk)
        {
            chunk.Touched = true;
            if (chunk.Entry is null && (chunk.CachedBody is not null || chunk.CachedSummaries is not null))
            {
                chunk.Entry = new CacheEntry { Chunk = chunk };
                _queue.Enqueue(chunk.Entry);
            }
        }

        while (Volatile.Read(ref _bytes) > mostBytes && _queue.TryDequeue(out CacheEntry? entry))
        {
            if (entry.Chunk is not { } oldest)
            {
                continue;
            }

            lock (oldest)
            {
                if (oldest.Touched && oldest.Entry == entry)
                {
                    oldest.Touched = false;
                    _queue.Enqueue(entry);
                }
                else
                {
                    Forget(oldest);
                }
            }
        }
    }

    /// <summary>Under the chunk's lock.</summary>
    void Forget(Chunk chunk)
    {
        Interlocked.Add(ref _bytes, -((chunk.CachedBody?.Length ?? 0) + (chunk.CachedSummaries is { } summaries ? SummaryBytes(summaries.Length) : 0)));
        (chunk.CachedBody, chunk.CachedSummaries) = (null, null);
        if (chunk.Entry is { } entry)
        {
            (entry.Chunk, chunk.Entry) = (null, null);
        }
    }

    static long SummaryBytes(int blocks) => blocks * (long)BlockSummary.Bytes;

    static BlockSummary[] ReadSummaries(Line line, Chunk chunk, byte[] bytes)
    {
        try
        {
            BlockSummary[] summaries = BlockSummary.Read(bytes, chunk.Id, chunk.Count, chunk.BodyBytes);
            if (summaries[0].First != chunk.First.Time || summaries[^1].Last != chunk.Last.Time)
            {
                ByteReader.Damage("its summaries are not of the times that its directory says");
            }

            return summaries;
        }
        catch (DamageException damage)
        {
            throw Damaged(line, chunk, damage.Message);
        }
    }

    static byte[] Found(Line line, Chunk chunk, byte[]? bytes) => bytes ?? throw (chunk.Retired
        ? new StorageException(FactProblems.StorageUnavailable.Because($"The series {line} was emptied while it was read."))
        : Damaged(line, chunk, "it is missing"));

    static StorageException Damaged(Line line, Chunk chunk, string why) => new(FactProblems.StorageDamaged.Because(
        $"Chunk {chunk.Id} of the series {line} is damaged: {why}.", SeriesFile.Cure));
}
