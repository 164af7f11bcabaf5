using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// Appends wait here in the order of the calls. Its lock decides two things at once that must not come apart: the place in the line
/// and whether the epoch still holds.
/// </summary>
internal sealed class FactLine(EmbeddedOptions options) : IDisposable
{
    readonly Lock _gate = new();
    readonly AutoResetEvent _arrived = new(false);
    readonly Queue<Pending> _line = [];
    TaskCompletionSource? _room;
    Problem? _closed;
    long _epoch;
    long _waiting;
    long _waitingBytes;
    bool _writerSleeps;

    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Appends without an answer, those of the running group included.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    bool Long => _waiting >= options.LineAppends || _waitingBytes >= options.LineBytes;

    /// <summary>Takes a place in the line, or says why not.</summary>
    public Problem? Join(Pending append)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return _closed;
            }

            if (append.Append.Epoch != Append.AnyVersion && append.Append.Epoch != _epoch)
            {
                return EpochPassed(append.Append.Epoch);
            }

            _line.Enqueue(append);
            _waiting++;
            _waitingBytes += append.Bytes;
            if (_writerSleeps)
            {
                _writerSleeps = false;
                _arrived.Set();
            }
        }

        return null;
    }

    /// <summary>Completes when the line is short enough for another.</summary>
    public ValueTask RoomAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            if (!Long || _closed is not null)
            {
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancel));
        }
    }

    /// <summary>
    /// Moves the next group from the line into <paramref name="group"/>: what is there, within the measures of a group. Comes back
    /// with an empty group when there was nothing for as long as <paramref name="patience"/>.
    /// </summary>
    /// <returns>False when the line is closed and empty.</returns>
    public bool Take(List<Pending> group, TimeSpan patience)
    {
        for (bool idle = false; ; idle = !_arrived.WaitOne(patience))
        {
            lock (_gate)
            {
                _writerSleeps = false;
                if (_line.Count > 0)
                {
                    int facts = 0;
                    long bytes = 0;
                    do
                    {
                        Pending next = _line.Dequeue();
                        group.Add(next);
                        facts += next.Append.Facts.Count;
                        bytes += next.Bytes;
                    }
                    while (_line.TryPeek(out Pending? following) && facts + following.Append.Facts.Count <= options.GroupFacts && bytes + following.Bytes <= options.GroupBytes);
                    return true;
                }

                if (_closed is not null)
                {
                    return false;
                }

                if (idle)
                {
                    return true;
                }

                _writerSleeps = true;
            }
        }
    }

    /// <summary>The group has its answers.</summary>
    public void Answered(List<Pending> group)
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            foreach (Pending append in group)
            {
                _waitingBytes -= append.Bytes;
            }

            _waiting -= group.Count;
            if (!Long)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.TrySetResult();
    }

    /// <summary>
    /// A group failed: the epoch passes first, then everything behind the group leaves the line, so that nothing decided on top of
    /// it gets through. Both under the lock that <see cref="Join"/> takes.
    /// </summary>
    public void Fail(List<Pending> behind)
    {
        lock (_gate)
        {
            Volatile.Write(ref _epoch, _epoch + 1);
            behind.AddRange(_line);
            _line.Clear();
        }
    }

    /// <summary>No more appends; those in the line still get through.</summary>
    public void Close(Problem why)
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _closed ??= why;
            (room, _room) = (_room, null);
            _arrived.Set();
        }

        room?.TrySetResult();
    }

    /// <summary>Only after the log's thread has ended.</summary>
    public void Dispose() => _arrived.Dispose();

    public Problem EpochPassed(long epoch) => FactProblems.EpochPassed.Because(
        $"This write was decided in epoch {epoch} of the log, on top of one that could not be stored; the log is in epoch {Epoch}.",
        "Nothing was changed. Send the request again.");
}
