using CityHub.Server.CommandLine;
using CityHub.Server.Pages;

namespace CityHub.Server.Verbs;

/// <summary>Prints the page of a problem: what it means, why it happens, what to do.</summary>
internal sealed class Explain : IVerb
{
    public string Name => "explain";

    public string Summary => "Say what a problem code means and what to do";

    public string Arguments => "[<problem-code>]";

    public IReadOnlyList<Option> Options => [];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub explain storage-full", "the page of one problem"),
        new("cityhub explain", "all codes with their titles"),
    ];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Arguments.Count == 0)
        {
            var width = ProblemPages.Codes.Max(c => c.Length);
            foreach (var code in ProblemPages.Codes)
                call.Out.WriteLine($"{code.PadRight(width)}  {ProblemPages.TitleOf(ProblemPages.Find(code) ?? "")}");
            return Task.FromResult(Exit.Done);
        }

        // The code as a problem's `type` gives it is understood too.
        var asked = call.Arguments[0].TrimEnd('/').Split('/')[^1];
        if (ProblemPages.Find(asked) is { } page)
        {
            call.Out.Write(page);
            return Task.FromResult(Exit.Done);
        }

        call.Error.WriteLine($"cityhub explain: there is no problem {asked}.");
        call.Error.WriteLine(Suggestion.For(asked, ProblemPages.Codes) is { } near ? $"  Did you mean {near}?" : "  cityhub explain lists them all.");
        return Task.FromResult(Exit.Usage);
    }
}
