using System.Buffers;
using CityHub.Core.Tables;
using Parquet;
using Parquet.Schema;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Rows as Apache Parquet, a row group at a time: texts as UTF-8, whole numbers as INT64, numbers as DOUBLE, dates as DATE, instants as TIMESTAMP (UTC, microseconds); every column may have no value.
/// A day or an instant that no calendar has is no value. The column interface of the library, which needs no reflection (decision 8).
/// </summary>
internal static class ReleaseParquet
{
    public const string MediaType = "application/vnd.apache.parquet";

    private const int RowsInGroup = 1 << 16;
    private const long BytesInGroup = 16 << 20;

    /// <param name="columns">Of the release, in the order in which they are written.</param>
    /// <param name="buffer">Takes the bytes of the file.</param>
    /// <param name="flush">Is called between row groups: what is in the buffer may leave.</param>
    /// <returns>The rows written.</returns>
    public static async Task<long> WriteAsync(ReleaseStream release, IReadOnlyList<int> columns, IBufferWriter<byte> buffer, Func<ValueTask> flush, CancellationToken cancel)
    {
        var shown = new TableSchema([.. columns.Select(i => release.Schema.Columns[i])]);
        var fields = shown.Columns.Select(FieldOf).ToArray();
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), new BufferStream(buffer), new ParquetOptions { CompressionMethod = CompressionMethod.Gzip }, cancellationToken: cancel);
        var (group, rows) = (new RowBuffer(shown), 0L);
        while (await release.NextAsync(cancel) is { } batch)
        {
            var picked = new RowBatch(shown, [.. columns.Select(i => batch.Columns[i])]) { Rows = batch.Rows };
            for (var row = 0; row < picked.Rows; row++)
            {
                group.Add(picked, row);
                rows++;
                if (group.Rows < RowsInGroup && group.Bytes < BytesInGroup)
                    continue;
                await WriteAsync(writer, fields, group, cancel);
                await flush();
                group = new RowBuffer(shown);
            }
        }

        if (group.Rows > 0)
            await WriteAsync(writer, fields, group, cancel);
        return rows;
    }

    private static async Task WriteAsync(ParquetWriter writer, DataField[] fields, RowBuffer rows, CancellationToken cancel)
    {
        using var group = writer.CreateRowGroup();
        for (var i = 0; i < fields.Length; i++)
        {
            var column = rows.Column(i);
            switch (column.Type)
            {
                case ColumnType.Text:
                    await group.WriteAsync(fields[i], Enumerable.Range(0, rows.Rows).Select(row => column.IsNull(row) ? null! : column.Text(row)).ToArray());
                    break;
                case ColumnType.Integer:
                    await group.WriteAsync<long>(fields[i], Values<long>(rows, column, row => column.Integers[row]), cancellationToken: cancel);
                    break;
                case ColumnType.Number:
                    await group.WriteAsync<double>(fields[i], Values<double>(rows, column, row => column.Numbers[row]), cancellationToken: cancel);
                    break;
                case ColumnType.Boolean:
                    await group.WriteAsync<bool>(fields[i], Values<bool>(rows, column, row => column.Integers[row] != 0), cancellationToken: cancel);
                    break;
                case ColumnType.Date:
                    await group.WriteAsync<DateTime>(fields[i], Values<DateTime>(rows, column, row => CellText.DateOf(column.Integers[row])?.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)), cancellationToken: cancel);
                    break;
                default:
                    await group.WriteAsync<DateTime>(fields[i], Values<DateTime>(rows, column, row => CellText.InstantOf(column.Integers[row])), cancellationToken: cancel);
                    break;
            }
        }

        group.CompleteValidate();
    }

    private static ReadOnlyMemory<T?> Values<T>(RowBuffer rows, ColumnBatch column, Func<int, T?> value)
        where T : struct
    {
        var values = new T?[rows.Rows];
        for (var row = 0; row < values.Length; row++)
            values[row] = column.IsNull(row) ? null : value(row);
        return values;
    }

    private static DataField FieldOf(TableColumn column) => column.Type switch
    {
        ColumnType.Text => new DataField(column.Name, typeof(string), isNullable: true),
        ColumnType.Integer => new DataField(column.Name, typeof(long), isNullable: true),
        ColumnType.Number => new DataField(column.Name, typeof(double), isNullable: true),
        ColumnType.Boolean => new DataField(column.Name, typeof(bool), isNullable: true),
        ColumnType.Date => new DateTimeDataField(column.Name, DateTimeFormat.Date, isNullable: true),
        _ => new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: true),
    };

    /// <summary>Bytes into a buffer, and how many there were: the file's table of contents says where each part lies.</summary>
    private sealed class BufferStream(IBufferWriter<byte> buffer) : Stream
    {
        private long _written;

        public override bool CanRead => false;

        public override bool CanSeek => true;

        public override bool CanWrite => true;

        public override long Length => _written;

        public override long Position { get => _written; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> bytes)
        {
            buffer.Write(bytes);
            _written += bytes.Length;
        }

        public override void Write(byte[] bytes, int offset, int count) => Write(bytes.AsSpan(offset, count));

        public override Task WriteAsync(byte[] bytes, int offset, int count, CancellationToken cancellationToken)
        {
            Write(bytes.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
        {
            Write(bytes.Span);
            return default;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] bytes, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
