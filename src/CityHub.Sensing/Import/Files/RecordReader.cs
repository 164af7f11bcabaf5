using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import.Files;

/// <summary>A file as a sequence of records: rows of a table, or documents of JSON. What a record holds is valid until the next one.</summary>
internal abstract class RecordReader : IAsyncDisposable
{
    /// <summary>The columns of a table; null where records are documents.</summary>
    public virtual IReadOnlyList<string>? Columns => null;

    /// <summary>The row as it stands; of a table.</summary>
    public List<Cell> Cells { get; } = [];

    /// <summary>The record as it stands; of documents.</summary>
    public ReadOnlyMemory<byte> Document { get; protected set; }

    /// <summary>
    /// The number of the record as whoever opens the file finds it: in a table with a header line that line is row 1, in NDJSON it is the line, else
    /// the first record is 1.
    /// </summary>
    public long Row { get; protected set; }

    /// <summary>This record cannot be read; the next may be.</summary>
    public string? Malformed { get; protected set; }

    /// <summary>How much of the file is behind us, where the reader knows better than the bytes read tell.</summary>
    public virtual double? Fraction => null;

    /// <summary>Goes to the next record; false after the last. A refusal: from here on the file cannot be read.</summary>
    public abstract ValueTask<Result<bool>> NextAsync(CancellationToken cancel);

    public abstract ValueTask DisposeAsync();

    protected static Problem Unreadable(string detail, string? hint = null) => ImportProblems.FileUnreadable.Because(detail, hint);
}
