using CityHub.Core.Problems;

namespace CityHub.Core.Facts;

/// <summary>
/// The truth: an append-only log of facts with one writer and group commit. An append that has answered is durable (fsync'd).
/// </summary>
public interface IFactLog
{
    /// <summary>Position of the last durable fact; 0 when the log is empty.</summary>
    long Head { get; }

    /// <summary>
    /// Counts the groups that failed (disk full) since start. When a group fails, every append that waited behind it fails too,
    /// so that no decision made on top of a fact that never happened becomes a fact. Who decides on undurable state puts the epoch
    /// he decided in into the append.
    /// </summary>
    long Epoch { get; }

    /// <summary>
    /// Appends durably. Refusals: <see cref="FactProblems.VersionConflict"/>, <see cref="FactProblems.EpochPassed"/>,
    /// <see cref="FactProblems.StorageFull"/>. Appends are ordered as the calls were made. Cancellation gives up waiting;
    /// the append may still happen, so its payload must not be reused.
    /// </summary>
    ValueTask<Result<Appended>> AppendAsync(Append append, CancellationToken cancel = default);

    /// <summary>
    /// Completes when the line of unanswered appends is short enough. Doors await it before they decide, so that a slow disk holds
    /// clients back instead of filling memory; once decided, an append is never turned away, or the order of decisions would break.
    /// </summary>
    ValueTask RoomAsync(CancellationToken cancel = default) => ValueTask.CompletedTask;

    /// <summary>Facts after a position up to <see cref="Head"/> at the time of the call, in order, optionally of one stream.
    /// A stored fact that does not check ends the reading with an exception that names its position.</summary>
    IEnumerable<Fact> Read(long after, string? stream = null);

    /// <summary>Completes when a fact after the position is durable.</summary>
    ValueTask WaitAsync(long after, CancellationToken cancel);

    /// <summary>Version of a stream; 0 when it has no facts.</summary>
    long VersionOf(string stream);

    /// <summary>
    /// From now on calls the observer on the log's thread, in log order, after each group is durable and before its appends answer.
    /// An observer is quick (memory only) and does not throw: an exception from it stops the process.
    /// </summary>
    void Observe(IFactObserver observer);
}

/// <summary>Sees each durable append before the one who appended gets his answer: this is how in-memory views read their own writes.</summary>
public interface IFactObserver
{
    /// <param name="facts">The facts of one append.</param>
    /// <param name="state"><see cref="Append.State"/> of that append; null when it comes from elsewhere.</param>
    void Observed(ReadOnlySpan<Fact> facts, object? state);

    /// <summary>A group has been observed in full: a good moment for work that is cheaper once a group (wake-ups, publication).</summary>
    void GroupObserved()
    {
    }
}

public static class FactProblems
{
    public static readonly ProblemKind VersionConflict = new("version-conflict", "The stream has moved on", 409, "Conflict");
    public static readonly ProblemKind EpochPassed = new("storage-rolled-back", "An earlier write failed; this one was decided on top of it", 503, "InternalError");
    public static readonly ProblemKind StorageFull = new("storage-full", "The disk has no room for another fact", 507, "InternalError");
    public static readonly ProblemKind StorageUnavailable = new("storage-unavailable", "The data folder cannot be used", 503, "InternalError");
    public static readonly ProblemKind StorageDamaged = new("storage-damaged", "A stored record does not check", 500, "InternalError");
    public static readonly ProblemKind StorageLocked = new("storage-locked", "Another process uses this data folder", 503, "InternalError");
}
