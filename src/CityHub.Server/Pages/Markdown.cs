using System.Globalization;
using System.Net;
using System.Text;

namespace CityHub.Server.Pages;

/// <summary>The Markdown that our own docs use, as HTML: headings, paragraphs, lists, fenced code, tables, code, bold, links. Everything is escaped first.</summary>
internal static class Markdown
{
    public static string ToHtml(string markdown)
    {
        var html = new StringBuilder();
        var paragraph = new List<string>();
        string? list = null;
        var inCode = false;
        var inTable = false;
        foreach (var raw in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            var line = raw.TrimEnd();
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                Close();
                html.Append(inCode ? "</code></pre>\n" : "<pre><code>");
                inCode = !inCode;
            }
            else if (inCode)
            {
                html.Append(WebUtility.HtmlEncode(line)).Append('\n');
            }
            else if (line.Length == 0)
            {
                Close();
            }
            else if (line[0] == '#' && line.TrimStart('#') is { Length: > 1 } title && title[0] == ' ')
            {
                Close();
                var level = line.Length - title.Length;
                html.Append(CultureInfo.InvariantCulture, $"<h{level}>{Inline(title.Trim())}</h{level}>\n");
            }
            else if (Item(line) is { } item)
            {
                if (list != item.List)
                {
                    Close();
                    html.Append(CultureInfo.InvariantCulture, $"<{item.List}>\n");
                    list = item.List;
                }

                html.Append(CultureInfo.InvariantCulture, $"<li>{Inline(item.Text)}</li>\n");
            }
            else if (line[0] == '|')
            {
                if (!inTable)
                {
                    Close();
                    html.Append("<table>\n");
                }

                if (line.Trim('|', '-', ' ', ':').Length > 0)
                    html.Append("<tr>").AppendJoin("", line.Trim('|').Split('|').Select(c => inTable ? $"<td>{Inline(c.Trim())}</td>" : $"<th>{Inline(c.Trim())}</th>")).Append("</tr>\n");
                inTable = true;
            }
            else if (list is not null && raw.StartsWith("  ", StringComparison.Ordinal) && html[^1] == '\n')
            {
                // A list item that goes on in the next line.
                html.Length -= "</li>\n".Length;
                html.Append(CultureInfo.InvariantCulture, $" {Inline(line.Trim())}</li>\n");
            }
            else
            {
                if (list is not null || inTable)
                    Close();
                paragraph.Add(line);
            }
        }

        Close();
        return html.ToString();

        void Close()
        {
            if (paragraph.Count > 0)
                html.Append(CultureInfo.InvariantCulture, $"<p>{Inline(string.Join('\n', paragraph))}</p>\n");
            paragraph.Clear();
            if (list is not null)
                html.Append(CultureInfo.InvariantCulture, $"</{list}>\n");
            list = null;
            if (inTable)
                html.Append("</table>\n");
            inTable = false;
        }
    }

    private static (string List, string Text)? Item(string line)
    {
        var text = line.TrimStart();
        if (text.StartsWith("- ", StringComparison.Ordinal) || text.StartsWith("* ", StringComparison.Ordinal))
            return ("ul", text[2..]);
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        return digits > 0 && text.AsSpan(digits).StartsWith(". ", StringComparison.Ordinal) ? ("ol", text[(digits + 2)..]) : null;
    }

    private static string Inline(string text)
    {
        var html = new StringBuilder();
        var at = 0;
        while (at < text.Length)
        {
            var rest = text.AsSpan(at);
            if (rest[0] == '`' && rest[1..].IndexOf('`') is >= 0 and var code)
            {
                html.Append("<code>").Append(WebUtility.HtmlEncode(rest.Slice(1, code).ToString())).Append("</code>");
                at += code + 2;
            }
            else if (rest.StartsWith("**", StringComparison.Ordinal) && rest[2..].IndexOf("**", StringComparison.Ordinal) is > 0 and var bold)
            {
                html.Append("<strong>").Append(Inline(rest.Slice(2, bold).ToString())).Append("</strong>");
                at += bold + 4;
            }
            else if (rest[0] == '[' && Link(rest) is { } link)
            {
                html.Append(CultureInfo.InvariantCulture, $"<a href=\"{WebUtility.HtmlEncode(link.Href)}\">{Inline(link.Text)}</a>");
                at += link.Length;
            }
            else
            {
                html.Append(WebUtility.HtmlEncode(text[at].ToString()));
                at++;
            }
        }

        return html.ToString();
    }

    /// <summary>Only links within the hub and to the web; <c>javascript:</c> and the like stay text. A neighbouring page <c>x.md</c> becomes <c>x</c>.</summary>
    private static (string Text, string Href, int Length)? Link(ReadOnlySpan<char> text)
    {
        var middle = text.IndexOf("](", StringComparison.Ordinal);
        if (middle < 0)
            return null;
        var end = text[middle..].IndexOf(')');
        if (end < 0)
            return null;
        var href = text.Slice(middle + 2, end - 2).ToString();
        if (href.Contains(':', StringComparison.Ordinal) && !href.StartsWith("http://", StringComparison.Ordinal) && !href.StartsWith("https://", StringComparison.Ordinal))
            return null;
        if (href.EndsWith(".md", StringComparison.Ordinal) && !href.Contains('/', StringComparison.Ordinal))
            href = "/problems/" + href[..^3];
        return (text[1..middle].ToString(), href, middle + end + 1);
    }
}
