using CityHub.Core.Tables;
using CityHub.Sharing;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Catalogue;

public sealed class OverlapsTests
{
    [Fact]
    public async Task Two_departments_that_collect_one_item_dispute_its_source_until_one_is_named()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("a", "police", Field("addr", "DE0001")));
        city.Clock.Advance(TimeSpan.FromMinutes(1));
        await city.PublishAsync(Entry("b", "welfare", Field("address", "DE0001")));
        var dispute = Assert.Single(Overlaps.Disputes(city.Catalogue.State));
        Assert.Equal(["police", "welfare"], dispute.Places.Select(p => p.Collector));
        Refused(await NameLeadSource.NameAsync(city.Catalogue, city.As("police-head"), "DE0001", "police", "ours"), SharingProblems.NotYours);
        Ok(await NameLeadSource.NameAsync(city.Catalogue, Director, "DE0001", "police", "户籍管理"));
        Assert.Empty(Overlaps.Disputes(city.Catalogue.State));
        // Named, and collected a second time all the same.
        Assert.Equal("b", Assert.Single(Overlaps.CollectedTwice(city.Catalogue.State)).Again.Dataset);
    }

    [Fact]
    public async Task A_field_that_names_its_lead_source_is_not_collected_twice()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("a", "police", Field("id", "DE0002")));
        await city.PublishAsync(Entry("b", "welfare", Field("id", "DE0002", lead: "police")));
        Assert.Empty(Overlaps.Disputes(city.Catalogue.State));
        Assert.Empty(Overlaps.CollectedTwice(city.Catalogue.State));
    }

    [Fact]
    public void Without_an_element_name_and_type_make_the_item_whatever_case_width_and_punctuation()
    {
        Assert.Equal(Overlaps.ItemOf(Field("Floor-Area")), Overlaps.ItemOf(Field("ｆｌｏｏｒ_area")));
        Assert.NotEqual(Overlaps.ItemOf(Field("area")), Overlaps.ItemOf(Field("area", type: ColumnType.Number)));
        Assert.NotEqual(Overlaps.ItemOf(Field("area", "DE1")), Overlaps.ItemOf(Field("area", "DE2")));
    }

    [Fact]
    public async Task A_form_that_asks_for_what_another_department_has_published_is_refused()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("a", "police", Field("address", "DE0001")));
        var form = new CollectionForm("f", "", new Words("申请表", "form"), [Field("住址", "DE0001"), Field("wish")]);
        var problem = Refused(await DeclareCollectionForm.DeclareAsync(city.Catalogue, city.As("welfare-officer"), form, insist: false), CatalogueProblems.CollectedTwice);
        Assert.Contains("住址 is address of a", problem.Detail, StringComparison.Ordinal);
        Ok(await DeclareCollectionForm.DeclareAsync(city.Catalogue, city.As("police-officer"), form with { Id = "own" }, insist: false));
        Ok(await DeclareCollectionForm.DeclareAsync(city.Catalogue, city.As("welfare-officer"), form, insist: true));
        var twice = Assert.Single(Overlaps.CollectedTwice(city.Catalogue.State));
        Assert.Equal(("a", "f", true), (twice.Published.Dataset, twice.Again.Dataset, twice.Again.Form));
        Ok(await DeclareCollectionForm.EndAsync(city.Catalogue, city.As("welfare-officer"), "f"));
        Assert.Empty(Overlaps.CollectedTwice(city.Catalogue.State));
    }

    [Fact]
    public async Task What_nobody_used_for_months_is_an_island_unless_it_is_new()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("used", "police", Field("a")));
        await city.PublishAsync(Entry("unused", "police", Field("b")));
        city.Clock.Advance(TimeSpan.FromDays(200));
        await city.PublishAsync(Entry("fresh", "police", Field("c")));
        var map = Islands.Find(city.Catalogue.State, new Uses("used"), city.Clock.GetUtcNow(), 6);
        Assert.Equal(["unused"], map.Unused.Select(d => d.Id));
    }

    private sealed class Uses(string used) : IDatasetUse
    {
        long IDatasetUse.Uses(string dataset, DateTimeOffset since) => dataset == used ? 1 : 0;
    }
}
