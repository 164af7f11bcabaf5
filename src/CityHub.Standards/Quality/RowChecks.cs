using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;

namespace CityHub.Standards.Quality;

/// <summary>A rule, ready for the columns of one delivery. It has state: one object judges one delivery.</summary>
internal abstract class RowCheck(RuleText text)
{
    public RuleText Text { get; } = text;

    /// <summary>What it must read of other datasets before the first row; false: it cannot be judged.</summary>
    public virtual ValueTask<bool> PrepareAsync(CancellationToken cancel) => new(true);

    public abstract void Judge(RowBatch batch, Judgement to);

    /// <summary>After all other checks of the batch.</summary>
    public virtual void After(RowBatch batch, Judgement to)
    {
    }

    /// <summary>After the last row.</summary>
    public virtual void Finish(Judgement to)
    {
    }
}

/// <summary>Whether a row is judged at all.</summary>
internal sealed class Condition(int column, ColumnType type, IReadOnlyList<string>? values)
{
    private readonly byte[][]? _texts = values is null ? null : [.. values.Select(Encoding.UTF8.GetBytes)];
    private readonly Cell[]? _cells = values is null || type == ColumnType.Text ? null : [.. values.Select(v => StepCompiler.Conform(Cell.Text(v), type).Cell)];

    public bool Holds(RowBatch batch, int row)
    {
        var at = batch.Columns[column];
        if (at.IsNull(row))
            return false;
        if (_texts is null)
            return true;
        if (_cells is not null)
            return Array.IndexOf(_cells, Cell.From(at, row)) >= 0;
        foreach (var text in _texts)
            if (at.Utf8(row).SequenceEqual(text))
                return true;
        return false;
    }
}

/// <summary>Judges the values that are there, one by one; those that are not there are the business of <c>required</c>.</summary>
internal sealed class ValueCheck(RuleText text, int column, Condition? when, Func<ColumnBatch, int, bool> holds) : RowCheck(text)
{
    public override void Judge(RowBatch batch, Judgement to)
    {
        var values = batch.Columns[column];
        for (var row = 0; row < batch.Rows; row++)
            if (!values.IsNull(row) && (when is null || when.Holds(batch, row)) && !holds(values, row))
                to.Fault(Text, row);
    }
}

internal sealed class RequiredCheck(RuleText text, int column, Condition? when) : RowCheck(text)
{
    public override void Judge(RowBatch batch, Judgement to)
    {
        var values = batch.Columns[column];
        if (values.Nulls is null && values.Type != ColumnType.Text)
            return;
        for (var row = 0; row < batch.Rows; row++)
            if ((values.IsNull(row) || (values.Type == ColumnType.Text && Blank(values.Utf8(row)))) && (when is null || when.Holds(batch, row))
                && (to.Unmade.Count == 0 || !to.Unmade.Contains((row, Text.Field))))
                to.Fault(Text, row);
    }

    // Blanks, also the ideographic one (U+3000, E3 80 80), are no value.
    private static bool Blank(ReadOnlySpan<byte> utf8)
    {
        for (var i = 0; i < utf8.Length; i++)
            if (utf8[i] is not (0x20 or 0x09))
            {
                if (!utf8[i..].StartsWith("\u3000"u8))
                    return false;
                i += 2;
            }

        return true;
    }
}

/// <summary>Several columns of one row against each other; null: it does not concern this row.</summary>
internal sealed class CrossCheck(RuleText text, int[] columns, Condition? when, Func<RowBatch, int, bool> holds) : RowCheck(text)
{
    public override void Judge(RowBatch batch, Judgement to)
    {
        for (var row = 0; row < batch.Rows; row++)
            if (All(batch, row) && (when is null || when.Holds(batch, row)) && !holds(batch, row))
                to.Fault(Text, row);
    }

    private bool All(RowBatch batch, int row)
    {
        foreach (var column in columns)
            if (batch.Columns[column].IsNull(row))
                return false;
        return true;
    }
}

/// <summary>The second row with the same values, and each after it.</summary>
internal sealed class DuplicateCheck(RuleText text, int[] columns) : RowCheck(text)
{
    private readonly HashSet<UInt128> _seen = [];

    public override void Judge(RowBatch batch, Judgement to)
    {
        for (var row = 0; row < batch.Rows; row++)
            if (columns.Length == 1 ? !batch.Columns[columns[0]].IsNull(row) && !_seen.Add(KeyHash.Of(batch.Columns[columns[0]], row)) : !_seen.Add(KeyHash.Of(batch, columns, row)))
                to.Fault(Text, row);
    }
}

internal sealed class ReferenceCheck(RuleText text, int column, Condition? when, Func<CancellationToken, ValueTask<IReadOnlySet<UInt128>?>> keys) : RowCheck(text)
{
    private IReadOnlySet<UInt128>? _keys;

    public override async ValueTask<bool> PrepareAsync(CancellationToken cancel) => (_keys = await keys(cancel)) is not null;

    public override void Judge(RowBatch batch, Judgement to)
    {
        if (_keys is null)
            return;
        var values = batch.Columns[column];
        for (var row = 0; row < batch.Rows; row++)
            if (!values.IsNull(row) && (when is null || when.Holds(batch, row)) && !_keys.Contains(KeyHash.Of(values, row)))
                to.Fault(Text, row);
    }
}

/// <summary>The value of a row against what the lead source says of the same key; keys that it does not know are no fault here.</summary>
internal sealed class AgreementCheck(RuleText text, int key, int column, ColumnType type, double tolerance, Func<CancellationToken, ValueTask<IReadOnlyDictionary<UInt128, string>?>> values) : RowCheck(text)
{
    private Dictionary<UInt128, Cell>? _values;

    public override async ValueTask<bool> PrepareAsync(CancellationToken cancel)
    {
        if (await values(cancel) is not { } read)
            return false;
        _values = read.ToDictionary(v => v.Key, v => StepCompiler.Conform(Cell.Text(v.Value), type).Cell);
        return true;
    }

    public override void Judge(RowBatch batch, Judgement to)
    {
        if (_values is null)
            return;
        var (keys, cells) = (batch.Columns[key], batch.Columns[column]);
        for (var row = 0; row < batch.Rows; row++)
        {
            if (keys.IsNull(row) || cells.IsNull(row) || !_values.TryGetValue(KeyHash.Of(keys, row), out var lead) || !lead.HasValue)
                continue;
            var own = Cell.From(cells, row);
            if (type == ColumnType.Number ? !(Math.Abs(own.Number - lead.Number) <= tolerance) : own != lead)
                to.Fault(Text, row);
        }
    }
}

/// <summary>
/// Values far from the middle: more than so many robust standard deviations (1.4826 × the median of distances) from the median. The middle is that of the first
/// million values; they are judged when it is known, later ones on the way. Where more than half of the values are one value, the mean distance serves instead.
/// </summary>
internal sealed class OutlierCheck(RuleText text, int column, Condition? when, double deviations) : RowCheck(text)
{
    private const int Most = 1_000_000;
    private readonly List<(double Value, long Row, bool Counted)> _values = [];
    private (double Middle, double Width)? _known;

    public override void Judge(RowBatch batch, Judgement to)
    {
        if (_known is not { } known)
            return;
        for (var row = 0; row < batch.Rows; row++)
            if (Value(batch, row) is { } value && Far(value, known))
                to.Fault(Text, row);
    }

    public override void After(RowBatch batch, Judgement to)
    {
        if (_known is not null)
            return;
        for (var row = 0; row < batch.Rows; row++)
            if (Value(batch, row) is { } value)
                _values.Add((value, to.Before + row + 1, to.IsBad(Text.Dimension, row)));
        if (_values.Count >= Most)
            Settle(to);
    }

    public override void Finish(Judgement to)
    {
        if (_known is null)
            Settle(to);
    }

    private void Settle(Judgement to)
    {
        // Fewer have no middle that says anything.
        if (_values.Count < 8)
            return;
        var sorted = new double[_values.Count];
        for (var i = 0; i < sorted.Length; i++)
            sorted[i] = _values[i].Value;
        Array.Sort(sorted);
        var middle = sorted[sorted.Length / 2];
        for (var i = 0; i < sorted.Length; i++)
            sorted[i] = Math.Abs(sorted[i] - middle);
        var mean = sorted.Average();
        Array.Sort(sorted);
        var width = sorted[sorted.Length / 2] * 1.4826;
        _known = (middle, width > 0 ? width : mean * 1.2533);
        foreach (var (value, row, counted) in _values)
            if (Far(value, _known.Value))
                to.FaultLate(Text, row, counted);
        _values.Clear();
    }

    private bool Far(double value, (double Middle, double Width) known) => known.Width > 0 && Math.Abs(value - known.Middle) > deviations * known.Width;

    private double? Value(RowBatch batch, int row)
    {
        var values = batch.Columns[column];
        if (values.IsNull(row) || (when is not null && !when.Holds(batch, row)))
            return null;
        return values.Type == ColumnType.Number ? values.Numbers[row] : values.Integers[row];
    }
}

/// <summary>Something about the delivery as a whole, counted row by row and judged at the end.</summary>
internal sealed class WholeCheck(RuleText text, Action<RowBatch>? look, Func<Judgement, double?> missing) : RowCheck(text)
{
    public override void Judge(RowBatch batch, Judgement to) => look?.Invoke(batch);

    public override void Finish(Judgement to)
    {
        if (missing(to) is { } share)
            to.FaultWhole(Text, share);
    }
}

/// <summary>Tests of single values.</summary>
internal static class Values
{
    public static Func<ColumnBatch, int, bool> Pattern(string pattern)
    {
        // NonBacktracking: time linear in the text, whoever wrote the pattern.
        var regex = new Regex($"^(?:{pattern})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        var characters = new char[256];
        return (column, row) =>
        {
            var utf8 = column.Utf8(row);
            if (characters.Length < utf8.Length)
                characters = new char[utf8.Length * 2];
            return regex.IsMatch(characters.AsSpan(0, Encoding.UTF8.GetChars(utf8, characters)));
        };
    }

    /// <summary>Characters, not bytes: UTF-8 continues a character with bytes 10xxxxxx.</summary>
    public static int Characters(ReadOnlySpan<byte> utf8)
    {
        var count = 0;
        foreach (var b in utf8)
            if ((b & 0xC0) != 0x80)
                count++;
        return count;
    }

    public static bool IsType(string type, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > 64)
            return false;
        Span<char> text = stackalloc char[64];
        var plain = text[..Encoding.UTF8.GetChars(utf8, text)];
        return type switch
        {
            "integer" => long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "number" => double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number),
            "date" => DateOnly.TryParseExact(plain, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            _ => DateReader.Instant(plain.ToString()) is not null,
        };
    }

    // Ã and a character of U+0080 to U+00BF: UTF-8 that was read as Latin-1; JOÃO is none.
    private static ReadOnlySpan<byte> TwiceEncoded => [0xC3, 0x83, 0xC2];

    /// <summary>UTF-8, no control characters, no replacement characters, nothing of the wreckage of a wrong encoding (锟斤拷, 烫烫烫 …).</summary>
    public static bool IsReadable(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Ascii.IsValid(utf8))
            return utf8.IndexOfAnyInRange((byte)0, (byte)8) < 0 && utf8.IndexOfAnyInRange((byte)11, (byte)31) is var at && (at < 0 || (utf8[at] == 13 && utf8[(at + 1)..].IndexOfAnyInRange((byte)11, (byte)12) < 0 && utf8[(at + 1)..].IndexOfAnyInRange((byte)14, (byte)31) < 0))
                && utf8.IndexOf((byte)127) < 0;
        return System.Text.Unicode.Utf8.IsValid(utf8) && utf8.IndexOf("\uFFFD"u8) < 0 && utf8.IndexOf("锟斤拷"u8) < 0 && utf8.IndexOf("烫烫烫"u8) < 0 && utf8.IndexOf("屯屯屯"u8) < 0
            && utf8.IndexOf(TwiceEncoded) < 0 && utf8.IndexOf("ï¿½"u8) < 0 && utf8.IndexOfAnyInRange((byte)0, (byte)8) < 0 && utf8.IndexOfAnyInRange((byte)14, (byte)31) < 0 && utf8.IndexOf((byte)127) < 0;
    }
}
