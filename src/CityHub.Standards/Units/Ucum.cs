using System.Collections.Concurrent;
using CityHub.Core.Problems;

namespace CityHub.Standards.Units;

/// <summary>Units after UCUM (the Unified Code for Units of Measure, case-sensitive): read, compared, converted.</summary>
public static class Ucum
{
    private const int MostKept = 4096;
    private static readonly ConcurrentDictionary<string, UcumUnit> Known = new(StringComparer.Ordinal);

    /// <summary>What an expression means, e.g. <c>ug/m3</c>, <c>Cel</c>, <c>km/h</c>, <c>{vehicles}/h</c>.</summary>
    public static Result<UcumUnit> Parse(string code)
    {
        if (Known.TryGetValue(code, out var known))
            return known;
        if (!UcumParser.Parse(code).TryGet(out var unit, out var problem))
            return problem;
        // Expressions come from outside: what is kept of them has an end.
        if (Known.Count < MostKept)
            Known[code] = unit;
        return unit;
    }

    /// <summary>True when a value of the one can be said in the other.</summary>
    public static bool AreCommensurable(UcumUnit one, UcumUnit other) => one.Dimension == other.Dimension;

    public static Result<UnitConversion> Conversion(string from, string to)
    {
        if (!Parse(from).TryGet(out var one, out var problem) || !Parse(to).TryGet(out var other, out problem))
            return problem;
        return AreCommensurable(one, other)
            ? new UnitConversion(one, other)
            : StandardsProblems.UnitsDiffer.Because($"{from} is {one.Dimension}, {to} is {other.Dimension}: no factor leads from the one to the other.",
                $"Give a unit of the dimension {one.Dimension}.", "UCUM §29 (dimension)");
    }

    public static Result<double> Convert(double value, string from, string to)
    {
        if (!Conversion(from, to).TryGet(out var conversion, out var problem))
            return problem;
        var converted = conversion.Apply(value);
        return double.IsFinite(converted)
            ? converted
            : StandardsProblems.UnitsDiffer.Because($"{value.ToString(System.Globalization.CultureInfo.InvariantCulture)} {from} has no value in {to}.",
                "A logarithm has none for zero and less; a number of machines has an end.", "UCUM §21 (special units)");
    }
}
