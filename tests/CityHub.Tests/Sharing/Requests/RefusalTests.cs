using System.Reflection;
using System.Text.RegularExpressions;
using CityHub.Core.Problems;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Disputes;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Requests;
using CityHub.Tests.Docs;

namespace CityHub.Tests.Sharing.Requests;

/// <summary>Every refusal of these slices has its rule, its way forward and its page.</summary>
public sealed partial class RefusalTests
{
    private static readonly Type[] Rooms = [typeof(CalendarProblems), typeof(RequestProblems), typeof(CorrectionProblems), typeof(DisputeProblems), typeof(FlowBackProblems)];

    [Fact]
    public void Every_kind_is_said_somewhere_with_a_rule_and_a_way_forward_and_has_a_page()
    {
        var said = new HashSet<string>();
        foreach (var method in Rooms.SelectMany(r => r.GetMethods(BindingFlags.Static | BindingFlags.Public)).Where(m => m.ReturnType == typeof(Problem)))
        {
            var problem = method.Invoke(null, [.. method.GetParameters().Select(p => p.HasDefaultValue ? p.DefaultValue : Any(p.ParameterType))]) as Problem;
            Assert.NotNull(problem);
            Assert.False(string.IsNullOrWhiteSpace(problem.Detail) || string.IsNullOrWhiteSpace(problem.Hint) || string.IsNullOrWhiteSpace(problem.Rule), $"{method.Name}: {problem}, {problem.Rule}");
            said.Add(problem.Code);
        }

        var kinds = Rooms.SelectMany(r => r.GetFields(BindingFlags.Static | BindingFlags.Public)).Select(f => f.GetValue(null)).OfType<ProblemKind>().ToList();
        Assert.True(kinds.Count >= 30);
        Assert.Empty(kinds.Select(k => k.Code).Except(said));
        Assert.All(kinds, k => Assert.StartsWith($"# {k.Title}\n\nStatus {k.Status} · code `{k.Code}`\n", File.ReadAllText(Repository.File($"docs/problems/{k.Code}.md")), StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_refused_outside_of_these_lists_has_a_hint_and_a_rule_too()
    {
        foreach (var file in new[] { "Calendars", "Requests", "Corrections", "Disputes", "FlowBack" }.SelectMany(f => Repository.Files(".cs").Where(p => p.StartsWith($"src/CityHub.Sharing/{f}/", StringComparison.Ordinal))))
            foreach (Match call in Because().Matches(File.ReadAllText(Repository.File(file))))
                Assert.True(Arguments(File.ReadAllText(Repository.File(file)), call.Index + call.Length) == 3, $"{file}: {call.Value}");
    }

    private static int Arguments(string text, int at)
    {
        var (depth, count, quoted) = (1, 1, false);
        for (; depth > 0; at++)
        {
            if (text[at] == '"' && text[at - 1] != '\\')
                quoted = !quoted;
            else if (!quoted)
            {
                depth += text[at] is '(' or '[' or '{' ? 1 : text[at] is ')' or ']' or '}' ? -1 : 0;
                count += text[at] == ',' && depth == 1 ? 1 : 0;
            }
        }

        return count;
    }

    private static object? Any(Type type) =>
        type == typeof(string) ? "x" : type == typeof(ShareRequest) ? new ShareRequest { Id = "r", Applicant = "a", Provider = "p", By = "b", Wanted = Town.Wanted() }
        : type == typeof(IEnumerable<string>) ? new[] { "x" } : Activator.CreateInstance(type);

    [GeneratedRegex(@"\.Because\(")]
    private static partial Regex Because();
}
