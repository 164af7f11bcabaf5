using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>Where the chunks of a segment lie and what range their values have. It is content, and sealed like it.</summary>
internal sealed class SegmentDirectory
{
    const int MostColumns = 100_000;

    public required (string Name, ColumnType Type)[] Columns { get; init; }

    public required Group[] Groups { get; init; }

    /// <summary>The list of rows that this segment's rows took the place of.</summary>
    public required (long At, int Length) Superseded { get; init; }

    /// <param name="First">Number of its first row in the segment.</param>
    internal sealed record Group(int First, int Rows, long[] At, int[] Lengths, ColumnStats[] Stats);

    public void Write(ByteWriter to)
    {
        to.Varint((ulong)Columns.Length);
        foreach ((string name, ColumnType type) in Columns)
        {
            byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(name);
            to.Varint((ulong)utf8.Length);
            to.Raw(utf8);
            to.Byte((byte)type);
        }

        to.Varint((ulong)Superseded.At);
        to.Varint((ulong)Superseded.Length);
        to.Varint((ulong)Groups.Length);
        foreach (Group group in Groups)
        {
            to.Varint((ulong)group.Rows);
            for (int c = 0; c < Columns.Length; c++)
            {
                to.Varint((ulong)group.At[c]);
                to.Varint((ulong)group.Lengths[c]);
                group.Stats[c].Write(to, Columns[c].Type);
            }
        }
    }

    /// <exception cref="DamageException">These are not the bytes of a directory.</exception>
    public static SegmentDirectory Read(ReadOnlySpan<byte> bytes, int rows)
    {
        var from = new ByteReader(bytes);
        var columns = new (string, ColumnType)[from.Count(MostColumns)];
        for (int c = 0; c < columns.Length; c++)
        {
            columns[c] = (System.Text.Encoding.UTF8.GetString(from.Take(from.Count(from.Left))), (ColumnType)from.Byte());
        }

        (long, int) superseded = ((long)from.Varint(), from.Count(int.MaxValue));
        var groups = new Group[from.Count(rows)];
        int first = 0;
        for (int g = 0; g < groups.Length; g++)
        {
            int count = from.Count(rows - first);
            var (at, lengths, stats) = (new long[columns.Length], new int[columns.Length], new ColumnStats[columns.Length]);
            for (int c = 0; c < columns.Length; c++)
            {
                (at[c], lengths[c]) = ((long)from.Varint(), from.Count(int.MaxValue));
                stats[c] = ColumnStats.Read(ref from, columns[c].Item2, count);
            }

            groups[g] = new(first, count, at, lengths, stats);
            first += count;
        }

        if (first != rows || from.Left > 0)
        {
            ByteReader.Damage("its groups do not have the rows that it has");
        }

        return new() { Columns = columns, Groups = groups, Superseded = superseded };
    }

    /// <summary>The group that has a row.</summary>
    public int GroupOf(int row)
    {
        int low = 0, high = Groups.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Groups[middle].First <= row ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
