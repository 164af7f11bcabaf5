namespace CityHub.Storage.Embedded.Series;

/// <summary>The measures of the series store; the defaults are what the benches ran with.</summary>
public sealed record SeriesOptions
{
    /// <summary>What was appended is written as soon as this many samples wait …</summary>
    public int FlushSamples { get; init; } = 500_000;

    /// <summary>… or after this time.</summary>
    public TimeSpan FlushEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Waiting samples (64 bytes each and more) beyond which <see cref="EmbeddedSeries.Advance"/> holds its caller until the disk has caught up.</summary>
    public int MostSamples { get; init; } = 3_000_000;

    /// <summary>Open rows of a series beyond which they are closed into chunks.</summary>
    public int OpenSamples { get; init; } = 256;

    /// <summary>A chunk has at most this many samples …</summary>
    public int ChunkSamples { get; init; } = 4096;

    /// <summary>… and ends at this many bytes of bodies.</summary>
    public int ChunkBodyBytes { get; init; } = 2 << 20;

    /// <summary>A block of a chunk has at most this many samples (and never more than 1,024).</summary>
    public int BlockSamples { get; init; } = 1024;

    /// <summary>From this many samples on, a block ends with the hour, so that hourly and daily buckets need only its summary.</summary>
    public int HourSamples { get; init; } = 128;

    /// <summary>Books of entities that nobody changes are kept in memory for reading up to this number.</summary>
    public int CachedBooks { get; init; } = 20_000;

    /// <summary>Bytes of closed chunks and their summaries kept in memory for reading.</summary>
    public long CacheBytes { get; init; } = 64 << 20;

    /// <summary>Called at every step of every commit sequence; tests fail, crash or copy the folder there.</summary>
    internal Action<FaultPoint>? Fault { get; init; }
}
