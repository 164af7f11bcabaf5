using System.Reflection;
using System.Text.RegularExpressions;
using CityHub.Core.Problems;
using CityHub.Tests.Flows;
using CityHub.Tests.Server.Verbs;

namespace CityHub.Tests.Docs;

/// <summary>Every way of saying no has its page, and every page is about one.</summary>
public sealed partial class ProblemPagesTests
{
    private static readonly List<ProblemKind> Kinds = Find();

    [Fact]
    public void Every_kind_has_a_page_and_every_page_a_kind()
    {
        Assert.True(Kinds.Count > 40);
        var pages = Directory.EnumerateFiles(Repository.File("docs/problems"), "*.md").Select(Path.GetFileNameWithoutExtension).OfType<string>();

        Assert.Equal(Kinds.Select(k => k.Code).Distinct().Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_code_stands_for_one_kind_only()
    {
        foreach (var same in Kinds.GroupBy(k => k.Code, StringComparer.Ordinal))
            Assert.True(same.Distinct().Count() == 1, $"{same.Key} is declared with {string.Join(" and ", same.Select(k => $"{k.Title} ({k.Status})"))}.");
        Assert.All(Kinds, k => Assert.Matches(KebabCase(), k.Code));
        Assert.All(Kinds, k => Assert.InRange(k.Status, 400, 599));
    }

    [Fact]
    public void A_page_says_what_it_means_why_it_happens_and_what_to_do()
    {
        foreach (var kind in Kinds.Distinct())
        {
            var page = File.ReadAllText(Repository.File($"docs/problems/{kind.Code}.md"));
            Assert.True(page.Split('\n')[0].TrimEnd() == $"# {kind.Title}", $"{kind.Code}: the page is called {page.Split('\n')[0]}, the kind {kind.Title}.");
            foreach (var part in new[] { "What it means", "Why it happens", "What to do" })
                Assert.True(page.Contains(part, StringComparison.Ordinal), $"{kind.Code}: the page has no \"{part}\".");
            Assert.InRange(page.Split('\n').Length, 6, 60);
            if (Status().Match(page) is { Success: true } status)
                Assert.True(status.Groups[1].Value == $"{kind.Status}", $"{kind.Code}: the page says {status.Value}, the kind {kind.Status}.");
        }
    }

    [Fact]
    public async Task Explain_prints_the_page_of_each_and_lists_them_all()
    {
        var all = await Run.Of(["explain"], Repository.Root);
        foreach (var kind in Kinds)
        {
            Assert.Contains(kind.Code, all.Out, StringComparison.Ordinal);
            var one = await Run.Of(["explain", kind.Code], Repository.Root);
            Assert.Equal(0, one.Exit);
            Assert.Equal(await File.ReadAllTextAsync(Repository.File($"docs/problems/{kind.Code}.md"), TestContext.Current.CancellationToken), one.Out);
        }

        var near = await Run.Of(["explain", "storage-ful"], Repository.Root);
        Assert.Equal(2, near.Exit);
        Assert.Contains("Did you mean storage-full?", near.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hub_serves_each_page_to_people_and_to_programs()
    {
        await using var hub = await HubUnderTest.StartAsync();
        foreach (var kind in Kinds.Distinct())
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/problems/" + kind.Code);
            request.Headers.Accept.ParseAdd("text/html");
            using var sent = await hub.Stranger.SendAsync(request, TestContext.Current.CancellationToken);
            var page = await Answer.OfAsync(sent);
            Assert.Equal("text/html", page.ContentType);
            Assert.Contains($"<h1>{System.Net.WebUtility.HtmlEncode(kind.Title)}</h1>", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("**", page.Text, StringComparison.Ordinal);
        }

        Assert.StartsWith("# ", await hub.Stranger.GetStringAsync(new Uri("/problems/storage-full", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>Static fields of that type, in every assembly of ours.</summary>
    private static List<ProblemKind> Find() =>
    [
        .. from name in typeof(CityHub.Server.Program).Assembly.GetReferencedAssemblies().Append(typeof(CityHub.Server.Program).Assembly.GetName())
           where name.Name is { } text && (text.StartsWith("CityHub.", StringComparison.Ordinal) || text == "cityhub")
           from type in Assembly.Load(name).GetTypes()
           where !type.ContainsGenericParameters
           from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           where field.FieldType == typeof(ProblemKind)
           select (ProblemKind?)field.GetValue(null) ?? throw new InvalidOperationException($"{type.Name}.{field.Name} is null."),
    ];

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex KebabCase();

    [GeneratedRegex("^Status (\\d+)", RegexOptions.Multiline)]
    private static partial Regex Status();
}
