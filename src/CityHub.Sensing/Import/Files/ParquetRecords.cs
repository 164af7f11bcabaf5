using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;
using Parquet;
using Parquet.Schema;

namespace CityHub.Sensing.Import.Files;

/// <summary>
/// Rows of Apache Parquet, one row group after the other, and of it only the columns that are asked for. Times become ISO 8601; a nested or repeated
/// column is none. Uses the column interface of Parquet.Net, which needs no reflection.
/// </summary>
internal sealed class ParquetRecords : RecordReader
{
    /// <summary>Cells of one row group that are read at once: a group beyond it does not fit into memory in reason.</summary>
    private const long MostCells = 50_000_000;

    private readonly ParquetReader _reader;
    private readonly Stream _stream;
    private readonly DataField[] _fields;
    private readonly byte[] _text = new byte[64 << 10];
    private bool[]? _needed;
    private Column?[] _columns = [];
    private int _group = -1;
    private int _rowsInGroup;
    private int _next;
    private long _before;
    private readonly long _rows;

    private ParquetRecords(ParquetReader reader, Stream stream, DataField[] fields)
    {
        (_reader, _stream, _fields) = (reader, stream, fields);
        Columns = [.. fields.Select(f => f.Path.ToString().Replace('/', '.'))];
        foreach (var group in reader.RowGroups)
            _rows += group.RowCount;
    }

    public override IReadOnlyList<string> Columns { get; }

    public override double? Fraction => _rows == 0 ? 1 : (double)(_before + _next) / _rows;

    public static async ValueTask<Result<ParquetRecords>> OpenAsync(Stream stream, CancellationToken cancel)
    {
        try
        {
            await ParquetStructure.CheckAsync(stream, cancel);
            var reader = await ParquetReader.CreateAsync(new BoundedStream(stream), cancellationToken: cancel);
            DataField[] fields = [.. reader.Schema.GetDataFields().Where(f => f.MaxRepetitionLevel == 0 && !f.IsArray && Column.Reads(f.ClrType))];
            if (fields.Length > 0)
                return new ParquetRecords(reader, stream, fields);
            await reader.DisposeAsync();
            return Unreadable("The file has no column that can be read: all are nested, repeated or binary.");
        }
        catch (Exception e) when (IsDamage(e))
        {
            return Unreadable($"It is no Parquet file, or its end is missing: {e.Message}", "Was the file transferred whole? A Parquet file ends with its table of contents.");
        }
    }

    /// <summary>From now on only these columns are read.</summary>
    public void Need(ReadOnlySpan<int> columns)
    {
        _needed = new bool[_fields.Length];
        foreach (var column in columns)
            if (column >= 0)
                _needed[column] = true;
    }

    public override async ValueTask<Result<bool>> NextAsync(CancellationToken cancel)
    {
        while (_next == _rowsInGroup)
        {
            if (_group + 1 >= _reader.RowGroupCount)
                return false;
            if (await ReadGroupAsync(cancel) is { } problem)
                return problem;
        }

        Cells.Clear();
        var used = 0;
        foreach (var column in _columns)
            Cells.Add(column is null ? default : column.Cell(_next, _text, ref used));
        _next++;
        Row++;
        return true;
    }

    public override async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _stream.DisposeAsync();
    }

    private async ValueTask<Problem?> ReadGroupAsync(CancellationToken cancel)
    {
        _before += _rowsInGroup;
        _group++;
        (_next, _rowsInGroup) = (0, 0);
        try
        {
            using var group = _reader.OpenRowGroupReader(_group);
            if (group.RowCount is < 0 or > int.MaxValue || group.RowCount * _fields.Length > MostCells)
                return Unreadable($"Row group {_group + 1} says that it has {group.RowCount} rows.", "Write the file in smaller row groups (1 million rows are usual).");
            var columns = new Column?[_fields.Length];
            for (var i = 0; i < _fields.Length; i++)
                if (_needed is null || _needed[i])
                {
                    await CheckAsync(group, _fields[i], cancel);
                    columns[i] = await Column.ReadAsync(group, _fields[i], (int)group.RowCount, cancel);
                }

            (_columns, _rowsInGroup) = (columns, (int)group.RowCount);
            return null;
        }
        catch (Exception e) when (IsDamage(e))
        {
            return Unreadable($"Row group {_group + 1} cannot be read, after {Row} rows: {e.Message}", "What came before is read; was the file transferred whole?");
        }
    }

    private async ValueTask CheckAsync(ParquetRowGroupReader group, DataField field, CancellationToken cancel)
    {
        if (group.GetMetadata(field)?.MetaData is not { } column || column.NumValues != group.RowCount)
            throw new InvalidDataException($"The column {field.Path} has no value for each row.");
        // As the library looks for it: the first of the places that are said.
        var start = new[] { column.DictionaryPageOffset ?? 0, column.IndexPageOffset ?? 0, column.DataPageOffset }.Where(o => o != 0).DefaultIfEmpty().Min();
        await ParquetStructure.CheckPagesAsync(_stream, start, column.NumValues, cancel);
    }

    /// <summary>
    /// Damaged bytes reach us as whatever they make the decoder stumble over; what we are ourselves wrong about would not be seen here. A length that no
    /// memory holds is damage like another.
    /// </summary>
    private static bool IsDamage(Exception e) => e is not OperationCanceledException;

    private abstract class Column
    {
        public abstract Cell Cell(int row, byte[] text, ref int used);

        public static bool Reads(Type type) =>
            type == typeof(string) || type == typeof(ReadOnlyMemory<char>) || type == typeof(double) || type == typeof(float) || type == typeof(long) || type == typeof(int) || type == typeof(short) || type == typeof(sbyte)
            || type == typeof(ulong) || type == typeof(uint) || type == typeof(ushort) || type == typeof(byte) || type == typeof(bool) || type == typeof(decimal) || type == typeof(DateTime)
            || type == typeof(DateOnly);

        public static async ValueTask<Column> ReadAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancel)
        {
            var type = field.ClrType;
            if (type == typeof(string) || type == typeof(ReadOnlyMemory<char>))
            {
                var words = new string?[rows];
                await group.ReadAsync(field, words.AsMemory(), cancellationToken: cancel);
                return new Words(words);
            }

            if (type == typeof(double))
                return new Numbers<double>(await ValuesAsync<double>(group, field, rows, cancel));
            if (type == typeof(float))
                return new Numbers<float>(await ValuesAsync<float>(group, field, rows, cancel));
            if (type == typeof(long))
                return new Numbers<long>(await ValuesAsync<long>(group, field, rows, cancel));
            if (type == typeof(int))
                return new Numbers<int>(await ValuesAsync<int>(group, field, rows, cancel));
            if (type == typeof(short))
                return new Numbers<short>(await ValuesAsync<short>(group, field, rows, cancel));
            if (type == typeof(sbyte))
                return new Numbers<sbyte>(await ValuesAsync<sbyte>(group, field, rows, cancel));
            if (type == typeof(ulong))
                return new Numbers<ulong>(await ValuesAsync<ulong>(group, field, rows, cancel));
            if (type == typeof(uint))
                return new Numbers<uint>(await ValuesAsync<uint>(group, field, rows, cancel));
            if (type == typeof(ushort))
                return new Numbers<ushort>(await ValuesAsync<ushort>(group, field, rows, cancel));
            if (type == typeof(byte))
                return new Numbers<byte>(await ValuesAsync<byte>(group, field, rows, cancel));
            if (type == typeof(decimal))
                return new Numbers<decimal>(await ValuesAsync<decimal>(group, field, rows, cancel));
            if (type == typeof(bool))
                return new Truths(await ValuesAsync<bool>(group, field, rows, cancel));
            if (type == typeof(DateTime))
                return new Moments(await ValuesAsync<DateTime>(group, field, rows, cancel), field is DateTimeDataField { IsAdjustedToUTC: true });
            return new Days(await ValuesAsync<DateOnly>(group, field, rows, cancel));
        }

        private static async ValueTask<T?[]> ValuesAsync<T>(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancel)
            where T : struct
        {
            var values = new T?[rows];
            if (field.IsNullable)
            {
                await group.ReadAsync(field, values.AsMemory(), cancellationToken: cancel);
                return values;
            }

            var plain = new T[rows];
            await group.ReadAsync(field, plain.AsMemory(), cancellationToken: cancel);
            for (var i = 0; i < rows; i++)
                values[i] = plain[i];
            return values;
        }
    }

    private sealed class Words(string?[] values) : Column
    {
        public override Cell Cell(int row, byte[] text, ref int used) => values[row] is { } value ? Mapping.Cell.Words(value) : Mapping.Cell.Null;
    }

    private sealed class Truths(bool?[] values) : Column
    {
        public override Cell Cell(int row, byte[] text, ref int used) => values[row] is { } value ? Mapping.Cell.Truth(value) : Mapping.Cell.Null;
    }

    private sealed class Numbers<T>(T?[] values) : Column
        where T : struct, IUtf8SpanFormattable
    {
        public override Cell Cell(int row, byte[] text, ref int used)
        {
            if (values[row] is not { } value)
                return Mapping.Cell.Null;
            // Not a number is how some tools write that there is none.
            if (value is double d && double.IsNaN(d) || value is float f && float.IsNaN(f))
                return Mapping.Cell.Null;
            return Formatted(value, default, text, ref used) is { } bytes ? Mapping.Cell.Number(bytes) : Mapping.Cell.Words(value.ToString() ?? "");
        }
    }

    private sealed class Moments(DateTime?[] values, bool utc) : Column
    {
        public override Cell Cell(int row, byte[] text, ref int used) =>
            values[row] is { } value ? Mapping.Cell.Words(value.ToString(utc ? "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)) : Mapping.Cell.Null;
    }

    private sealed class Days(DateOnly?[] values) : Column
    {
        public override Cell Cell(int row, byte[] text, ref int used) => values[row] is { } value ? Mapping.Cell.Words(value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)) : Mapping.Cell.Null;
    }

    /// <summary>Into the row's text; null when it is full.</summary>
    private static ReadOnlyMemory<byte>? Formatted<T>(T value, ReadOnlySpan<char> format, byte[] text, ref int used)
        where T : IUtf8SpanFormattable
    {
        if (!value.TryFormat(text.AsSpan(used), out var written, format, CultureInfo.InvariantCulture))
            return null;
        var bytes = text.AsMemory(used, written);
        used += written;
        return bytes;
    }
}
