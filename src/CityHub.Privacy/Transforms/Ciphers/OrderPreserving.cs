using System.Buffers.Binary;
using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// Whole numbers become whole numbers in the same order, and back with the key: the domain is halved again and again, each time the range is cut at a pseudorandom place that leaves room for
/// both halves (after Boldyreva et al. 2009, without their hypergeometric cut). Order shows, and with it roughly the upper half of the digits: for range queries on a server that is
/// not trusted with the values, not for a release to the public.
/// </summary>
public sealed class OrderPreserving : ValueTransform
{
    internal const string Word = "order-preserving";

    /// <summary>How many times larger the range is than the domain, as a power of two.</summary>
    private const int Spread = 16;

    /// <param name="min">The smallest number of the domain.</param>
    /// <param name="max">The largest; at most 2^40 numbers in all.</param>
    public OrderPreserving(string column, string identity, KeyUse key, long min, long max, bool back = false)
        : base(column)
    {
        (Identity, Key, Min, Max, Back) = (identity, key, min, max, back);
        if (min >= max || (UInt128)((Int128)max - min) >= (UInt128)1 << 40)
            throw Unusable("The domain goes from a smaller to a larger number and has at most 2^40.", column: column);
    }

    public string Identity { get; }

    public KeyUse Key { get; }

    public long Min { get; }

    public long Max { get; }

    public bool Back { get; }

    public override string Kind => Word;

    public override Transform Inverse() => new OrderPreserving(Column, Identity, Key, Min, Max, !Back);

    private protected override ValueFunction Start(TransformContext context)
    {
        var key = context.Own(Key.Derive(Word, context, context.NeedScope(Word).Bytes(Identity)));
        return value =>
        {
            if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || (!Back && (number < Min || number > Max)))
                throw Unusable(FormattableString.Invariant($"A value is not a whole number of {Min} to {Max}."), "Widen the domain, or round and clamp first.", Column);
            return Walk(key, number).ToString(CultureInfo.InvariantCulture);
        };
    }

    private long Walk(ISecretKey key, long number)
    {
        // Domain [low, low + size), range [bottom, bottom + room), room ≥ size always.
        long low = 0, size = Max - Min + 1, bottom = 0, room = size << Spread;
        Span<byte> node = stackalloc byte[24], tag = stackalloc byte[MacFunction.Size];
        BinaryPrimitives.WriteInt64BigEndian(node[16..], Max - Min);
        while (true)
        {
            BinaryPrimitives.WriteInt64BigEndian(node, low);
            BinaryPrimitives.WriteInt64BigEndian(node[8..], size);
            key.Mac(Key.Suite.Mac, node, tag);
            var random = BinaryPrimitives.ReadUInt128BigEndian(tag);
            if (size == 1)
            {
                var image = bottom + (long)(random % (ulong)room);
                if (!Back)
                    return image;
                return image == number ? low + Min : throw Unusable("A value was not encrypted with this key for this scope and identity.", "Take key version, dataset, purpose and receiver of the release it came with.", Column);
            }

            var left = size / 2;
            var cut = left + (long)(random % (ulong)(room - size + 1));
            if (Back ? number < bottom + cut : number - Min < low + left)
                (size, room) = (left, cut);
            else
                (low, bottom, size, room) = (low + left, bottom + cut, size - left, room - cut);
        }
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into.Add("column", Column).Add("identity", Identity));
        into.Add("min", Min).Add("max", Max).Add("back", Back);
    }

    internal static Transform Read(ParameterReader from) => new OrderPreserving(
        from.Text("column"), from.Text("identity"), KeyUse.Read(from), Long(from, "min"), Long(from, "max"), from.Bool("back"));

    private static long Long(ParameterReader from, string name)
    {
        var number = from.Number(name);
        return number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number : throw from.Bad(name, "is a whole number");
    }
}
