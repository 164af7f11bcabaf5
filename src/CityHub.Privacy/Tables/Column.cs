using System.Runtime.InteropServices;

namespace CityHub.Privacy;

/// <summary>One column: its distinct values in the order in which they first came, and for each row the number of its value, in as few bytes as that takes. A null is the empty text.</summary>
public sealed class Column
{
    private readonly string[] values;
    private readonly byte[] codes;
    private readonly int width;

    /// <param name="codes">Little-endian numbers of <paramref name="width"/> bytes, one for each row.</param>
    internal Column(string name, string[] values, byte[] codes, int width, int rows)
    {
        (Name, this.values, this.codes, this.width, Rows) = (name, values, codes, width, rows);
    }

    public string Name { get; }

    public int Rows { get; }

    /// <summary>The distinct values; the code of each is its index.</summary>
    public IReadOnlyList<string> Values => values;

    public int Distinct => values.Length;

    /// <summary>1, 2 or 4 bytes for each code.</summary>
    internal int Width => width;

    internal ReadOnlySpan<byte> Bytes => codes.AsSpan(0, Rows * width);

    internal ReadOnlySpan<ushort> Shorts => MemoryMarshal.Cast<byte, ushort>(Bytes);

    internal ReadOnlySpan<int> Ints => MemoryMarshal.Cast<byte, int>(Bytes);

    /// <summary>The value of a row, counted from 0.</summary>
    public string this[int row] => values[Code(row)];

    public int Code(int row) => width switch
    {
        1 => Bytes[row],
        2 => Shorts[row],
        _ => Ints[row],
    };

    /// <summary>The codes of the rows from <paramref name="from"/> on, as many as fit.</summary>
    public void CopyCodes(int from, Span<int> into)
    {
        switch (width)
        {
            case 1:
                var bytes = Bytes.Slice(from, into.Length);
                for (var i = 0; i < into.Length; i++)
                    into[i] = bytes[i];
                break;
            case 2:
                var shorts = Shorts.Slice(from, into.Length);
                for (var i = 0; i < into.Length; i++)
                    into[i] = shorts[i];
                break;
            default:
                Ints.Slice(from, into.Length).CopyTo(into);
                break;
        }
    }

    /// <summary>How many rows have each value.</summary>
    public int[] Counts()
    {
        var counts = new int[values.Length];
        if (width == 1)
        {
            foreach (var code in Bytes)
                counts[code]++;
        }
        else
        {
            for (var row = 0; row < Rows; row++)
                counts[Code(row)]++;
        }

        return counts;
    }
}

/// <summary>Takes the values of a column one after the other.</summary>
public sealed class ColumnBuilder
{
    private readonly string name;
    private readonly Dictionary<string, int> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly List<string> values = [];
    private readonly CodeArray codes = new();

    public ColumnBuilder(string name)
    {
        this.name = name;
        lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int Rows => codes.Count;

    public void Append(ReadOnlySpan<char> value)
    {
        if (!lookup.TryGetValue(value, out var code))
        {
            code = values.Count;
            var text = value.ToString();
            values.Add(text);
            known.Add(text, code);
        }

        codes.Add(code);
    }

    /// <summary>The column; the builder is spent.</summary>
    public Column Build() => codes.Build(name, [.. values]);
}
