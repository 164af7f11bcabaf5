namespace CityHub.Crypto.Curve25519;

/// <summary>
/// Small multiples of P·2^(2wi): a multiple of P then costs an addition for each digit of w bits and w doublings in all. For a key (w = 5) that is 50 kB and 0.3 ms once,
/// and half the time of the library's verifier from then on (`bench ledger`); the keys of a log and of its witnesses are few and are used for years.
/// The lookups depend on the number, so it has to be a public one.
/// </summary>
internal sealed class Comb
{
    /// <summary>For the base point, of which there is one in the process: 150 kB.</summary>
    private const int WidthOfBase = 7;

    public static readonly Comb Base = new(Point.Base, WidthOfBase);

    private readonly int width, half;
    private readonly TablePoint[] table;

    public Comb(in Point point, int width = 5)
    {
        this.width = width;
        half = 1 << (width - 1);
        var points = new Point[(Scalar.DigitsOf(width) + 1) / 2 * half];
        var first = point;
        for (var block = 0; block < points.Length; block += half)
        {
            var multiple = first;
            for (var i = 0; i < half; i++)
            {
                points[block + i] = multiple;
                multiple = multiple.Plus(first);
            }

            for (var i = 0; i < 2 * width; i++)
                first = first.Doubled();
        }

        table = Affine(points);
    }

    /// <summary>One inverse for all (Montgomery): the products of the Z up to each point, the inverse of the last, and back.</summary>
    private static TablePoint[] Affine(Point[] points)
    {
        var products = new Field[points.Length];
        var product = Field.One;
        for (var i = 0; i < points.Length; i++)
        {
            products[i] = product;
            product *= points[i].Z;
        }

        var affine = new TablePoint[points.Length];
        var inverse = product.Inverse();
        for (var i = points.Length - 1; i >= 0; i--)
        {
            var mine = inverse * products[i];
            inverse *= points[i].Z;
            affine[i] = new TablePoint(points[i].X * mine, points[i].Y * mine);
        }

        return affine;
    }

    /// <summary>number·P: the digits of odd place, w doublings, the digits of even place.</summary>
    public Point Times(in Scalar number)
    {
        Span<sbyte> digits = stackalloc sbyte[Scalar.DigitsOf(width)];
        number.Write(digits, width);
        var sum = Point.Identity;
        for (var i = 1; i < digits.Length; i += 2)
            Add(ref sum, i, digits[i]);
        for (var i = 0; i < width; i++)
            sum = sum.Doubled();
        for (var i = 0; i < digits.Length; i += 2)
            Add(ref sum, i, digits[i]);
        return sum;
    }

    private void Add(ref Point sum, int place, int digit)
    {
        if (digit != 0)
            sum = sum.Plus(in table[(place >> 1) * half + Math.Abs(digit) - 1], digit < 0);
    }
}
