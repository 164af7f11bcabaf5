using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>tables/{name}/: the rows of datasets, a folder each.</summary>
internal sealed class EmbeddedTables : ITables, IDisposable
{
    readonly Lock _gate = new();
    readonly Dictionary<string, EmbeddedTable> _open = new(StringComparer.Ordinal);
    readonly string _folder;
    readonly EmbeddedOptions _options;

    public EmbeddedTables(string folder, EmbeddedOptions options)
    {
        (_folder, _options) = (Path.Combine(folder, "tables"), options);
        if (options.Tables.Keys is DepartmentKeys keys)
        {
            keys.Locked += Forget;
        }
    }

    public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfZero(schema.Columns.Count, nameof(schema));
        lock (_gate)
        {
            EmbeddedTable? known = _open.GetValueOrDefault(name);
            if (known is not null && known.Owner == owner && Same(known.Schema, schema) && known.IsAt(manifests))
            {
                return known;
            }

            try
            {
                if (!EmbeddedTable.Open(Path.Combine(_folder, FileName(name)), name, schema, owner, manifests, _options).TryGet(out EmbeddedTable? table, out Problem? refused))
                {
                    return refused;
                }

                known?.Dispose(); // its readers keep what they hold
                _open[name] = table;
                return table;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return FactProblems.StorageUnavailable.Because(
                    $"The folder of table {name} cannot be used: {failure.Message}", "Check that it belongs to the user the hub runs as, and is on a disk that can be written.");
            }
        }
    }

    public ITable? Find(string name)
    {
        lock (_gate)
        {
            return _open.GetValueOrDefault(name);
        }
    }

    public Result<Done> Remove(string name)
    {
        lock (_gate)
        {
            if (_open.Remove(name, out EmbeddedTable? table))
            {
                table.Dispose(); // its readers keep what they hold
            }

            return RemoveFolder(name, Path.Combine(_folder, FileName(name)));
        }
    }

    public Result<int> Keep(IReadOnlyCollection<string> names)
    {
        lock (_gate)
        {
            if (!Directory.Exists(_folder))
            {
                return 0;
            }

            var kept = names.Select(FileName).ToHashSet(StringComparer.Ordinal);
            int removed = 0;
            foreach (string folder in Directory.GetDirectories(_folder))
            {
                if (kept.Contains(Path.GetFileName(folder)))
                {
                    continue;
                }

                if (RemoveFolder(Uri.UnescapeDataString(Path.GetFileName(folder)), folder).Problem is { } refused)
                {
                    return refused;
                }

                removed++;
            }

            return removed;
        }
    }

    public Problem? Check(string name, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => EmbeddedTable.Check(Path.Combine(_folder, FileName(name)), name, manifests);

    public void Dispose()
    {
        if (_options.Tables.Keys is DepartmentKeys keys)
        {
            keys.Locked -= Forget;
        }

        foreach (EmbeddedTable table in All())
        {
            table.Dispose();
        }
    }

    /// <summary>Wherever it is stopped, it is done again by whoever starts next: no fact names the table any more.</summary>
    Result<Done> RemoveFolder(string name, string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return Done.Value;
            }

            _options.Fault?.Invoke(FaultPoint.RemoveBeforeFiles); // All of it is there.
            foreach (string path in Directory.EnumerateFiles(folder))
            {
                File.Delete(path);
            }

            _options.Fault?.Invoke(FaultPoint.RemoveBeforeFolder); // An empty folder.
            Directory.Delete(folder);
            _options.Fault?.Invoke(FaultPoint.RemoveBeforeSync); // Gone; after a power failure perhaps there again.
            Embedded.Folder.Sync(_folder);
            return Done.Value;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return FactProblems.StorageUnavailable.Because(
                $"The folder of table {name} cannot be removed: {failure.Message}", "Check that it belongs to the user the hub runs as; the hub tries again.");
        }
    }

    void Forget(string department)
    {
        foreach (EmbeddedTable table in All())
        {
            if (table.Owner == department)
            {
                table.Forget();
            }
        }
    }

    EmbeddedTable[] All()
    {
        lock (_gate)
        {
            return [.. _open.Values];
        }
    }

    static bool Same(TableSchema a, TableSchema b) => a.Key == b.Key && a.Version == b.Version && a.Columns.SequenceEqual(b.Columns);

    /// <summary>A name of any letters as the name of one folder.</summary>
    internal static string FileName(string name) => Uri.EscapeDataString(name).Replace("*", "%2A", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal);
}
