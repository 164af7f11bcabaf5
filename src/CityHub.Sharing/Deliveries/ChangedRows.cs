using System.Buffers;
using System.Globalization;
using System.Text;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Deliveries;

/// <summary>
/// Rows without those that stand in the table already, as they are, and without those that go and are not there. What goes and comes again
/// is there; what goes and stays away is given last. The table has a key, and nobody else writes to it meanwhile.
/// </summary>
internal sealed class ChangedRows(IRows rows, ITable table) : IRows
{
    private static readonly DateTime Epoch = DateTime.UnixEpoch;
    private readonly BatchBuilder _changed = new(rows.Schema);
    private readonly HashSet<string> _put = new(StringComparer.Ordinal); // keys: the row in the table is not the last one with such a key
    private readonly Dictionary<string, (long Integer, double Number)> _gone = new(StringComparer.Ordinal); // by key as it is written
    private readonly int[] _all = [.. Enumerable.Range(0, rows.Schema.Columns.Count)];

    public TableSchema Schema => rows.Schema;

    /// <exception cref="IntakeException">The table cannot be read: its owner has locked it, or it is damaged.</exception>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        while (await rows.NextAsync(cancel) is { } batch)
        {
            _changed.Clear();
            if (batch.Gone)
            {
                if (Go(batch))
                    continue;
                return batch;
            }

            for (var row = 0; row < batch.Rows; row++)
                if (!Stands(batch, row))
                    Put(batch, row);
            if (_changed.Rows > 0)
                return _changed.Batch;
        }

        _changed.Clear();
        foreach (var (written, key) in _gone)
        {
            if (_changed.Full)
                break;
            _gone.Remove(written);
            PutGone(written, key);
        }

        _changed.Batch.Gone = true;
        return _changed.Rows > 0 ? _changed.Batch : null;
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();

    /// <returns>False: one has no key, and the table will say so.</returns>
    private bool Go(RowBatch batch)
    {
        var key = batch.Columns[table.Schema.Key];
        for (var row = 0; row < batch.Rows; row++)
        {
            if (key.IsNull(row))
                return false;
            var written = Written(key, row);
            if (_put.Contains(written) || Find(written).Rows > 0)
                _gone[written] = key.Type switch
                {
                    ColumnType.Text => default,
                    ColumnType.Number => (0, key.Numbers[row]),
                    _ => (key.Integers[row], 0),
                };
        }

        return true;
    }

    private RowBatch Find(string written) => table.Find(Encoding.UTF8.GetBytes(written), _all).TryGet(out var known, out var problem) ? known : throw new IntakeException(problem);

    private bool Stands(RowBatch batch, int row)
    {
        var key = batch.Columns[table.Schema.Key];
        if (key.IsNull(row))
            return false;
        var written = Written(key, row);
        _gone.Remove(written);
        if (_put.Contains(written))
            return false;
        var known = Find(written);
        var same = known.Rows > 0;
        for (var column = 0; same && column < batch.Columns.Length; column++)
            same = Same(batch.Columns[column], row, known.Columns[column]);
        if (!same)
            _put.Add(written);
        return same;
    }

    private static bool Same(ColumnBatch one, int row, ColumnBatch other) => one.IsNull(row) || other.IsNull(0)
        ? one.IsNull(row) == other.IsNull(0)
        : one.Type switch
        {
            ColumnType.Text => one.Utf8(row).SequenceEqual(other.Utf8(0)),
            ColumnType.Number => one.Numbers[row].Equals(other.Numbers[0]),
            _ => one.Integers[row] == other.Integers[0],
        };

    /// <summary>A key as <see cref="ITable.Find"/> takes it.</summary>
    private static string Written(ColumnBatch key, int row) => key.Type switch
    {
        ColumnType.Text => key.Text(row),
        ColumnType.Number => key.Numbers[row].ToString("R", CultureInfo.InvariantCulture),
        ColumnType.Boolean => key.Integers[row] == 0 ? "false" : "true",
        ColumnType.Date => DateOnly.FromDateTime(Epoch).AddDays((int)key.Integers[row]).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ColumnType.Instant => Epoch.AddTicks(key.Integers[row] * TimeSpan.TicksPerMicrosecond).ToString("O", CultureInfo.InvariantCulture),
        _ => key.Integers[row].ToString(CultureInfo.InvariantCulture),
    };

    private void PutGone(string written, (long Integer, double Number) key)
    {
        for (var column = 0; column < Schema.Columns.Count; column++)
        {
            if (column != table.Schema.Key)
                _changed.Null();
            else if (Schema.Columns[column].Type == ColumnType.Text)
                _changed.Text(written);
            else if (Schema.Columns[column].Type == ColumnType.Number)
                _changed.Number(key.Number);
            else
                _changed.Integer(key.Integer);
        }
    }

    private void Put(RowBatch batch, int row)
    {
        foreach (var column in batch.Columns)
        {
            if (column.IsNull(row))
                _changed.Null();
            else if (column.Type == ColumnType.Text)
                _changed.Text(column.Utf8(row));
            else if (column.Type == ColumnType.Number)
                _changed.Number(column.Numbers[row]);
            else
                _changed.Integer(column.Integers[row]);
        }
    }
}
