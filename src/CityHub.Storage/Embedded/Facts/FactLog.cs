using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// The fact log over one SQLite file: callers join the line, one thread takes everything that waits into one transaction, and
/// answers after its fsync. A thousand concurrent appends cost one fsync.
/// </summary>
internal sealed class FactLog : IFactLog, IDisposable
{
    /// <summary>After this long without an append the writer moves what is left of the write-ahead log into the database.</summary>
    static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>Of the payloads of one append; SQLite's own limit for one is a little below 1 GB.</summary>
    const long MostBytes = 512 << 20;

    readonly FactFile _file;
    readonly FactNames _names;
    readonly FactReader _reader;
    readonly RecentFacts _recent = new();
    readonly FactLine _line;
    readonly EmbeddedOptions _options;
    readonly Thread _writer;
    readonly Lock _moving = new();
    readonly int _checkpointFrames;
    IFactObserver[] _observers = [];
    TaskCompletionSource? _moved;
    bool _ended;
    long _head;
    long _lastAt;
    int _framesAtCheckpoint;

    FactLog(FactFile file, FactNames names, EmbeddedOptions options)
    {
        (_file, _names, _options) = (file, names, options);
        _line = new FactLine(options);
        _reader = new FactReader(file.Path, names, _recent);
        (_head, _lastAt) = file.Last;
        _checkpointFrames = Math.Max(16, options.WalBytes / 4120 * 7 / 8); // a frame is a page of 4096 bytes and a header of 24
        _writer = new Thread(Write) { Name = "fact log", IsBackground = true };
        _writer.Start();
    }

    public static Result<FactLog> Open(string folder, EmbeddedOptions options)
    {
        var names = new FactNames();
        return FactFile.Open(folder, names, options).Map(file => new FactLog(file, names, options));
    }

    public long Head => Volatile.Read(ref _head);

    public long Epoch => _line.Epoch;

    /// <summary>Appends that have no answer yet.</summary>
    public long Waiting => _line.Waiting;

    public ValueTask<Result<Appended>> AppendAsync(Append append, CancellationToken cancel = default)
    {
        if (append.Facts.Count == 0)
        {
            throw new ArgumentException("An append carries at least one fact.", nameof(append));
        }

        if (cancel.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<Result<Appended>>(cancel);
        }

        // What cannot be stored is the caller's mistake and told to him: on the log's thread it would stop the hub.
        ThrowIfNoText(append.Stream);
        long bytes = 0;
        for (int i = 0; i < append.Facts.Count; i++)
        {
            ThrowIfNoText(append.Facts[i].Type);
            bytes += append.Facts[i].Payload.Length;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MostBytes, nameof(append));

        var pending = new Pending(append, bytes);
        if (cancel.CanBeCanceled)
        {
            pending.GiveUpWith(cancel);
        }

        if (_line.Join(pending) is { } refusal)
        {
            pending.Outcome = refusal;
            pending.Answer();
        }

        return pending.Task;
    }

    public ValueTask RoomAsync(CancellationToken cancel) => _line.RoomAsync(cancel);

    public IEnumerable<Fact> Read(long after, string? stream = null) => _reader.Read(Math.Max(after, 0), Head, stream);

    public ValueTask WaitAsync(long after, CancellationToken cancel) => Head > after ? ValueTask.CompletedTask : new ValueTask(WaitForMoreAsync(after, cancel));

    public long VersionOf(string stream) => _names.VersionOf(stream);

    public void Observe(IFactObserver observer)
    {
        lock (_moving)
        {
            _observers = [.. _observers, observer];
        }
    }

    /// <summary>Answers what is in the line, moves the write-ahead log into the database, and closes the file.</summary>
    public void Dispose()
    {
        _line.Close(FactProblems.StorageUnavailable.Because("The fact log is closed: the hub is stopping.", "Try again when it has started."));
        if (Thread.CurrentThread != _writer)
        {
            _writer.Join();
            _line.Dispose();
        }

        _reader.Dispose();
    }

    static void ThrowIfNoText(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0)
        {
            _ = SqliteStatement.Strict.GetByteCount(name); // throws for half a surrogate pair
        }
    }

    async Task WaitForMoreAsync(long after, CancellationToken cancel)
    {
        while (true)
        {
            Task moved;
            lock (_moving)
            {
                if (Head > after)
                {
                    return;
                }

                ObjectDisposedException.ThrowIf(_ended, this);
                _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancel);
        }
    }

    /// <summary>The log's thread.</summary>
    void Write()
    {
        var group = new List<Pending>();
        var facts = new List<Fact>();
        try
        {
            _file.LayOutWal(_options.WalBytes);
            while (_line.Take(group, Idle))
            {
                bool idle = group.Count == 0;
                if (!idle)
                {
                    WriteGroup(group, facts);
                    facts.Clear();
                    group.Clear();
                }

                Checkpoint(idle ? 1 : _checkpointFrames);
            }

            Checkpoint(1);
        }
#pragma warning disable CA1031 // Whatever it was: what is on disk is no longer known, and nobody above could know better.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Stop(group, failure);
        }
        finally
        {
            lock (_moving)
            {
                _ended = true;
                Moved();
            }

            _file.Dispose();
        }
    }

    void WriteGroup(List<Pending> group, List<Fact> facts)
    {
        try
        {
            _options.Fault?.Invoke(FaultPoint.AppendBeforeInsert); // A crash here leaves nothing: no answer was given.
            _file.Begin();
            foreach (Pending append in group)
            {
                Insert(append, facts);
            }

            _file.InsertVersions();
            _options.Fault?.Invoke(FaultPoint.AppendAfterInsert); // Nothing on disk yet but pages SQLite will not find a commit for.
            _options.Fault?.Invoke(FaultPoint.AppendBeforeCommit); // The same.
            if (facts.Count > 0)
            {
                // A crash within leaves the group's frames in the write-ahead log whole or torn; SQLite's recovery keeps them or
                // drops them as one. Nobody had an answer yet, so both are true.
                _file.Commit();
            }
            else
            {
                _file.Rollback();
            }
        }
        catch (SqliteException full) when (full.DiskFull)
        {
            Fail(group, full);
            return;
        }

        _options.Fault?.Invoke(FaultPoint.AppendAfterCommit); // Durable, unanswered: present after the restart, views replay it.
        _names.Keep();
        if (facts.Count > 0)
        {
            _lastAt = facts[^1].At.UtcTicks;
            _recent.Add(facts);
            Volatile.Write(ref _head, facts[^1].Position);
            Tell(group, facts);
            _options.Fault?.Invoke(FaultPoint.AppendAfterObserve); // The same; the views in memory die with the process.
            lock (_moving)
            {
                Moved();
            }
        }

        _line.Answered(group);
        Answers.Send(group);
        group.Clear();
        _options.Fault?.Invoke(FaultPoint.AppendAfterAnswer); // Durable and answered.
    }

    /// <summary>Decides one append against the state that the group has built so far, and stores its facts or refuses it.</summary>
    void Insert(Pending pending, List<Fact> facts)
    {
        Append append = pending.Append;
        StreamState? stream = _names.Find(append.Stream);
        long version = stream?.Next ?? 0;
        if (append.ExpectedVersion != Append.AnyVersion && append.ExpectedVersion != version)
        {
            pending.Outcome = FactProblems.VersionConflict.Because(
                $"Stream {append.Stream} is at version {version}; the append expected {append.ExpectedVersion}.",
                "Read what has happened since, decide again, and append with the version you read.");
            return;
        }

        stream ??= _names.Add(append.Stream);
        _names.Touch(stream);
        pending.First = facts.Count;
        long before = facts.Count == 0 ? _lastAt : facts[^1].At.UtcTicks;
        var at = new DateTimeOffset(Math.Max(before, append.At.UtcTicks), TimeSpan.Zero);
        byte[] salts = new byte[append.Facts.Count * Fact.SaltBytes];
        _options.Entropy(salts);
        for (int i = 0; i < append.Facts.Count; i++)
        {
            NewFact said = append.Facts[i];
            var fact = new Fact(_head + facts.Count + 1, stream.Name, ++stream.Next, said.Type, at, said.Payload) { Salt = salts.AsMemory(i * Fact.SaltBytes, Fact.SaltBytes) };
            facts.Add(fact);
            _file.Insert(stream, fact);
        }

        pending.Outcome = new Appended(_head + facts.Count, stream.Next, at);
    }

    void Tell(List<Pending> group, List<Fact> facts)
    {
        IFactObserver[] observers = Volatile.Read(ref _observers);
        if (observers.Length == 0)
        {
            return;
        }

        ReadOnlySpan<Fact> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(facts);
        foreach (Pending append in group)
        {
            if (append.First >= 0)
            {
                foreach (IFactObserver observer in observers)
                {
                    observer.Observed(all.Slice(append.First, append.Append.Facts.Count), append.Append.State);
                }
            }
        }

        foreach (IFactObserver observer in observers)
        {
            observer.GroupObserved();
        }
    }

    /// <summary>No room: the group never happened, and nothing that waited behind it does.</summary>
    void Fail(List<Pending> group, SqliteException full)
    {
        _file.Rollback();
        _names.Undo();
        var behind = new List<Pending>();
        _line.Fail(behind);
        Problem noRoom = FactProblems.StorageFull.Because(
            $"The disk that holds {_file.Path} has no room for another fact ({full.Message}).",
            "Nothing was changed. Free some space or move the data folder; the hub goes on by itself when there is room.");
        foreach (Pending append in group)
        {
            // A refusal made within the group may rest on facts of the group that never happened: all get the same answer.
            append.Outcome = noRoom;
        }

        foreach (Pending append in behind)
        {
            append.Outcome = _line.EpochPassed(Epoch - 1);
        }

        group.AddRange(behind);
        _line.Answered(group);
        Answers.Send(group);
    }

    /// <summary>What is on disk is not known: nobody gets an answer that could be wrong.</summary>
    void Stop(List<Pending> group, Exception failure)
    {
        _line.Close(FactProblems.StorageUnavailable.Because(
            $"The fact log has stopped: {failure.Message}", "The hub must be started again; it then checks and repairs its data folder."));
        _line.Fail(group);
        try
        {
            _options.Stop(failure);
        }
        finally
        {
            var doubt = new IOException("The fact log stopped before it was known whether this append is durable.", failure);
            foreach (Pending append in group)
            {
                append.Doubt = doubt;
            }

            Answers.Send(group);
        }
    }

    /// <summary>
    /// Moves the write-ahead log into the database between two groups, so that it is written from its beginning again. A reader in
    /// the middle of a page can keep it from being moved whole: then it grows, and the next try is soon.
    /// </summary>
    void Checkpoint(int frames)
    {
        if (_file.WalFrames < _framesAtCheckpoint)
        {
            _framesAtCheckpoint = 0; // the log began anew
        }

        if (_file.WalFrames - _framesAtCheckpoint < frames)
        {
            return;
        }

        try
        {
            _options.Fault?.Invoke(FaultPoint.CheckpointBefore); // A crash here or within: the write-ahead log still has everything.
            _framesAtCheckpoint = _file.Checkpoint() ? _file.WalFrames : Math.Max(0, _file.WalFrames - _checkpointFrames * 15 / 16);
            _options.Fault?.Invoke(FaultPoint.CheckpointAfter); // Database and log both have it; recovery reads the log again, to no effect.
        }
        catch (SqliteException full) when (full.DiskFull)
        {
            // The database cannot grow, the write-ahead log still has its room: go on, and try again when it has grown some more.
            _framesAtCheckpoint = _file.WalFrames;
        }
    }

    void Moved()
    {
        _moved?.TrySetResult();
        _moved = null;
    }
}
