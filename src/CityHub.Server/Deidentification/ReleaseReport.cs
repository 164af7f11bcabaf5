using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Privacy;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary>The report about a release, as one HTML file.</summary>
internal static class ReleaseReport
{
    /// <param name="released">The file that it is about; its hash stands in the report.</param>
    public static Problem? Write(DeidentifyCall call, ReleaseOutcome outcome, string? released, string report)
    {
        if (released is null)
            throw new CommandLineException("A report is about a released file.", "Give the release a name with --out.");
        if (outcome.Input is not { } input || outcome.RiskBefore is not { } before)
            throw new CommandLineException("A report compares with the file before.", "Give it with --original.");
        var chinese = call.Text(Language) != "en";
        var path = call.Verb.Surroundings.PathOf(report);
        return TableFile.Write(path, Encoding.UTF8.GetBytes(HtmlReport.Write(new ReportInput
        {
            Language = chinese ? ReportLanguage.Chinese : ReportLanguage.English,
            Dataset = call.DatasetName,
            Purpose = call.Text(Purpose),
            Receiver = call.Text(Receiver),
            Made = call.Verb.Surroundings.Time.GetLocalNow(),
            MadeBy = $"cityhub {Program.Version}",
            RecordsBefore = input.Rows,
            RecordsReleased = input.Rows - outcome.Classes.Suppressed,
            Columns = [.. outcome.Columns.Select(one => new ReportColumn(one.Name, one.Class, Treatment(one, outcome, chinese)))],
            Models = [.. outcome.Models.Select(one => one.Text)],
            RiskBefore = before,
            RiskAfter = outcome.RiskAfter,
            Distributions = [.. outcome.Quasi.Select(name => AttributeDistribution.Of(input[name], outcome.Output[name]))],
            Utility = UtilityFigures.Of(input, outcome.Output, [.. outcome.Hierarchies]),
            Grade = outcome.Grade,
            File = Describe(released),
        })));
    }

    private static string Treatment(SchemeColumn column, ReleaseOutcome outcome, bool chinese)
    {
        if (outcome.Output.Find(column.Name) is null)
            return chinese ? "已删除" : "taken out";
        var done = outcome.Transforms.Where(one => one is ValueTransform value && value.Column == column.Name).Select(one => TransformCatalogue.Of(one.Kind)).Select(one => chinese ? one.Chinese : one.English).ToList();
        if (outcome.Quasi.ToList().IndexOf(column.Name) is >= 0 and var at)
        {
            if (outcome.Levels is not { } levels)
                done.Add(chinese ? "按组泛化(局部重编码)" : "generalised class by class");
            else if (levels[at] > 0)
                done.Add(FormattableString.Invariant(chinese ? $"泛化到第 {levels[at]} 级(共 {outcome.Hierarchies[at].Levels - 1} 级)" : (FormattableString)$"level {levels[at]} of {outcome.Hierarchies[at].Levels - 1}"));
        }

        return done.Count > 0 ? string.Join(chinese ? "、" : ", ", done) : chinese ? "保持原样" : "as it was";
    }

    private static ReleasedFile Describe(string path)
    {
        using var file = File.OpenRead(path);
        return new ReleasedFile(Path.GetFileName(path), file.Length, "SHA-256", Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
