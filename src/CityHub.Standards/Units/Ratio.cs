using System.Globalization;
using System.Numerics;

namespace CityHub.Standards.Units;

/// <summary>An exact factor: a fraction times a power of π. Inches, hours and degrees convert without a rounding but the last.</summary>
internal readonly record struct Ratio
{
    public static readonly Ratio One = new(BigInteger.One, BigInteger.One, 0);
    public static readonly Ratio Pi = new(BigInteger.One, BigInteger.One, 1);

    private Ratio(BigInteger numerator, BigInteger denominator, int pi) => (Numerator, Denominator, PiPower) = (numerator, denominator, pi);

    public BigInteger Numerator { get; }

    public BigInteger Denominator { get; }

    public int PiPower { get; }

    /// <summary>How long numerator and denominator are together: what exponents may make of a unit has an end.</summary>
    public long Bits => (long)Numerator.GetBitLength() + (long)Denominator.GetBitLength();

    public static Ratio Of(BigInteger numerator, BigInteger denominator, int pi = 0)
    {
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return new(numerator / common, denominator / common, pi);
    }

    /// <summary>A decimal as it is written, e.g. <c>6.02214076e23</c>.</summary>
    public static Ratio Parse(string text)
    {
        var e = text.IndexOf('e', StringComparison.Ordinal);
        var power = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            power -= mantissa.Length - point - 1;
            mantissa = mantissa.Remove(point, 1);
        }

        var digits = BigInteger.Parse(mantissa, NumberStyles.None, CultureInfo.InvariantCulture);
        return power >= 0 ? Of(digits * BigInteger.Pow(10, power), BigInteger.One) : Of(digits, BigInteger.Pow(10, -power));
    }

    public static Ratio operator *(Ratio one, Ratio other) => Of(one.Numerator * other.Numerator, one.Denominator * other.Denominator, one.PiPower + other.PiPower);

    public static Ratio operator /(Ratio one, Ratio other) => Of(one.Numerator * other.Denominator, one.Denominator * other.Numerator, one.PiPower - other.PiPower);

    public Ratio Pow(int exponent) => exponent >= 0
        ? new(BigInteger.Pow(Numerator, exponent), BigInteger.Pow(Denominator, exponent), PiPower * exponent)
        : new(BigInteger.Pow(Denominator, -exponent), BigInteger.Pow(Numerator, -exponent), PiPower * exponent);

    /// <summary>The nearest double, or the one beside it: 64 digits of quotient before the rounding.</summary>
    public double ToDouble()
    {
        var shift = 64 - (int)(Numerator.GetBitLength() - Denominator.GetBitLength());
        var quotient = shift >= 0 ? (Numerator << shift) / Denominator : Numerator / (Denominator << -shift);
        return Math.ScaleB((double)quotient, -shift) * Math.Pow(Math.PI, PiPower);
    }

    /// <summary>value × this, with as few roundings as there can be.</summary>
    public double Times(double value)
    {
        if (PiPower == 0 && Numerator.GetBitLength() <= 53 && Denominator.GetBitLength() <= 53)
            return value * (double)Numerator / (double)Denominator;
        return value * ToDouble();
    }
}
