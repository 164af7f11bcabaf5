using CityHub.Sharing.Supervision;

namespace CityHub.Tests.Sharing.Supervision;

/// <summary>Each of the sixteen concrete items of arts 39 to 41, with a story in which it is one and a story in which it is none.</summary>
public sealed class ViolationsTests
{
    private static readonly DateTimeOffset Day0 = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Day(100);

    /// <summary>The item; the story; whose violation it is, or nobody's.</summary>
    public static TheoryData<string, string, bool> Stories()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var ((item, name), (_, found)) in Told)
            data.Add(item, name, found);
        return data;
    }

    private static readonly Dictionary<(string Item, string Name), (Evidence[] Evidence, bool Found)> Told = new()
    {
        [("39(1)", "a change of duties, and the catalogue is not updated within ten working days")] = ([Clock(1, "809/17", 0, 14)], true),
        [("39(1)", "the catalogue is updated on the last day")] = ([Clock(1, "809/17", 0, 14), Stop(2, 14)], false),
        [("39(1)", "the update was extended in time and made within the extension")] = ([Clock(1, "809/17", 0, 14), Move(2, 10, 21), Stop(3, 20)], false),
        [("39(1)", "the extension came after the date was missed")] = ([Clock(1, "809/17", 0, 14), Move(2, 15, 21), Stop(3, 20)], true),
        [("39(1)", "rows of a dataset that no catalogue has")] = ([new Evidence.DeliveredUncatalogued(Day(1), "health", 1, "beds")], true),
        [("39(2)", "a letter of the minister is asked for that the catalogue does not list")] = ([new Evidence.ConditionAdded(Day(1), "health", 1, "r1", "letter")], true),
        [("39(2)", "the demand was taken back")] = ([new Evidence.ConditionAdded(Day(1), "health", 1, "r1", "letter"), new Evidence.ConditionLifted(Day(2), "health", 2, "r1", "letter")], true),
        [("39(2)", "materials that the catalogue lists were asked for")] = ([Clock(1, "809/21", 0, 14), Stop(2, 3)], false),
        [("39(3)", "the lead source asked for new addresses and got none")] = ([new Evidence.UpdateAsked(Day(1), "housing", 1, "address", Day(10))], true),
        [("39(3)", "the lead source got them in time")] = ([new Evidence.UpdateAsked(Day(1), "housing", 1, "address", Day(10)), new Evidence.UpdateGiven(Day(9), "housing", 2, "address")], false),
        [("39(4)", "no answer within ten working days")] = ([Clock(1, "809/21", 0, 14)], true),
        [("39(4)", "granted in time and delivered late")] = ([Clock(1, "809/22", 0, 28), Stop(2, 40)], true),
        [("39(4)", "answered in time")] = ([Clock(1, "809/21", 0, 14), Stop(2, 13)], false),
        [("39(4)", "the clock still runs")] = ([Clock(1, "809/21", 95, 109)], false),
        [("39(5)", "a district asked for its own permits and never got them")] = ([new Evidence.FlowBackAsked(Day(1), "housing", 1, "permits", "binjiang", Day(20))], true),
        [("39(5)", "they flowed back")] = ([new Evidence.FlowBackAsked(Day(1), "housing", 1, "permits", "binjiang", Day(20)), new Evidence.FlowBackOpened(Day(5), "housing", 2, "permits", "binjiang")], false),
        [("39(6)", "a correction lay for three weeks")] = ([Clock(1, "809/26", 0, 14), Stop(2, 21)], true),
        [("39(6)", "a correction was answered in a week")] = ([Clock(1, "809/26", 0, 14), Stop(2, 7)], false),
        [("39(7)", "a service was switched off without a word")] = ([new Evidence.ServiceEnded(Day(1), "health", 1, "g1", false, false)], true),
        [("39(7)", "it was negotiated, and not filed")] = ([new Evidence.ServiceEnded(Day(1), "health", 1, "g1", true, false)], true),
        [("39(7)", "it was negotiated and filed")] = ([new Evidence.ServiceEnded(Day(1), "health", 1, "g1", true, true)], false),
        [("39(8)", "a department's platform stands alone")] = ([new Evidence.PlatformRegistered(Day(1), "health", 1, "his", Day(60))], true),
        [("39(8)", "it was incorporated in time")] = ([new Evidence.PlatformRegistered(Day(1), "health", 1, "his", Day(60)), new Evidence.PlatformIncorporated(Day(50), "health", 2, "his")], false),
        [("40(1)", "a form asks for the address that the register has")] = ([new Evidence.CollectedTwice(Day(1), "civil-affairs", 1, "form-7/address", "population/address")], true),
        [("40(1)", "another field is collected, which nobody publishes")] = ([new Evidence.Published(Day(1), "civil-affairs", 1, "form-7")], false),
        [("40(2)", "data for benefits were used for marketing")] = ([Use(1, within: false)], true),
        [("40(2)", "they were used for what the grant says")] = ([Use(1, within: true)], false),
        [("40(3)", "a contractor was given the file")] = ([Use(1, within: true, third: "contractor")], true),
        [("40(3)", "a leaked sample has the receiver's watermark")] = ([new Evidence.LeakTraced(Day(2), "civil-affairs", 1, "g1", 1e-20)], true),
        [("40(3)", "the grant permits handing on")] = ([Use(1, within: true, third: "court", permitted: true)], false),
        [("40(4)", "the grant is over and nothing was destroyed")] = ([new Evidence.GrantOver(Day(1), "civil-affairs", 1, "g1", Day(31))], true),
        [("40(4)", "destruction was proved in time")] = ([new Evidence.GrantOver(Day(1), "civil-affairs", 1, "g1", Day(31)), new Evidence.Disposed(Day(30), "civil-affairs", 2, "g1")], false),
        [("40(5)", "rows were taken and no record of use was ever made")] = ([new Evidence.Released(Day(1), "civil-affairs", 1, "g1")], true),
        [("40(5)", "the record was made within the month")] = ([new Evidence.Released(Day(1), "civil-affairs", 1, "g1"), Use(2, within: true)], false),
        [("40(5)", "records were destroyed after two years")] = ([new Evidence.RecordsDestroyed(Day(50), "civil-affairs", 1, "g1", Day(50).AddYears(-2))], true),
        [("40(5)", "records were destroyed after three years")] = ([new Evidence.RecordsDestroyed(Day(50), "civil-affairs", 1, "g1", Day(50).AddYears(-3))], false),
        [("40(6)", "one account is used by a whole office")] = ([new Evidence.DutyNeglected(Day(1), "civil-affairs", 1, "account/office", "shared-account")], true),
        [("40(6)", "the yearly review was held")] = ([new Evidence.DutyMet(Day(1), "civil-affairs", 1, "review/2026")], false),
        [("41(1)", "three departments collect addresses and nobody leads")] = ([new Evidence.LeadSourceMissing(Day(1), "authority", 1, "address", Day(30))], true),
        [("41(1)", "the lead source was named")] = ([new Evidence.LeadSourceMissing(Day(1), "authority", 1, "address", Day(30)), new Evidence.LeadSourceNamed(Day(20), "authority", 2, "address")], false),
        [("41(2)", "a dispute lies at the authority")] = ([new Evidence.DisputeBrought(Day(1), "authority", 1, "d1", Day(30))], true),
        [("41(2)", "it was mediated")] = ([new Evidence.DisputeBrought(Day(1), "authority", 1, "d1", Day(30)), new Evidence.DisputeHandled(Day(29), "authority", 2, "d1")], false),
    };

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_story_is_a_violation_of_its_item_and_of_no_other_or_of_none(string item, string name, bool found)
    {
        var violations = Violations.Find(Told[(item, name)].Evidence, Now).ToList();

        if (found)
            Assert.Equal(item, Assert.Single(violations, v => v.Item != "40(5)" || item == "40(5)").Item);
        else
            Assert.DoesNotContain(violations, v => v.Item == item);
    }

    [Fact]
    public void Every_concrete_item_of_the_three_articles_has_a_rule_and_both_kinds_of_story()
    {
        string[] items = [.. Enumerable.Range(1, 8).Select(n => $"39({n})"), .. Enumerable.Range(1, 6).Select(n => $"40({n})"), "41(1)", "41(2)"];

        Assert.Equal(items, Violations.All.Select(r => r.Item));
        Assert.All(items, item => Assert.Equal(2, Told.Where(t => t.Key.Item == item).Select(t => t.Value.Found).Distinct().Count()));
    }

    [Fact]
    public void What_was_put_right_stays_on_record_as_rectified()
    {
        var violation = Assert.Single(Violations.Find(Told[("39(2)", "the demand was taken back")].Evidence, Now));

        Assert.Equal(Day(2), violation.RectifiedAt);
        Assert.Equal([1L, 2L], violation.Because);
    }

    [Fact]
    public void The_same_violation_has_the_same_id_whenever_it_is_looked_for()
    {
        Evidence[] evidence = [Clock(1, "809/21", 0, 14)];

        Assert.Equal(Violations.Find(evidence, Day(20)).Select(v => v.Id), Violations.Find(evidence, Day(90)).Select(v => v.Id));
        Assert.Empty(Violations.Find(evidence, Day(14)));
    }

    private static DateTimeOffset Day(int n) => Day0.AddDays(n);

    private static Evidence.ClockBegan Clock(long at, string article, int began, int due) => new(Day(began), "health", at, "r1", article, Day(due));

    private static Evidence.ClockMoved Move(long at, int day, int due) => new(Day(day), "health", at, "r1", Day(due));

    private static Evidence.ClockStopped Stop(long at, int day) => new(Day(day), "health", at, "r1");

    private static Evidence.Used Use(long at, bool within, string? third = null, bool permitted = false) => new(Day(2), "civil-affairs", at, "g1", "welfare", within, third, permitted);
}
