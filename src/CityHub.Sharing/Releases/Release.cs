using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>
/// The way to data, and there is no other: decides, records in the ledger, and only then gives rows. Whoever answers a request with rows, counts, existence or
/// structure of a protected dataset asks here.
/// </summary>
public interface IReleases
{
    /// <summary>
    /// Refused by a problem whose rule and hint are the decision's; the refusal is in the ledger, too. Rows come as the obligations have them: projected, filtered, masked,
    /// rolled up. The query sees only what is released: a filter on a masked field finds masked values, a field outside the grant is not known.
    /// </summary>
    ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default);

    /// <summary>What the caller could have for this ask, without having it: nothing is released. Null grant: every one that fits.</summary>
    Decision Explain(Ask ask);

    /// <summary>The schema that <see cref="OpenAsync"/> would give, for a door that reads its question by it. Refused alike, and recorded alike.</summary>
    ValueTask<Result<TableSchema>> SchemaOfAsync(Ask ask, CancellationToken cancel = default);

    /// <summary>A door refuses a question by what would be released: the refusal is in the ledger like one of its own.</summary>
    ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel = default);
}

/// <summary>A question to what is released: evaluated behind the pipeline, never before it.</summary>
public sealed record ReleaseQuery
{
    public static readonly ReleaseQuery All = new();

    /// <summary>Null: no condition.</summary>
    public Condition? Where { get; init; }

    /// <summary>Field, and whether descending. Rows that are alike keep the order of the table.</summary>
    public IReadOnlyList<(string Field, bool Descending)> OrderBy { get; init; } = [];

    public long Offset { get; init; }

    /// <summary>Null: to the end.</summary>
    public long? Limit { get; init; }

    /// <summary>The exact number of rows that the query finds without offset and limit is wanted: <see cref="ReleaseStream.Total"/>.</summary>
    public bool Count { get; init; }

    public bool Distinct { get; init; }

    /// <summary>The fields by which <see cref="Distinct"/> tells rows apart: those that are shown, where a condition or an order looks at others beside them. Null: all that are released.</summary>
    public IReadOnlyList<string>? DistinctBy { get; init; }

    /// <summary>The row with this key, and no other: answered from the index.</summary>
    public string? Key { get; init; }

    /// <summary>Rows of the table to pass over, before any rule, mask or condition: what the receiver was sent already.</summary>
    internal long From { get; init; }

    /// <summary>Counts, sums, means, least and greatest by group instead of rows; null: rows.</summary>
    public Grouping? GroupBy { get; init; }
}

public enum Measure
{
    Count,
    Sum,
    Mean,
    Least,
    Greatest,
    CountDistinct,
}

/// <param name="Fields">May be empty: one group.</param>
public sealed record Grouping(IReadOnlyList<string> Fields, IReadOnlyList<(Measure Measure, string? Field, string Name)> Measures);

/// <summary>A condition on released rows. A comparison with a missing value is neither true nor false, and its row is not found (SQL).</summary>
public abstract record Condition
{
    public sealed record And(Condition Left, Condition Right) : Condition;

    public sealed record Or(Condition Left, Condition Right) : Condition;

    public sealed record Not(Condition Of) : Condition;

    /// <param name="Operator"><c>=</c>, <c>&lt;&gt;</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>.</param>
    /// <param name="Value">Text form, as in <see cref="RowRule"/>.</param>
    public sealed record Compare(string Field, string Operator, string Value) : Condition;

    public sealed record In(string Field, IReadOnlyList<string> Values) : Condition;

    public sealed record IsNull(string Field) : Condition;

    /// <param name="Pattern">SQL: % and _, escaped by a backslash.</param>
    public sealed record Like(string Field, string Pattern, bool IgnoreCase = false) : Condition;

    /// <summary>Full text: every word in some text field.</summary>
    public sealed record Words(string Text) : Condition;

    /// <summary>Degrees, WGS 84; on the dataset's longitude and latitude.</summary>
    public sealed record Box(double West, double South, double East, double North) : Condition;
}

/// <summary>
/// Rows under way to a receiver. It exists only behind a durable opening record; disposing writes the closing record with rows, bytes and hash. A suspended grant ends
/// it: the next block is refused by <see cref="ReleaseEndedException"/>.
/// </summary>
public abstract class ReleaseStream : IRows
{
    public abstract TableSchema Schema { get; }

    /// <summary>Position of the opening act: the receipt.</summary>
    public abstract long Receipt { get; }

    public abstract Permit Permit { get; }

    /// <summary>Where it was asked for.</summary>
    public abstract long? Total { get; }

    public abstract ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default);

    /// <summary>Whoever writes rows to a wire says what he wrote, before he writes it: counted, hashed, and held against the grant as it is now. A block has at most 64 kB.</summary>
    /// <exception cref="ReleaseEndedException">The grant was suspended or has ended since.</exception>
    public abstract void Sending(ReadOnlySpan<byte> block);

    /// <summary>Says a block and writes it. A reader who takes it slowly keeps it waiting, and the grant may end meanwhile: that is noticed then, not when he has taken it.</summary>
    /// <exception cref="ReleaseEndedException">The grant was suspended or has ended since; the connection is to be cut.</exception>
    public async ValueTask SendAsync(Stream wire, ReadOnlyMemory<byte> block, CancellationToken cancel)
    {
        Sending(block.Span);
        var writing = wire.WriteAsync(block, cancel);
        if (writing.IsCompleted)
            await writing;
        else
            await WaitAsync(writing.AsTask());
    }

    /// <summary>Waits for a write as long as the grant holds.</summary>
    public virtual Task WaitAsync(Task writing) => writing;

    /// <summary>The receiver has everything. Without it the closing record says that the stream was cut.</summary>
    public abstract void Complete();

    public abstract ValueTask DisposeAsync();
}

/// <summary>The grant of a running release was suspended, ended or ran out: nothing more leaves.</summary>
public sealed class ReleaseEndedException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}
