using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Grains;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>How one field leaves. Shared by all releases under the same rules; what it fills belongs to the release.</summary>
internal abstract class ColumnMask(ColumnType to)
{
    /// <summary>Type of the released field.</summary>
    public ColumnType To { get; } = to;

    /// <summary>The value may be shown as it is: a batch of which every row goes on need not be copied.</summary>
    public virtual bool Raw => false;

    public abstract void Apply(ColumnBatch from, Selection rows, ColumnBatch into);
}

internal sealed class RawMask(ColumnType type) : ColumnMask(type)
{
    public override bool Raw => true;

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into) => Columns.Gather(from, rows, into);
}

/// <summary>Always empty; the field is there, so that a file has the columns that were agreed.</summary>
internal sealed class HiddenMask(ColumnType type) : ColumnMask(type)
{
    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into) => Columns.AllNull(into, rows.Count);
}

internal sealed class PresenceMask() : ColumnMask(ColumnType.Boolean)
{
    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Columns.Room(into, rows.Count);
        for (var i = 0; i < rows.Count; i++)
            into.Integers[i] = from.IsNull(rows[i]) ? 0 : 1;
    }
}

/// <summary>
/// All but the ends. Of 11 characters or more the first three and the last four are shown (an identity number, a telephone), of 4 to 10 the first and the last, of 2 or 3 the first alone (a name),
/// of a single one nothing.
/// </summary>
internal sealed class PartialMask() : ColumnMask(ColumnType.Text)
{
    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        var used = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            if (!into.IsNull(i))
            {
                var text = CellText.Of(from, rows[i], scratch);
                Columns.RoomForBytes(into, used, text.Length);
                used += Mask(text, into.Bytes.AsSpan(used));
            }

            into.Offsets[i + 1] = used;
        }
    }

    /// <summary>Never longer than the text: a star has one byte, no character has fewer.</summary>
    public static int Mask(ReadOnlySpan<byte> text, Span<byte> into)
    {
        var characters = Ascii.IsValid(text) ? text.Length : Count(text);
        var (first, last) = characters >= 11 ? (3, 4) : characters >= 4 ? (1, 1) : characters >= 2 ? (1, 0) : (0, 0);
        var (head, tail) = characters == text.Length ? (first, text.Length - last) : (Offset(text, first), Offset(text, characters - last));
        text[..head].CopyTo(into);
        var stars = characters - first - last;
        into.Slice(head, stars).Fill((byte)'*');
        text[tail..].CopyTo(into[(head + stars)..]);
        return head + stars + text.Length - tail;
    }

    private static int Count(ReadOnlySpan<byte> text)
    {
        var count = 0;
        for (; text.Length > 0; count++)
            text = text[Step(text)..];
        return count;
    }

    private static int Offset(ReadOnlySpan<byte> text, int characters)
    {
        var at = 0;
        for (; characters > 0; characters--)
            at += Step(text[at..]);
        return at;
    }

    private static int Step(ReadOnlySpan<byte> text)
    {
        _ = Rune.DecodeFromUtf8(text, out _, out var used);
        return used;
    }
}

/// <summary>HMAC-SHA256 under a key of the grant, its first 128 bits in hexadecimal digits: without the key no list of all identity numbers leads back.</summary>
internal sealed class PseudonymMask(byte[] key) : ColumnMask(ColumnType.Text)
{
    private const int Bytes = 16;

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        Columns.RoomForBytes(into, 0, rows.Count * Bytes * 2);
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var used = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            if (!into.IsNull(i))
            {
                HMACSHA256.HashData(key, CellText.Of(from, rows[i], scratch), mac);
                Convert.TryToHexStringLower(mac[..Bytes], into.Bytes.AsSpan(used), out var written);
                used += written;
            }

            into.Offsets[i + 1] = used;
        }
    }
}

/// <summary>An administrative code to that of what it lies in: GB/T 2260 has two digits for each level of province, city and district; GB/T 10114 adds three for towns and three for communities.</summary>
internal sealed class AreaMask(SpaceGrain grain) : ColumnMask(ColumnType.Text)
{
    private readonly int _digits = grain switch
    {
        SpaceGrain.Point or SpaceGrain.Grid or SpaceGrain.Community => 12,
        SpaceGrain.Town => 9,
        SpaceGrain.District => 6,
        SpaceGrain.City => 4,
        SpaceGrain.Province => 2,
        _ => 0,
    };

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        if (_digits == 0)
        {
            Columns.AllNull(into, rows.Count);
            return;
        }

        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        var used = 0;
        for (var i = 0; i < rows.Count; i++)
        {
            var code = from.Utf8(rows[i]);
            code = code[..Math.Min(_digits, code.Length)];
            Columns.RoomForBytes(into, used, code.Length);
            code.CopyTo(into.Bytes.AsSpan(used));
            into.Offsets[i + 1] = used += code.Length;
        }
    }
}

/// <summary>A date or an instant to the first of its hour, day, week (Monday), month, quarter or year, by the clock of the jurisdiction.</summary>
internal sealed class TimeMask(ColumnType type, TimeGrain grain, TimeSpan offset) : ColumnMask(type)
{
    private const long Hour = 3_600_000_000, Day = 24 * Hour;
    private readonly long _offset = (long)offset.TotalMicroseconds;

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        if (grain == TimeGrain.Always)
        {
            Columns.AllNull(into, rows.Count);
            return;
        }

        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        for (var i = 0; i < rows.Count; i++)
            if (!into.IsNull(i))
                into.Integers[i] = Of(from.Integers[rows[i]]);
    }

    public long Of(long value)
    {
        if (To == ColumnType.Date)
            return First(value);
        if (grain == TimeGrain.Instant)
            return value;
        var local = value + _offset;
        return (grain == TimeGrain.Hour ? Floor(local, Hour) * Hour : First(Floor(local, Day)) * Day) - _offset;
    }

    private long First(long day)
    {
        if (grain == TimeGrain.Week)
            return day - ((((day + 3) % 7) + 7) % 7); // 1970-01-01 was a Thursday
        if (grain < TimeGrain.Month || CellText.DateOf(day) is not { } date)
            return day;
        return CellText.DayOf(grain switch
        {
            TimeGrain.Month => new DateOnly(date.Year, date.Month, 1),
            TimeGrain.Quarter => new DateOnly(date.Year, ((date.Month - 1) / 3 * 3) + 1, 1),
            _ => new DateOnly(date.Year, 1, 1),
        });
    }

    private static long Floor(long value, long unit) => value >= 0 ? value / unit : ((value + 1) / unit) - 1;
}

/// <summary>
/// A number to the end of its band that lies nearer to 0: bands of ten, from 100 on as wide as the first digit counts (37 to 30, 8 to 0, 12,345 to 10,000), so that it says as little of an income
/// as of an age.
/// </summary>
internal sealed class BandMask(ColumnType type) : ColumnMask(type)
{
    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        for (var i = 0; i < rows.Count; i++)
        {
            if (To == ColumnType.Number)
                into.Numbers[i] = Of(from.Numbers[rows[i]]);
            else
                into.Integers[i] = Of(from.Integers[rows[i]]);
        }
    }

    public static long Of(long value)
    {
        var width = 10L;
        for (var rest = value / 100; rest != 0; rest /= 10)
            width *= 10;
        return value / width * width;
    }

    public static double Of(double value)
    {
        if (!double.IsFinite(value))
            return value;
        var size = Math.Abs(value);
        var width = size < 100 ? 10 : Math.Pow(10, Math.Floor(Math.Log10(size)));
        return Math.Sign(value) * Math.Floor(size / width) * width;
    }
}

/// <summary>Degrees to the south-western corner of a square: about 1 km for a grid, 10 km for a town, 50 km for a district, 1° for a city and 5° for a province.</summary>
internal sealed class DegreeMask(SpaceGrain grain) : ColumnMask(ColumnType.Number)
{
    private readonly double _perDegree = grain switch
    {
        SpaceGrain.Point or SpaceGrain.Grid => 100,
        SpaceGrain.Community => 50,
        SpaceGrain.Town => 10,
        SpaceGrain.District => 2,
        SpaceGrain.City => 1,
        SpaceGrain.Province => 0.2,
        _ => 0,
    };

    public override void Apply(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        if (_perDegree == 0)
        {
            Columns.AllNull(into, rows.Count);
            return;
        }

        Columns.Room(into, rows.Count);
        Columns.GatherNulls(from, rows, into);
        for (var i = 0; i < rows.Count; i++)
            into.Numbers[i] = Math.Floor(from.Numbers[rows[i]] * _perDegree) / _perDegree;
    }
}
