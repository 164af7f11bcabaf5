using System.Globalization;
using System.Text.Json;

namespace CityHub.Standards.Models;

/// <summary>A number of JSON: exact while 28 digits hold it, a double beyond.</summary>
internal readonly record struct JsonNumber(decimal? Exact, double Rough) : IComparable<JsonNumber>
{
    public static JsonNumber Of(JsonElement element)
    {
        var rough = element.GetDouble();
        // A decimal holds no more than 28 digits behind the point: a smaller number would become 0.
        return element.TryGetDecimal(out var exact) && (exact != 0 || rough == 0) ? new(exact, rough) : new(null, rough);
    }

    public bool IsInteger => Exact is { } exact ? decimal.Truncate(exact) == exact : Math.Truncate(Rough) == Rough;

    public int CompareTo(JsonNumber other) => Exact is { } one && other.Exact is { } two ? one.CompareTo(two) : Rough.CompareTo(other.Rough);

    public bool IsMultipleOf(JsonNumber other)
    {
        if (Exact is { } one && other.Exact is { } two)
            return one % two == 0;
        var quotient = Rough / other.Rough;
        return Math.Abs(quotient - Math.Round(quotient)) < 1e-9;
    }

    public override string ToString() => Exact is { } exact ? exact.ToString(CultureInfo.InvariantCulture) : Rough.ToString("R", CultureInfo.InvariantCulture);

    public static bool operator <(JsonNumber one, JsonNumber other) => one.CompareTo(other) < 0;

    public static bool operator >(JsonNumber one, JsonNumber other) => one.CompareTo(other) > 0;

    public static bool operator <=(JsonNumber one, JsonNumber other) => one.CompareTo(other) <= 0;

    public static bool operator >=(JsonNumber one, JsonNumber other) => one.CompareTo(other) >= 0;
}
