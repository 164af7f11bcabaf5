namespace CityHub.Crypto.Curve25519;

/// <summary>
/// 1 … 8 times P·256^i for i = 0 … 31: a multiple of P then costs 64 additions and no doubling of its own. 30 kB and 0.1 ms for a key;
/// the keys of a log and of its witnesses are few and are used for years. The lookups depend on the number, so it has to be a public one.
/// </summary>
internal sealed class Comb
{
    private const int Blocks = Scalar.Digits / 2, Width = 8;

    public static readonly Comb Base = new(Point.Base);

    private readonly TablePoint[] table = new TablePoint[Blocks * Width];

    public Comb(in Point point)
    {
        var points = new Point[table.Length];
        var first = point;
        for (var block = 0; block < Blocks; block++)
        {
            var multiple = first;
            for (var i = 0; i < Width; i++)
            {
                points[block * Width + i] = multiple;
                multiple = multiple.Plus(first);
            }

            for (var i = 0; i < 8; i++)
                first = first.Doubled();
        }

        // One inverse for all (Montgomery): the products of the Z up to each point, the inverse of the last, and back.
        var products = new Field[points.Length];
        var product = Field.One;
        for (var i = 0; i < points.Length; i++)
        {
            products[i] = product;
            product *= points[i].Z;
        }

        var inverse = product.Inverse();
        for (var i = points.Length - 1; i >= 0; i--)
        {
            var mine = inverse * products[i];
            inverse *= points[i].Z;
            table[i] = new TablePoint(points[i].X * mine, points[i].Y * mine);
        }
    }

    /// <summary>number·P.</summary>
    public Point Times(in Scalar number)
    {
        Span<sbyte> digits = stackalloc sbyte[Scalar.Digits];
        number.Write(digits);
        var sum = Point.Identity;
        AddDigits(ref sum, digits, 1);
        sum = sum.Doubled().Doubled().Doubled().Doubled();
        AddDigits(ref sum, digits, 0);
        return sum;
    }

    /// <summary>x·B + y·P, the doublings of both in common.</summary>
    public Point TimesWithBase(in Scalar x, in Scalar y)
    {
        Span<sbyte> ofBase = stackalloc sbyte[Scalar.Digits];
        Span<sbyte> ofPoint = stackalloc sbyte[Scalar.Digits];
        x.Write(ofBase);
        y.Write(ofPoint);
        var sum = Point.Identity;
        Base.AddDigits(ref sum, ofBase, 1);
        AddDigits(ref sum, ofPoint, 1);
        sum = sum.Doubled().Doubled().Doubled().Doubled();
        Base.AddDigits(ref sum, ofBase, 0);
        AddDigits(ref sum, ofPoint, 0);
        return sum;
    }

    private void AddDigits(ref Point sum, ReadOnlySpan<sbyte> digits, int from)
    {
        for (var i = from; i < digits.Length; i += 2)
        {
            int digit = digits[i];
            if (digit != 0)
                sum = sum.Plus(in table[(i >> 1) * Width + Math.Abs(digit) - 1], digit < 0);
        }
    }
}
