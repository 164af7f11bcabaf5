using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Numbers in cells: decimal, with a point, without thousands; text for machines.</summary>
internal static class Numbers
{
    private const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    public static bool TryRead(ReadOnlySpan<char> text, out decimal number) => decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out number);

    public static decimal Read(string kind, string text) => TryRead(text, out var number) ? number : throw new PrivacyRefusal(
        PrivacyCodes.TransformUnusable, "The value is not a number.", "Numbers are written with a point and without thousands separators; suppress or generalise the others first.", kind).ToException();

    /// <summary>The nearest whole number of steps; from the middle away from zero.</summary>
    public static decimal Steps(string kind, decimal number, decimal step)
    {
        try
        {
            return decimal.Round(number / step, 0, MidpointRounding.AwayFromZero);
        }
        catch (OverflowException e)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.TransformUnusable, "A number has more than 28 digits in steps.", "Take a larger step.", kind), e);
        }
    }

    /// <summary>Without zeros at the end, so that equal numbers are equal texts.</summary>
    public static string Write(decimal number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        if (text.Contains('.', StringComparison.Ordinal))
            text = text.TrimEnd('0').TrimEnd('.');
        return text is "-0" ? "0" : text;
    }

    /// <summary>The column as numbers, one for each row; a null is refused with its row.</summary>
    public static double[] Read(string kind, Column column)
    {
        var values = new double[column.Distinct];
        for (var code = 0; code < values.Length; code++)
        {
            if (!TryRead(column.Values[code], out var number))
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.TransformUnusable, $"Column {column.Name} has a value that is not a number.",
                    "Numbers are written with a point and without thousands separators; take rows without one out first.", kind)
                { Column = column.Name, Row = Tables.RowOf(column, code) + 2 }.ToException();
            }

            values[code] = (double)number;
        }

        var numbers = new double[column.Rows];
        for (var row = 0; row < numbers.Length; row++)
            numbers[row] = values[column.Code(row)];
        return numbers;
    }
}
