using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Deliveries;

/// <summary>What comes in over the wire cannot be read on: nothing of it is taken.</summary>
public sealed class IntakeException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;
}

/// <summary>How large things may be.</summary>
internal sealed record IntakeLimits
{
    public long MostBytes { get; init; } = 16L << 30;

    public int MostRowBytes { get; init; } = 1 << 20;

    public int MostColumns { get; init; } = 2000;
}

/// <summary>The bytes of a body in one piece of memory at a time, counted and hashed on the way.</summary>
internal sealed class IntakeBytes(PipeReader reader, IntakeLimits limits) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    public bool Ended { get; private set; }

    public long Read { get; private set; }

    public ReadOnlySpan<byte> Here => _buffer.AsSpan(_start, _end - _start);

    public ReadOnlyMemory<byte> HereMemory => _buffer.AsMemory(_start, _end - _start);

    public IntakeLimits Limits => limits;

    public void Used(int bytes) => _start += bytes;

    /// <summary>Of everything, when it has ended.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>More, or the end.</summary>
    public async ValueTask FillAsync(CancellationToken cancel)
    {
        if (_end - _start > limits.MostRowBytes)
            throw new IntakeException(SharingProblems.TooLarge.Because($"A row is longer than {limits.MostRowBytes} bytes.", "A quote that is not closed makes the rest of a file one row."));
        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
        }

        var read = await reader.ReadAsync(cancel);
        foreach (var segment in read.Buffer)
        {
            if (_buffer.Length - _end < segment.Length)
                Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _end + segment.Length));
            segment.Span.CopyTo(_buffer.AsSpan(_end));
            _hash.AppendData(segment.Span);
            _end += segment.Length;
            Read += segment.Length;
        }

        reader.AdvanceTo(read.Buffer.End);
        Ended = read.IsCompleted;
        if (Read > limits.MostBytes)
            throw new IntakeException(SharingProblems.TooLarge.Because($"The delivery is larger than {limits.MostBytes} bytes.", "Deliver it in parts: the first replaces, the others append."));
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>A batch whose columns are all texts: what a file says before anybody has judged it.</summary>
internal sealed class TextBatch
{
    private readonly RowBatch _batch;

    public TextBatch(IReadOnlyList<string> names)
    {
        Schema = new TableSchema([.. names.Select(n => new TableColumn(n, ColumnType.Text))]);
        _batch = new RowBatch(Schema, [.. names.Select(_ => new ColumnBatch(ColumnType.Text) { Offsets = new int[RowBatch.Usual + 1], Bytes = new byte[RowBatch.Usual * 16], Nulls = new ulong[RowBatch.Usual / 64] })]);
    }

    public TableSchema Schema { get; }

    public int Rows => _batch.Rows;

    public bool Full => _batch.Rows == RowBatch.Usual;

    /// <summary>The row at hand may be begun anew: nothing of it counts before <see cref="EndRow"/>.</summary>
    public void Put(int column, ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Room(column, utf8.Length));
        Wrote(column, utf8.Length);
    }

    public void Null(int column)
    {
        var to = _batch.Columns[column];
        to.Offsets[_batch.Rows + 1] = to.Offsets[_batch.Rows];
        (to.Nulls ??= new ulong[RowBatch.Usual / 64])[_batch.Rows >> 6] |= 1UL << (_batch.Rows & 63);
    }

    public Span<byte> Room(int column, int most)
    {
        var to = _batch.Columns[column];
        var start = to.Offsets[_batch.Rows];
        if (to.Bytes.Length - start < most)
        {
            var larger = new byte[Math.Max(to.Bytes.Length * 2, start + most)];
            to.Bytes.AsSpan(0, start).CopyTo(larger);
            to.Bytes = larger;
        }

        return to.Bytes.AsSpan(start);
    }

    public void Wrote(int column, int length)
    {
        var to = _batch.Columns[column];
        to.Offsets[_batch.Rows + 1] = to.Offsets[_batch.Rows] + length;
        if (to.Nulls is { } nulls)
            nulls[_batch.Rows >> 6] &= ~(1UL << (_batch.Rows & 63));
    }

    public void EndRow() => _batch.Rows++;

    public void Clear() => _batch.Rows = 0;

    /// <summary>Null where there are no rows.</summary>
    public RowBatch? Finish(long before)
    {
        if (_batch.Rows == 0)
            return null;
        foreach (var column in _batch.Columns)
            if (!Utf8.IsValid(column.Bytes.AsSpan(0, column.Offsets[_batch.Rows])))
                throw new IntakeException(DeliveryProblems.Unreadable.Because(
                    $"Between row {before + 1} and row {before + _batch.Rows} there is text that is not UTF-8.", "Files in GB18030 are converted first: iconv -f GB18030 -t UTF-8.", "RFC 3629; RFC 4180"));
        return _batch;
    }
}

/// <summary>Rows that come in over the wire.</summary>
internal abstract class Intake(IntakeBytes bytes, TextBatch batch) : IRows
{
    protected IntakeBytes Bytes { get; } = bytes;

    protected TextBatch Batch { get; } = batch;

    public TableSchema Schema => Batch.Schema;

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    public long BytesRead => Bytes.Read;

    public bool Ended => Bytes.Ended && Bytes.Here.IsEmpty;

    public string Sha256() => Bytes.Sha256();

    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        Batch.Clear();
        while (!Batch.Full)
        {
            var used = Bytes.Here.IsEmpty ? 0 : Row(Bytes.Here, Bytes.Ended, Rows + Batch.Rows + 1);
            if (used > 0)
            {
                Bytes.Used(used);
                continue;
            }

            if (Bytes.Ended)
                break;
            await Bytes.FillAsync(cancel);
        }

        var batch = Batch.Finish(Rows);
        Rows += batch?.Rows ?? 0;
        return batch;
    }

    public ValueTask DisposeAsync()
    {
        Bytes.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a row from the front: bytes used; 0: it has not all come yet.</summary>
    protected abstract int Row(ReadOnlySpan<byte> here, bool ended, long number);

    protected static IntakeException Malformed(long row, string why, string rule) =>
        new(DeliveryProblems.Unreadable.Because($"Row {row}: {why}.", "Nothing of the delivery was taken; put the row right and send the file again.", rule) with { Row = row });

    protected static string Show(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, 60)]);
}
