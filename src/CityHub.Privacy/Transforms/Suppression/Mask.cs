using System.Globalization;
using System.Text;

namespace CityHub.Privacy;

/// <summary>Classes of characters that a mask may hide.</summary>
[Flags]
public enum MaskClasses
{
    Digits = 1,
    Letters = 2,

    /// <summary>Ideographs: U+3400 to U+9FFF, U+F900 to U+FAFF and the supplementary planes 2 and 3.</summary>
    Han = 4,

    /// <summary>All else: spaces, hyphens, brackets.</summary>
    Others = 8,

    All = Digits | Letters | Han | Others,
}

/// <summary>
/// Hides the middle of a text: 张*, 138****5678. The first and last characters that are kept are counted over all characters; a text that is not longer than what would be kept is hidden
/// altogether. One mask stands for one character, unless <see cref="Width"/> says that as many stand for whatever is hidden, so that the length does not show either.
/// </summary>
public sealed class Mask : ValueTransform
{
    internal const string Word = "mask";

    private static readonly (MaskClasses Class, string Name)[] Names =
        [(MaskClasses.Digits, "digits"), (MaskClasses.Letters, "letters"), (MaskClasses.Han, "han"), (MaskClasses.Others, "others")];

    private readonly Rune with;

    /// <param name="keepFirst">Characters (Unicode scalars) at the beginning that are shown.</param>
    /// <param name="keepLast">At the end.</param>
    /// <param name="with">One character.</param>
    /// <param name="classes">Which characters of the middle are hidden.</param>
    /// <param name="width">0, or how many masks stand for the middle; then all of it is hidden.</param>
    public Mask(string column, int keepFirst = 0, int keepLast = 0, string with = "*", MaskClasses classes = MaskClasses.All, int width = 0)
        : base(column)
    {
        (KeepFirst, KeepLast, With, Classes, Width) = (keepFirst, keepLast, with, classes, width);
        if (keepFirst < 0 || keepLast < 0 || width is < 0 or > 64)
            throw Unusable("A mask keeps no fewer than 0 characters, and is 0 to 64 wide.", column: column);
        if (Rune.DecodeFromUtf16(with, out this.with, out var used) != System.Buffers.OperationStatus.Done || used != with.Length)
            throw Unusable("A mask is one character.", "Use * or ●.", column);
        if (classes == 0 || (width > 0 && classes != MaskClasses.All))
            throw Unusable("A mask hides at least one class of characters, and all of them where its width is fixed.", column: column);
    }

    public int KeepFirst { get; }

    public int KeepLast { get; }

    public string With { get; }

    public MaskClasses Classes { get; }

    public int Width { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context) => Hide;

    private string Hide(string value)
    {
        var runes = value.EnumerateRunes().ToArray();
        var (first, last) = runes.Length > KeepFirst + (long)KeepLast ? (KeepFirst, KeepLast) : (0, 0);
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < first; i++)
            text.Append(runes[i]);
        if (Width > 0)
        {
            for (var i = 0; i < Width; i++)
                text.Append(with);
        }
        else
        {
            for (var i = first; i < runes.Length - last; i++)
                text.Append((Classes & ClassOf(runes[i])) != 0 ? with : runes[i]);
        }

        for (var i = runes.Length - last; i < runes.Length; i++)
            text.Append(runes[i]);
        return text.ToString();
    }

    private static MaskClasses ClassOf(Rune rune) => rune.Value switch
    {
        >= 0x3400 and <= 0x9fff or >= 0xf900 and <= 0xfaff or >= 0x20000 and <= 0x3ffff => MaskClasses.Han,
        _ when Rune.IsDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => MaskClasses.Digits,
        _ when Rune.IsLetter(rune) => MaskClasses.Letters,
        _ => MaskClasses.Others,
    };

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("keepFirst", KeepFirst).Add("keepLast", KeepLast).Add("with", With)
        .Add("hides", Names.Where(one => (Classes & one.Class) != 0).Select(one => one.Name)).Add("width", Width);

    internal static Transform Read(ParameterReader from)
    {
        var column = from.Text("column");
        var classes = (MaskClasses)0;
        foreach (var name in from.Texts("hides", [.. Names.Select(one => one.Name)]))
        {
            var known = Array.Find(Names, one => one.Name == name).Class;
            classes |= known != 0 ? known : throw from.Bad("hides", "lists digits, letters, han and others");
        }

        return new Mask(column, from.Int("keepFirst", 0, int.MaxValue, 0), from.Int("keepLast", 0, int.MaxValue, 0), from.Text("with", "*"), classes, from.Int("width", 0, 64, 0));
    }
}
