using System.Runtime.CompilerServices;
using CityHub.Core.Series;

namespace CityHub.Storage.Embedded.Series;

/// <summary>A sample as it lies in an open series. Order is by time, then by sequence.</summary>
internal struct Row
{
    public long Time;
    public long Recorded;
    public double Number;
    public long Sequence;

    /// <summary>Never changed once it is here; null for none.</summary>
    public byte[]? Body;

    public Row(in Sample sample, long sequence, byte[]? body) =>
        (Time, Recorded, Number, Sequence, Body) = (sample.Time, sample.Recorded, sample.Number, sequence, body);

    public readonly Sample Sample => new(Time, Recorded, Number, Body, Sequence);

    public readonly Mark Mark => new(Time, Sequence);

    /// <summary>Index of the first of sorted rows that is not before a mark.</summary>
    public static int LowerBound(ReadOnlySpan<Row> rows, Mark mark)
    {
        int low = 0, high = rows.Length;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (rows[middle].Mark.Before(mark))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    public static int LowerBound(ReadOnlySpan<Row> rows, long time) => LowerBound(rows, Mark.Start(time));

    /// <summary>Index of the row with a sequence, -1 when there is none.</summary>
    public static int Find(ReadOnlySpan<Row> rows, long sequence)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i].Sequence == sequence)
            {
                return i;
            }
        }

        return -1;
    }

    public static readonly Comparison<Row> Order = static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Sequence.CompareTo(b.Sequence);
}

/// <summary>A place in the order of a series.</summary>
internal readonly record struct Mark(long Time, long Sequence)
{
    /// <summary>Before every sample of that time (sequences begin at 1).</summary>
    public static Mark Start(long time) => new(time, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Before(Mark other) => Time < other.Time || (Time == other.Time && Sequence < other.Sequence);
}
