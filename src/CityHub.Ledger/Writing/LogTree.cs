using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>One tree over a log's entries: its origin, its hash function, and the folder of its tiles and checkpoint below the log's.</summary>
/// <param name="Folder">Empty for the tree that c2sp.org/tlog-tiles knows, which lies beside the entry bundles.</param>
public sealed record LogTree(string Origin, HashFunction Hash, string Folder = "")
{
    /// <summary>SHA-256, as the specification has it.</summary>
    public static LogTree International(string origin) => new(origin, HashFunctions.Sha256);

    /// <summary>SM3, over the same bundles, in a folder of its own.</summary>
    public static LogTree Chinese(string origin) => new(origin, HashFunctions.Sm3, "sm3");

    internal string PathOf(TilePath tile) => Folder.Length == 0 ? tile.ToString() : $"{Folder}/{tile}";

    internal string CheckpointFile => Folder.Length == 0 ? "checkpoint" : $"{Folder}/checkpoint";
}

public sealed record LogWriterOptions
{
    /// <summary>At least one, each with an origin and a folder of its own. A tree that is new to an old log is computed from its bundles.</summary>
    public required IReadOnlyList<LogTree> Trees { get; init; }

    /// <summary>
    /// The caller has a durable record of the entries and appends the same ones again after a crash: then files are synced by <see cref="LogWriter.Sync"/>, when he
    /// calls it, and not by each commit. A sync of a new file makes whoever else uses the disk wait. On systems other than Linux it changes nothing.
    /// </summary>
    public bool Repeatable { get; init; }

    /// <summary>Threads that hash and sync, the caller's among them. More than cores: a sync is mostly waiting.</summary>
    public int Threads { get; init; } = 8;
}
