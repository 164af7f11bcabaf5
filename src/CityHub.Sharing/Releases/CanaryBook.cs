using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Tables;
using CityHub.Privacy;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Rows of nobody, one set for each grant and receiver. Each field is taken from a row that the receiver's key chooses, and one that tells rows apart (the key, the person) gets new digits and
/// letters in the same places. They are made once and kept, sealed under the hub's secret, so that every delivery to a receiver has the same ones.
/// </summary>
internal sealed class CanaryBook(IView view, ReadOnlyMemory<byte> secret)
{
    public const string ViewName = "canaries";

    private const int Sample = 2000, Most = 10_000, NonceBytes = 12, MacBytes = 16;
    private readonly Lock _gate = new();

    /// <summary>Puts them between the rows of a scan, before rules and masks; those that no rule lets pass leave as little as other rows do. Null where the table is too small to hide them.</summary>
    public Func<RowBatch, RowBatch>? Mixing(ReleasePlan plan, Permit permit, string receiver, ITable table, int count)
    {
        if (Raw(plan, permit, receiver, table, count) is not { } canaries)
            return null;
        var every = Math.Max(1, table.Rows / (canaries.Rows + 1));
        return new Mixer(canaries, every).Next;
    }

    /// <summary>Their raw rows, in the columns that are scanned.</summary>
    public RowBatch? Raw(ReleasePlan plan, Permit permit, string receiver, ITable table, int count)
    {
        if (Of(permit, receiver, table, count) is not { Rows: > 0 } canaries)
            return null;
        return new RowBatch(plan.Scanned, [.. plan.Scanned.Columns.Select(column => canaries.Column(canaries.Schema.IndexOf(column.Name)))]) { Rows = canaries.Rows };
    }

    /// <summary>The raw rows, if any were ever put into a delivery.</summary>
    public RowBuffer? Known(string grant, string receiver, TableSchema schema)
    {
        lock (_gate)
            return view.Get(Name(grant, receiver)) is { } sealedRows ? Read(Open(sealedRows.Span, grant, receiver), schema) : null;
    }

    /// <summary>Everybody for whom some were made.</summary>
    public List<(string Grant, string Receiver)> Receivers()
    {
        lock (_gate)
            return [.. view.Scan().Select(entry => entry.Key.Split('\n')).Where(parts => parts.Length == 2).Select(parts => (parts[0], parts[1]))];
    }

    private RowBuffer? Of(Permit permit, string receiver, ITable table, int count)
    {
        var schema = permit.Dataset.Schema();
        if (Known(permit.Grant.Id, receiver, schema) is { } known)
            return known;
        if (table.Rows < 100 || !Drawn(permit, receiver, table, Math.Min(count, Most)).TryGet(out var made, out _))
            return null;
        lock (_gate)
            view.Commit(view.Position, [new(Name(permit.Grant.Id, receiver), Seal(Write(made), permit.Grant.Id, receiver))]); // a crash before leaves none, and none was sent
        return Known(permit.Grant.Id, receiver, schema);
    }

    private Core.Problems.Result<RowBuffer> Drawn(Permit permit, string receiver, ITable table, int count) =>
        table.Scan(Enumerable.Range(0, table.Schema.Columns.Count).ToArray()).Map(rows => Draw(permit, receiver, rows, count));

    private RowBuffer Draw(Permit permit, string receiver, IRows rows, int count)
    {
        var schema = permit.Dataset.Schema();
        var from = new RowBuffer(rows.Schema);
        var reading = rows.NextAsync();
        if (reading.IsCompletedSuccessfully && reading.GetAwaiter().GetResult() is { } batch)
            for (var row = 0; row < Math.Min(Sample, batch.Rows); row++)
                from.Add(batch, row);
        using var entropy = new SeededEntropy(HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes($"canaries\n{permit.Grant.Id}\n{receiver}")));
        var made = new RowBuffer(schema);
        var one = new RowBatch(schema, Columns.Of(schema)) { Rows = 1 };
        for (var canary = 0; canary < count && from.Rows > 0; canary++)
        {
            for (var i = 0; i < schema.Columns.Count; i++)
            {
                var index = from.Schema.IndexOf(schema.Columns[i].Name);
                if (index < 0 || from.Schema.Columns[index].Type != schema.Columns[i].Type)
                {
                    Columns.AllNull(one.Columns[i], 1);
                    continue;
                }

                Columns.Gather(from.Column(index), new Selection([entropy.NextBelow(from.Rows)], 1, false), one.Columns[i]);
                if (schema.Columns[i].Name == permit.Dataset.Key || schema.Columns[i].Name == permit.Dataset.Subject)
                    Fresh(one.Columns[i], entropy);
            }

            made.Add(one, 0);
        }

        return made;
    }

    private static void Fresh(ColumnBatch column, SeededEntropy entropy)
    {
        if (column.IsNull(0))
            return;
        if (column.Type == ColumnType.Text)
        {
            foreach (ref var letter in column.Bytes.AsSpan(0, column.Offsets[1]))
                letter = letter switch
                {
                    >= (byte)'0' and <= (byte)'9' => (byte)('0' + entropy.NextBelow(10)),
                    >= (byte)'a' and <= (byte)'z' => (byte)('a' + entropy.NextBelow(26)),
                    >= (byte)'A' and <= (byte)'Z' => (byte)('A' + entropy.NextBelow(26)),
                    _ => letter,
                };
        }
        else if (column.Type is ColumnType.Integer)
        {
            var size = Math.Max(10, column.Integers[0]);
            column.Integers[0] = size + (long)entropy.NextBelow((ulong)size);
        }
    }

    private static string Name(string grant, string receiver) => grant + "\n" + receiver;

    private byte[] KeyOf(string grant, string receiver) => HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes($"canaries sealed\n{grant}\n{receiver}"));

    /// <summary>One message under one key, ever: the nonce may be fixed.</summary>
    private byte[] Seal(byte[] rows, string grant, string receiver)
    {
        var box = new byte[NonceBytes + rows.Length + MacBytes];
        using var cipher = new AesGcm(KeyOf(grant, receiver), MacBytes);
        cipher.Encrypt(box.AsSpan(0, NonceBytes), rows, box.AsSpan(NonceBytes, rows.Length), box.AsSpan(NonceBytes + rows.Length));
        return box;
    }

    private byte[] Open(ReadOnlySpan<byte> box, string grant, string receiver)
    {
        var rows = new byte[box.Length - NonceBytes - MacBytes];
        using var cipher = new AesGcm(KeyOf(grant, receiver), MacBytes);
        cipher.Decrypt(box[..NonceBytes], box.Slice(NonceBytes, rows.Length), box[(NonceBytes + rows.Length)..], rows);
        return rows;
    }

    /// <summary>Name and text of each field, so that they are read under a later version of the dataset, too.</summary>
    private static byte[] Write(RowBuffer rows)
    {
        var into = new ArrayBufferWriter<byte>(4096);
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        Number(into, rows.Rows);
        Number(into, rows.Schema.Columns.Count);
        for (var i = 0; i < rows.Schema.Columns.Count; i++)
        {
            Piece(into, Encoding.UTF8.GetBytes(rows.Schema.Columns[i].Name));
            for (var row = 0; row < rows.Rows; row++)
            {
                Number(into, rows.Column(i).IsNull(row) ? 0 : 1);
                Piece(into, rows.Column(i).IsNull(row) ? default : CellText.Of(rows.Column(i), row, scratch));
            }
        }

        return into.WrittenSpan.ToArray();
    }

    private static RowBuffer Read(ReadOnlySpan<byte> from, TableSchema schema)
    {
        var (rows, columns) = (Number(ref from), Number(ref from));
        var kept = new Dictionary<string, string?[]>(StringComparer.Ordinal);
        for (var i = 0; i < columns; i++)
        {
            var values = new string?[rows];
            var name = Encoding.UTF8.GetString(Piece(ref from));
            for (var row = 0; row < rows; row++)
                values[row] = Number(ref from) == 0 ? Nothing(Piece(ref from)) : Encoding.UTF8.GetString(Piece(ref from));
            kept[name] = values;
        }

        var read = new RowBuffer(schema);
        var one = new RowBatch(schema, Columns.Of(schema)) { Rows = 1 };
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < schema.Columns.Count; i++)
            {
                var column = one.Columns[i];
                Columns.AllNull(column, 1);
                if (!kept.TryGetValue(schema.Columns[i].Name, out var values) || values[row] is not { } text || !CellText.TryRead(column.Type, text, out var value))
                    continue;
                column.Nulls = null;
                if (column.Type == ColumnType.Text)
                    (column.Bytes, column.Offsets) = (value.Text, [0, value.Text.Length]);
                else if (column.Type == ColumnType.Number)
                    column.Numbers[0] = value.Number;
                else
                    column.Integers[0] = value.Integer;
            }

            read.Add(one, 0);
        }

        return read;
    }

    private static string? Nothing(ReadOnlySpan<byte> piece) => piece.Length == 0 ? null : Encoding.UTF8.GetString(piece);

    private static void Number(ArrayBufferWriter<byte> into, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(into.GetSpan(4), number);
        into.Advance(4);
    }

    private static void Piece(ArrayBufferWriter<byte> into, ReadOnlySpan<byte> piece)
    {
        Number(into, piece.Length);
        into.Write(piece);
    }

    private static int Number(ref ReadOnlySpan<byte> from)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(from);
        from = from[4..];
        return number;
    }

    private static ReadOnlySpan<byte> Piece(ref ReadOnlySpan<byte> from)
    {
        var length = Number(ref from);
        var piece = from[..length];
        from = from[length..];
        return piece;
    }

    /// <summary>One after every so many rows of the scan.</summary>
    private sealed class Mixer(RowBatch canaries, long every)
    {
        private long _passed;
        private int _next;

        public RowBatch Next(RowBatch batch)
        {
            var before = _passed;
            _passed += batch.Rows;
            if (_next >= canaries.Rows || _passed / every == before / every)
                return batch;
            var mixed = new RowBuffer(canaries.Schema);
            for (var row = 0; row < batch.Rows; row++)
            {
                mixed.Add(batch, row);
                if ((before + row + 1) % every == 0 && _next < canaries.Rows)
                    mixed.Add(canaries, _next++);
            }

            return mixed.Batch;
        }
    }
}
