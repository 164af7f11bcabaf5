using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace CityHub.Privacy;

/// <summary>
/// A fraction of whole numbers of any size, in lowest terms. Privacy parameters, grids and released values are of this kind, because what is rounded on the way
/// from the data to a release leaks (Mironov 2012; Casacuberta et al. 2022).
/// </summary>
public readonly struct ExactRational : IEquatable<ExactRational>, IComparable<ExactRational>
{
    private const int LongestText = 256, LargestExponent = 400;

    private readonly BigInteger denominator; // 0 stands for 1, so that the default value is the number 0

    /// <exception cref="DivideByZeroException">The denominator is 0.</exception>
    public ExactRational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
            throw new DivideByZeroException();
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        if (denominator.Sign < 0)
            common = -common;
        Numerator = numerator / common;
        this.denominator = denominator / common;
    }

    public static ExactRational Zero => default;

    public static ExactRational One { get; } = new(1, 1);

    public BigInteger Numerator { get; }

    /// <summary>At least 1.</summary>
    public BigInteger Denominator => denominator.IsZero ? BigInteger.One : denominator;

    public int Sign => Numerator.Sign;

    public bool IsWhole => Denominator.IsOne;

    public static implicit operator ExactRational(long value) => new(value, BigInteger.One);

    public static implicit operator ExactRational(BigInteger value) => new(value, BigInteger.One);

    public static ExactRational operator +(ExactRational a, ExactRational b) => new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static ExactRational operator -(ExactRational a, ExactRational b) => new((a.Numerator * b.Denominator) - (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static ExactRational operator -(ExactRational a) => new(-a.Numerator, a.Denominator);

    public static ExactRational operator *(ExactRational a, ExactRational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static ExactRational operator /(ExactRational a, ExactRational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator ==(ExactRational a, ExactRational b) => a.Equals(b);

    public static bool operator !=(ExactRational a, ExactRational b) => !a.Equals(b);

    public static bool operator <(ExactRational a, ExactRational b) => a.CompareTo(b) < 0;

    public static bool operator >(ExactRational a, ExactRational b) => a.CompareTo(b) > 0;

    public static bool operator <=(ExactRational a, ExactRational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ExactRational a, ExactRational b) => a.CompareTo(b) >= 0;

    public static ExactRational Max(ExactRational a, ExactRational b) => a >= b ? a : b;

    public static ExactRational Min(ExactRational a, ExactRational b) => a <= b ? a : b;

    public static ExactRational Abs(ExactRational a) => a.Sign < 0 ? -a : a;

    /// <summary>Reads <c>12</c>, <c>-0.25</c>, <c>1e-6</c> or <c>1/3</c>, each as the number that stands there and not as one near it.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ExactRational value)
    {
        value = default;
        text = text.Trim();
        if (text.IsEmpty || text.Length > LongestText)
            return false;
        var slash = text.IndexOf('/');
        if (slash < 0)
            return TryDecimal(text, out value);
        if (!TryWhole(text[..slash], sign: true, out var above) || !TryWhole(text[(slash + 1)..], sign: false, out var below) || below.IsZero)
            return false;
        value = new ExactRational(above, below);
        return true;
    }

    /// <exception cref="PrivacyException">The text is no number.</exception>
    public static ExactRational Parse(string text) => TryParse(text, out var value) ? value : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"\"{text}\" is not a number.", "Write a decimal number such as 0.1 or 1e-6, or a fraction such as 1/3.").ToException();

    /// <summary>The largest whole number that is not above.</summary>
    public BigInteger Floor()
    {
        var quotient = BigInteger.DivRem(Numerator, Denominator, out var rest);
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The smallest whole number that is not below.</summary>
    public BigInteger Ceiling() => -(-this).Floor();

    public int CompareTo(ExactRational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(ExactRational other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ExactRational other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    /// <summary>A decimal number where it ends, a fraction where it does not; <see cref="TryParse"/> reads both back as the same number.</summary>
    public override string ToString()
    {
        int twos = 0, fives = 0;
        var rest = Denominator;
        for (; rest.IsEven; twos++)
            rest >>= 1;
        for (; (rest % 5).IsZero; fives++)
            rest /= 5;
        var places = twos > fives ? twos : fives;
        return rest.IsOne && places <= LongestText / 2 ? ToText(places) : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
    }

    /// <summary>Rounded to so many decimal places, half away from zero; for people, and for what is released already.</summary>
    public string ToText(int places)
    {
        var scaled = BigInteger.Abs(Numerator) * BigInteger.Pow(10, places);
        var digits = ((scaled * 2) + Denominator) / (Denominator * 2);
        var text = new StringBuilder(digits.ToString(CultureInfo.InvariantCulture));
        if (places > 0)
        {
            if (text.Length <= places)
                text.Insert(0, "0", places + 1 - text.Length);
            text.Insert(text.Length - places, '.');
        }

        if (Sign < 0 && !digits.IsZero) // there is no negative zero
            text.Insert(0, '-');
        return text.ToString();
    }

    private static bool TryDecimal(ReadOnlySpan<char> text, out ExactRational value)
    {
        value = default;
        var exponent = 0;
        var e = text.IndexOfAny('e', 'E');
        if (e >= 0)
        {
            if (!TryWhole(text[(e + 1)..], sign: true, out var power) || BigInteger.Abs(power) > LargestExponent)
                return false;
            exponent = (int)power;
            text = text[..e];
        }

        var negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '-' or '+')
            text = text[1..];
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length + fraction.Length == 0)
            return false;
        BigInteger above = default, below = default;
        if ((!whole.IsEmpty && !TryWhole(whole, sign: false, out above)) || (!fraction.IsEmpty && !TryWhole(fraction, sign: false, out below)))
            return false;
        var digits = (above * BigInteger.Pow(10, fraction.Length)) + below;
        exponent -= fraction.Length;
        if (negative)
            digits = -digits;
        value = exponent >= 0 ? digits * BigInteger.Pow(10, exponent) : new ExactRational(digits, BigInteger.Pow(10, -exponent));
        return true;
    }

    private static bool TryWhole(ReadOnlySpan<char> text, bool sign, out BigInteger value) =>
        BigInteger.TryParse(text, sign ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
