namespace CityHub.Standards.Units;

/// <summary>What a UCUM expression means: how many base units one of it is, or for special units (§21) the function that says so.</summary>
public sealed class UcumUnit
{
    internal UcumUnit(string code, Ratio factor, Dimension dimension, SpecialScale? special = null) =>
        (Code, Factor, Dimension, Special) = (code, factor, dimension, special);

    /// <summary>As it was written.</summary>
    public string Code { get; }

    public Dimension Dimension { get; }

    /// <summary>Not a plain multiple of base units: it has a zero of its own, or is a logarithm.</summary>
    public bool IsSpecial => Special is not null;

    /// <summary>How many base units; of a special unit, the factor before its number (§22: <c>d</c> in <c>dB</c>).</summary>
    internal Ratio Factor { get; }

    internal SpecialScale? Special { get; }

    internal UcumUnit As(string code) => new(code, Factor, Dimension, Special);
}

/// <summary>A special unit's way to a proper unit and back (UCUM §21, table 6).</summary>
/// <param name="Proper">The unit in which <paramref name="ToProper"/> counts.</param>
/// <param name="ToProper">The number in the proper unit.</param>
/// <param name="FromProper">Its inverse.</param>
internal sealed record SpecialScale(Ratio Proper, Func<double, double> ToProper, Func<double, double> FromProper);

/// <summary>From one unit to another of the same dimension, worked out once and used for many values.</summary>
public sealed class UnitConversion
{
    private readonly Ratio _ratio;
    private readonly double _numerator;
    private readonly double _denominator;
    private readonly UcumUnit? _special;
    private readonly UcumUnit _to;

    internal UnitConversion(UcumUnit from, UcumUnit to)
    {
        (From, To, _to) = (from.Code, to.Code, to);
        if (from.IsSpecial || to.IsSpecial)
        {
            // The same scale with another prefix is a plain multiple: °C to m°C does not go by way of the kelvin.
            _special = ReferenceEquals(from.Special, to.Special) ? null : from;
        }

        _ratio = from.Factor / to.Factor;
        var exact = _ratio.PiPower == 0 && _ratio.Numerator.GetBitLength() <= 53 && _ratio.Denominator.GetBitLength() <= 53;
        (_numerator, _denominator) = exact ? ((double)_ratio.Numerator, (double)_ratio.Denominator) : (_ratio.ToDouble(), 1);
    }

    public string From { get; }

    public string To { get; }

    public double Apply(double value)
    {
        if (_special is null)
            return value * _numerator / _denominator;
        if (_special.Special is { } scale)
        {
            var proper = scale.ToProper(_special.Factor.Times(value));
            return _to.Special is { } target
                ? (Ratio.One / _to.Factor).Times(target.FromProper((scale.Proper / target.Proper).Times(proper)))
                : (scale.Proper / _to.Factor).Times(proper);
        }

        return _to.Special is { } other ? (Ratio.One / _to.Factor).Times(other.FromProper((_special.Factor / other.Proper).Times(value))) : value;
    }
}
