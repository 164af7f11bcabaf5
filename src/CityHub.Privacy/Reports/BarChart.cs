using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Horizontal bars as inline SVG, drawn for 360 units of width so that its letters are legible on a telephone and on paper alike.</summary>
internal static class BarChart
{
    private const int Width = 360, Labels = 104, Values = 62;

    /// <param name="Label">Cut where it is too long; whole in the title.</param>
    /// <param name="Bars">One for each series, in its order; null draws none.</param>
    public sealed record Row(string Label, params double?[] Bars);

    /// <param name="description">What somebody who does not see the picture should know.</param>
    /// <param name="series">Names of one or two series.</param>
    /// <param name="format">How a value is written beside its bar.</param>
    public static void Write(HtmlText html, string title, string description, IReadOnlyList<string> series, IReadOnlyList<Row> rows, Func<double, string> format, string[]? styles = null)
    {
        styles ??= series.Count == 1 ? ["after"] : ["before", "after"];
        var most = rows.SelectMany(row => row.Bars).Max() is { } top && top > 0 ? top : 1;
        var (bar, gap) = series.Count == 1 ? (13, 6) : (10, 9);
        var step = (bar * series.Count) + gap;
        var legend = series.Count > 1 ? 20 : 2;
        var height = legend + (rows.Count * step) + 4;
        html.Raw("<figure>").Element("figcaption", title);
        html.Raw(string.Create(CultureInfo.InvariantCulture, $"<svg role=\"img\" viewBox=\"0 0 {Width} {height}\" xmlns=\"http://www.w3.org/2000/svg\"><title>"))
            .Text(title).Raw("</title><desc>").Text(description).Raw("</desc>\n");
        for (var i = 0; series.Count > 1 && i < series.Count; i++)
        {
            var x = Labels + (i * 90);
            html.Raw(string.Create(CultureInfo.InvariantCulture, $"<rect class=\"{styles[i]}\" x=\"{x}\" y=\"3\" width=\"10\" height=\"10\"/><text x=\"{x + 15}\" y=\"12\">")).Text(series[i]).Raw("</text>\n");
        }

        for (var r = 0; r < rows.Count; r++)
        {
            var y = legend + (r * step);
            html.Raw("<g><title>").Text($"{rows[r].Label}: {string.Join(" / ", rows[r].Bars.Select(value => value is { } one ? format(one) : "–"))}").Raw("</title>");
            html.Raw(string.Create(CultureInfo.InvariantCulture, $"<text class=\"label\" x=\"{Labels - 6}\" y=\"{y + (bar * series.Count / 2) + 4}\">")).Text(Cut(rows[r].Label)).Raw("</text>");
            for (var i = 0; i < rows[r].Bars.Length; i++)
            {
                if (rows[r].Bars[i] is not { } value)
                    continue;
                var length = value / most * (Width - Labels - Values);
                var at = y + (i * bar);
                html.Raw(string.Create(
                    CultureInfo.InvariantCulture,
                    $"<rect class=\"{styles[i]}\" x=\"{Labels}\" y=\"{at + 1}\" width=\"{Math.Max(length, value > 0 ? 0.8 : 0):0.#}\" height=\"{bar - 2}\"/><text class=\"value\" x=\"{Labels + length + 5:0.#}\" y=\"{at + bar - 1}\">"))
                    .Text(format(value)).Raw("</text>");
            }

            html.Raw("</g>\n");
        }

        html.Raw("</svg></figure>\n");
    }

    /// <summary>To about 98 units: a Chinese character is as wide as two letters.</summary>
    private static string Cut(string label)
    {
        var room = 17;
        for (var i = 0; i < label.Length; i++)
        {
            room -= label[i] >= '\u2e80' ? 2 : 1;
            if (room < 0)
                return label[..Math.Max(1, i - (char.IsLowSurrogate(label[i]) ? 2 : 1))] + "…";
        }

        return label;
    }
}
