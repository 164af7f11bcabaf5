using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>
/// The mark of one receiver in one field of measurements. The receiver's key says of every number of a grid, each with chance one half and independently, whether it is his; a value leaves as the nearest
/// number that is his, within the tolerance that the dataset declares. The mark lies in each value alone: it stays when rows are sorted or dropped and when every other column is. Without the key nobody
/// can tell it, and of a sample that has nothing to do with the receiver half of the numbers are his by chance, whatever the sample is.
/// </summary>
internal sealed class ReceiverMark(byte[] key, int exponent)
{
    private const double Largest = 1L << 53;

    private readonly double _unit = Math.Pow(10, Math.Abs(exponent));

    /// <summary>The grid has steps of ten to this power.</summary>
    public int Exponent { get; } = exponent;

    public static byte[] KeyOf(ReadOnlySpan<byte> secret, string grant, string receiver, string field) => HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"marks\n{grant}\n{receiver}\n{field}"));

    /// <summary>At least two steps lie within the tolerance to either side; whole numbers stay whole.</summary>
    public static int ExponentOf(ColumnType type, double tolerance) => Math.Max(type == ColumnType.Integer ? 0 : -12, (int)Math.Floor(Math.Log10(tolerance / 2)));

    /// <summary>The number of the grid that lies nearest; null: the grid does not reach so far.</summary>
    public long? Index(double value) => (Exponent >= 0 ? value / _unit : value * _unit) is var index && Math.Abs(index) < Largest ? (long)Math.Round(index) : null;

    public double Value(long index) => Exponent >= 0 ? index * _unit : index / _unit;

    /// <param name="mac">32 bytes that stay between calls, and the block that they are of: neighbours share one.</param>
    public bool IsHis(long index, Span<byte> mac, ref long? block)
    {
        if (block != index >> 8)
        {
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(number, index >> 8);
            HMACSHA256.HashData(key, number, mac);
            block = index >> 8;
        }

        var bit = (int)(index & 255);
        return (mac[bit >> 3] >> (bit & 7) & 1) != 0;
    }

    /// <summary>How many of the numbers are his.</summary>
    public int Count(IEnumerable<long> indices)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        long? block = null;
        var his = 0;
        foreach (var index in indices)
            his += IsHis(index, mac, ref block) ? 1 : 0;
        return his;
    }

    /// <summary>That of so many fair coins at least so many fall on one side: the chance, over the choice of a key that has nothing to do with a sample, that it fits as well.</summary>
    public static double Chance(int coins, int his)
    {
        if (his * 2L <= coins)
            return 1;
        var logarithm = -coins * Math.Log(2);
        for (var i = 1; i <= coins - his; i++)
            logarithm += Math.Log(his + i) - Math.Log(i);
        var (term, sum) = (1.0, 1.0);
        for (var m = his; m < coins && term > sum * 1e-17; m++)
            sum += term *= (double)(coins - m) / (m + 1);
        return Math.Clamp(Math.Exp(logarithm) * sum, 1e-300, 1);
    }
}

/// <summary>A measurement as the receiver's nearest number. Where none of his lies within the tolerance (once in 32 at most) it stays as it is.</summary>
internal sealed class MarkMask(ColumnType type, ReceiverMark mark, double tolerance) : ColumnMask(type)
{
    public ReceiverMark Mark { get; } = mark;

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        long? block = null;
        for (var i = 0; i < rows.Count; i++)
        {
            if (To == ColumnType.Number)
                into.Numbers[i] = Nearest(from.Numbers[rows[i]], mac, ref block) ?? from.Numbers[rows[i]];
            else
                into.Integers[i] = (long?)Nearest(from.Integers[rows[i]], mac, ref block) ?? from.Integers[rows[i]];
        }
    }

    private double? Nearest(double value, Span<byte> mac, ref long? block)
    {
        if (Mark.Index(value) is not { } first)
            return null;
        var up = Mark.Value(first) <= value ? 1 : -1; // the side that is nearer after the first
        for (var step = 0; ; step++)
        {
            var (one, other) = (first + (step * up), first - (step * up));
            var (reaches, reachesBack) = (Within(one, value), Within(other, value));
            if (!reaches && !reachesBack)
                return null;
            if (reaches && Mark.IsHis(one, mac, ref block))
                return Mark.Value(one);
            if (reachesBack && Mark.IsHis(other, mac, ref block))
                return Mark.Value(other);
        }
    }

    private bool Within(long index, double value) => Math.Abs(Mark.Value(index) - value) <= tolerance;
}

/// <summary>Who was given marked rows under which grant, and in which fields: those whom a trace holds a sample against.</summary>
internal sealed class MarkBook(IView view)
{
    public const string ViewName = "marks";

    private readonly Lock _gate = new();

    /// <summary>A crash after it leaves a suspect too many, never one too few.</summary>
    public void Keep(string grant, string receiver, IReadOnlyList<(string Field, int Exponent)> marks)
    {
        if (marks.Count == 0)
            return;
        lock (_gate)
        {
            var fresh = marks.Select(mark => string.Create(CultureInfo.InvariantCulture, $"{grant}\n{receiver}\n{mark.Exponent}\n{mark.Field}")).Where(name => view.Get(name) is null)
                .ToDictionary(name => name, ReadOnlyMemory<byte>? (_) => Array.Empty<byte>(), StringComparer.Ordinal);
            if (fresh.Count > 0)
                view.Commit(view.Position, fresh);
        }
    }

    public List<(string Grant, string Receiver, string Field, int Exponent)> All()
    {
        lock (_gate)
            return [.. view.Scan().Select(entry => entry.Key.Split('\n', 4)).Select(parts => (parts[0], parts[1], parts[3], int.Parse(parts[2], CultureInfo.InvariantCulture)))];
    }
}
