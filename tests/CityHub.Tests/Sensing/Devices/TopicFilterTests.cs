using CityHub.Sensing.Devices;

namespace CityHub.Tests.Sensing.Devices;

public sealed class TopicFilterTests
{
    [Theory]
    [InlineData("devices/{device}/readings", "devices/a/readings", true)]
    [InlineData("devices/{device}/readings", "devices/b/readings", false)]
    [InlineData("devices/{device}/readings", "devices/a/readings/x", false)]
    [InlineData("devices/{device}/#", "devices/a", true)]
    [InlineData("devices/{device}/#", "devices/a/b/c", true)]
    [InlineData("devices/{device}/#", "devices/ab", false)]
    [InlineData("+/b", "a/b", true)]
    [InlineData("+/b", "/b", true)]
    [InlineData("+/b", "b", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("a/+/c", "a/+/c", true)]
    [InlineData("a/+/c", "a/#", false)]
    [InlineData("a/b", "a/+", false)]
    [InlineData("a/#", "a/+/c", true)]
    [InlineData("a/#", "a/#", true)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a/+", "+/a", false)]
    [InlineData("a/#", "#", false)]
    public void A_rule_covers_what_lies_within_it(string rule, string asked, bool covers)
    {
        Assert.Null(TopicFilter.Check(rule));
        Assert.Equal(covers, TopicFilter.Of(rule, "a").Covers(asked));
    }

    [Theory]
    [InlineData("PT1M", 60)]
    [InlineData("PT0.5S", 0.5)]
    [InlineData("P1DT12H", 129600)]
    [InlineData("P2W", 1209600)]
    [InlineData("PT1H30M10.25S", 5410.25)]
    public void Durations_are_read_and_written(string text, double seconds)
    {
        Assert.True(IsoDuration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
        Assert.True(IsoDuration.TryParse(IsoDuration.Text(duration), out var again));
        Assert.Equal(duration, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("PT1M1H")]
    [InlineData("PT1")]
    [InlineData("1M")]
    [InlineData("PT1..5S")]
    [InlineData("P1H")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(IsoDuration.TryParse(text, out _));
}
