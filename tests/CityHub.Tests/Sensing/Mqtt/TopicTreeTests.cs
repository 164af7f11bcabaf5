using CityHub.Sensing.Mqtt;
using CsCheck;

namespace CityHub.Tests.Sensing.Mqtt;

public sealed class TopicTreeTests
{
    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("+/+", "/b", true)]
    [InlineData("/+", "/b", true)]
    [InlineData("+", "/b", false)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/x", true)]
    [InlineData("a/b", "a/B", false)]
    public void A_filter_reaches_what_the_standard_says(string filter, string topic, bool reaches)
    {
        var tree = new TopicTree();
        var session = new MqttSession("\nd", "c", tree, new MqttLimits());
        Assert.True(session.Subscribe(filter, new SubscriptionOptions(1, false, false)));
        var found = new List<(MqttSession, SubscriptionOptions)>();
        tree.Match(topic, found);
        Assert.Equal(reaches, found.Count == 1);
    }

    [Fact]
    public void The_tree_agrees_with_a_plain_reading_of_the_rules_whatever_comes_and_goes()
    {
        var level = Gen.OneOf("a", "b", "", "+", "$x");
        var filter = Gen.Select(level.Array[1, 4], Gen.Bool, (levels, all) => string.Join('/', all ? [.. levels, "#"] : levels));
        var topic = Gen.OneOf("a", "b", "", "$x").Array[1, 4].Select(levels => string.Join('/', levels));
        Gen.Select(filter.Array[1, 12], topic.Array[1, 8], Gen.Int[0, 11].Array[0, 6]).Sample((filters, topics, gone) =>
        {
            var tree = new TopicTree();
            var sessions = filters.Select((f, i) => (Filter: f, Session: new MqttSession("\nd", $"{i}", tree, new MqttLimits()))).ToList();
            foreach (var (f, s) in sessions)
                s.Subscribe(f, new SubscriptionOptions(1, false, false));
            foreach (var i in gone.Where(i => i < sessions.Count).Distinct().OrderDescending())
            {
                Assert.True(sessions[i].Session.Unsubscribe(sessions[i].Filter));
                sessions.RemoveAt(i);
            }

            Assert.Equal(sessions.Count, tree.Count);
            foreach (var t in topics.Where(t => t.Length > 0))
            {
                var found = new List<(MqttSession Session, SubscriptionOptions)>();
                tree.Match(t, found);
                Assert.Equal(sessions.Where(s => Reaches(s.Filter.Split('/'), t.Split('/'))).Select(s => s.Session.ClientId).Order(StringComparer.Ordinal), found.Select(m => m.Session.ClientId).Order(StringComparer.Ordinal));
            }
        });
    }

    private static bool Reaches(string[] filter, string[] topic)
    {
        if (topic[0].StartsWith('$') && filter[0] is "+" or "#")
            return false;
        for (var i = 0; i < filter.Length; i++)
        {
            if (filter[i] == "#")
                return true;
            if (i == topic.Length || (filter[i] != "+" && filter[i] != topic[i]))
                return false;
        }

        return filter.Length == topic.Length;
    }
}
