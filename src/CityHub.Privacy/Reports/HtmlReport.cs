namespace CityHub.Privacy;

/// <summary>
/// The report on a release that a privacy officer reads and signs: one HTML file with its style and pictures in it. It needs no script and no network, prints on A4, and says the
/// same figures in words, tables and pictures.
/// </summary>
public static class HtmlReport
{
    /// <summary>Text of the whole page; to be stored as UTF-8.</summary>
    public static string Write(ReportInput input)
    {
        var html = new HtmlText(input.Language);
        var title = html.Say($"去标识化报告：{input.Dataset}", $"De-identification report: {input.Dataset}");
        html.Raw("<!DOCTYPE html>\n<html lang=\"").Raw(html.Say("zh-CN", "en")).Raw("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n").Element("title", title)
            .Raw("<style>").Raw(Style).Raw("</style>\n</head>\n<body>\n<main>\n");
        SummarySection.Write(html, input, title);
        TreatmentSection.Write(html, input);
        RiskSection.Write(html, input);
        UtilitySection.Write(html, input);
        GradeSection.Write(html, input);
        LimitsSection.Write(html, input);
        SignatureSection.Write(html, input);
        return html.Raw("</main>\n</body>\n</html>\n").ToString();
    }

    private const string Style = """

        :root { --ink: #1b2430; --soft: #4a5563; --line: #c9d0d8; --after: #1d5a9e; --pale: #f3f5f8; --good: #12633a; --bad: #9b1c1c; }
        * { box-sizing: border-box; }
        body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.6 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", system-ui, sans-serif; }
        main { max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
        h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .8rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .9rem; border-top: 2px solid var(--ink); }
        h3 { font-size: 1.02rem; margin: 1.6rem 0 .3rem; overflow-wrap: anywhere; }
        p, ul { margin: .5rem 0; } li { margin: .3rem 0; }
        .soft, caption, figcaption { color: var(--soft); }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .8rem 0; }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .verdict { border: 2px solid var(--ink); padding: .8rem 1rem; margin: 1.2rem 0; }
        .verdict strong { font-size: 1.15rem; display: block; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .94rem; }
        caption, figcaption { text-align: left; padding: .2rem 0; font-size: .92rem; }
        th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        thead th { border-bottom: 2px solid var(--ink); } tbody th { font-weight: normal; }
        .numbers td, .numbers thead th:not(:first-child) { text-align: right; white-space: nowrap; padding: .35rem 0 .35rem .8rem; }
        .pass { color: var(--good); font-weight: bold; white-space: nowrap; } .fail { color: var(--bad); font-weight: bold; white-space: nowrap; }
        figure { margin: 1rem 0; max-width: 34rem; break-inside: avoid; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; break-inside: avoid; }
        .pair figure { margin: .2rem 0 .8rem; }
        svg { display: block; width: 100%; height: auto; }
        svg text { font-size: 10.5px; fill: var(--ink); } svg .label { text-anchor: end; } svg .value { font-size: 9.5px; fill: var(--soft); }
        .before { fill: #c3c9d1; stroke: #57616e; stroke-width: .6; } .after { fill: var(--after); stroke: var(--after); stroke-width: .6; }
        .hash { font-family: ui-monospace, Consolas, "Noto Sans Mono CJK SC", monospace; overflow-wrap: anywhere; }
        .signatures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 1.2rem 2.5rem; margin-top: 1.5rem; break-inside: avoid; }
        .signature p { margin: 0; } .signature .rule { border-bottom: 1px solid var(--ink); height: 2.6rem; } .signature .field { color: var(--soft); font-size: .9rem; }
        @media (max-width: 36rem) { body { font-size: 15px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } table { font-size: .88rem; } th, td { padding-right: .4rem; } }
        @media print { @page { size: A4; margin: 16mm 15mm; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; } h2, h3, caption { break-after: avoid; } tr { break-inside: avoid; } .pair { grid-template-columns: 1fr 1fr; } svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }

        """;
}
