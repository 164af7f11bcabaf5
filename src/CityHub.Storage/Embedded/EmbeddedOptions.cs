using CityHub.Storage.Embedded.Series;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Storage.Embedded;

/// <summary>The measures of the embedded store; the defaults are what the benches ran with.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>A group takes at most this many facts into one commit …</summary>
    public int GroupFacts { get; init; } = 16_384;

    /// <summary>… and at most this many bytes of payload (one append is never split, however large).</summary>
    public int GroupBytes { get; init; } = 8 << 20;

    /// <summary>Unanswered appends beyond which <see cref="Core.Facts.IFactLog.RoomAsync"/> makes a door wait.</summary>
    public int LineAppends { get; init; } = 65_536;

    /// <summary>Unanswered payload bytes beyond which <see cref="Core.Facts.IFactLog.RoomAsync"/> makes a door wait.</summary>
    public long LineBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Bytes of write-ahead log after which the writer moves it into the database between two groups. The file is laid out in this
    /// size at the start: an fsync over blocks that exist costs 0.12 ms, one that grows the file 0.30 ms.
    /// </summary>
    public int WalBytes { get; init; } = 8 << 20;

    /// <summary>How many facts at the end of the log are read and checked at every start.</summary>
    public int TailFacts { get; init; } = 4_096;

    /// <summary>Fills a buffer with what nobody can guess: the salts of facts.</summary>
    public Action<byte[]> Entropy { get; init; } = static bytes => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);

    public SeriesOptions Series { get; init; } = new();

    public TablesOptions Tables { get; init; } = new();

    /// <summary>
    /// What happens when it is no longer known what is on disk: the process must end, and the next start takes the normal recovery
    /// path. Called on the log's thread; the log refuses everything afterwards.
    /// </summary>
    public Action<Exception> Stop { get; init; } =
        cause => Environment.FailFast($"CityHub stops: it no longer knows what is on disk. {cause.Message}", cause);

    /// <summary>Called at every step of every commit sequence; tests fail, crash or copy the folder there.</summary>
    internal Action<FaultPoint>? Fault { get; init; }
}
