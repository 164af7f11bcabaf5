using System.Buffers.Binary;
using System.Text;
using CityHub.Core.Tables;
using NpgsqlTypes;

namespace CityHub.Sensing.Sources;

/// <summary>
/// What some transactions did to one table, from messages of the plug-in pgoutput in version 1 of its protocol (PostgreSQL manual, "Logical Replication Message Formats"): every row
/// that was there before a change as one that goes, then each row as the last transaction left it. A row comes once.
/// </summary>
internal sealed class ReplicatedChanges : IRows
{
    /// <summary>Of texts in memory, after which the transactions at hand are delivered.</summary>
    public const int EnoughBytes = 32 << 20;

    /// <summary>Of one transaction: one that changed more is read as the whole table.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>The text of a long value that a change did not touch: the server does not send it again. Compared by reference.</summary>
    private static readonly string Untouched = new('?', 1);

    private readonly PublishedTable _table;
    private readonly List<string?[]> _gone = [];
    private readonly Dictionary<string, string?[]> _rows = new(StringComparer.Ordinal);
    private readonly BatchBuilder _batch;
    private int[] _wanted = [];
    private int[] _identity = [];
    private string?[][]? _left;
    private int _columns = -1;
    private int _nextGone, _next;

    public ReplicatedChanges(PublishedTable table)
    {
        _table = table;
        Schema = new TableSchema([.. table.Columns.Select(c => new TableColumn(c, ColumnType.Text))]);
        _batch = new BatchBuilder(Schema);
    }

    public TableSchema Schema { get; }

    /// <summary>Where the last whole transaction ends; null: there was none.</summary>
    public NpgsqlLogSequenceNumber? UpTo { get; private set; }

    /// <summary>When the last whole transaction was committed, by the server's clock.</summary>
    public DateTimeOffset CommittedAt { get; private set; }

    public bool IsEmpty => _gone.Count == 0 && _rows.Count == 0;

    /// <summary>Why the messages do not say what the table holds now, and it has to be read whole; null: they do.</summary>
    public string? Unsaid { get; set; }

    public long Bytes { get; private set; }

    /// <summary>Of all tables.</summary>
    public int Messages { get; private set; }

    /// <summary>A transaction has ended, and enough is at hand.</summary>
    public bool Enough { get; private set; }

    /// <exception cref="FormatException">These are not the bytes of a message.</exception>
    public void Take(ReadOnlySpan<byte> message)
    {
        Messages++;
        var from = new Reader(message);
        switch ((char)from.Byte())
        {
            case 'C':
                from.Byte();
                from.Int64();
                UpTo = new NpgsqlLogSequenceNumber((ulong)from.Int64());
                CommittedAt = At(from.Int64());
                Enough = Bytes > EnoughBytes;
                break;
            case 'R' when from.UInt32() == _table.Oid:
                Relation(ref from);
                break;
            case 'I' when from.UInt32() == _table.Oid:
                from.Byte();
                Put(Tuple(ref from), null);
                break;
            case 'U' when from.UInt32() == _table.Oid:
                var kind = (char)from.Byte();
                var old = kind is 'K' or 'O' ? Tuple(ref from) : null;
                if (old is not null)
                    from.Byte();
                var row = Tuple(ref from);
                Fill(row, old, whole: kind == 'O');
                // Where the new row is refused the old one does not stay.
                Put(row, Go(old ?? row));
                break;
            case 'D' when from.UInt32() == _table.Oid:
                from.Byte();
                Go(Tuple(ref from));
                break;
            case 'T':
                var relations = from.Int32();
                from.Byte();
                while (relations-- > 0)
                    if (from.UInt32() == _table.Oid)
                        Unsaid = "the table was truncated";
                break;
            default:
                // Begin, origin, type; other tables.
                break;
        }

        if (Bytes > MostBytes)
            Unsaid = "a transaction changed too much to be held";
    }

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        _batch.Clear();
        while (_nextGone < _gone.Count && !_batch.Full)
            Add(_gone[_nextGone++]);
        if (_batch.Rows > 0)
        {
            _batch.Batch.Gone = true;
            return new(_batch.Batch);
        }

        _left ??= [.. _rows.Values];
        while (_next < _left.Length && !_batch.Full)
            Add(_left[_next++]);
        return new(_batch.Rows > 0 ? _batch.Batch : null);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Add(string?[] row)
    {
        foreach (var value in row)
            _batch.Text(value);
    }

    private void Relation(ref Reader from)
    {
        from.Text();
        from.Text();
        var replica = (char)from.Byte();
        var names = new string[from.Int16()];
        var flagged = new List<string>();
        for (var i = 0; i < names.Length; i++)
        {
            var key = from.Byte() != 0;
            names[i] = from.Text();
            if (key)
                flagged.Add(names[i]);
            from.Int32();
            from.Int32();
        }

        _columns = names.Length;
        _wanted = [.. _table.Columns.Select(c => Array.IndexOf(names, c))];
        _identity = [.. _table.Identity.Select(c => Array.IndexOf(names, c))];
        if (_wanted.Concat(_identity).Contains(-1))
            Unsaid = "the table had other columns then";
        if (replica != _table.Replica || (replica != 'f' && !_table.Identity.Order(StringComparer.Ordinal).SequenceEqual(flagged.Order(StringComparer.Ordinal))))
            Unsaid = "the table had another replica identity then";
    }

    /// <summary>What a change did not touch is what it was, as far as the change says that.</summary>
    /// <param name="whole">Of the old row all is said; else its identity.</param>
    private void Fill(string?[] row, string?[]? old, bool whole)
    {
        for (var i = 0; old is not null && i < row.Length; i++)
            if (ReferenceEquals(row[i], Untouched) && (whole || Array.IndexOf(_identity, i) >= 0))
                row[i] = old[i];
    }

    /// <returns>As these changes left it before; null: they did not have it.</returns>
    private string?[]? Go(string?[] old)
    {
        if (KeyOf(old) is not { } key)
            return null;
        _gone.Add(Projected(old));
        _rows.Remove(key, out var before);
        return before;
    }

    private void Put(string?[] tuple, string?[]? before)
    {
        if (KeyOf(tuple) is not { } key)
            return;
        var row = Projected(tuple);
        for (var i = 0; i < row.Length; i++)
        {
            if (!ReferenceEquals(tuple[_wanted[i]], Untouched))
                continue;
            if (before is not null)
                row[i] = before[i];
            else
                Unsaid = "a long value was not touched and is not in the change (REPLICA IDENTITY FULL has it)";
        }

        _rows[key] = row;
    }

    /// <summary>As texts of casts; null what was not touched.</summary>
    private string?[] Projected(string?[] tuple)
    {
        var row = new string?[_wanted.Length];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = ReferenceEquals(tuple[_wanted[i]], Untouched) ? null : _table.AsCast(i, tuple[_wanted[i]]);
            Bytes += 2 * (row[i]?.Length ?? 0);
        }

        Bytes += 100;
        return row;
    }

    /// <summary>Null: the changes do not say it, or not any more.</summary>
    private string? KeyOf(string?[] tuple)
    {
        if (Array.Exists(_identity, i => ReferenceEquals(tuple[i], Untouched)))
            Unsaid = "a long key was not touched and is not in the change (REPLICA IDENTITY FULL has it)";
        return Unsaid is null ? string.Join('\0', _identity.Select(i => tuple[i])) : null;
    }

    private static DateTimeOffset At(long microseconds)
    {
        var epoch = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return microseconds >= 0 && microseconds < (DateTimeOffset.MaxValue - epoch).Ticks / TimeSpan.TicksPerMicrosecond
            ? epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw new FormatException("A transaction has no time.");
    }

    private string?[] Tuple(ref Reader from)
    {
        if (from.Int16() is var count && count != _columns)
            throw new FormatException($"A row has {count} values, and its table {_columns} columns.");
        var values = new string?[count];
        for (var i = 0; i < values.Length; i++)
            values[i] = (char)from.Byte() switch
            {
                'n' => null,
                'u' => Untouched,
                't' => Encoding.UTF8.GetString(from.Take(from.Int32())),
                var kind => throw new FormatException($"A value is of kind {kind}."),
            };
        return values;
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _bytes = bytes;

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _bytes.Length)
                throw new FormatException("A message of the replication ends early.");
            var taken = _bytes[..count];
            _bytes = _bytes[count..];
            return taken;
        }

        public byte Byte() => Take(1)[0];

        public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2)) is >= 0 and var count ? count : throw new FormatException("A message of the replication has a negative count.");

        public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

        public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

        public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

        public string Text()
        {
            var end = _bytes.IndexOf((byte)0);
            var text = Encoding.UTF8.GetString(Take(end));
            Take(1);
            return text;
        }
    }
}
