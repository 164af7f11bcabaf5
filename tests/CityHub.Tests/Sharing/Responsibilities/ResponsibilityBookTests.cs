using CityHub.Core.Grains;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Responsibilities;
using CityHub.Tests.Sharing.Catalogue;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Responsibilities;

public sealed class ResponsibilityBookTests
{
    [Theory]
    [InlineData("fields")]
    [InlineData("all fields")]
    [InlineData("receiver")]
    [InlineData("purpose")]
    [InlineData("purpose above")]
    [InlineData("grain")]
    [InlineData("until")]
    [InlineData("from")]
    [InlineData("item")]
    [InlineData("nothing")]
    [InlineData("purpose below")]
    public async Task Refused_when_the_scope_exceeds_the_responsibility_list(string how)
    {
        await using var city = await WithItemAsync();
        var good = Grant(city);
        var grant = how switch
        {
            "fields" => good with { Obligations = good.Obligations with { Fields = ["no", "town"] } },
            "all fields" => good with { Obligations = good.Obligations with { Fields = null } },
            "receiver" => good with { Receiver = "welfare" },
            "purpose" => good with { Purpose = "rescues" },
            "purpose above" => good with { Purpose = "emergency" },
            "grain" => good with { Obligations = good.Obligations with { Grain = new Grain(TimeGrain.Hour, SpaceGrain.Point, EntityGrain.Group) } },
            "until" => good with { Until = good.Until.AddYears(5) },
            "from" => good with { From = good.From.AddYears(-5) },
            "item" => good with { Item = "another" },
            "purpose below" => good with { Purpose = "emergency/rescue/water" },
            _ => good,
        };
        var problem = city.Lists.Beyond(grant);
        if (how is "nothing" or "purpose below")
        {
            Assert.Null(problem);
            return;
        }

        Assert.Equal("scope-beyond-responsibility", problem?.Code);
        Assert.NotNull(problem?.Hint);
        Assert.NotNull(problem?.Rule);
    }

    [Fact]
    public async Task Two_items_that_together_would_hold_a_grant_are_not_one()
    {
        await using var city = await WithItemAsync();
        Ok(await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item() with { Id = "second", Fields = ["town"], Receivers = ["welfare"] }));
        var grant = Grant(city) with { Item = null };
        Assert.Null(city.Lists.Beyond(grant));
        Assert.NotNull(city.Lists.Beyond(grant with { Receiver = "welfare" }));
        Assert.NotNull(city.Lists.Beyond(grant with { Obligations = grant.Obligations with { Fields = ["no", "town"] } }));
    }

    [Fact]
    public async Task An_item_holds_together_or_is_refused_with_everything_that_is_wrong()
    {
        await using var city = await WithItemAsync();
        var problem = Refused(
            await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item() with { Id = "x", Fields = ["height"], Receivers = ["nobody"], Purposes = [], QualityTarget = 2, LegalBasis = "habit", Owner = "fire-head" }),
            ResponsibilityProblems.ItemFaulty);
        foreach (var part in new[] { "height", "receivers", "purposes", "quality", "legal basis", "fire-head" })
            Assert.Contains(part, problem.Detail, StringComparison.Ordinal);
        Refused(await ListResponsibility.ListAsync(city.Lists, city.As("fire-head"), Item() with { Id = "x" }), SharingProblems.NotYours);
        Refused(await ListResponsibility.ListAsync(city.Lists, city.As("fire-head"), Item() with { Provider = "fire" }), SharingProblems.NotYours);
    }

    [Fact]
    public async Task An_item_without_an_owner_goes_to_the_sharing_officer_and_then_to_the_authority()
    {
        await using var city = await WithItemAsync();
        var item = city.Lists.Find("i") ?? throw new InvalidOperationException("It is not there.");
        Assert.Equal(("police-sharing", "sharing-officer"), city.Lists.Responsible(item));
        Assert.Equal(1, (await city.Lists.EscalateAsync()).Value);
        Assert.Equal(0, (await city.Lists.EscalateAsync()).Value);
        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("w", "police-sharing", "police", Roles.SharingOfficer, false, "left", "")));
        Ok(await GiveRole.ConfirmAsync(city.Parties, Deputy, "w"));
        Assert.Equal("authority", city.Lists.Responsible(item).Level);
        Assert.Equal(1, (await city.Lists.EscalateAsync()).Value);
        Ok(await ListResponsibility.NameOwnerAsync(city.Lists, city.As("police-head"), "i", "police-officer"));
        Assert.Equal(("police-officer", "owner"), city.Lists.Responsible(city.Lists.Find("i") ?? item));
        Assert.Equal(0, (await city.Lists.EscalateAsync()).Value);
    }

    [Fact]
    public async Task A_month_is_judged_once_when_it_is_over_and_never_before()
    {
        await using var city = await WithItemAsync();
        var (calendar, zone) = (city.Calendars.Calendar, city.Calendars.Profile.TimeZone);
        Assert.Equal(0, (await city.Lists.AssessAsync(2026, 3, _ => [], calendar, zone)).Value);
        city.Clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal(1, (await city.Lists.AssessAsync(2026, 3, _ => [], calendar, zone)).Value);
        Assert.Equal(0, (await city.Lists.AssessAsync(2026, 3, _ => [], calendar, zone)).Value);
        Assert.Equal(ItemStatus.Silent, city.Lists.State.Assessed[("i", "2026-03")].Status);
        await city.ReopenAsync();
        Assert.Equal(ItemStatus.Silent, city.Lists.State.Assessed[("i", "2026-03")].Status);
    }

    [Fact]
    public async Task A_demand_is_met_by_the_first_data_and_its_time_is_measured()
    {
        await using var city = await WithItemAsync();
        Refused(await DemandList.FileAsync(city.Lists, city.As("fire-officer"), "d", new Words("水压", "pressure"), "rescue", "we need it"), SharingProblems.BadRequest);
        Ok(await DemandList.FileAsync(city.Lists, city.As("fire-officer"), "d", new Words("水压", "pressure"), "rescue", "《中华人民共和国消防法》第四条"));
        Assert.Equal(0, (await DemandList.MetAsync(city.Lists, "fire", "population", 7)).Value);
        Refused(await DemandList.DeclineAsync(city.Lists, Director, "d", "no"), CatalogueProblems.WithheldWithoutLaw);
        Ok(await DemandList.MatchAsync(city.Lists, Director, "d", "population"));
        city.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(1, (await DemandList.MetAsync(city.Lists, "fire", "population", 7)).Value);
        Assert.Equal(0, (await DemandList.MetAsync(city.Lists, "fire", "population", 8)).Value);
        Assert.Equal(TimeSpan.FromDays(3), city.Lists.State.Demands["d"].TimeToData);
        Refused(await DemandList.MatchAsync(city.Lists, Director, "d", "population"), ResponsibilityProblems.DemandNotPossible);
    }

    [Fact]
    public async Task A_restart_knows_the_same_lists()
    {
        await using var city = await WithItemAsync();
        Ok(await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item() with { QualityTarget = 0.5 }));
        Ok(await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item() with { Id = "gone" }));
        Ok(await ListResponsibility.EndAsync(city.Lists, city.As("police-head"), "gone", "abolished"));
        Ok(await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item() with { Id = "gone" }));
        Ok(await NegativeList.ListAsync(city.Lists, Director, "population", "《中华人民共和国档案法》第二十八条"));
        Ok(await NegativeList.LiftAsync(city.Lists, Director, "population", "mistake"));
        var before = city.Lists.State;
        await city.ReopenAsync();
        Assert.Equal(2, city.Lists.Find("i")?.Version);
        Assert.Equal(2, city.Lists.Find("gone")?.Version);
        Assert.Equal(before.Items.Keys, city.Lists.State.Items.Keys);
        Assert.Equal(before.NegativeVersion, city.Lists.State.NegativeVersion);
        Assert.False(city.Lists.Contains("population"));
    }

    private static ResponsibilityItem Item() => StatusRulesTests.Item(UpdateFrequency.Monthly) with
    {
        Grain = new Grain(TimeGrain.Day, SpaceGrain.Point, EntityGrain.Group), Purposes = ["emergency/rescue"],
    };

    private static async Task<CityUnderTest> WithItemAsync()
    {
        var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        Ok(await ListResponsibility.ListAsync(city.Lists, city.As("police-head"), Item()));
        return city;
    }

    private static Grant Grant(CityUnderTest city) => new()
    {
        Id = "g", Version = 1, Dataset = "population", Provider = "police", Receiver = "fire", Rights = Rights.Obtain, Purpose = "emergency/rescue", Modes = DeliveryModes.Api,
        Obligations = new Obligations { Fields = ["no"], Grain = new Grain(TimeGrain.Day, SpaceGrain.Point, EntityGrain.Group) }, From = city.Clock.GetUtcNow(), Until = city.Clock.GetUtcNow().AddMonths(6),
        Basis = "b", Item = "i", SignedBy = "police-sharing",
    };
}
