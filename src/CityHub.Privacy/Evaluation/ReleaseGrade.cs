using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// How far a release is de-identified, after GB/T 42460-2023: 1 still identifies directly, 2 direct identifiers are gone, 3 the risk of re-identification is acceptable, 4 aggregated
/// data. Each grade has tests; the grade is the highest whose tests, and those of all below, are passed. It is computed evidence for a decision, not the decision.
/// </summary>
public sealed record ReleaseGrade
{
    /// <summary>1 to 4.</summary>
    public required int Grade { get; init; }

    public required SharingType Sharing { get; init; }

    public required double AttackProbability { get; init; }

    public required GradeThresholds Thresholds { get; init; }

    /// <summary>All tests, from those for grade 2 on.</summary>
    public required IReadOnlyList<GradeTest> Tests { get; init; }

    /// <summary>The tests that stand between this grade and the next; empty at the top.</summary>
    public IReadOnlyList<GradeTest> ToRaise => [.. Tests.Where(test => test.ForGrade == Next && !test.Passed)];

    /// <summary>The grade that would come next: 3 is the highest for microdata, 2 is followed by 4 for aggregates; null at the top.</summary>
    public int? Next => Tests.Where(test => test.ForGrade > Grade).Select(test => (int?)test.ForGrade).Min();

    /// <exception cref="PrivacyException">A probability or threshold is outside of its range.</exception>
    public static ReleaseGrade Of(GradeInput input)
    {
        var thresholds = input.Thresholds ?? GradeThresholds.For(input.Sharing);
        var attack = Shares.Of(input.AttackProbability, "attack-probability");
        Shares.Of(thresholds.Highest, "grade-highest");
        Shares.Of(thresholds.Average, "grade-average");
        Shares.Of(thresholds.Notable, "grade-notable");
        Shares.Of(thresholds.ShareAbove, "grade-share-above");
        Shares.Of(thresholds.DirectShare, "grade-direct-share");
        List<GradeTest> tests = [.. Direct(input, thresholds), .. input.Kind == ReleaseKind.Aggregated ? Cells(input, thresholds) : Risk(input, thresholds, attack)];
        var grade = 1;
        foreach (var step in tests.GroupBy(test => test.ForGrade).OrderBy(group => group.Key))
        {
            if (!step.All(test => test.Passed))
                break;
            grade = step.Key;
        }

        return new ReleaseGrade { Grade = grade, Sharing = input.Sharing, AttackProbability = attack, Thresholds = thresholds, Tests = tests };
    }

    private static IEnumerable<GradeTest> Direct(GradeInput input, GradeThresholds thresholds)
    {
        yield return new GradeTest(GradeTestKind.Scanned, 2, input.Scan is not null, input.Scan?.Count, null);
        var direct = (input.Scan ?? []).Where(one => one.Class == IdentifierClass.Direct && one.Share > thresholds.DirectShare).ToArray();
        yield return new GradeTest(GradeTestKind.NoDirectIdentifier, 2, input.Scan is not null && direct.Length == 0, input.Scan is null ? null : direct.Length, 0)
        {
            Columns = [.. direct.Select(one => one.Column)],
        };
    }

    private static IEnumerable<GradeTest> Risk(GradeInput input, GradeThresholds thresholds, double attack)
    {
        var forgotten = (input.Scan ?? []).Where(one => one.Class == IdentifierClass.Quasi && !input.Evaluated.Contains(one.Column, StringComparer.Ordinal)).Select(one => one.Column).ToArray();
        yield return new GradeTest(GradeTestKind.QuasiIdentifiersMeasured, 3, input.Scan is not null && forgotten.Length == 0, input.Scan is null ? null : forgotten.Length, 0) { Columns = forgotten };
        var risk = input.Risk;
        yield return Below(GradeTestKind.Highest, risk?.Highest * attack, thresholds.Highest) with
        {
            // Public data at 0.05 need classes of 20: the size that passes is 1 / threshold, rounded up but for the last bits.
            NeededClassSize = thresholds.Highest > 0 ? Math.Max(1, (int)Math.Min(int.MaxValue, Math.Ceiling((attack / thresholds.Highest) - 1e-9))) : null,
        };
        yield return Below(GradeTestKind.Average, risk?.Average * attack, thresholds.Average);
        yield return Below(GradeTestKind.ShareAbove, attack > 0 ? risk?.ShareAbove(thresholds.Notable / attack) : risk is null ? null : 0, thresholds.ShareAbove);
    }

    private static IEnumerable<GradeTest> Cells(GradeInput input, GradeThresholds thresholds)
    {
        var (cells, noise) = (input.Cells, input.Cells?.DifferentiallyPrivate ?? false);
        yield return new GradeTest(GradeTestKind.SmallestCell, 4, noise || cells?.SmallestCount >= thresholds.SmallestCell, cells?.SmallestCount, thresholds.SmallestCell) { ByNoise = noise };
        yield return new GradeTest(GradeTestKind.LargestShare, 4, noise || cells?.LargestShare <= thresholds.LargestShare, cells?.LargestShare, thresholds.LargestShare) { ByNoise = noise };
    }

    private static GradeTest Below(GradeTestKind kind, double? measured, double limit) => new(kind, 3, measured <= limit + 1e-12, measured, limit);
}
