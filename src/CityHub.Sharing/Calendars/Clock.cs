using CityHub.Core.Problems;

namespace CityHub.Sharing.Calendars;

/// <summary>
/// Statutory clocks. The day of receipt is not counted (Civil Code, art. 201); a deadline ends with the end of its last day in the time zone of the jurisdiction,
/// and that day is a working day.
/// </summary>
public static class Clock
{
    public static Result<DateTimeOffset> DueOf(DateTimeOffset began, int workingDays, WorkingCalendar calendar, TimeZoneInfo zone) =>
        calendar.After(DayOf(began, zone), workingDays).Map<DateTimeOffset>(day => EndOf(day, zone));

    public static Result<Deadline> Start(JurisdictionProfile profile, string article, DateTimeOffset began, WorkingCalendar calendar) =>
        profile.Rule(article).Then<Deadline>(rule => DueOf(began, rule.WorkingDays, calendar, profile.TimeZone)
            .Map<Deadline>(due => new Deadline(article, profile.Name, began, due, rule.ExtensionDays > 0)));

    /// <summary>Once, from the old last day on: the new one is so many working days later, and cannot be extended again.</summary>
    public static Result<Deadline> Extend(JurisdictionProfile profile, Deadline deadline, WorkingCalendar calendar)
    {
        if (!profile.Rule(deadline.Article).TryGet(out var rule, out var problem))
            return problem;
        if (!deadline.Extendable || rule.ExtensionDays == 0)
            return CalendarProblems.NotExtendable(deadline.Article);
        return calendar.After(DayOf(deadline.Due, profile.TimeZone), rule.ExtensionDays)
            .Map<Deadline>(day => deadline with { Due = EndOf(day, profile.TimeZone), Extendable = false });
    }

    /// <summary>What was missing has come. The clock stood still since <paramref name="asked"/>; it counts anew or goes on, as the profile says.</summary>
    public static Result<Deadline> Supplemented(JurisdictionProfile profile, Deadline deadline, DateTimeOffset asked, DateTimeOffset supplemented, WorkingCalendar calendar)
    {
        if (!profile.Rule(deadline.Article).TryGet(out var rule, out var problem))
            return problem;
        if (rule.AfterSupplement == AfterSupplement.Restart)
            return Start(profile, deadline.Article, supplemented, calendar).Map<Deadline>(d => d with { Extendable = deadline.Extendable });
        // What was left when it was asked; the day of asking counts as used, as the day of an answer would. At least one day, or nobody could answer.
        if (!calendar.Between(DayOf(asked, profile.TimeZone), DayOf(deadline.Due, profile.TimeZone)).TryGet(out var left, out problem))
            return problem;
        return DueOf(supplemented, Math.Max(1, left), calendar, profile.TimeZone).Map<Deadline>(due => deadline with { Due = due });
    }

    /// <summary>The day on which a span that is not counted in working days ends, moved off a rest day (Civil Code, art. 203).</summary>
    public static Result<Deadline> Within(JurisdictionProfile profile, string article, DateTimeOffset began, TimeSpan span, WorkingCalendar calendar) =>
        calendar.NotAtRest(DayOf(began + span, profile.TimeZone))
            .Map<Deadline>(day => new Deadline(article, profile.Name, began, EndOf(day, profile.TimeZone), false));

    public static DateOnly DayOf(DateTimeOffset instant, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);

    /// <summary>The last instant of the day: at the next the deadline has passed.</summary>
    public static DateTimeOffset EndOf(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.AddDays(1).ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).AddTicks(-1).ToUniversalTime();
    }
}
