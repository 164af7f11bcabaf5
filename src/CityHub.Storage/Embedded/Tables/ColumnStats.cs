using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>The least and the greatest value of one column in one group, as far as known: who looks for others need not open the chunk. They are content, and are sealed like it.</summary>
internal readonly record struct ColumnStats(int Nulls, bool Known, long Least, long Greatest, double LeastNumber, double GreatestNumber, ReadOnlyMemory<byte> LeastText, ReadOnlyMemory<byte> GreatestText)
{
    /// <summary>Texts are cut here: the least is then lower, and <see cref="GreatestText"/> begins every text that is not below it.</summary>
    public const int TextBytes = 16;

    public static ColumnStats None(int nulls) => new(nulls, false, 0, 0, 0, 0, default, default);

    public bool CanHold(long value) => !Known || (value >= Least && value <= Greatest);

    public bool CanHold(ReadOnlySpan<byte> text) => !Known
        || (text.SequenceCompareTo(LeastText.Span) >= 0 && text[..Math.Min(text.Length, GreatestText.Length)].SequenceCompareTo(GreatestText.Span) <= 0);

    public void Write(ByteWriter to, ColumnType type)
    {
        to.Varint((ulong)Nulls);
        to.Byte(Known ? (byte)1 : (byte)0);
        if (!Known)
        {
            return;
        }

        switch (type)
        {
            case ColumnType.Text:
                to.Byte((byte)LeastText.Length);
                to.Raw(LeastText.Span);
                to.Byte((byte)GreatestText.Length);
                to.Raw(GreatestText.Span);
                break;
            case ColumnType.Number:
                to.Fixed64((ulong)BitConverter.DoubleToInt64Bits(LeastNumber));
                to.Fixed64((ulong)BitConverter.DoubleToInt64Bits(GreatestNumber));
                break;
            default:
                to.Zigzag(Least);
                to.Zigzag(Greatest);
                break;
        }
    }

    public static ColumnStats Read(ref ByteReader from, ColumnType type, int rows)
    {
        int nulls = from.Count(rows);
        if (from.Byte() == 0)
        {
            return None(nulls);
        }

        return type switch
        {
            ColumnType.Text => new(nulls, true, 0, 0, 0, 0, from.Take(from.Byte()).ToArray(), from.Take(from.Byte()).ToArray()),
            ColumnType.Number => new(nulls, true, 0, 0, BitConverter.Int64BitsToDouble((long)from.Fixed64()), BitConverter.Int64BitsToDouble((long)from.Fixed64()), default, default),
            _ => new(nulls, true, from.Zigzag(), from.Zigzag(), 0, 0, default, default),
        };
    }
}
