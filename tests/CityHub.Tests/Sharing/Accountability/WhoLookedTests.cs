using CityHub.Sharing.Access;
using CityHub.Sharing.Accountability;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using CityHub.Tests.Sharing.Releases;

namespace CityHub.Tests.Sharing.Accountability;

public sealed class WhoLookedTests
{
    private const string Person = "500103199001010003";

    [Fact]
    public async Task A_person_sees_who_looked_why_and_under_which_item_newest_first()
    {
        using var bureau = new Bureau();
        bureau.Grant();
        _ = await bureau.Rows(Bureau.Ask() with { Case = "first" }, new ReleaseQuery { Key = Person });
        bureau.Clock.Advance(TimeSpan.FromMinutes(1));
        _ = await bureau.Rows(Bureau.Ask() with { Case = "second" });
        _ = await bureau.Rows(Bureau.Ask() with { Case = "other" }, new ReleaseQuery { Key = "500103199001010004" });
        var who = new WhoLooked(bureau.Acts, bureau.Log, bureau, code => new("救援", code + " in words"));
        var looks = who.Of(Person, 0, 10);
        Assert.Equal(["second", "first"], looks.Select(look => look.Case));
        Assert.Equal(("fire", "rescue in words", "item-7", "g1", "police"), (looks[0].Receiver, looks[0].PurposeInWords.En, looks[0].Item, looks[0].Grant, looks[0].Provider));
        Assert.True(looks[0].Position > looks[0].Opening);
        Assert.Equal(["first"], who.Of(Person, looks[0].Position, 10).Select(look => look.Case));
        Assert.Empty(who.Of("nobody", 0, 10));
    }

    [Fact]
    public async Task Masked_rows_and_verifications_are_looks_too_and_groups_are_not()
    {
        using var bureau = new Bureau();
        bureau.Grant(obligations: Obligations.Nothing with { Fields = ["born", "married", "id"] });
        _ = await bureau.Rows(Bureau.Ask() with { Fields = ["born"] });
        _ = await bureau.Rows(Bureau.Ask(DeliveryModes.Verify, Rights.Use), new ReleaseQuery { Key = Person, Where = new Condition.Compare("married", "=", "true") });
        _ = await bureau.Rows(Bureau.Ask(right: Rights.Use), new ReleaseQuery { GroupBy = new Grouping(["married"], [(Measure.Count, null, "n")]) });
        Assert.Equal(["verify", "api"], new WhoLooked(bureau.Acts, bureau.Log, bureau, code => new(code, code)).Of(Person, 0, 10).Select(look => look.Mode));
    }
}
