using CityHub.Core.Grains;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Responsibilities;
using CsCheck;

namespace CityHub.Tests.Sharing.Responsibilities;

public sealed class StatusRulesTests
{
    private static readonly TimeZoneInfo Zone = CalendarFiles.Decree809.TimeZone;
    private static readonly WorkingCalendar Calendar = new(CalendarFiles.Decree809.Jurisdiction, CalendarFiles.Years);
    private static readonly DateTimeOffset Later = new(2026, 12, 31, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_month_with_a_delivery_in_every_period_is_kept() =>
        Assert.Equal(ItemStatus.Kept, Status(UpdateFrequency.Weekly, [At(3, 4), At(3, 11), At(3, 18), At(3, 25), At(2, 27), At(3, 29), At(3, 8, 3)]).Status);

    [Fact]
    public void One_missing_period_is_late_and_nothing_at_all_is_silent()
    {
        var late = Status(UpdateFrequency.Weekly, [At(3, 4), At(3, 11), At(3, 25)]);
        Assert.Equal((ItemStatus.Late, 5), (late.Status, late.Owed));
        Assert.Equal(ItemStatus.Silent, Status(UpdateFrequency.Weekly, []).Status);
        Assert.Equal(ItemStatus.Silent, Status(UpdateFrequency.Monthly, [At(2, 28), At(4, 1)]).Status);
    }

    [Fact]
    public void What_came_in_time_and_was_worse_than_its_target_is_poor()
    {
        Assert.Equal(ItemStatus.Poor, Status(UpdateFrequency.Monthly, [At(3, 4, score: 0.8)]).Status);
        Assert.Equal(ItemStatus.Kept, Status(UpdateFrequency.Monthly, [At(3, 4, score: 0.95)]).Status);
        Assert.Equal(ItemStatus.Kept, Status(UpdateFrequency.Monthly, [At(3, 4)]).Status);
    }

    [Fact]
    public void Days_that_are_not_worked_owe_nothing()
    {
        // October 2026 begins with the National Day holiday.
        var october = StatusRules.Periods(UpdateFrequency.Daily, 2026, 10, Calendar, Zone).Value;
        Assert.All(october, p => Assert.True(Calendar.IsWorkingDay(Clock.DayOf(p.Start, Zone)).Value));
        Assert.DoesNotContain(october, p => Clock.DayOf(p.Start, Zone).Day is 1 or 2 or 3);
        Assert.False(StatusRules.Periods(UpdateFrequency.Daily, 2031, 3, Calendar, Zone).Ok);
    }

    [Fact]
    public void The_day_ends_in_the_time_zone_of_the_city()
    {
        // 2026-03-02 23:30 in Chongqing is still 15:30 UTC of that day; half an hour later it is another day.
        var owed = StatusRules.Periods(UpdateFrequency.Daily, 2026, 3, Calendar, Zone).Value[0];
        Assert.True(new DateTimeOffset(2026, 3, 2, 15, 30, 0, TimeSpan.Zero) < owed.End);
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 16, 0, 0, TimeSpan.Zero), owed.End);
    }

    [Fact]
    public void What_has_not_ended_and_what_lies_outside_the_item_is_not_owed()
    {
        var item = Item(UpdateFrequency.Weekly);
        Assert.Null(StatusRules.Status(item, [], 2026, 3, Calendar, Zone, new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)).Value.Status);
        Assert.Equal(1, StatusRules.Status(item with { From = new DateTimeOffset(2026, 3, 20, 0, 0, 0, TimeSpan.Zero) }, [], 2026, 3, Calendar, Zone, Later).Value.Owed);
        Assert.Null(Status(UpdateFrequency.Quarterly, [], month: 2).Status);
        Assert.Equal(ItemStatus.Kept, Status(UpdateFrequency.Quarterly, [At(1, 15)]).Status);
        Assert.Null(Status(UpdateFrequency.Irregular, []).Status);
    }

    /// <summary>More deliveries never make an item later; the order of deliveries says nothing.</summary>
    [Fact]
    public void A_further_delivery_never_makes_it_later() => Gen.Select(Gen.Int[1, 31].Array[0, 12], Gen.Int[1, 31], Gen.Int[0, 4]).Sample((days, more, frequency) =>
    {
        var freshness = (UpdateFrequency)frequency;
        var before = Status(freshness, [.. days.Select(d => At(3, d))]);
        var after = Status(freshness, [At(3, more), .. days.Reverse().Select(d => At(3, d))]);
        Assert.True(after.Delivered >= before.Delivered);
        Assert.Equal(before.Owed, after.Owed);
        Assert.True(before.Status != ItemStatus.Kept || after.Status == ItemStatus.Kept);
    });

    [Fact]
    public void A_scorecard_is_what_its_items_were()
    {
        var item = Item(UpdateFrequency.Weekly);
        var card = Scorecard.Of("police", "2026-03", [(item, new MonthlyStatus(ItemStatus.Kept, 4, 4, 1, "")), (item with { Dataset = "b" }, new MonthlyStatus(ItemStatus.Late, 4, 2, 0.5, ""))], d => d == "b" ? 9 : 0, 1);
        Assert.Equal((0.75, 0.75, 0.5, 0.5), (card.Timeliness, card.Quality, card.Use, card.Safety));
        Assert.Equal((1, 1, 0, 0), (card.Kept, card.Late, card.Poor, card.Silent));
        Assert.Equal(0.625, card.Total);
        var nothing = Scorecard.Of("fire", "2026-03", [], _ => 0, 0);
        Assert.Equal((null, null, null, 1.0, 1.0), (nothing.Timeliness, nothing.Quality, nothing.Use, nothing.Safety, nothing.Total));
    }

    internal static ResponsibilityItem Item(UpdateFrequency freshness) => new(
        "i", 1, "police", "population", ["no"], Grain.Finest, freshness, 0.9, ["fire"], ["rescue"], "《中华人民共和国消防法》第四条", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(8)),
        new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.FromHours(8)));

    [Fact]
    public void What_was_refused_as_a_whole_is_poor_and_does_not_fill_a_period()
    {
        Assert.Equal(ItemStatus.Poor, Status(UpdateFrequency.Monthly, [At(3, 5, score: 0) with { AllRefused = true }]).Status);
        Assert.Equal(ItemStatus.Late, Status(UpdateFrequency.Weekly, [At(3, 3), At(3, 10) with { AllRefused = true }]).Status);
        Assert.Equal(ItemStatus.Kept, Status(UpdateFrequency.Monthly, [At(3, 5) with { AllRefused = true }, At(3, 6)]).Status);
    }

    private static DeliveryMark At(int month, int day, int hour = 3, double? score = null) => new("population", new DateTimeOffset(2026, month, day, hour, 0, 0, TimeSpan.Zero), score);

    private static MonthlyStatus Status(UpdateFrequency freshness, IReadOnlyList<DeliveryMark> marks, int month = 3) =>
        StatusRules.Status(Item(freshness), marks, 2026, month, Calendar, Zone, Later).Value;
}
