using CityHub.Core.Problems;

namespace CityHub.Core.Tables;

/// <summary>
/// Where the rows of datasets are kept: in segments on disk, encrypted under a key of their owner where the table is protected. Which segments are a table's content is
/// said by facts alone: who writes prepares first, appends his fact with <see cref="TableDraft.Manifest"/> in it, then publishes. A draft that no fact names is gone at the next start.
/// </summary>
public interface ITables
{
    /// <summary>A table as its facts left it; made when it is new.</summary>
    /// <param name="owner">The department under whose key the content is sealed; null: an open table, kept in clear.</param>
    /// <param name="manifests">Of everything that was published, oldest first, from the last one on that says the whole content (a replacement, rows written anew); what lies on disk beside it is removed.</param>
    Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests);

    ITable? Find(string name);

    /// <summary>Another table holds the rows now: nobody begins to read this one, and its files are gone on return. Who reads already reads on; his handles close when he has read. Done twice it is the same.</summary>
    Result<Done> Remove(string name);

    /// <summary>Once, at start: the tables that facts name stay, and what lies beside them is removed.</summary>
    /// <returns>How many were removed.</returns>
    Result<int> Keep(IReadOnlyCollection<string> names);
}

public enum WriteMode
{
    /// <summary>The rows are all that there is.</summary>
    Replace,

    /// <summary>Rows whose key is known take the place of the older ones; batches that are <see cref="RowBatch.Gone"/> take theirs away.</summary>
    Upsert,

    Append,
}

/// <summary>Written and durable, and in nobody's sight yet.</summary>
/// <param name="Manifest">UTF-8 JSON for the fact: the names of the segments, their hashes, how many rows; nothing of their content.</param>
/// <param name="Rows">Rows that were written.</param>
/// <param name="Hash">SHA-256 over the canonical bytes of the rows and of the keys that go, salted (<c>Manifest</c> has the salt sealed): a commitment, not a fingerprint that can be guessed.</param>
public sealed record TableDraft(ReadOnlyMemory<byte> Manifest, long Rows, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Rows that were there and go.</summary>
    public long Gone { get; init; }
}

/// <summary>The rows of one dataset. Safe for many readers and one writer; a reader sees the version that was current when it began.</summary>
public interface ITable
{
    string Name { get; }

    TableSchema Schema { get; }

    /// <summary>Counts what was published; 0: nothing yet.</summary>
    long Version { get; }

    /// <summary>Which rows there are, and in which order: the same as long as only where they lie has changed.</summary>
    long Content => Version;

    /// <summary>Exact, maintained: superseded rows are not counted.</summary>
    long Rows { get; }

    /// <summary>True while the owner has not unlocked it: nothing can be read, written or searched.</summary>
    bool Locked { get; }

    /// <summary>Durable on return, and not yet published. Who prepares next waits until this draft is published or abandoned.</summary>
    ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default);

    void Publish(TableDraft draft);

    /// <summary>The fact of the draft could not be written: its segments go.</summary>
    void Abandon(TableDraft draft)
    {
    }

    /// <summary>Most of what lies on disk is superseded, or lies in many pieces: <see cref="CompactAsync"/> has something to gain.</summary>
    bool Scattered => false;

    /// <summary>Writes the rows anew where most of what lies on disk is superseded; the draft is published like a delivery. Null: there is nothing to gain.</summary>
    ValueTask<Result<TableDraft?>> CompactAsync(CancellationToken cancel = default) => new((Result<TableDraft?>)(TableDraft?)null);

    /// <param name="columns">Indexes of the columns wanted, in the order in which they are wanted.</param>
    /// <param name="from">Rows to pass over.</param>
    Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0);

    /// <summary>The row with this key: one batch of one row, or of none. Asks for a table with a key.</summary>
    /// <param name="key">As it is written: UTF-8 text, decimal digits, true or false, ISO 8601.</param>
    Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns);
}

/// <summary>The keys under which departments keep their data: in the hub's memory only while the department has unlocked them.</summary>
public interface IDataKeys
{
    /// <summary>Null while the department has not unlocked its data.</summary>
    byte[]? Wrap(string department, ReadOnlySpan<byte> dataKey);

    byte[]? Unwrap(string department, ReadOnlySpan<byte> wrapped);
}
