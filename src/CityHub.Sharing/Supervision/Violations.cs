using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Supervision;

/// <summary>One concrete item of the articles on liability, as a pure function over evidence.</summary>
/// <param name="Item">Article and number, e.g. <c>39(4)</c>.</param>
/// <param name="Text">What it forbids, in our words.</param>
internal sealed record ViolationRule(string Item, Words Text, Func<IReadOnlyList<Evidence>, DateTimeOffset, IEnumerable<Violation>> Find);

/// <summary>
/// The sixteen concrete violations of decree 809 (政务数据共享条例): art. 39 items 1 to 8 (providers), art. 40 items 1 to 6 (receivers), art. 41 items 1 and 2 (the authority).
/// The catch-alls (39(9), 40(7), 41(3)) are for people to judge.
/// </summary>
internal static class Violations
{
    /// <summary>Records of use are kept for so long (art. 29).</summary>
    private const int YearsOfRecords = 3;

    /// <summary>A receiver that was given rows says within so many days what it did with them; the decree gives no number, this is the profile's.</summary>
    private static readonly TimeSpan RecordWithin = TimeSpan.FromDays(31);

    public static readonly IReadOnlyList<ViolationRule> All =
    [
        new("39(1)", new Words("未按要求编制或更新目录", "The catalogue is not drawn up or not updated in time"), (e, now) => Overdue(e, now, "39(1)", "809/17").Concat(Until<Evidence.DeliveredUncatalogued, Evidence.Published>(e, "39(1)", d => d.Dataset, p => p.Dataset))),
        new("39(2)", new Words("擅自增设条件阻碍共享", "Conditions were added that stand in the way of sharing"), (e, _) => Until<Evidence.ConditionAdded, Evidence.ConditionLifted>(e, "39(2)", c => $"{c.Request}/{c.Condition}", l => $"{l.Request}/{l.Condition}")),
        new("39(3)", new Words("未配合数源部门更新数据", "The lead source was not helped to keep data up to date"), (e, now) => Missed<Evidence.UpdateAsked, Evidence.UpdateGiven>(e, now, "39(3)", a => (Item(a.Dataset, a.Item), a.Due), g => Item(g.Dataset, g.Item))),
        new("39(4)", new Words("未按时答复申请或未按时共享", "A request was not answered, or data not shared, in time"), (e, now) => Overdue(e, now, "39(4)", "809/21", "809/22")),
        new("39(5)", new Words("未按规定回流下级数据", "Data of a lower area were not returned to it"), (e, now) => Missed<Evidence.FlowBackAsked, Evidence.FlowBackOpened>(e, now, "39(5)", a => ($"{a.Dataset} to {a.Receiver}", a.Due), o => $"{o.Dataset} to {o.Receiver}")),
        new("39(6)", new Words("未按时核实更正", "A correction was not verified and answered in time"), (e, now) => Overdue(e, now, "39(6)", "809/26")),
        new("39(7)", new Words("擅自终止或变更共享服务", "A service was ended or changed without negotiation and filing"), (e, _) => Until<Evidence.ServiceEnded, Evidence.ServiceRestored>(e, "39(7)", s => s.Negotiated && s.Filed ? null : s.Grant, r => r.Grant)),
        new("39(8)", new Words("已建平台未纳入一体化体系", "A platform is not part of the national system"), (e, now) => Missed<Evidence.PlatformRegistered, Evidence.PlatformIncorporated>(e, now, "39(8)", p => (p.Platform, p.Due), i => i.Platform)),
        new("40(1)", new Words("重复收集可共享获取的数据", "Data were collected that sharing gives"), (e, _) => Until<Evidence.CollectedTwice, Evidence.CollectionEnded>(e, "40(1)", c => c.Field, d => d.Field)),
        new("40(2)", new Words("超出范围或目的使用", "Data were used beyond scope or purpose"), (e, _) => Until<Evidence.Used, Evidence.UseRectified>(e, "40(2)", u => u.WithinPurpose ? null : u.Grant, r => r.Grant)),
        new("40(3)", new Words("擅自提供给第三方", "Data were handed to a third party"), (e, _) => Until<Evidence, Evidence.UseRectified>(e, "40(3)", HandedOn, r => r.Grant)),
        new("40(4)", new Words("期满未妥善处置", "What was received was not disposed of when it was over"), (e, now) => Missed<Evidence.GrantOver, Evidence.Disposed>(e, now, "40(4)", g => (g.Grant, g.DisposeBy), d => d.Grant, moves: true)),
        new("40(5)", new Words("未按规定保存使用记录", "Records of use were not kept"), Unrecorded),
        new("40(6)", new Words("未履行安全管理责任", "The duty of security was not met"), (e, _) => Until<Evidence.DutyNeglected, Evidence.DutyMet>(e, "40(6)", n => n.Id, m => m.Id)),
        new("41(1)", new Words("未明确数源部门", "No lead source was named"), (e, now) => Missed<Evidence.LeadSourceMissing, Evidence.LeadSourceNamed>(e, now, "41(1)", m => (m.Item, m.Due), n => n.Item)),
        new("41(2)", new Words("未按规定协调争议", "A dispute was not handled"), (e, now) => Missed<Evidence.DisputeBrought, Evidence.DisputeHandled>(e, now, "41(2)", d => (d.Dispute, d.Due), h => h.Dispute, moves: true)),
    ];

    /// <summary>No violation, and looked at all the same: an emergency access, until somebody who had no part in it has reviewed it.</summary>
    public const string Emergency = "emergency";

    private static readonly ViolationRule Review = new(
        Emergency, new Words("应急访问待复核", "An emergency access is to be reviewed"), (e, _) => Until<Evidence.EmergencyOpened, Evidence.EmergencyReviewed>(e, Emergency, o => o.Emergency, r => r.Emergency));

    public static Words WordsOf(string item) => item == Emergency ? Review.Text : All.First(r => r.Item == item).Text;

    /// <summary>All that the evidence shows at a time, going on or over; in the order of the articles, and what is to be reviewed behind them.</summary>
    /// <param name="evidence">In the order of the log.</param>
    public static IEnumerable<Violation> Find(IReadOnlyList<Evidence> evidence, DateTimeOffset now) => All.Append(Review).SelectMany(rule => rule.Find(evidence, now));

    /// <summary>Clocks of these articles that ran out before they were stopped.</summary>
    private static IEnumerable<Violation> Overdue(IReadOnlyList<Evidence> evidence, DateTimeOffset now, string item, params string[] articles)
    {
        var moves = evidence.OfType<Evidence.ClockMoved>().ToLookup(m => m.Id, StringComparer.Ordinal);
        var stops = evidence.OfType<Evidence.ClockStopped>().ToLookup(s => s.Id, StringComparer.Ordinal);
        foreach (var began in evidence.OfType<Evidence.ClockBegan>().Where(c => articles.Contains(c.Article)))
        {
            var stopped = stops[began.Id].FirstOrDefault(s => s.Position > began.Position && s.Department == began.Department);
            var due = began.Due;
            // Moved after it has run out: that excuses nothing.
            foreach (var moved in moves[began.Id])
                if (moved.Position > began.Position && !(moved.Position > stopped?.Position) && moved.At <= due)
                    due = moved.Due;
            if ((stopped?.At ?? now) > due)
                yield return new Violation(item, began.Department, began.Id, due, stopped is null ? [began.Position] : [began.Position, stopped.Position], stopped?.At);
        }
    }

    /// <summary>
    /// From the first fact on it is a violation, until one of the same department about the same matter ends it; what begins after that is another violation. No matter: it is none.
    /// </summary>
    private static IEnumerable<Violation> Until<TBegin, TEnd>(IReadOnlyList<Evidence> evidence, string item, Func<TBegin, string?> matterOf, Func<TEnd, string> endedMatter)
        where TBegin : Evidence
        where TEnd : Evidence
    {
        var ends = evidence.OfType<TEnd>().ToLookup(e => (e.Department, endedMatter(e)));
        foreach (var matter in evidence.OfType<TBegin>().Where(b => matterOf(b) is not null).GroupBy(b => (b.Department, Matter: matterOf(b) ?? "")))
        {
            var (occurrence, until) = (0, 0L);
            foreach (var began in matter)
            {
                if (began.Position <= until)
                    continue;
                var end = ends[matter.Key].FirstOrDefault(e => e.Position > began.Position);
                until = end?.Position ?? long.MaxValue;
                yield return new Violation(item, began.Department, matter.Key.Matter, began.At, end is null ? [began.Position] : [began.Position, end.Position], end?.At, ++occurrence);
            }
        }
    }

    /// <summary>Something was owed by a time, and was not done by then. Owed again after it was done is another matter; asked for twice it is owed by the first date.</summary>
    /// <param name="moves">Said again in time, the later date takes the place of the first.</param>
    private static IEnumerable<Violation> Missed<TOwed, TDone>(
        IReadOnlyList<Evidence> evidence, DateTimeOffset now, string item, Func<TOwed, (string Matter, DateTimeOffset Due)> owedOf, Func<TDone, string> doneOf, bool moves = false)
        where TOwed : Evidence
        where TDone : Evidence
    {
        var ends = evidence.OfType<TDone>().ToLookup(d => (d.Department, doneOf(d)));
        foreach (var matter in evidence.OfType<TOwed>().GroupBy(o => (o.Department, owedOf(o).Matter)))
        {
            var (occurrence, until) = (0, 0L);
            foreach (var owed in matter)
            {
                if (owed.Position <= until)
                    continue;
                var done = ends[matter.Key].FirstOrDefault(d => d.Position > owed.Position);
                until = done?.Position ?? long.MaxValue;
                occurrence++;
                var due = owedOf(owed).Due;
                foreach (var again in matter)
                    if (moves && again.Position > owed.Position && again.Position < until && again.At <= due)
                        due = owedOf(again).Due;
                if ((done?.At ?? now) > due)
                    yield return new Violation(item, owed.Department, matter.Key.Matter, due, done is null ? [owed.Position] : [owed.Position, done.Position], done?.At, occurrence);
            }
        }
    }

    /// <summary>Released and never recorded what became of it, or recorded and destroyed before three years were over.</summary>
    private static IEnumerable<Violation> Unrecorded(IReadOnlyList<Evidence> evidence, DateTimeOffset now)
    {
        var uses = evidence.OfType<Evidence.Used>().ToLookup(u => (u.Department, u.Grant));
        foreach (var grant in evidence.OfType<Evidence.Released>().GroupBy(r => (r.Department, r.Grant)))
        {
            var (occurrence, until) = (0, 0L);
            foreach (var release in grant)
            {
                if (release.Position <= until)
                    continue;
                var record = uses[grant.Key].FirstOrDefault(u => u.Position > release.Position);
                until = record?.Position ?? long.MaxValue;
                occurrence++;
                if ((record?.At ?? now) > release.At + RecordWithin)
                    yield return new Violation("40(5)", release.Department, release.Grant, release.At + RecordWithin, record is null ? [release.Position] : [release.Position, record.Position], record?.At, occurrence);
            }
        }

        foreach (var grant in evidence.OfType<Evidence.RecordsDestroyed>().Where(d => d.Until > d.At.AddYears(-YearsOfRecords)).GroupBy(d => (d.Department, d.Grant)))
            foreach (var (nth, destroyed) in grant.Index())
                yield return new Violation("40(5)", destroyed.Department, $"{destroyed.Grant} records", destroyed.At, [destroyed.Position], null, nth + 1);
    }

    private static string Item(string? dataset, string item) => dataset is null ? item : $"{dataset}/{item}";

    /// <summary>By the receiver's own word, or by what was found of it elsewhere.</summary>
    private static string? HandedOn(Evidence evidence) => evidence switch
    {
        Evidence.Used { ThirdParty: not null, OnwardPermitted: false } used => used.Grant,
        Evidence.LeakTraced leak => leak.Grant,
        _ => null,
    };
}
