using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Calendars;

/// <summary>One notice of holidays: which days of a year are off, and which Saturdays and Sundays are worked instead (调休).</summary>
/// <param name="Source">The notice, as a person would look it up.</param>
/// <param name="DaysOff">May reach into the December before, as notices about New Year do; with it, such days are judged by this notice.</param>
public sealed record CalendarYear(string Jurisdiction, int Year, int Version, string Source, ImmutableSortedDictionary<DateOnly, string> DaysOff, ImmutableSortedSet<DateOnly> Workdays)
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Jurisdiction}-{Year}@{Version}");
}

/// <summary>工作日历: the working days of one jurisdiction as the newest notice of each year has them. Immutable. A year without a notice is an error, never Monday to Friday.</summary>
public sealed class WorkingCalendar(string jurisdiction, IEnumerable<CalendarYear> years)
{
    /// <summary>No deadline is so far that a longer walk would be meant.</summary>
    private const int MostDays = 366 * 5;

    private readonly FrozenDictionary<int, CalendarYear> _years = years.GroupBy(y => y.Year).ToFrozenDictionary(g => g.Key, g => g.OrderBy(y => y.Version).Last());

    public string Jurisdiction { get; } = jurisdiction;

    public IEnumerable<CalendarYear> Years => _years.Values.OrderBy(y => y.Year);

    public Result<bool> IsWorkingDay(DateOnly day)
    {
        if (!_years.TryGetValue(day.Year, out var year))
            return CalendarProblems.MissingYear(Jurisdiction, day.Year);
        // A notice of the next year that speaks of the end of this one is the newer word.
        if (day.Month == 12 && _years.TryGetValue(day.Year + 1, out var next))
        {
            if (next.DaysOff.ContainsKey(day))
                return false;
            if (next.Workdays.Contains(day))
                return true;
        }

        return !year.DaysOff.ContainsKey(day) && (year.Workdays.Contains(day) || day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday));
    }

    /// <summary>The n-th working day after a day that itself is not counted (Civil Code, art. 201).</summary>
    public Result<DateOnly> After(DateOnly day, int workingDays)
    {
        for (var walked = 0; workingDays > 0 && walked < MostDays; walked++)
        {
            day = day.AddDays(1);
            if (!IsWorkingDay(day).TryGet(out var working, out var missing))
                return missing;
            if (working)
                workingDays--;
        }

        return workingDays <= 0 ? day : CalendarProblems.Unusable($"Within {MostDays} days there are too few working days.");
    }

    /// <summary>The day itself when it is worked, else the next that is (Civil Code, art. 203).</summary>
    public Result<DateOnly> NotAtRest(DateOnly day) =>
        !IsWorkingDay(day).TryGet(out var working, out var missing) ? missing : working ? day : After(day, 1);

    /// <summary>Working days after the first up to and with the second.</summary>
    public Result<int> Between(DateOnly after, DateOnly upTo)
    {
        var count = 0;
        for (var day = after.AddDays(1); day <= upTo; day = day.AddDays(1))
        {
            if (!IsWorkingDay(day).TryGet(out var working, out var missing))
                return missing;
            count += working ? 1 : 0;
        }

        return count;
    }
}
