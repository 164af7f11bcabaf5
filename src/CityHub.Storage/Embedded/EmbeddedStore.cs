using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Series;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Facts;
using CityHub.Storage.Embedded.Series;
using CityHub.Storage.Embedded.Snapshots;
using CityHub.Storage.Embedded.Sqlite;
using CityHub.Storage.Embedded.Subjects;
using CityHub.Storage.Embedded.Tables;
using CityHub.Storage.Embedded.Views;

namespace CityHub.Storage.Embedded;

/// <summary>The city's memory in one folder of one process: the fact log, and what is kept beside it to start quickly.</summary>
public sealed class EmbeddedStore : IDisposable, IAsyncDisposable
{
    readonly FolderLock _lock;
    readonly FactLog _log;
    readonly ViewsFile _views;
    readonly EmbeddedSeries _series;
    readonly SubjectKeys _keys;
    readonly ActLog _acts;
    readonly EmbeddedTables _tables;
    bool _disposed;

    EmbeddedStore(string folder, FolderLock held, FactLog log, ViewsFile views, EmbeddedSeries series, SnapshotFolder snapshots, SubjectKeys keys, ActLog acts,
        EmbeddedTables tables, KeptFolder kept) =>
        (Folder, _lock, _log, _views, _series, Snapshots, _keys, _acts, _tables, Kept) = (folder, held, log, views, series, snapshots, keys, acts, tables, kept);

    public string Folder { get; }

    public IFactLog Log => _log;

    public IViews Views => _views;

    public ISeries Series => _series;

    public ISnapshots Snapshots { get; }

    public IKept Kept { get; }

    public IActs Acts => _acts;

    public ITables Tables => _tables;

    /// <summary>
    /// Opens the folder, making it when it is new. Recovery is part of every opening; there is no other path.
    /// </summary>
    public static Result<EmbeddedStore> Open(string folder, TimeProvider time, EmbeddedOptions? options = null)
    {
        options ??= new EmbeddedOptions();
        folder = Path.GetFullPath(folder);
        FolderLock? held = null;
        FactLog? log = null;
        ViewsFile? views = null;
        EmbeddedSeries? series = null;
        SubjectKeys? keys = null;
        try
        {
            options.Fault?.Invoke(FaultPoint.OpenBeforeLock); // Nothing touched.
            Embedded.Folder.Create(folder);
            if (!FolderLock.Take(folder, time).TryGet(out held, out Problem? locked))
            {
                return locked;
            }

            options.Fault?.Invoke(FaultPoint.OpenBeforeFacts); // The kernel gives the lock back.
            if (!FactLog.Open(folder, options).TryGet(out log, out Problem? refused))
            {
                return refused;
            }

            // Facts first: what stands beyond their end proves that some are missing.
            if (!ViewsFile.Open(folder, log.Head, options).TryGet(out views, out refused)
                || !EmbeddedSeries.Open(folder, log.Head, time, options.Series with { Fault = options.Fault }, options.Stop).TryGet(out series, out refused)
                || !SnapshotFolder.Open(folder, log.Head, options).TryGet(out SnapshotFolder? snapshots, out refused)
                || !SubjectKeys.Open(folder, options).TryGet(out keys, out refused))
            {
                return refused;
            }

            var store = new EmbeddedStore(folder, held, log, views, series, snapshots, keys, ActLog.Open(log, views, keys, time, options.Entropy),
                new EmbeddedTables(folder, options), KeptFolder.Open(folder, options));
            (held, log, views, series, keys) = (null, null, null, null, null);
            return store;
        }
        catch (SqliteException failure)
        {
            return Explain(folder, failure);
        }
        catch (IOException failure)
        {
            return Unavailable(folder, failure.Message);
        }
        catch (UnauthorizedAccessException failure)
        {
            return Unavailable(folder, failure.Message);
        }
        finally
        {
            keys?.Dispose();
            series?.Dispose();
            views?.Dispose();
            log?.Dispose();
            held?.Dispose();
        }
    }

    /// <summary>Reads every fact and checks it: content, place, version (0.3 s for a million facts). Ends with the first damage.</summary>
    /// <returns>How many facts there are.</returns>
    public Result<long> Verify(CancellationToken cancel = default)
    {
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        long count = 0;
        try
        {
            foreach (Fact fact in Log.Read(0))
            {
                cancel.ThrowIfCancellationRequested();
                long before = versions.GetValueOrDefault(fact.Stream);
                if (fact.Version != before + 1)
                {
                    return RowReader.Damaged(fact.Position, $"it has version {fact.Version} of stream {fact.Stream} after version {before}");
                }

                versions[fact.Stream] = fact.Version;
                count++;
            }
        }
        catch (StorageException damage)
        {
            return damage.Problem;
        }

        return count;
    }

    /// <summary>Whether the list of acts by person is the one that the facts give.</summary>
    /// <returns>The first thing that is wrong; null where nothing is.</returns>
    public string? CheckActs() => _acts.Check();

    /// <summary>Whether every byte of a table is what its manifests say; needs nobody's key, and changes nothing.</summary>
    /// <returns>The first damage; null where there is none.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public Problem? CheckTable(string name, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => _tables.Check(name, manifests);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _log.Dispose();
        _acts.Dispose();
        _series.Dispose();
        _views.Dispose();
        _tables.Dispose();
        _keys.Dispose();
        _lock.Dispose();
    }

    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    static Problem Explain(string folder, SqliteException failure) =>
        failure.Damaged ? FactProblems.StorageDamaged.Because(
            failure.Message,
            failure.Message.Contains(SeriesFile.FileName, StringComparison.Ordinal) ? SeriesFile.Cure
            : failure.Message.Contains(ViewsFile.FileName, StringComparison.Ordinal)
                ? $"Remove {ViewsFile.FileName}, its -wal and its -shm: views are rebuilt from the facts."
                : "Keep a copy of the folder, check the disk, and restore the last backup.")
        : failure.DiskFull ? FactProblems.StorageFull.Because($"The disk that holds {folder} is full ({failure.Message}).", "Free some space and start again; nothing was changed.")
        : Unavailable(folder, failure.Message);

    static Problem Unavailable(string folder, string why) => FactProblems.StorageUnavailable.Because(
        $"The data folder {folder} cannot be used: {why}", "Check that it exists, belongs to the user the hub runs as, and is on a disk that can be written.");
}
