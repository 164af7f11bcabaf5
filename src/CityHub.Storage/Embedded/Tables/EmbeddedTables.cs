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
            if (known is not null && known.Owner == owner && known.Version == manifests.Count && Same(known.Schema, schema))
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

    public Problem? Check()
    {
        foreach (EmbeddedTable table in All())
        {
            if (table.Check() is { } damage)
            {
                return damage;
            }
        }

        return null;
    }

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
