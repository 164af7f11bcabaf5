using System.Globalization;
using System.Text;

namespace CityHub.Sharing.Catalogue;

/// <summary>
/// The words of a text, each as a 64-bit number (FNV-1a): latin words folded to lower case without accents, with their beginnings; Chinese as single
/// characters and pairs of neighbours, because it has no spaces.
/// </summary>
internal static class SearchTerms
{
    private const int MostTerms = 64;
    private const int LongestBeginning = 12;

    public static void Add(HashSet<ulong> terms, string text) => Walk(text, (kind, word) =>
    {
        terms.Add(Hash(kind, word));
        if (kind == Kind.Word)
            for (var length = 1; length <= word.Length && length <= LongestBeginning; length++)
                terms.Add(Hash(Kind.Beginning, word[..length]));
        return true;
    });

    /// <summary>What all must be there: a single Chinese character only where it has no neighbour.</summary>
    public static ulong[] OfQuery(string text)
    {
        var terms = new HashSet<ulong>();
        Walk(text, (kind, word) =>
        {
            if (kind != Kind.Covered)
                terms.Add(Hash(kind, word));
            return terms.Count < MostTerms;
        });
        return [.. terms];
    }

    private enum Kind
    {
        Word,
        Beginning,

        /// <summary>One character that stands alone.</summary>
        Character,

        /// <summary>One character that is in a pair.</summary>
        Covered,
        Pair,
    }

    private delegate bool Take(Kind kind, ReadOnlySpan<char> word);

    private static void Walk(string text, Take take)
    {
        var folded = Fold(text);
        var at = 0;
        while (at < folded.Length)
        {
            var start = at;
            if (IsIdeograph(folded[at]))
            {
                while (at < folded.Length && IsIdeograph(folded[at]))
                    at++;
                for (var i = start; i < at; i++)
                {
                    if (!take(at - start == 1 ? Kind.Character : Kind.Covered, folded.AsSpan(i, 1)) || (i + 1 < at && !take(Kind.Pair, folded.AsSpan(i, 2))))
                        return;
                }
            }
            else if (char.IsLetterOrDigit(folded[at]))
            {
                while (at < folded.Length && char.IsLetterOrDigit(folded[at]) && !IsIdeograph(folded[at]))
                    at++;
                var begins = at < folded.Length && folded[at] == '*';
                if (!take(begins ? Kind.Beginning : Kind.Word, folded.AsSpan(start, Math.Min(at - start, begins ? LongestBeginning : int.MaxValue))))
                    return;
            }
            else
            {
                at++;
            }
        }
    }

    /// <summary>NFKD without marks, lower case: Ｂ, é and É are b and e.</summary>
    private static string Fold(string text)
    {
        if (System.Text.Ascii.IsValid(text))
            return text.ToLowerInvariant();
        var folded = new StringBuilder(text.Length);
        foreach (var c in text.Normalize(NormalizationForm.FormKD))
            if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
                folded.Append(char.ToLowerInvariant(c));
        return folded.ToString();
    }

    private static bool IsIdeograph(char c) => c is (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uD800' and <= '\uDFFF') or (>= '\u3040' and <= '\u30FF');

    private static ulong Hash(Kind kind, ReadOnlySpan<char> word)
    {
        // A single character is found alone whether or not it has neighbours where it stands.
        var hash = 14695981039346656037UL ^ (ulong)(kind == Kind.Covered ? Kind.Character : kind);
        foreach (var c in word)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }
}
