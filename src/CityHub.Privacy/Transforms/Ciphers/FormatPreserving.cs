using System.Text;
using CityHub.Crypto;

namespace CityHub.Privacy;

/// <summary>
/// FF1 (NIST SP 800-38G) with AES-256 or SM4: the letters of an alphabet in a text become others of it, in the same places; what is not of the alphabet (hyphens, spaces) stays, and so do the
/// first and last letters that are kept. Scope, identity and all that stays are the tweak. At least a million texts have to be possible (rev. 1), six digits for instance.
/// </summary>
public sealed class FormatPreserving : ValueTransform
{
    internal const string Word = "format-preserving";

    public const string Digits = "0123456789";

    private readonly Rune[] letters;
    private readonly Dictionary<Rune, ushort> numerals = [];

    /// <param name="alphabet">Each character once: <see cref="Digits"/>, 36 letters, or an own one.</param>
    /// <param name="keepFirst">Letters of the alphabet at the beginning that stay, e.g. 3 for the carrier of a telephone number.</param>
    public FormatPreserving(string column, string identity, KeyUse key, string alphabet = Digits, int keepFirst = 0, int keepLast = 0, bool back = false)
        : base(column)
    {
        (Identity, Key, Alphabet, KeepFirst, KeepLast, Back) = (identity, key, alphabet, keepFirst, keepLast, back);
        letters = [.. alphabet.EnumerateRunes()];
        if (letters.Length is < 2 or > 1 << 16 || keepFirst < 0 || keepLast < 0)
            throw Unusable("An alphabet has 2 to 65536 characters, and no fewer than 0 letters are kept.", column: column);
        for (var i = 0; i < letters.Length; i++)
        {
            if (!numerals.TryAdd(letters[i], (ushort)i))
                throw Unusable("A character stands twice in the alphabet.", column: column);
        }
    }

    public string Identity { get; }

    public KeyUse Key { get; }

    public string Alphabet { get; }

    public int KeepFirst { get; }

    public int KeepLast { get; }

    public bool Back { get; }

    public override string Kind => Word;

    public override Transform Inverse() => new FormatPreserving(Column, Identity, Key, Alphabet, KeepFirst, KeepLast, !Back);

    private protected override ValueFunction Start(TransformContext context)
    {
        using var key = Key.Derive(Word, context, default);
        var ff1 = new Ff1(context.Own(key.Open(BlockCiphers.Of(Key.Suite))), letters.Length);
        var scope = context.NeedScope(Word).Bytes(Identity);
        return value => Run(ff1, scope, value);
    }

    private string Run(Ff1 ff1, byte[] scope, string value)
    {
        var runes = value.EnumerateRunes().ToArray();
        var places = new List<int>(runes.Length);
        for (var i = 0; i < runes.Length; i++)
        {
            if (numerals.ContainsKey(runes[i]))
                places.Add(i);
        }

        var count = places.Count - KeepFirst - KeepLast;
        if (count < ff1.MinLength || count > ff1.MaxLength)
        {
            throw Unusable(
                FormattableString.Invariant($"A value has {Math.Max(0, count)} letters to encrypt; FF1 takes {ff1.MinLength} to {ff1.MaxLength} of this alphabet."),
                "Keep fewer letters, mask the column, or take deterministic encryption, which does not keep the format.", Column);
        }

        places = places.GetRange(KeepFirst, count);
        var text = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            text[i] = numerals[runes[places[i]]];
            runes[places[i]] = new Rune(0);
        }

        // What stays is the tweak: the same middle in another telephone prefix becomes something else.
        byte[] tweak = [.. scope, .. Encoding.UTF8.GetBytes(string.Concat(runes))];
        if (Back)
            ff1.Decrypt(text, tweak);
        else
            ff1.Encrypt(text, tweak);
        for (var i = 0; i < count; i++)
            runes[places[i]] = letters[text[i]];
        return string.Concat(runes);
    }

    internal override void Write(ParameterWriter into)
    {
        Key.Write(into.Add("column", Column).Add("identity", Identity));
        into.Add("alphabet", Alphabet).Add("keepFirst", KeepFirst).Add("keepLast", KeepLast).Add("back", Back);
    }

    internal static Transform Read(ParameterReader from) => new FormatPreserving(
        from.Text("column"), from.Text("identity"), KeyUse.Read(from), from.Text("alphabet", Digits),
        from.Int("keepFirst", 0, int.MaxValue, 0), from.Int("keepLast", 0, int.MaxValue, 0), from.Bool("back"));
}
