using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>The rows of the group that is being filled. Where a row has no value, what the sender's buffer happened to hold is not kept.</summary>
internal sealed class GroupBuffer
{
    readonly int _most;
    readonly int _mostBytes;
    readonly ColumnBatch[] _columns;
    readonly int[] _nulls;
    int _bytes;

    /// <param name="most">Rows of a full group …</param>
    /// <param name="mostBytes">… or bytes of text, which is what keeps readers' memory flat.</param>
    public GroupBuffer(TableSchema schema, int most, int mostBytes)
    {
        (_most, _mostBytes) = (most, mostBytes);
        _nulls = new int[schema.Columns.Count];
        _columns = [.. schema.Columns.Select(c => new ColumnBatch(c.Type)
        {
            Integers = c.Type is ColumnType.Text or ColumnType.Number ? [] : new long[most],
            Numbers = c.Type == ColumnType.Number ? new double[most] : [],
            Offsets = c.Type == ColumnType.Text ? new int[most + 1] : [],
            Bytes = c.Type == ColumnType.Text ? new byte[most * 4] : [],
            Nulls = new ulong[(most + 63) / 64],
        })];
    }

    public int Rows { get; private set; }

    public bool Full => Rows == _most || _bytes >= _mostBytes;

    public ColumnBatch Column(int index) => _columns[index];

    public int NullsOf(int index) => _nulls[index];

    public void Clear()
    {
        Rows = _bytes = 0;
        Array.Clear(_nulls);
        foreach (ColumnBatch column in _columns)
        {
            Array.Clear(column.Nulls ?? []);
        }
    }

    /// <returns>How many of the rows found room: at least one where the group is not full.</returns>
    public int Add(RowBatch batch, int from)
    {
        int count = Fitting(batch, from);
        for (int c = 0; c < _columns.Length; c++)
        {
            Add(c, batch.Columns[c], from, count);
        }

        Rows += count;
        return count;
    }

    int Fitting(RowBatch batch, int from)
    {
        int most = Math.Min(batch.Rows - from, _most - Rows);
        long all = 0;
        foreach (ColumnBatch column in batch.Columns)
        {
            all += column.Type == ColumnType.Text ? column.Offsets[from + most] - column.Offsets[from] : 0;
        }

        if (_bytes + all <= _mostBytes)
        {
            _bytes += (int)all;
            return most;
        }

        int fitting = 0;
        for (; fitting < most && (fitting == 0 || _bytes < _mostBytes); fitting++)
        {
            foreach (ColumnBatch column in batch.Columns)
            {
                _bytes += column.Type == ColumnType.Text ? column.Offsets[from + fitting + 1] - column.Offsets[from + fitting] : 0;
            }
        }

        return fitting;
    }

    void Add(int index, ColumnBatch source, int from, int count)
    {
        ColumnBatch target = _columns[index];
        ulong[] nulls = target.Nulls ?? [];
        bool some = source.Nulls is not null;
        switch (source.Type)
        {
            case ColumnType.Text:
                AddTexts(target, source, from, count, some);
                break;
            case ColumnType.Number:
                source.Numbers.AsSpan(from, count).CopyTo(target.Numbers.AsSpan(Rows));
                break;
            default:
                source.Integers.AsSpan(from, count).CopyTo(target.Integers.AsSpan(Rows));
                break;
        }

        for (int i = 0; some && i < count; i++)
        {
            if (!source.IsNull(from + i))
            {
                continue;
            }

            int row = Rows + i;
            nulls[row >> 6] |= 1UL << (row & 63);
            _nulls[index]++;
            if (source.Type == ColumnType.Number)
            {
                target.Numbers[row] = 0;
            }
            else if (source.Type != ColumnType.Text)
            {
                target.Integers[row] = row == 0 ? 0 : target.Integers[row - 1]; // no step costs least
            }
        }
    }

    void AddTexts(ColumnBatch target, ColumnBatch source, int from, int count, bool some)
    {
        int at = Rows == 0 ? 0 : target.Offsets[Rows];
        target.Offsets[Rows] = at;
        int length = source.Offsets[from + count] - source.Offsets[from];
        if (target.Bytes.Length - at < length)
        {
            byte[] larger = new byte[Math.Max(at + length, target.Bytes.Length * 2)];
            target.Bytes.AsSpan(0, at).CopyTo(larger);
            target.Bytes = larger;
        }

        if (!some)
        {
            source.Bytes.AsSpan(source.Offsets[from], length).CopyTo(target.Bytes.AsSpan(at));
            int move = at - source.Offsets[from];
            for (int i = 1; i <= count; i++)
            {
                target.Offsets[Rows + i] = source.Offsets[from + i] + move;
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            if (!source.IsNull(from + i))
            {
                ReadOnlySpan<byte> text = source.Utf8(from + i);
                text.CopyTo(target.Bytes.AsSpan(at));
                at += text.Length;
            }

            target.Offsets[Rows + i + 1] = at;
        }
    }
}
