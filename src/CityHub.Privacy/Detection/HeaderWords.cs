using System.Collections.Frozen;
using System.Text;

namespace CityHub.Privacy;

/// <summary>How much the name of a column speaks for a detector.</summary>
public enum NameHint
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A word of it stands in the name.</summary>
    Contains,

    /// <summary>The name is one of its words.</summary>
    Exact,
}

/// <summary>Reads names of columns: words in Chinese, in English, and the initials of pinyin that offices use.</summary>
internal static class HeaderWords
{
    private static readonly FrozenDictionary<string, Detector[]> ByLabel = Detectors.Labelled
        .SelectMany(one => one.Headers.Select(word => (Word: word.Replace(" ", "", StringComparison.Ordinal), one)))
        .GroupBy(pair => pair.Word, pair => pair.one, StringComparer.Ordinal)
        .ToFrozenDictionary(group => group.Key, group => group.Distinct().ToArray(), StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Detector[]>.AlternateLookup<ReadOnlySpan<char>> Labels = ByLabel.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Characters of the longest label.</summary>
    public static int LongestLabel { get; } = ByLabel.Keys.Max(one => one.Length);

    /// <summary>The detectors whose label this is, in lower case and without blanks; none where it is none.</summary>
    public static ReadOnlySpan<Detector> OfLabel(ReadOnlySpan<char> label) => Labels.TryGetValue(label, out var found) ? found : [];

    /// <param name="name">As it stands in the file: 身份证号, user_phone, idCardNo.</param>
    /// <param name="word">Which of the detector's words it was.</param>
    public static NameHint Hint(Detector detector, ColumnName name, out string? word)
    {
        word = null;
        var best = NameHint.None;
        foreach (var one in detector.Headers)
        {
            var hint = name.Hint(one);
            if (hint > best)
                (best, word) = (hint, one);
        }

        return best;
    }
}

/// <summary>The name of a column, cut into lower-case words: at signs, and where a capital follows a small letter.</summary>
internal sealed class ColumnName
{
    private readonly string padded; // " user id card no "
    private readonly string joined; // "useridcardno"

    public ColumnName(string name)
    {
        var words = new StringBuilder(" ");
        var before = ' ';
        foreach (var one in name)
        {
            var raw = Cell.Plain(one);
            if (!char.IsLetterOrDigit(raw))
            {
                before = ' ';
                Space(words);
                continue;
            }

            if ((char.IsAsciiLetterUpper(raw) && char.IsAsciiLetterLower(before)) || PersonNames.IsHan(raw) != PersonNames.IsHan(before))
                Space(words);
            words.Append(char.ToLowerInvariant(raw));
            before = raw;
        }

        Space(words);
        padded = words.ToString();
        joined = padded.Replace(" ", "", StringComparison.Ordinal);
    }

    public NameHint Hint(string word)
    {
        var tight = word.Replace(" ", "", StringComparison.Ordinal);
        if (string.Equals(joined, tight, StringComparison.Ordinal))
            return NameHint.Exact;
        // Initials of two or three letters mean something only alone: "mz" within a name may be anything.
        if (char.IsAscii(word[0]))
            return word.Length > 2 && padded.Contains($" {word} ", StringComparison.Ordinal) ? NameHint.Contains : NameHint.None;
        return joined.Contains(tight, StringComparison.Ordinal) ? NameHint.Contains : NameHint.None;
    }

    private static void Space(StringBuilder words)
    {
        if (words[^1] != ' ')
            words.Append(' ');
    }
}
