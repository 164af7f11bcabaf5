using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Tests.Docs;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Catalogue;

public sealed class DatasetRulesTests
{
    private static readonly Dataset Good = Entry("population");

    [Fact]
    public void A_whole_entry_has_no_fault() => Assert.Empty(Faults(Good));

    [Theory]
    [InlineData("", false)]
    [InlineData("数据敏感，不宜共享", false)]
    [InlineData("《保密法》", false)]
    [InlineData("第二十八条", false)]
    [InlineData("《中华人民共和国档案法》第二十八条", true)]
    [InlineData("依照《政务数据共享条例》 第 15 条", true)]
    [InlineData("State Secrets Law, art. 26", true)]
    [InlineData("we would rather not", false)]
    public void What_is_withheld_needs_a_law_and_not_a_reason(string basis, bool lawful)
    {
        var entry = Good with { Class = SharingClass.Withheld, LegalBasis = basis };
        Assert.Equal(lawful, DatasetRules.IsCitation(basis));
        Assert.Equal(lawful ? null : "withheld-without-law", DatasetRules.Refuse(entry, CatalogueState.Empty, _ => true)?.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("范围：全部")]
    [InlineData("用途：防火")]
    [InlineData("范围：；用途：")]
    public void What_is_conditional_names_scope_and_uses(string conditions) => Assert.Equal(["conditions"], Faults(Good with { Conditions = conditions }));

    [Fact]
    public void Names_of_fields_lead_to_fields()
    {
        Assert.Equal(["key", "subject", "area", "time", "longitude"], Faults(Good with { Key = "x", Subject = "x", Area = "x", Time = "x", Longitude = "x" }).Take(5));
        Assert.Equal(["longitude"], Faults(Good with { Longitude = "town" }));
        Assert.Equal(["key"], Faults(Good with { Key = "town" }));
    }

    [Fact]
    public void Open_data_have_a_licence_no_conditions_and_nobody_in_them()
    {
        var open = Good with { Class = SharingClass.Unconditional, Open = true, Licence = "https://creativecommons.org/licenses/by/4.0/" };
        Assert.Empty(Faults(open));
        Assert.Equal(["licence"], Faults(open with { Licence = null }));
        Assert.Equal(["open"], Faults(open with { Class = SharingClass.Conditional }));
        Assert.Equal(["open"], Faults(open with { Protected = true }));
        Assert.Equal(["open"], Faults(open with { Fields = [.. Good.Fields, Field("name") with { Personal = true }] }));
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        var faults = Faults(Good with { Id = "A B", Title = new Words("", ""), Fields = [], Modes = DeliveryModes.None, Conditions = "", Key = null });
        Assert.Equal(["id", "title", "modes", "fields", "conditions"], faults);
        var problem = DatasetRules.Refuse(Good with { Title = default, Modes = DeliveryModes.None }, CatalogueState.Empty, _ => true);
        Assert.Contains("title", problem?.Detail, StringComparison.Ordinal);
        Assert.Contains("modes", problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_stand_once_have_titles_and_are_no_more_sensitive_than_the_whole()
    {
        Assert.Equal(["fields"], Faults(Good with { Fields = [.. Good.Fields, Good.Fields[1]] }));
        Assert.Equal(["fields"], Faults(Good with { Fields = [.. Good.Fields, Field("x") with { Title = default }] }));
        Assert.Equal(["sensitivity"], Faults(Good with { Fields = [.. Good.Fields, Field("x") with { Sensitivity = Sensitivity.Core }] }));
        Assert.Equal(["protected"], Faults(Good with { Sensitivity = Sensitivity.Core }));
    }

    [Fact]
    public void A_register_of_single_persons_says_which_field_names_them() =>
        Assert.Equal(["subject"], Faults(Good with { Fields = [.. Good.Fields, Field("name") with { Personal = true }], Grain = Grain.Finest }));

    [Fact]
    public void What_is_derived_names_what_it_is_from() => Assert.Equal(["derivedFrom"], Faults(Good with { DerivedFrom = ["nothing"] }));

    [Fact]
    public void The_entry_in_the_guide_for_data_officers_is_one()
    {
        var guide = File.ReadAllText(Repository.File("docs/guide/data-officer.md"));
        var start = guide.IndexOf("```json\n", StringComparison.Ordinal) + 8;
        var entry = DraftDataset.Read("hydrants", System.Text.Encoding.UTF8.GetBytes(guide[start..guide.IndexOf("```", start, StringComparison.Ordinal)]));
        Ok(entry);
        Assert.Empty(Faults(entry.Value));
    }

    private static IEnumerable<string> Faults(Dataset entry) => DatasetRules.Faults(entry, CatalogueState.Empty, _ => true).Select(f => f.Member);
}
