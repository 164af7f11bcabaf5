using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// A pseudonym derived with a key for one scope (dataset, purpose, receiver) and one kind of identity: one person has one pseudonym in all tables of a release whatever their columns are
/// called, and another one in each other release. It cannot be computed back; who has the key can say whether a pseudonym is that of a given person.
/// </summary>
public sealed class KeyedPseudonym : ValueTransform
{
    internal const string Word = "keyed-pseudonym";

    /// <summary>Digits and letters without I, L, O and U, which are misread (Crockford's base 32).</summary>
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <param name="identity">What the column identifies, e.g. <c>person</c>: the same word in all tables that are to be joined.</param>
    /// <param name="length">0 for the whole MAC in hexadecimal, or how many letters of 5 bits each, 4 to 51. Of n persons, two get the same with a chance of about n² / 2^(5·length + 1); it is checked within a release.</param>
    /// <param name="prefix">Stands before each, e.g. <c>P-</c>.</param>
    public KeyedPseudonym(string column, string identity, KeyUse key, int length = 0, string prefix = "")
        : base(column)
    {
        (Identity, Key, Length, Prefix) = (identity, key, length, prefix);
        if (length is not 0 and (< 4 or > 51))
            throw Unusable("A short pseudonym has 4 to 51 letters.", "12 letters do for a million persons.", column);
    }

    public string Identity { get; }

    public KeyUse Key { get; }

    public int Length { get; }

    public string Prefix { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context)
    {
        var key = context.Own(Key.Derive(Word, context, context.NeedScope(Word).Bytes(Identity)));
        if (Length == 0)
            return value => Prefix + Convert.ToHexStringLower(KeyedHash.Tag(key, Key.Suite.Mac, value));
        var space = FormattableString.Invariant($"{Word}/{Identity}/{Key.Name}/{Key.Version}");
        return value =>
        {
            var tag = KeyedHash.Tag(key, Key.Suite.Mac, value);
            var pseudonym = Prefix + Short(tag);
            return context.Claim(space, pseudonym, Convert.ToHexString(tag)) ? pseudonym : throw Unusable(
                FormattableString.Invariant($"Two values get one pseudonym of {Length} letters."), "Take more letters: 12 do for a million persons, 16 for a thousand million.", Column);
        };
    }

    private string Short(ReadOnlySpan<byte> tag)
    {
        Span<char> text = stackalloc char[Length];
        for (var i = 0; i < Length; i++)
        {
            var number = 0;
            for (var bit = i * 5; bit < (i * 5) + 5; bit++)
                number = (number << 1) | ((tag[bit / 8] >> (7 - (bit % 8))) & 1);
            text[i] = Letters[number];
        }

        return text.ToString();
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into.Add("column", Column).Add("identity", Identity));
        into.Add("length", Length).Add("prefix", Prefix);
    }

    internal static Transform Read(ParameterReader from) =>
        new KeyedPseudonym(from.Text("column"), from.Text("identity"), KeyUse.Read(from), from.Int("length", 0, 51, 0), from.Text("prefix", ""));
}
