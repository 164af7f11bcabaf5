using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Calendars;

/// <summary>What a clock does when materials that were missing have come (art. 21 leaves it to local rules).</summary>
public enum AfterSupplement
{
    /// <summary>Counts from the beginning.</summary>
    Restart,

    /// <summary>Goes on where it stood when the materials were asked for.</summary>
    Resume,
}

/// <summary>One deadline of a jurisdiction.</summary>
/// <param name="Article">Name and source in one: decree, article, and the case where the article has several.</param>
/// <param name="ExtensionDays">0: the text knows no extension.</param>
public sealed record DeadlineRule(string Article, int WorkingDays, int ExtensionDays, AfterSupplement AfterSupplement, Words What);

/// <summary>Every deadline of a jurisdiction as data, versioned: local rules shorten what the decree gives, and a city says so here and not in code.</summary>
/// <param name="UnusedDays">A grant that nobody used for so long lapses.</param>
public sealed record JurisdictionProfile(string Id, int Version, string Jurisdiction, string Zone, string Source, int UnusedDays, IReadOnlyList<DeadlineRule> Deadlines)
{
    public const string Update = "809/17-update", Publish = "809/17-publish", AnswerUnconditional = "809/21-unconditional", AnswerConditional = "809/21-conditional",
        Delivery = "809/22", Correction = "809/26", LeadSource = "809/19", Contribution = "809/19-contribution", FlowBack = "809/24", Platform = "809/31", Hearing = "809/28-position", Ruling = "809/28-ruling";

    /// <summary>The articles without which no request could run.</summary>
    public static readonly IReadOnlyList<string> Needed = [Update, Publish, AnswerUnconditional, AnswerConditional, Delivery, Correction];

    /// <summary>What the decree leaves without a number, and a profile may leave out: these days then hold.</summary>
    private static readonly IReadOnlyList<DeadlineRule> Unsaid =
    [
        new(LeadSource, 20, 0, AfterSupplement.Restart, new Words("明确数源部门", "naming of the lead source")),
        new(Contribution, 10, 0, AfterSupplement.Restart, new Words("配合数源部门更新", "what the lead source asked for")),
        new(FlowBack, 20, 0, AfterSupplement.Restart, new Words("下级数据回流", "return of the data of a lower area")),
        new(Platform, 60, 0, AfterSupplement.Restart, new Words("平台纳入一体化体系", "incorporation of a platform into the national system")),
        new(Hearing, 10, 0, AfterSupplement.Restart, new Words("争议另一方陈述意见", "position of the other side in a dispute")),
        new(Ruling, 30, 0, AfterSupplement.Restart, new Words("争议协调处理", "mediation or ruling in a dispute")),
    ];

    public string Name => $"{Id}@{Version.ToString(System.Globalization.CultureInfo.InvariantCulture)}";

    public TimeZoneInfo TimeZone { get; } = TimeZoneInfo.FindSystemTimeZoneById(Zone);

    public Result<DeadlineRule> Rule(string article) =>
        (Deadlines.FirstOrDefault(d => d.Article == article) ?? Unsaid.FirstOrDefault(d => d.Article == article)) is { } rule ? rule : CalendarProblems.NoRule(Name, article);
}
