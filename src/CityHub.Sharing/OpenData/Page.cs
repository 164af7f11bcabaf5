using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace CityHub.Sharing.OpenData;

/// <summary>A plain page for people; everything that is put on it is text.</summary>
internal sealed class Page(string title)
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _body = new();

    public Page Heading(string text) => Put("h1", text, null);

    public Page Text(string text, string? language = null) => text.Length == 0 ? this : Put("p", text, language);

    public Page Table(IReadOnlyList<(string Name, string Value)> rows)
    {
        _body.Append("<table>\n");
        foreach (var (name, value) in rows)
            if (value.Length > 0)
                _body.Append("<tr><th scope=\"row\">").Append(Safe(name)).Append("</th><td>").Append(Safe(value)).Append("</td></tr>\n");
        _body.Append("</table>\n");
        return this;
    }

    public Page Link(string address, string text)
    {
        _body.Append("<p><a href=\"").Append(Safe(address)).Append("\">").Append(Safe(text)).Append("</a></p>\n");
        return this;
    }

    public override string ToString() =>
        $"<!doctype html>\n<html lang=\"zh-Hans\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Safe(title)}</title></head>\n<body>\n<main>\n{_body}</main>\n</body>\n</html>\n";

    private Page Put(string element, string text, string? language)
    {
        _body.Append('<').Append(element);
        if (language is not null)
            _body.Append(" lang=\"").Append(language).Append('"');
        _body.Append('>').Append(Safe(text)).Append("</").Append(element).Append(">\n");
        return this;
    }

    private static string Safe(string text) => Html.Encode(text);
}
