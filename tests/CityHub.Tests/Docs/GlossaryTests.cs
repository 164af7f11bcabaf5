namespace CityHub.Tests.Docs;

public sealed class GlossaryTests
{
    [Fact]
    public void One_English_word_for_each_Chinese_one()
    {
        var rows = File.ReadAllLines(Repository.File("docs/glossary.md")).Where(l => l.StartsWith('|')).Skip(2).Select(l => l.Trim('|').Split('|').Select(c => c.Trim()).ToArray()).ToList();

        Assert.True(rows.Count > 20);
        Assert.All(rows, r => Assert.True(r.Length == 3 && r.All(c => c.Length > 0), $"| {string.Join(" | ", r)} | is not a row of three."));
        Assert.Empty(rows.GroupBy(r => r[0], StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.Empty(rows.GroupBy(r => r[1], StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(rows, r => Assert.Contains(r[1], c => c is >= '\u4e00' and <= '\u9fff'));
    }
}
