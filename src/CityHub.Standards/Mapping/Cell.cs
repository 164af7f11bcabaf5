using System.Globalization;
using CityHub.Core.Tables;

namespace CityHub.Standards.Mapping;

/// <summary>One value on its way through a mapping: nothing, or a value of one of the column types.</summary>
internal readonly record struct Cell
{
    private Cell(ColumnType type, string? text, long integer, double number) => (HasValue, Type, TextValue, Integer, Number) = (true, type, text, integer, number);

    public static readonly Cell Nothing;

    public bool HasValue { get; }

    public ColumnType Type { get; }

    public long Integer { get; }

    public double Number { get; }

    private string? TextValue { get; }

    public static Cell Text(string text) => new(ColumnType.Text, text, 0, 0);

    public static Cell Of(double number) => new(ColumnType.Number, null, 0, number);

    public static Cell Of(ColumnType type, long integer) => new(type, null, integer, 0);

    public static Cell Of(DateOnly date) => new(ColumnType.Date, null, Days(date), 0);

    public static long Days(DateOnly date) => date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static Cell From(ColumnBatch column, int row)
    {
        if (column.IsNull(row))
            return Nothing;
        return column.Type switch
        {
            ColumnType.Text => Text(column.Text(row)),
            ColumnType.Number => Of(column.Numbers[row]),
            _ => Of(column.Type, column.Integers[row]),
        };
    }

    /// <summary>As it stands in a file: dates and times after ISO 8601, numbers so that they can be read again.</summary>
    public override string ToString()
    {
        if (!HasValue)
            return "";
        return Type switch
        {
            ColumnType.Text => TextValue ?? "",
            ColumnType.Number => Number.ToString("R", CultureInfo.InvariantCulture),
            ColumnType.Integer => Integer.ToString(CultureInfo.InvariantCulture),
            ColumnType.Boolean => Integer == 0 ? "false" : "true",
            ColumnType.Date => Integer is >= -719_162 and <= 2_932_896
                ? DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(Integer)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                : Integer.ToString(CultureInfo.InvariantCulture),
            ColumnType.Instant => Integer is >= -62_135_596_800_000_000 and <= 253_402_300_799_999_999
                ? DateTime.UnixEpoch.AddTicks(Integer * 10).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
                : Integer.ToString(CultureInfo.InvariantCulture),
            _ => "",
        };
    }
}
