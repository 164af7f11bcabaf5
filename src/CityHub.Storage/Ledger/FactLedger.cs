using System.Buffers;
using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Storage.Ledger;

/// <summary>
/// Follows the fact log into the ledger: a leaf for each fact, in order, and a signed checkpoint at most a second after a fact was acknowledged. The fact log
/// is the truth: what a crash takes from the ledger is written again from there, so there is nothing to repair and nothing to lose. Its own thread; the fact
/// log never waits for it.
/// </summary>
public sealed class FactLedger : IFactObserver, IDisposable
{
    /// <summary>Facts on their way that are kept in memory; what goes beyond is read back from the log.</summary>
    private const int MostQueued = 65_536;

    private const long MostQueuedBytes = 64 << 20;

    /// <summary>Leaves between two commits while catching up.</summary>
    private const int Batch = 65_536;

    /// <summary>Facts become leaves at least so often, so that they do not grow old in memory: kept until the checkpoint they cost the collector more than their hashes.</summary>
    private static readonly TimeSpan GatherEvery = TimeSpan.FromMilliseconds(40);

    private static readonly TimeSpan SyncEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly IFactLog _log;
    private readonly LogWriter _writer;
    private readonly FactLedgerOptions _options;
    private readonly FactLeaf _leaf;
    private readonly TimeProvider _time;
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private List<Fact> _queue = [], _taken = [];
    private long _queuedBytes;
    private bool _overflown;

    /// <summary>Of the log's thread alone: the first fact after a checkpoint, or the one that found no room in the queue.</summary>
    private bool _tell;

    /// <summary>When the queue was taken: a fact that came later waits from then on at the most.</summary>
    private long _gathered;

    /// <summary>No fact has come since the checkpoint.</summary>
    private bool _still = true;
    private long _since;
    private long _synced;
    private bool _unsynced;
    private long _wanted;
    private volatile bool _stop;
    private LedgerHead _head;
    private volatile bool _signAgain;
    private volatile string? _trouble;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FactLedger(IFactLog log, LogWriter writer, FactLedgerOptions options, TimeProvider time, LedgerHead head)
    {
        (_log, _writer, _options, _time, _head) = (log, writer, options, time, head);
        _leaf = new FactLeaf(options.Trees.Select(t => t.Hash));
        _thread = new Thread(Run) { Name = "ledger", IsBackground = true };
    }

    /// <summary>The newest signed checkpoints: one for each tree, all of one size.</summary>
    public LedgerHead Head => Volatile.Read(ref _head);

    /// <summary>Why the ledger cannot be written at present; null when it can.</summary>
    public string? Trouble => _trouble;

    public IReadOnlyList<LogTree> Trees => _options.Trees;

    public string Folder => _options.Folder;

    /// <summary>Opens the ledger beside its fact log, and follows from where it stands.</summary>
    /// <exception cref="LedgerException">The two do not belong together, or the ledger's files do not check.</exception>
    public static FactLedger Open(IFactLog log, FactLedgerOptions options, TimeProvider time)
    {
        var writer = LogWriter.Open(options.Folder, new LogWriterOptions { Trees = options.Trees, Threads = 2, Repeatable = true });
        try
        {
            var ledger = new FactLedger(log, writer, options, time, LedgerHead.Of(options.Folder, options.Trees));
            ledger.CheckEnd();
            log.Observe(ledger);
            ledger._since = ledger._synced = time.GetTimestamp();
            ledger._thread.Start();
            return ledger;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>A checkpoint that covers the position of a fact, made at once. Only the ledger's trouble (a full disk) makes it wait.</summary>
    public async ValueTask<LedgerHead> CoverAsync(long position, CancellationToken cancel)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_head.Size >= position)
                    return _head;
                ObjectDisposedException.ThrowIf(_stop, this);
                _wanted = Math.Max(_wanted, position);
                moved = _moved.Task;
            }

            _wake.Set();
            await moved.WaitAsync(cancel);
        }
    }

    /// <summary>Completes when there is a checkpoint of more entries.</summary>
    public async ValueTask<LedgerHead> NextAsync(long size, CancellationToken cancel)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_head.Size > size)
                    return _head;
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancel);
        }
    }

    /// <summary>The keys have changed: the same entries are signed with the new ones.</summary>
    public void SignAgain()
    {
        _signAgain = true;
        _wake.Set();
    }

    public void Observed(ReadOnlySpan<Fact> facts, object? state)
    {
        lock (_gate)
        {
            foreach (ref readonly var fact in facts)
            {
                if (_overflown || _queue.Count >= MostQueued || _queuedBytes > MostQueuedBytes)
                {
                    // What is in the queue is good up to here; the rest is read from the log.
                    _overflown = _tell = true;
                    return;
                }

                if (_still)
                {
                    _since = _time.GetTimestamp();
                    _still = false;
                    _tell = true;
                }

                _queue.Add(fact);
                _queuedBytes += fact.Payload.Length;
            }
        }
    }

    /// <summary>Once for many groups: waking the ledger for each took a twentieth of the broker's updates.</summary>
    public void GroupObserved()
    {
        if (_tell)
        {
            _tell = false;
            _wake.Set();
        }
    }

    /// <summary>Takes in what the log has, signs it, and closes.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stop)
                return;
            _stop = true;
        }

        _wake.Set();
        if (_thread.IsAlive)
            _thread.Join();
        lock (_gate)
            _moved.TrySetResult();
        _writer.Dispose();
        _wake.Dispose();
    }

    /// <summary>The last leaf that was written is that of the fact in its place: otherwise one of the two was exchanged or set back.</summary>
    private void CheckEnd()
    {
        var size = _writer.Size;
        if (_writer.Promised > _log.Head)
        {
            throw new LedgerException(FormattableString.Invariant(
                $"The ledger has {_writer.Promised} entries and the log {_log.Head} facts: facts are missing. Was the log restored from an older backup than the ledger?"));
        }

        if (size == 0)
            return;
        var source = new FolderTileSource(_options.Folder);
        var bundle = (size - 1) / TilePath.FullWidth;
        var inside = (int)((size - 1) % TilePath.FullWidth);
        var bytes = source.ReadAtLeast(TilePath.Bundle(bundle, inside + 1)) ?? throw new LedgerException($"{TilePath.Bundle(bundle, inside + 1)} is missing.");
        var kept = EntryBundle.Read(bytes, inside + 1)[inside];
        foreach (var fact in _log.Read(size - 1))
        {
            if (!_leaf.Write(fact).AsSpan().SequenceEqual(kept))
                throw new LedgerException(FormattableString.Invariant($"Entry {size - 1} of the ledger is not the leaf of fact {size}: one of the two was exchanged."));
            return;
        }
    }

    private void Run()
    {
        while (true)
        {
            try
            {
                var work = WaitForWork();
                if (work == Work.None)
                    return;
                Gather();
                if (work == Work.Publish && (_writer.Pending > 0 || _writer.Size > _head.Size || _signAgain))
                    Publish();

                if (_stop || _time.GetElapsedTime(_synced) >= SyncEvery)
                    Sync();
                _trouble = null;
            }
            catch (Exception failure) when (failure is LedgerException or IOException or UnauthorizedAccessException)
            {
                // The log goes on without the ledger; whoever needs a receipt waits, and everybody sees why.
                _trouble = failure.Message;
                if (_stop)
                    return;
                _wake.WaitOne(Patience);
            }
        }
    }

    private enum Work
    {
        /// <summary>Everything is written and the ledger is closing.</summary>
        None,
        Gather,
        Publish,
    }

    private Work WaitForWork()
    {
        while (true)
        {
            TimeSpan wait;
            var gather = false;
            lock (_gate)
            {
                var behind = _log.Head - _head.Size;
                if (behind <= 0 && !_signAgain)
                {
                    // What is in the queue has been read from the log already; the next fact is the first again, and wakes.
                    _queue.Clear();
                    _queuedBytes = 0;
                    _still = true;
                    if (_stop && _unsynced)
                        return Work.Publish;
                    if (_stop)
                        return Work.None;
                    wait = _unsynced ? SyncEvery - _time.GetElapsedTime(_synced) : Timeout.InfiniteTimeSpan;
                    if (_unsynced && wait <= TimeSpan.Zero)
                        return Work.Publish;
                }
                else
                {
                    wait = _options.Every - _time.GetElapsedTime(_since);
                    if (_stop || _signAgain || _wanted > _head.Size || _overflown || behind >= Batch || wait <= TimeSpan.Zero)
                        return Work.Publish;
                    gather = wait > GatherEvery;
                }
            }

            if (!_wake.WaitOne(gather ? GatherEvery : wait) && gather)
                return Work.Gather;
        }
    }

    /// <summary>Appends the leaves of the facts that came. What is not in the queue is read back from the log.</summary>
    private void Gather()
    {
        if (_writer.Pending >= Batch)
            _writer.Commit(); // what a full disk has kept from being written does not become more
        bool whole;
        lock (_gate)
        {
            _gathered = _time.GetTimestamp();
            (_queue, _taken) = (_taken, _queue);
            _queuedBytes = 0;
            whole = !_overflown;
            _overflown = false;
        }

        try
        {
            var next = _writer.Size + _writer.Pending + 1;
            if (next > _log.Head)
                return;
            foreach (var fact in whole && _taken.Count > 0 && _taken[0].Position <= next ? _taken : _log.Read(next - 1))
            {
                if (fact.Position < next)
                    continue;
                _buffer.ResetWrittenCount();
                _leaf.Write(fact, _buffer);
                _writer.Append(_buffer.WrittenSpan);
                if (fact.Position % Batch == 0)
                    _writer.Commit();
            }
        }
        finally
        {
            _taken.Clear();
        }
    }

    /// <summary>The facts are durable, so the ledger need not be at once: what a power failure takes is written again, and must give what was signed.</summary>
    private void Sync()
    {
        _writer.Sync();
        (_synced, _unsynced) = (_time.GetTimestamp(), false);
    }

    private void Publish()
    {
        var again = _signAgain;
        _signAgain = false;
        _unsynced = true;
        IReadOnlyList<SignedNote> notes;
        try
        {
            notes = _writer.Publish([.. _options.Signers()]);
        }
        catch
        {
            _signAgain |= again;
            throw;
        }

        lock (_gate)
        {
            _head = new LedgerHead(_writer.Size, notes);
            _since = _gathered;
            _still = _queue.Count == 0;
            _moved.TrySetResult();
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
