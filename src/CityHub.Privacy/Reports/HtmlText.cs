using System.Globalization;
using System.Text;

namespace CityHub.Privacy;

/// <summary>Writes HTML: what is data goes through <see cref="Escape"/>, always; tags are ours.</summary>
internal sealed class HtmlText(ReportLanguage language)
{
    private readonly StringBuilder text = new();

    public ReportLanguage Language => language;

    /// <summary>The sentence in the language of the report. Both stand side by side in the code, so that one is not changed without the other.</summary>
    public string Say(string chinese, string english) => language == ReportLanguage.Chinese ? chinese : english;

    /// <summary>Markup.</summary>
    public HtmlText Raw(string markup)
    {
        text.Append(markup);
        return this;
    }

    /// <summary>Data or a sentence: escaped.</summary>
    public HtmlText Text(string words)
    {
        text.Append(Escape(words));
        return this;
    }

    public HtmlText Element(string tag, string words) => Raw($"<{tag}>").Text(words).Raw($"</{tag.Split(' ')[0]}>\n");

    public HtmlText Heading(int level, string words, string? id = null) => Raw(string.Create(CultureInfo.InvariantCulture, $"<h{level}{(id is null ? "" : $" id=\"{id}\"")}>")).Text(words).Raw(
        string.Create(CultureInfo.InvariantCulture, $"</h{level}>\n"));

    public HtmlText Paragraph(string words) => Element("p", words);

    /// <summary>A table with a caption and headers; the first cell of a row is its header.</summary>
    public HtmlText Table(string caption, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string? style = null)
    {
        Raw(style is null ? "<table>" : $"<table class=\"{style}\">").Element("caption", caption).Raw("<thead><tr>");
        foreach (var header in headers)
            Element("th scope=\"col\"", header);
        Raw("</tr></thead>\n<tbody>\n");
        foreach (var row in rows)
        {
            Raw("<tr>").Element("th scope=\"row\"", row[0]);
            foreach (var cell in row.Skip(1))
                Element("td", cell);
            Raw("</tr>\n");
        }

        return Raw("</tbody></table>\n");
    }

    public HtmlText List(IEnumerable<string> items)
    {
        Raw("<ul>\n");
        foreach (var item in items)
            Element("li", item);
        return Raw("</ul>\n");
    }

    public override string ToString() => text.ToString();

    public static string Escape(string words)
    {
        var escaped = new StringBuilder(words.Length);
        foreach (var letter in words)
        {
            _ = letter switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                // Controls are no characters of HTML, and direction marks could make a signed page read otherwise than it is written.
                < ' ' and not '\n' and not '\t' or >= '\u007f' and < '\u00a0' or >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' => escaped.Append('\ufffd'),
                _ => escaped.Append(letter),
            };
        }

        return escaped.ToString();
    }

    /// <summary>Thousands by commas, in both languages.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Three digits that count: 51.4 %, 0.0213 %.</summary>
    public static string Percent(double share)
    {
        var percent = share * 100;
        var digits = percent == 0 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(percent))), 0, 8);
        return Math.Round(percent, digits).ToString("0.########", CultureInfo.InvariantCulture) + "\u00a0%";
    }

    public static string Number(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A risk as one reads it: 1 in 5.</summary>
    public string OneIn(double risk) => risk <= 0 ? Say("无", "none") : Say($"{Count((long)Math.Round(1 / risk))} 分之 1", $"1 in {Count((long)Math.Round(1 / risk))}");
}
