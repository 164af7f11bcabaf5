using System.Collections.Immutable;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>Values of one type, in which a value is found in the same time however many there are.</summary>
internal sealed class ValueSet
{
    private readonly HashSet<long> _integers = [];
    private readonly HashSet<double> _numbers = [];
    private readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _texts;

    public ValueSet(ColumnType type, IEnumerable<CellValue> values)
    {
        var texts = new HashSet<byte[]>(ByteArrays.Comparer);
        foreach (var value in values)
            _ = type switch { ColumnType.Text => texts.Add(value.Text), ColumnType.Number => _numbers.Add(value.Number), _ => _integers.Add(value.Integer) };
        _texts = texts.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public bool Has(ColumnBatch column, int row) => column.Type switch
    {
        ColumnType.Text => _texts.Contains(column.Utf8(row)),
        ColumnType.Number => _numbers.Contains(column.Numbers[row]),
        _ => _integers.Contains(column.Integers[row]),
    };
}

/// <summary>A row rule of a grant, on the raw column. A row without a value there is not released.</summary>
internal sealed class RowFilter
{
    private readonly RowTest _test;
    private readonly CellValue[] _values;
    private readonly ValueSet _set;
    private readonly bool _from, _to;

    /// <param name="column">Of the batch that is scanned; −1: the table has no such column, and no row passes.</param>
    public RowFilter(int column, ColumnType type, RowRule rule)
    {
        (Column, _test) = (column, rule.Test);
        var values = ImmutableArray.CreateBuilder<CellValue>();
        foreach (var text in rule.Values)
        {
            var open = rule.Test == RowTest.Between && text.Length == 0;
            if (CellText.TryRead(type, text, out var value) || open)
                values.Add(value);
            else
                Column = -1; // what cannot be read lets nothing pass
        }

        _values = [.. values];
        _set = new ValueSet(type, _values);
        if (_test == RowTest.Between)
        {
            (_from, _to) = rule.Values.Length == 2 ? (rule.Values[0].Length > 0, rule.Values[1].Length > 0) : (false, false);
            if (rule.Values.Length != 2)
                Column = -1;
        }
        else if (_test == RowTest.Under && type != ColumnType.Text)
        {
            Column = -1;
        }
    }

    public int Column { get; private set; }

    /// <summary>Keeps those that pass, in their order; returns how many.</summary>
    public int Keep(RowBatch batch, Span<int> rows)
    {
        if (Column < 0)
            return 0;
        var (column, kept) = (batch.Columns[Column], 0);
        foreach (var row in rows)
            if (!column.IsNull(row) && Passes(column, row))
                rows[kept++] = row;
        return kept;
    }

    private bool Passes(ColumnBatch column, int row)
    {
        switch (_test)
        {
            case RowTest.In:
                return _set.Has(column, row);
            case RowTest.Under:
                foreach (var value in _values)
                    if (column.Utf8(row).StartsWith(value.Text))
                        return true;
                return false;
            default:
                return (!_from || Compare(column, row, _values[0]) >= 0) && (!_to || Compare(column, row, _values[1]) < 0);
        }
    }

    internal static int Compare(ColumnBatch column, int row, CellValue value) => column.Type switch
    {
        ColumnType.Text => column.Utf8(row).SequenceCompareTo(value.Text),
        ColumnType.Number => column.Numbers[row].CompareTo(value.Number),
        _ => column.Integers[row].CompareTo(value.Integer),
    };
}
