using System.Text.RegularExpressions;

namespace CityHub.Tests.Docs;

public sealed partial class LinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_and_its_heading()
    {
        var broken = new List<string>();
        var seen = 0;
        foreach (var page in Repository.Files(".md"))
        {
            foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(Repository.File(page)))))
            {
                var target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal) || target.StartsWith('/'))
                    continue;
                seen++;
                var (path, heading) = target.Split('#', 2) is [var p, var h] ? (p, h) : (target, null);
                var file = path.Length == 0 ? Repository.File(page) : Path.GetFullPath(Uri.UnescapeDataString(path), Path.GetDirectoryName(Repository.File(page)) ?? "");
                if (!Path.Exists(file))
                    broken.Add($"{page}: {target} is not there");
                else if (heading is not null && !Headings(file).Contains(heading))
                    broken.Add($"{page}: {target} has no such heading");
            }
        }

        Assert.Empty(broken);
        Assert.True(seen > 20, $"Only {seen} links were found.");
    }

    [Fact]
    public void Every_page_of_the_docs_can_be_reached_from_the_readme()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(["README.md"]);
        while (open.TryDequeue(out var page))
        {
            if (!reached.Add(page))
                continue;
            foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(Repository.File(page)))))
            {
                var path = link.Groups[1].Value.Split('#')[0];
                if (path.Contains("://", StringComparison.Ordinal) || path.Length == 0)
                    continue;
                var file = Path.GetFullPath(path, Path.GetDirectoryName(Repository.File(page)) ?? "");
                var found = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/').TrimEnd('/');
                if (Directory.Exists(file))
                    foreach (var inside in Directory.EnumerateFiles(file, "*.md"))
                        open.Enqueue(Path.GetRelativePath(Repository.Root, inside).Replace('\\', '/'));
                else if (found.EndsWith(".md", StringComparison.Ordinal) && File.Exists(file))
                    open.Enqueue(found);
            }
        }

        List<string> pages = [.. Repository.Files(".md").Where(f => f.StartsWith("docs/", StringComparison.Ordinal))];
        Assert.Empty(pages.Except(reached));
    }

    private static HashSet<string> Headings(string file) =>
    [
        .. WithoutCode(File.ReadAllText(file)).Split('\n').Where(l => l.StartsWith('#'))
            .Select(l => NotInAnchor().Replace(l.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-')),
    ];

    private static string WithoutCode(string text) => Code().Replace(text, "");

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\p{L}\p{N}\s_-]")]
    private static partial Regex NotInAnchor();
}
