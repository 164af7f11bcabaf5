using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// The directory entry of one closed chunk, which never changes. Its bytes are in the file; in memory they are kept while they are
/// not yet saved, while somebody may still read a chunk that is no longer in the file, and in the cache.
/// </summary>
internal sealed class Chunk
{
    public required long Id { get; init; }

    public required Mark First { get; init; }

    public required Mark Last { get; init; }

    public required long MinSequence { get; init; }

    public required long MaxSequence { get; init; }

    public required long MinRecorded { get; init; }

    public required long MaxRecorded { get; init; }

    public required int Count { get; init; }

    public required int BodyBytes { get; init; }

    /// <summary>Under the chunk's own lock, like all below.</summary>
    public ChunkBytes? Held { get; set; }

    /// <summary>No longer part of its series.</summary>
    public bool Retired { get; set; }

    public BlockSummary[]? CachedSummaries { get; set; }

    public byte[]? CachedBody { get; set; }

    /// <summary>Used since the cache last looked.</summary>
    public bool Touched { get; set; }

    public CacheEntry? Entry { get; set; }

    public bool Holds(Mark mark) => !mark.Before(First) && !Last.Before(mark);
}

/// <summary>A chunk as it is in the file.</summary>
internal sealed record ChunkBytes(BlockSummary[] Summaries, byte[] SummaryBytes, byte[] Body);

/// <summary>A chunk's place in the line of what the cache looks at; empty once the chunk is not in the cache.</summary>
internal sealed class CacheEntry
{
    public Chunk? Chunk { get; set; }
}
