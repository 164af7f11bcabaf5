using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// Reads one version of a table in its order, a group ahead of who asks. Two groups and one batch are all that it holds, however large the table is.
/// Ends with a <see cref="StorageException"/> where bytes are damaged, or where the owner locks its data on the way.
/// </summary>
internal sealed class TableScan : IRows
{
    readonly EmbeddedTable _table;
    readonly TableVersion _version;
    readonly SegmentDirectory[] _directories;
    readonly int[] _columns;
    readonly Func<ColumnStats[], bool>? _wanted;
    readonly RowBatch _batch;
    readonly ulong[][] _spare;
    readonly int[] _keep = new int[RowBatch.Usual];
    Loaded? _spareGroup, _group;
    Task<Loaded?>? _ahead;
    Seal? _seal;
    int _part, _next, _sealOf = -1, _row;
    long _skip;
    bool _gone;

    /// <param name="version">Held: it is let go with the scan.</param>
    public TableScan(EmbeddedTable table, TableVersion version, int[] columns, TableSchema schema, long from, Func<ColumnStats[], bool>? wanted)
    {
        (_table, _version, _columns, Schema, _skip, _wanted) = (table, version, columns, schema, from, wanted);
        _directories = [.. version.Parts.Select(p => p.Segment.Directory ?? throw p.Segment.Damaged("its directory is not open"))];
        _batch = new RowBatch(schema, [.. schema.Columns.Select(c => new ColumnBatch(c.Type)
        {
            Integers = c.Type is ColumnType.Text or ColumnType.Number ? [] : new long[RowBatch.Usual],
            Numbers = c.Type == ColumnType.Number ? new double[RowBatch.Usual] : [],
            Offsets = c.Type == ColumnType.Text ? new int[RowBatch.Usual + 1] : [],
        })]);
        _spare = [.. columns.Select(_ => new ulong[RowBatch.Usual / 64])];
    }

    public TableSchema Schema { get; }

    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_gone, this);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (_table.Refusal() is { } locked)
            {
                throw new StorageException(locked);
            }

            if (_group is null)
            {
                Loaded? next = _ahead is null ? Load(null) : await _ahead;
                if (next is null)
                {
                    _ahead = Task.FromResult<Loaded?>(null);
                    return null;
                }

                (_group, _row) = (next, 0);
                Loaded? other = _spareGroup;
                _spareGroup = next;
                _ahead = Advance() ? Task.Run(() => Load(other), CancellationToken.None) : Task.FromResult<Loaded?>(null);
            }

            if (_row == _group.Rows)
            {
                _group = null;
                continue;
            }

            int count = Math.Min(RowBatch.Usual, _group.Rows - _row);
            Decode(_group, _row, count);
            Sift(_group, _row, count);
            _row += count;
            if (_batch.Rows > 0)
            {
                return _batch;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_gone)
        {
            return;
        }

        _gone = true;
        if (_ahead is not null)
        {
            await ((Task)_ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _seal?.Dispose();
        EmbeddedTable.LetGo(_version);
    }

    /// <summary>Goes to the next group that has a row to give. False: there is none.</summary>
    bool Advance()
    {
        for (; _part < _version.Parts.Length; _part++, _next = 0)
        {
            TablePart part = _version.Parts[_part];
            for (; _next < _directories[_part].Groups.Length; _next++)
            {
                SegmentDirectory.Group group = _directories[_part].Groups[_next];
                int alive = group.Rows - part.DeadIn(group.First, group.Rows);
                if (alive > 0 && alive > _skip && (_wanted is null || _wanted(ByColumn(part.Segment, group))))
                {
                    return true;
                }

                _skip -= Math.Min(alive, _skip);
            }
        }

        return false;
    }

    static ColumnStats[] ByColumn(Segment segment, SegmentDirectory.Group group) =>
        [.. segment.Map.Select(c => c < 0 ? ColumnStats.None(group.Rows) : group.Stats[c])];

    /// <summary>Reads and opens the next group, off the reader's thread but for the first.</summary>
    Loaded? Load(Loaded? into)
    {
        if (!Advance())
        {
            return null;
        }

        Segment segment = _version.Parts[_part].Segment;
        SegmentDirectory directory = _directories[_part];
        SegmentDirectory.Group group = directory.Groups[_next];
        if (_sealOf != _part)
        {
            _seal?.Dispose();
            (_seal, _sealOf) = (null, -1);
            _seal = segment.NewSeal();
            _sealOf = _part;
        }

        Seal seal = _seal ?? segment.NewSeal();
        into ??= new Loaded(_columns.Length, _version.Parts[_part]);
        (into.Part, into.First, into.Rows, into.Skip) = (_version.Parts[_part], group.First, group.Rows, (int)_skip);
        for (int c = 0; c < _columns.Length; c++)
        {
            int column = segment.Map[_columns[c]];
            into.Has[c] = column >= 0;
            if (column < 0)
            {
                continue;
            }

            try
            {
                int length = segment.Read(seal, directory, _next, column, ref into.Bytes[c]);
                into.Chunks[c].Load(into.Bytes[c], length, Schema.Columns[c].Type, group.Rows);
            }
            catch (DamageException damage)
            {
                throw segment.Damaged(damage.Message);
            }
        }

        _skip = 0;
        _next++;
        return into;
    }

    void Decode(Loaded group, int row, int count)
    {
        for (int c = 0; c < _columns.Length; c++)
        {
            ColumnBatch column = _batch.Columns[c];
            if (group.Has[c])
            {
                try
                {
                    group.Chunks[c].Decode(row, count, column, _spare[c]);
                }
                catch (DamageException damage)
                {
                    throw group.Part.Segment.Damaged(damage.Message);
                }
            }
            else
            {
                // The rows are older than the column.
                column.Nulls = _spare[c];
                column.Nulls.AsSpan().Fill(ulong.MaxValue);
                Array.Clear(column.Offsets);
            }
        }

        _batch.Rows = count;
    }

    /// <summary>Takes out of the batch what is superseded, and what is to be passed over.</summary>
    void Sift(Loaded group, int row, int count)
    {
        int first = group.First + row;
        if (group.Skip == 0 && group.Part.DeadIn(first, count) == 0)
        {
            return;
        }

        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (group.Part.IsDead(first + i))
            {
                continue;
            }

            if (group.Skip > 0)
            {
                group.Skip--;
                continue;
            }

            _keep[kept++] = i;
        }

        foreach (ColumnBatch column in _batch.Columns)
        {
            Sift(column, _keep.AsSpan(0, kept));
        }

        _batch.Rows = kept;
    }

    static void Sift(ColumnBatch column, ReadOnlySpan<int> keep)
    {
        int end = 0;
        for (int i = 0; i < keep.Length; i++)
        {
            int from = keep[i];
            if (column.Nulls is { } nulls)
            {
                ulong bit = nulls[from >> 6] >> (from & 63) & 1;
                nulls[i >> 6] = (nulls[i >> 6] & ~(1UL << (i & 63))) | bit << (i & 63);
            }

            switch (column.Type)
            {
                case ColumnType.Text:
                    (int start, int length) = (column.Offsets[from], column.Offsets[from + 1] - column.Offsets[from]);
                    column.Bytes.AsSpan(start, length).CopyTo(column.Bytes.AsSpan(end));
                    end += length;
                    column.Offsets[i + 1] = end; // never beyond `from` + 1: what is still to be read stays
                    break;
                case ColumnType.Number:
                    column.Numbers[i] = column.Numbers[from];
                    break;
                default:
                    column.Integers[i] = column.Integers[from];
                    break;
            }
        }
    }

    /// <summary>The opened chunks of one group; its buffers serve again.</summary>
    sealed class Loaded
    {
        public Loaded(int columns, TablePart part)
        {
            Bytes = new byte[columns][];
            Array.Fill(Bytes, []);
            Chunks = new Chunk[columns];
            for (int c = 0; c < columns; c++)
            {
                Chunks[c] = new Chunk();
            }

            Has = new bool[columns];
            Part = part;
        }

        public byte[][] Bytes { get; }

        public Chunk[] Chunks { get; }

        public bool[] Has { get; }

        public TablePart Part { get; set; }

        public int First { get; set; }

        public int Rows { get; set; }

        public int Skip { get; set; }
    }
}
