namespace CityHub.Crypto.Curve25519;

/// <summary>A point of edwards25519 in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. The formulas are complete: they hold for every two points.</summary>
internal readonly struct Point
{
    public readonly Field X, Y, Z, T;

    public Point(in Field x, in Field y, in Field z, in Field t) => (X, Y, Z, T) = (x, y, z, t);

    public static readonly Point Identity = new(default, Field.One, Field.One, default);

    /// <summary>B of RFC 8032: y = 4/5, x even.</summary>
    public static readonly Point Base = FromAffine(
        new Field(0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5),
        new Field(0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666));

    public static Point FromAffine(in Field x, in Field y) => new(x, y, Field.One, x * y);

    /// <summary>RFC 8032, 5.1.3, with the canonical encoding only: y below p, and no negative zero.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Point point)
    {
        point = default;
        var y = Field.Read(bytes);
        var squared = y.Squared();
        if (!Field.TryRootOfRatio(squared - Field.One, squared * Field.D + Field.One, out var x))
            return false;
        var odd = bytes[31] >> 7 != 0;
        if (x.IsOdd != odd)
            x = (default(Field) - x) * Field.One;
        point = FromAffine(x, y);
        Span<byte> again = stackalloc byte[32];
        point.Write(again);
        return bytes.SequenceEqual(again);
    }

    public void Write(Span<byte> into)
    {
        var inverse = Z.Inverse();
        (Y * inverse).Write(into);
        if ((X * inverse).IsOdd)
            into[31] |= 0x80;
    }

    public bool IsIdentity => X.IsZero && (Y - Z).IsZero;

    public Point Negated() => new((default(Field) - X) * Field.One, Y, Z, (default(Field) - T) * Field.One);

    public Point Plus(in Point other)
    {
        var a = (Y - X) * (other.Y - other.X);
        var b = (Y + X) * (other.Y + other.X);
        var c = T * Field.TwoD * other.T;
        var d = (Z + Z) * other.Z;
        return Close(b - a, d - c, d + c, b + a);
    }

    /// <summary>Adds a point of a table, or takes it away: seven multiplications.</summary>
    public Point Plus(in TablePoint other, bool negated)
    {
        var a = (Y - X) * (negated ? other.Sum : other.Difference);
        var b = (Y + X) * (negated ? other.Difference : other.Sum);
        var c = T * other.Product;
        var d = Z + Z;
        return negated ? Close(b - a, d + c, d - c, b + a) : Close(b - a, d - c, d + c, b + a);
    }

    public Point Doubled()
    {
        var a = X.Squared();
        var b = Y.Squared();
        var c = Z.Squared();
        var h = a + b;
        var g = a - b;
        return Close(h - (X + Y).Squared(), c + c + g, g, h);
    }

    private static Point Close(in Field e, in Field f, in Field g, in Field h) => new(e * f, g * h, f * g, e * h);
}

/// <summary>An affine point as additions want it: y + x, y − x, 2d·x·y.</summary>
internal readonly struct TablePoint
{
    public readonly Field Sum, Difference, Product;

    public TablePoint(in Field x, in Field y)
    {
        // Times one brings the limbs down again.
        Sum = (y + x) * Field.One;
        Difference = (y - x) * Field.One;
        Product = x * y * Field.TwoD;
    }
}
