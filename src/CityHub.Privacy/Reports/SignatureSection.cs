using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Which file it is about, and who answers for it.</summary>
internal static class SignatureSection
{
    public static void Write(HtmlText html, ReportInput input)
    {
        html.Heading(2, html.Say("文件与签署", "File and signatures"));
        html.Raw("<dl>\n").Element("dt", html.Say("文件", "File")).Element("dd", input.File.Name)
            .Element("dt", html.Say("大小", "Size")).Element("dd", html.Say($"{HtmlText.Count(input.File.Bytes)} 字节", $"{HtmlText.Count(input.File.Bytes)} bytes"))
            .Element("dt", input.File.Algorithm).Element("dd class=\"hash\"", input.File.Hash)
            .Element("dt", html.Say("生成", "Made")).Element("dd", string.Create(CultureInfo.InvariantCulture, $"{input.Made:yyyy-MM-dd HH:mm zzz}, {input.MadeBy}")).Raw("</dl>\n");
        html.Paragraph(html.Say("本人已阅读本报告，包括其界限，并据此作出决定。", "I have read this report with its limits and decide on it."));
        string[] signers = input.Signers.Count > 0 ? [.. input.Signers] : [html.Say("去标识化实施人", "Carried out by"), html.Say("审批人", "Approved by")];
        html.Raw("<div class=\"signatures\">\n");
        foreach (var signer in signers)
        {
            html.Raw("<div class=\"signature\">").Raw("<p><strong>").Text(signer).Raw("</strong></p><div class=\"rule\"></div>")
                .Element("p class=\"field\"", html.Say("姓名、签字、日期", "Name, signature, date")).Raw("</div>\n");
        }

        html.Raw("</div>\n");
    }
}
