using System.Text.RegularExpressions;
using CityHub.Server;
using CityHub.Server.CommandLine;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

public sealed class HelpTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public static TheoryData<string> Verbs => [.. Program.AllVerbs.Select(v => v.Name)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_help_lists_every_verb()
    {
        var help = await Run.Of(["--help"], _folder.Path);

        Assert.Equal(0, help.Exit);
        foreach (var verb in Program.AllVerbs)
            Assert.Contains($"  {verb.Name} ", help.Out, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_has_help_with_examples(string verb)
    {
        var help = await Run.Of([verb, "--help"], _folder.Path);

        Assert.Equal(0, help.Exit);
        Assert.Contains("Examples:", help.Out, StringComparison.Ordinal);
        Assert.Contains($"Usage: cityhub {verb}", help.Out, StringComparison.Ordinal);
        foreach (var option in Program.AllVerbs.First(v => v.Name == verb).Options)
            Assert.Contains($"  {option.Name} ", help.Out + " ", StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_example_is_a_command_line_that_is_understood(string name)
    {
        var verb = Program.AllVerbs.First(v => v.Name == name);
        var surroundings = new Surroundings { Out = TextWriter.Null, Error = TextWriter.Null, Environment = new Dictionary<string, string>(), Folder = _folder.Path, Time = TimeProvider.System };
        foreach (var example in verb.Examples)
        {
            // What the shell would hand over: from `cityhub` to the pipe, variables before it left out.
            var line = example.CommandLine[example.CommandLine.IndexOf("cityhub ", StringComparison.Ordinal)..].Split(" | ")[0].Split(")\"")[0];
            string[] words = [.. Regex.Matches(line, "\"([^\"]*)\"|[^ ]+").Select(m => m.Groups[1].Success ? m.Groups[1].Value : m.Value)];
            Assert.True(words[1] == name, $"{example.CommandLine} is not about {name}.");

            var read = CommandLineReader.Read(verb, words[2..], surroundings);

            Assert.True(read.Ok, $"{example.CommandLine}: {read.Problem}");
        }
    }

    [Theory]
    [InlineData("serv", "Did you mean cityhub serve?")]
    [InlineData("nothing-like-it-at-all", "See cityhub --help.")]
    public async Task A_verb_that_is_not_there_is_answered_with_the_way_forward(string verb, string hint)
    {
        var refused = await Run.Of([verb], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.Contains(hint, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_is_not_there_is_answered_with_the_nearest()
    {
        var refused = await Run.Of(["serve", "--dat", "x"], _folder.Path);

        Assert.Equal(2, refused.Exit);
        Assert.Contains("--data", refused.Error, StringComparison.Ordinal);
    }
}
