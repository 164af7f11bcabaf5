using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Tests.Docs;
using CsCheck;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Catalogue;

public sealed class CatalogueSearchTests
{
    private static readonly Dataset[] Shelf =
    [
        Entry("population") with { Keywords = ["人口"], Themes = ["people"] },
        Entry("hydrants", "fire") with { Title = new Words("市政消火栓", "Fire hydrants"), Abstract = new Words("位置与水压", "Place and pressure"), Themes = ["safety"], Keywords = ["水压"] },
        Entry("benefits", "welfare") with { Title = new Words("救助发放", "Benefit payments"), Abstract = new Words("常住人口的救助", "For residents; pressure of prices"), Themes = ["people", "money"] },
    ];

    [Theory]
    [InlineData("", "benefits hydrants population")]
    [InlineData("消火栓", "hydrants")]
    [InlineData("人口", "population benefits")]
    [InlineData("口人", "")]
    [InlineData("Hydrants", "hydrants")]
    [InlineData("hydr*", "hydrants")]
    [InlineData("hydr", "")]
    [InlineData("pressure", "benefits hydrants")]
    [InlineData("pressure 消火", "hydrants")]
    [InlineData("ＨＹＤＲＡＮＴＳ", "hydrants")]
    public void Words_are_found_whole_and_chinese_by_neighbours(string text, string ids) =>
        Assert.Equal(ids, string.Join(' ', Find(new CatalogueQuery { Text = text }).Page.Select(d => d.Id)));

    [Fact]
    public void What_the_caller_may_not_see_is_neither_found_nor_counted()
    {
        var found = Search(Shelf).Find(new CatalogueQuery { Facets = ["provider", "theme"] }, d => d.Id != "hydrants");
        Assert.Equal(2, found.Total);
        Assert.Equal(["police", "welfare"], found.Facets["provider"].Select(f => f.Value));
        Assert.Equal([("people", 2), ("money", 1)], found.Facets["theme"]);
    }

    [Fact]
    public void Filters_pages_and_orders_go_together()
    {
        Assert.Equal(["population"], Find(new CatalogueQuery { Filters = [("theme", ["people"]), ("provider", ["police", "fire"])] }).Page.Select(d => d.Id));
        var page = Find(new CatalogueQuery { Sort = [("id", true)], Start = 1, Rows = 1 });
        Assert.Equal((3, "hydrants"), (page.Total, Assert.Single(page.Page).Id));
        Assert.Empty(Find(new CatalogueQuery { Start = 7 }).Page);
        Assert.Equal(["hydrants"], Find(new CatalogueQuery { Where = d => d.Provider == "fire" }).Page.Select(d => d.Id));
    }

    /// <summary>Every text that stands in a title finds its entry, whatever it is.</summary>
    [Fact]
    public void Any_piece_of_a_chinese_title_finds_it() => Gen.Select(Gen.Char['一', '丯'].Array[2, 12], Gen.Int[0, 10], Gen.Int[2, 12]).Sample((title, from, length) =>
    {
        var text = new string(title);
        from = Math.Min(from, text.Length - 2);
        var entry = Entry("x") with { Title = new Words(text, "x") };
        Assert.Equal(1, Search([entry]).Find(new CatalogueQuery { Text = text.Substring(from, Math.Min(length, text.Length - from)) }, _ => true).Total);
    });

    [Fact]
    public void The_reference_has_the_table_of_steps_as_the_code_has_it() =>
        Assert.Contains(CatalogueSteps.Markdown(), File.ReadAllText(Repository.File("docs/reference/sharing.md")), StringComparison.Ordinal);

    [Fact]
    public void Every_state_but_the_last_has_a_way_on_and_no_step_leads_to_two_states()
    {
        Assert.All(Enum.GetValues<DatasetState>().Where(s => s != DatasetState.Superseded), s => Assert.NotEmpty(CatalogueSteps.From(s)));
        Assert.Equal(CatalogueSteps.All.Count, CatalogueSteps.All.Select(m => (m.From, m.Step)).Distinct().Count());
    }

    private static CatalogueFound Find(CatalogueQuery query) => Search(Shelf).Find(query, _ => true);

    private static CatalogueSearch Search(IEnumerable<Dataset> shelf)
    {
        SearchEntry[] entries = [.. shelf.OrderBy(d => d.Id, StringComparer.Ordinal).Select(d => new SearchEntry(d))];
        return new CatalogueSearch(() => entries);
    }
}
