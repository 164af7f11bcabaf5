using System.Threading.Tasks.Sources;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// One append between call and answer: the only allocation of an append. Its continuation runs where <see cref="Answer"/> is
/// called, which is a pool thread (<see cref="Answers"/>), never the log's thread.
/// </summary>
internal sealed class Pending : IValueTaskSource<Result<Appended>>
{
    ManualResetValueTaskSourceCore<Result<Appended>> _core;
    CancellationTokenRegistration _cancel;
    int _settled;

    public Pending(Append append, long bytes) => (Append, Bytes) = (append, bytes);

    public Append Append { get; }

    public long Bytes { get; }

    /// <summary>What <see cref="Answer"/> will say; set by the log's thread.</summary>
    public Result<Appended> Outcome { get; set; }

    /// <summary>Not null when it is unknown whether the append is durable: then there is no answer but this.</summary>
    public Exception? Doubt { get; set; }

    /// <summary>Index of its first fact within the group, and -1 when it was refused.</summary>
    public int First { get; set; } = -1;

    public ValueTask<Result<Appended>> Task => new(this, _core.Version);

    /// <summary>Cancellation gives up waiting only: others may have decided on top of this append already, so it stays in line.</summary>
    public void GiveUpWith(CancellationToken cancel) =>
        _cancel = cancel.UnsafeRegister(static (state, token) => (state as Pending)?.GiveUp(token), this);

    public void Answer()
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            _cancel.Unregister();
            if (Doubt is null)
            {
                _core.SetResult(Outcome);
            }
            else
            {
                _core.SetException(Doubt);
            }
        }
    }

    void GiveUp(CancellationToken token)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            _core.SetException(new OperationCanceledException(token));
        }
    }

    Result<Appended> IValueTaskSource<Result<Appended>>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Result<Appended>>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<Result<Appended>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>
/// Answers a few appends on one pool thread: a work item per append costs the log's thread 0.6 µs each and wakes more threads than
/// there are cores; a work item per group would let one slow continuation hold up the whole group.
/// </summary>
internal sealed class Answers(Pending[] appends) : IThreadPoolWorkItem
{
    const int PerItem = 8;

    /// <summary>Hands every append of the list to the pool to be answered.</summary>
    public static void Send(List<Pending> appends)
    {
        for (int i = 0; i < appends.Count; i += PerItem)
        {
            var some = new Pending[Math.Min(PerItem, appends.Count - i)];
            appends.CopyTo(i, some, 0, some.Length);
            ThreadPool.UnsafeQueueUserWorkItem(new Answers(some), preferLocal: false);
        }
    }

    public void Execute()
    {
        foreach (Pending append in appends)
        {
            append.Answer();
        }
    }
}
