using CityHub.Sensing.Mapping;

namespace CityHub.Tests.Sensing.Mapping;

public sealed class JsonPathTests
{
    [Theory]
    [InlineData("$", 0)]
    [InlineData("$.a", 1)]
    [InlineData("$.a.b", 2)]
    [InlineData("$['PM2.5']", 1)]
    [InlineData("$[\"PM2.5\"]", 1)]
    [InlineData("$[ 'a' ][ 0 ]", 2)]
    [InlineData("$[*].*", 2)]
    [InlineData("@.a", 1)]
    [InlineData("$.温度", 1)]
    [InlineData("$['\\u6e29\\u5ea6']", 1)]
    [InlineData("$['it\\'s']", 1)]
    public void Reads_the_paths_of_the_standard_that_one_pass_can_answer(string text, int steps)
    {
        var path = JsonPath.Parse(text, "from").Value;
        Assert.Equal(steps, path.Segments.Count);
        Assert.Equal(text[0] == '@', path.FromReading);
    }

    [Theory]
    [InlineData("$..a", "descendants")]
    [InlineData("$[?@.a>1]", "filters")]
    [InlineData("$[1:2]", "slices")]
    [InlineData("$[:2]", "slices")]
    [InlineData("$[-1]", "from the end")]
    [InlineData("$['a','b']", "several selectors")]
    [InlineData("$[0,1]", "several selectors")]
    [InlineData("$[01]", "a bracket holds")]
    [InlineData("$.", "missing after the dot")]
    [InlineData("$.1a", "missing after the dot")]
    [InlineData("$['a", "not closed")]
    [InlineData("$['a'", "not closed")]
    [InlineData("$['\\x']", "no escape")]
    [InlineData("$['\\ud800']", "surrogate")]
    [InlineData("$.a b", "does not begin a step")]
    [InlineData("$.a ", "blank")]
    public void Refuses_the_others_by_name(string text, string because)
    {
        var problem = JsonPath.Parse(text, "attributes[0].from").Problem;
        Assert.NotNull(problem);
        Assert.Contains(because, problem.Detail, StringComparison.Ordinal);
        Assert.Contains("attributes[0].from", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PM2.5")]
    [InlineData("a b")]
    [InlineData("$price")]
    public void A_bare_word_is_the_member_of_that_name(string text)
    {
        var path = JsonPath.Parse(text, "from").Value;
        Assert.True(path.FromReading);
        Assert.Equal([Segment.Of(text)], path.Segments);
    }

    [Fact]
    public void Refuses_a_path_that_is_longer_than_anybody_writes()
    {
        Assert.False(JsonPath.Parse("$" + string.Concat(Enumerable.Repeat(".a", 33)), "from").Ok);
        Assert.False(JsonPath.Parse("$." + new string('a', 600), "from").Ok);
        Assert.False(JsonPath.Parse("", "from").Ok);
    }
}
