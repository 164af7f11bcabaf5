using System.Globalization;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Calendars;

/// <summary>What calendars and profiles refuse, each with its rule and its way forward.</summary>
public static class CalendarProblems
{
    public static readonly ProblemKind CalendarYearMissing = new("calendar-year-missing", "The working days of that year are not known", 409);
    public static readonly ProblemKind CalendarUnusable = new("calendar-unusable", "This is not a calendar of a year", 422);
    public static readonly ProblemKind CalendarUnknown = new("calendar-unknown", "There is no such calendar", 404);
    public static readonly ProblemKind ProfileUnusable = new("profile-unusable", "This is not a profile of deadlines", 422);
    public static readonly ProblemKind ProfileUnknown = new("profile-unknown", "There is no such profile of deadlines", 404);
    public static readonly ProblemKind DeadlineNotExtendable = new("deadline-not-extendable", "This deadline cannot be extended", 409);

    public static Problem MissingYear(string jurisdiction, int year) => CalendarYearMissing.Because(
        string.Create(CultureInfo.InvariantCulture, $"The holidays and swapped working days of {year} in {jurisdiction} are not known to this hub."),
        "Let the Authority add the year from the State Council's notice: POST /sharing/calendars, approved by a second person.",
        "A deadline counts the working days that the State Council's notice gives, never Monday to Friday");

    public static Problem Unusable(string why) => CalendarUnusable.Because(
        why,
        "Give jurisdiction, year, source, daysOff (name, from, to) and workdays as in the notice.",
        "全国年节及纪念日放假办法 and the State Council's notice of the year");

    public static Problem NoCalendar(string name) => CalendarUnknown.Because(
        $"There is no proposed or known calendar {name}.", "GET /sharing/calendars lists them.", "Calendars are versioned data");

    public static Problem BadProfile(string why) => ProfileUnusable.Because(
        why, "Give id, jurisdiction, zone, source, unusedDays and all deadlines; GET /sharing/profiles shows one to start from.", "decree 809, arts 17, 21, 22, 26");

    public static Problem NoProfile(string name) => ProfileUnknown.Because(
        $"There is no proposed or adopted profile {name}.", "GET /sharing/profiles lists them.", "Profiles are versioned data");

    public static Problem NoRule(string profile, string article) => ProfileUnusable.Because(
        $"The profile {profile} has no deadline {article}.", "Let the Authority adopt a version of the profile that has it: POST /sharing/profiles.", "decree 809, arts 17, 21, 22, 26");

    public static Problem NotExtendable(string article) => DeadlineNotExtendable.Because(
        $"The deadline {article} has no extension, or was extended already.",
        "Answer within the time; where it has passed, answer at once: the delay is on record and went to the next owner.",
        "decree 809, art. 21: once, by at most 10 working days; art. 26 knows no extension");
}
