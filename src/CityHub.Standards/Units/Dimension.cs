namespace CityHub.Standards.Units;

/// <summary>The powers of the seven base units of UCUM (§29): metre, second, gram, radian, kelvin, coulomb, candela.</summary>
public readonly record struct Dimension(int Length, int Time, int Mass, int Angle, int Temperature, int Charge, int Luminosity)
{
    public static readonly Dimension None;

    public static Dimension operator +(Dimension one, Dimension other) => new(one.Length + other.Length, one.Time + other.Time, one.Mass + other.Mass,
        one.Angle + other.Angle, one.Temperature + other.Temperature, one.Charge + other.Charge, one.Luminosity + other.Luminosity);

    public static Dimension operator *(Dimension one, int power) => new(one.Length * power, one.Time * power, one.Mass * power,
        one.Angle * power, one.Temperature * power, one.Charge * power, one.Luminosity * power);

    public static Dimension Add(Dimension left, Dimension right) => left + right;

    public static Dimension Multiply(Dimension left, int right) => left * right;

    /// <summary>As a unit of base units, e.g. <c>m.s-2.g</c>; <c>1</c> for a pure number.</summary>
    public override string ToString()
    {
        var parts = new List<string>(7);
        foreach (var (unit, power) in new[] { ("m", Length), ("s", Time), ("g", Mass), ("rad", Angle), ("K", Temperature), ("C", Charge), ("cd", Luminosity) })
            if (power != 0)
                parts.Add(power == 1 ? unit : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{unit}{power}"));
        return parts.Count == 0 ? "1" : string.Join('.', parts);
    }
}
