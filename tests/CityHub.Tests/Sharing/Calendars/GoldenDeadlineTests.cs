using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using CityHub.Tests.Docs;
using CsCheck;

namespace CityHub.Tests.Sharing.Calendars;

/// <summary>The golden table (deadlines.tsv) against the clocks, and against a second reader that counts day by day from the notices, typed again here.</summary>
public sealed class GoldenDeadlineTests
{
    private static readonly TimeZoneInfo Zone = CalendarFiles.Decree809.TimeZone;
    private static readonly WorkingCalendar Calendar = new("cn", CalendarFiles.Years);
    private static readonly List<Case> Cases = [.. File.ReadLines(Repository.File("tests/CityHub.Tests/Sharing/Calendars/deadlines.tsv")).Skip(2).Select(Case.Read)];

    [Fact]
    public void The_table_has_at_least_sixty_cases_in_each_of_three_years()
    {
        Assert.True(Cases.Count >= 60);
        foreach (var year in new[] { 2024, 2025, 2026 })
            Assert.True(Cases.Count(c => c.Began.Year == year) >= 15, $"{year}");
        Assert.Equal(Cases.Count, Cases.Select(c => c.Name).Distinct().Count());
    }

    [Fact]
    public void Every_case_is_due_when_the_table_says()
    {
        foreach (var c in Cases)
        {
            var due = Due(c);
            if (c.Due.StartsWith("missing", StringComparison.Ordinal))
            {
                Assert.True(due.Problem?.Kind == CalendarProblems.CalendarYearMissing, $"{c.Name}: {due.Problem}");
                Assert.Contains(c.Due[8..], due.Problem.Detail, StringComparison.Ordinal);
            }
            else
            {
                Assert.True(due.Ok, $"{c.Name}: {due.Problem}");
                Assert.True(c.Due == CalendarFiles.Text(Clock.DayOf(due.Value, Zone)), $"{c.Name}: {due.Value:O}, the table says {c.Due} ({c.Why})");
                Assert.Equal(Clock.EndOf(DateOnly.ParseExact(c.Due, "yyyy-MM-dd", CultureInfo.InvariantCulture), Zone), due.Value);
            }
        }
    }

    [Fact]
    public void A_second_reader_who_counts_day_by_day_agrees()
    {
        foreach (var c in Cases.Where(c => !c.Due.StartsWith("missing", StringComparison.Ordinal)))
            Assert.True(c.Due == CalendarFiles.Text(ByHand.Due(c)), $"{c.Name}: by hand {ByHand.Due(c)}");
    }

    [Fact]
    public void A_due_date_is_never_a_rest_day_and_agrees_with_the_second_reader() =>
        Gen.Select(Gen.Int[0, 365 * 3 - 60], Gen.Int[0, 24 * 60 - 1], Gen.Int[1, 20], (day, minute, days) => (day, minute, days)).Sample(
            x =>
            {
                var began = new DateTimeOffset(new DateTime(2024, 1, 1).AddDays(x.day).AddMinutes(x.minute), TimeSpan.FromHours(8));
                var due = Clock.DueOf(began, x.days, Calendar, Zone);
                if (!due.Ok)
                {
                    Assert.Equal(CalendarProblems.CalendarYearMissing, due.Problem.Kind);
                    return;
                }

                var last = Clock.DayOf(due.Value, Zone);
                Assert.False(ByHand.Rests(last));
                Assert.Equal(ByHand.After(DateOnly.FromDateTime(began.DateTime), x.days), last);
                Assert.True(Clock.DayOf(due.Value.AddTicks(1), Zone) == last.AddDays(1));
            },
            iter: 5000);

    [Fact]
    public void Later_or_longer_is_never_due_earlier() =>
        Gen.Select(Gen.Int[0, 900], Gen.Int[0, 100_000], Gen.Int[1, 15], Gen.Int[0, 5], (day, later, days, more) => (day, later, days, more)).Sample(
            x =>
            {
                var began = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.FromHours(8)).AddDays(x.day);
                var first = Clock.DueOf(began, x.days, Calendar, Zone);
                var second = Clock.DueOf(began.AddMinutes(x.later), x.days + x.more, Calendar, Zone);
                if (first.Ok && second.Ok)
                    Assert.True(first.Value <= second.Value);
            },
            iter: 5000);

    private static Result<DateTimeOffset> Due(Case c)
    {
        var profile = CalendarFiles.Decree809 with
        {
            Deadlines = [new DeadlineRule("x", c.Days, c.Ops.Contains("extend", StringComparison.Ordinal) ? c.ExtensionDays : 0, c.Ops.Contains("resume", StringComparison.Ordinal) ? AfterSupplement.Resume : AfterSupplement.Restart, new Words("", ""))],
        };
        return Clock.Start(profile, "x", c.Began, Calendar)
            .Then<Deadline>(d => c.Ops.StartsWith("extend", StringComparison.Ordinal) ? Clock.Extend(profile, d, Calendar)
                : c.Ops == "-" ? d : Clock.Supplemented(profile, d, c.Asked, c.Supplemented, Calendar))
            .Map<DateTimeOffset>(d => d.Due);
    }

    private sealed record Case(string Name, DateTimeOffset Began, int Days, string Ops, string Due, string Why)
    {
        public int ExtensionDays => int.Parse(Ops.Split(':')[1], CultureInfo.InvariantCulture);

        public DateTimeOffset Asked => At(Ops.Split(':', 2)[1].Split('/')[0]);

        public DateTimeOffset Supplemented => At(Ops.Split(':', 2)[1].Split('/')[1]);

        public static Case Read(string line)
        {
            var c = line.Split('\t');
            return new Case(c[0], At(c[1]), int.Parse(c[2], CultureInfo.InvariantCulture), c[3], c[4], c[5]);
        }

        private static DateTimeOffset At(string local) => DateTimeOffset.ParseExact(local + "+08:00", "yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture);
    }

    /// <summary>The oracle: the notices as month-day lists, one day at a time, nothing shared with the code under test.</summary>
    private static class ByHand
    {
        private static readonly string[] Off =
        [
            "2024: 1.1 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 4.4 4.5 4.6 5.1 5.2 5.3 5.4 5.5 6.10 9.15 9.16 9.17 10.1 10.2 10.3 10.4 10.5 10.6 10.7",
            "2025: 1.1 1.28 1.29 1.30 1.31 2.1 2.2 2.3 2.4 4.4 4.5 4.6 5.1 5.2 5.3 5.4 5.5 5.31 6.1 6.2 10.1 10.2 10.3 10.4 10.5 10.6 10.7 10.8",
            "2026: 1.1 1.2 1.3 2.15 2.16 2.17 2.18 2.19 2.20 2.21 2.22 2.23 4.4 4.5 4.6 5.1 5.2 5.3 5.4 5.5 6.19 6.20 6.21 9.25 9.26 9.27 10.1 10.2 10.3 10.4 10.5 10.6 10.7",
        ];

        private static readonly string[] Worked =
        [
            "2024: 2.4 2.18 4.7 4.28 5.11 9.14 9.29 10.12",
            "2025: 1.26 2.8 4.27 9.28 10.11",
            "2026: 1.4 2.14 2.28 5.9 9.20 10.10",
        ];

        public static bool Rests(DateOnly day)
        {
            bool In(string[] lists) => lists.Single(l => l.StartsWith($"{day.Year}:", StringComparison.Ordinal)).Split(' ').Contains($"{day.Month}.{day.Day}");
            return In(Off) || (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday && !In(Worked));
        }

        public static DateOnly After(DateOnly day, int count)
        {
            while (count > 0)
            {
                day = day.AddDays(1);
                if (!Rests(day))
                    count--;
            }

            return day;
        }

        public static DateOnly Due(Case c)
        {
            var due = After(DateOnly.FromDateTime(c.Began.DateTime), c.Days);
            if (c.Ops.StartsWith("extend", StringComparison.Ordinal))
                return After(due, c.ExtensionDays);
            if (c.Ops == "-")
                return due;
            var supplemented = DateOnly.FromDateTime(c.Supplemented.DateTime);
            if (c.Ops.StartsWith("restart", StringComparison.Ordinal))
                return After(supplemented, c.Days);
            var left = 0;
            for (var day = due; day > DateOnly.FromDateTime(c.Asked.DateTime); day = day.AddDays(-1))
                if (!Rests(day))
                    left++;
            return After(supplemented, left == 0 ? 1 : left);
        }
    }
}
