using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Responsibilities;

/// <summary>A delivery as the lists see it.</summary>
/// <param name="Score">Null: the dataset has no quality rules.</param>
/// <param name="AllRefused">No row of it could be taken: it came, and keeps no promise.</param>
/// <param name="Stays">What came is known until something newer comes, as entities are: where nothing newer came it is late, and not silent.</param>
public sealed record DeliveryMark(string Dataset, DateTimeOffset At, double? Score, bool AllRefused = false, bool Stays = false);

/// <param name="Status">Null: nothing was owed in that month.</param>
public sealed record MonthlyStatus(ItemStatus? Status, int Owed, int Delivered, double? Quality, string Why);

/// <summary>
/// Kept, Late, Poor or Silent: a pure function of the item, what was delivered, and the calendar. A period (an hour, a day, a week …) asks for a delivery within it; days and
/// hours that are not worked owe nothing, and a year without a calendar is an error.
/// </summary>
internal static class StatusRules
{
    private const string Clause = "decree 809, arts 18, 38";

    /// <param name="deliveries">Of the dataset, in any order; others are passed over.</param>
    /// <param name="now">Periods that have not ended yet are not owed yet.</param>
    public static Result<MonthlyStatus> Status(ResponsibilityItem item, IEnumerable<DeliveryMark> deliveries, int year, int month, WorkingCalendar calendar, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (!Periods(item.Freshness, year, month, calendar, zone).TryGet(out var periods, out var missing))
            return missing;
        var owed = periods.Where(p => p.End <= now && p.Start >= item.From && p.End <= item.Until).ToList();
        if (owed.Count == 0)
            return new MonthlyStatus(null, 0, 0, null, "nothing was owed");
        var (from, to) = (owed.Min(p => p.Start), owed.Max(p => p.End));
        var came = deliveries.Where(d => d.Dataset == item.Dataset && d.At < to).OrderBy(d => d.At).ToList();
        var marks = came.Where(d => d.At >= from).ToList();
        var met = owed.Count(p => marks.Any(d => !d.AllRefused && d.At >= p.Start && d.At < p.End));
        var scores = marks.Where(d => d.Score is not null).Select(d => d.Score.GetValueOrDefault()).ToList();
        double? quality = scores.Count == 0 ? null : scores.Average();
        var status = marks.Count == 0 ? came.Any(d => d.Stays) ? ItemStatus.Late : ItemStatus.Silent : marks.All(m => m.AllRefused) ? ItemStatus.Poor : met < owed.Count ? ItemStatus.Late : quality < item.QualityTarget ? ItemStatus.Poor : ItemStatus.Kept;
        var why = status switch
        {
            ItemStatus.Silent => $"{owed.Count} periods, no delivery",
            ItemStatus.Late => $"{owed.Count - met} of {owed.Count} periods without a delivery",
            ItemStatus.Poor when met == 0 => "what came was refused as a whole",
            ItemStatus.Poor => string.Create(CultureInfo.InvariantCulture, $"quality {quality:0.###} below {item.QualityTarget:0.###}"),
            _ => $"{met} of {owed.Count} periods delivered",
        };
        return new MonthlyStatus(status, owed.Count, met, quality, $"{why} ({Clause})");
    }

    /// <summary>The periods that end in the month. A period as long as the month or longer is owed in the month in which it ends.</summary>
    public static Result<IReadOnlyList<(DateTimeOffset Start, DateTimeOffset End)>> Periods(UpdateFrequency freshness, int year, int month, WorkingCalendar calendar, TimeZoneInfo zone)
    {
        var first = new DateOnly(year, month, 1);
        var next = first.AddMonths(1);
        var periods = new List<(DateTimeOffset, DateTimeOffset)>();
        switch (freshness)
        {
            case UpdateFrequency.Continuous or UpdateFrequency.Hourly:
                // What is measured is measured on holidays, too.
                for (var at = Begin(first, zone); at < Begin(next, zone); at = at.AddHours(1))
                    periods.Add((at, at.AddHours(1)));
                break;
            case UpdateFrequency.Daily:
                for (var day = first; day < next; day = day.AddDays(1))
                {
                    if (!calendar.IsWorkingDay(day).TryGet(out var working, out var missing))
                        return missing;
                    if (working)
                        periods.Add((Begin(day, zone), Begin(day.AddDays(1), zone)));
                }

                break;
            case UpdateFrequency.Weekly:
                // ISO weeks: Monday to Sunday.
                for (var day = first; day < next; day = day.AddDays(1))
                    if (day.DayOfWeek == DayOfWeek.Sunday)
                        periods.Add((Begin(day.AddDays(-6), zone), Begin(day.AddDays(1), zone)));
                break;
            case UpdateFrequency.Monthly:
                periods.Add((Begin(first, zone), Begin(next, zone)));
                break;
            case UpdateFrequency.Quarterly when month % 3 == 0:
                periods.Add((Begin(first.AddMonths(-2), zone), Begin(next, zone)));
                break;
            case UpdateFrequency.Annually when month == 12:
                periods.Add((Begin(first.AddMonths(-11), zone), Begin(next, zone)));
                break;
            default:
                break;
        }

        return periods;
    }

    private static DateTimeOffset Begin(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }
}

/// <summary>What a department is judged by (art. 38): each part 0 to 1, null where there is nothing to judge.</summary>
/// <param name="Timeliness">Periods delivered over periods owed.</param>
/// <param name="Quality">Mean of the items' scores.</param>
/// <param name="Use">Datasets that somebody used over datasets owed.</param>
/// <param name="Safety">1 without a violation or an emergency access; each halves what is left.</param>
public sealed record Scorecard(string Department, string Month, double? Timeliness, double? Quality, double? Use, double Safety, int Items, int Kept, int Late, int Poor, int Silent)
{
    /// <summary>Mean of the parts that there are.</summary>
    public double Total => new[] { Timeliness, Quality, Use, Safety }.Where(p => p is not null).Average(p => p.GetValueOrDefault());

    /// <param name="months">Status of each item of the department in that month.</param>
    /// <param name="uses">Of a dataset in that month.</param>
    /// <param name="incidents">Violations found, and emergency accesses to its data.</param>
    public static Scorecard Of(string department, string month, IReadOnlyList<(ResponsibilityItem Item, MonthlyStatus Status)> months, Func<string, long> uses, int incidents)
    {
        var owed = months.Sum(m => m.Status.Owed);
        var scores = months.Where(m => m.Status.Quality is not null).Select(m => m.Status.Quality.GetValueOrDefault()).ToList();
        var datasets = months.Select(m => m.Item.Dataset).Distinct(StringComparer.Ordinal).ToList();
        int Count(ItemStatus status) => months.Count(m => m.Status.Status == status);
        return new Scorecard(
            department, month, owed == 0 ? null : (double)months.Sum(m => m.Status.Delivered) / owed, scores.Count == 0 ? null : scores.Average(),
            datasets.Count == 0 ? null : (double)datasets.Count(d => uses(d) > 0) / datasets.Count, Math.Pow(0.5, incidents), months.Count, Count(ItemStatus.Kept), Count(ItemStatus.Late), Count(ItemStatus.Poor), Count(ItemStatus.Silent));
    }
}
