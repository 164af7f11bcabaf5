namespace CityHub.Core.Facts;

/// <summary>
/// Durable keyed views with a named reader's position: position and effect commit together, so that after a crash a reader
/// continues exactly where its effect stands. Views can always be rebuilt from the log.
/// </summary>
public interface IViews
{
    /// <summary>Opens (or makes) a view; one opener per name and process.</summary>
    IView Open(string name);
}

/// <summary>One reader's durable state: its position in the log and its keyed values.</summary>
public interface IView
{
    /// <summary>The log position up to which the effect is in the view; 0 at the beginning.</summary>
    long Position { get; }

    ReadOnlyMemory<byte>? Get(string key);

    /// <summary>Keys in the order of their UTF-8 bytes, from a key on (inclusive).</summary>
    IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Scan(string from = "", string? prefix = null);

    /// <summary>Puts (a null value deletes) and moves the position, in one commit.</summary>
    void Commit(long position, IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> changes);

    /// <summary>Empties the view and sets its position to 0.</summary>
    void Reset();
}

/// <summary>Whole-state snapshots of in-memory views: checksummed, fsync'd, renamed into place; the last two are kept.</summary>
public interface ISnapshots
{
    /// <summary>Writes a snapshot as of a log position. A crash leaves the one before it.</summary>
    void Write(string name, long position, Action<Stream> write);

    /// <summary>
    /// The newest snapshot whose checksum holds, handed to <paramref name="read"/>; 0 and no call when there is none.
    /// A damaged snapshot is passed over (the log replays further), never half-read: the checksum is verified first.
    /// </summary>
    /// <returns>The log position of the snapshot.</returns>
    long ReadLatest(string name, Action<Stream> read);
}
