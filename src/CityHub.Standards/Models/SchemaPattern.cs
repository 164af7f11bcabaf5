using System.Text;
using System.Text.RegularExpressions;

namespace CityHub.Standards.Models;

/// <summary>Patterns of JSON Schema are those of ECMA-262: classes are ASCII, and <c>$</c> is the very end. Translated, since .NET means more by the same letters.</summary>
internal static class SchemaPattern
{
    /// <summary>A pattern of somebody else over a text of somebody else: it gets so long and no longer.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(250);

    /// <exception cref="ArgumentException">It is no pattern.</exception>
    public static Regex Of(string ecma) => new(Translate(ecma), RegexOptions.CultureInvariant, Most);

    /// <summary>False as well when the pattern takes too long over the text.</summary>
    public static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static string Translate(string ecma)
    {
        var text = new StringBuilder(ecma.Length + 16);
        var inClass = false;
        for (var i = 0; i < ecma.Length; i++)
        {
            var c = ecma[i];
            if (c == '\\' && i + 1 < ecma.Length)
            {
                var next = ecma[++i];
                text.Append((next, inClass) switch
                {
                    ('d', false) => "[0-9]",
                    ('d', true) => "0-9",
                    ('w', false) => "[A-Za-z0-9_]",
                    ('w', true) => "A-Za-z0-9_",
                    ('D', false) => "[^0-9]",
                    ('W', false) => "[^A-Za-z0-9_]",
                    ('/', _) => "/",
                    _ => "\\" + next,
                });
            }
            else if (inClass)
            {
                inClass = c != ']';
                text.Append(c == '[' ? "\\[" : c.ToString()); // in .NET "-[" begins a subtraction
            }
            else if (c == '[')
            {
                inClass = true;
                text.Append(c);
                if (i + 1 < ecma.Length && ecma[i + 1] == '^')
                    text.Append(ecma[++i]);
            }
            else
            {
                text.Append(c == '$' ? "\\z" : c.ToString());
            }
        }

        return text.ToString();
    }
}
