using System.Collections.Immutable;
using CityHub.Sharing.Access;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Tests.Sharing.Requests;

namespace CityHub.Tests.Sharing.FlowBack;

public sealed class FlowBackTests
{
    private static readonly Caller Gao = new("gao", "smz", Roles.SharingOfficer);

    [Fact]
    public async Task The_rows_of_a_district_flow_back_to_it_and_no_others_with_no_condition()
    {
        using var town = new Town();
        var grant = (await OpenFlowBack.OpenAsync(town.Grants, town.Requests.World, Gao, Ask("qmz"), town.Time.GetUtcNow())).Value;
        Assert.Equal(new RowRule("area", RowTest.Under, ["500103"]), Assert.Single(grant.Obligations.Rows));
        Assert.Null(grant.Obligations.Fields);
        Assert.Equal(grant.Id, Assert.Single(town.Grants.Of("province", "qmz")).Id);
        Assert.Equal(GrantBook.FlowBackOpened, Assert.Single(town.Store.Log.Read(0, GrantBook.StreamName)).Type);
        Assert.Equal(RequestProblems.GrantStands, (await OpenFlowBack.OpenAsync(town.Grants, town.Requests.World, Gao, Ask("qmz"), town.Time.GetUtcNow())).Problem?.Kind);
    }

    [Fact]
    public void An_added_condition_is_refused_whatever_it_is()
    {
        using var town = new Town();
        foreach (var added in new[]
        {
            new Obligations { Masks = ImmutableSortedDictionary<string, MaskKind>.Empty.Add("id", MaskKind.Hidden) }, new Obligations { Quota = new Quota(1, null, null) }, new Obligations { SmallestGroup = 5 },
            new Obligations { Fields = ["id"] }, new Obligations { Epsilon = 1 }, new Obligations { DestroyWithin = TimeSpan.FromDays(1) }, new Obligations { TellSubject = true },
        })
            Assert.Equal(FlowBackProblems.FlowBackConditionAdded, OpenFlowBack.Decide(town.Requests.World, Gao, Ask("qmz") with { Added = added }, town.Time.GetUtcNow()).Problem?.Kind);
    }

    [Fact]
    public void It_goes_down_and_to_the_area_alone()
    {
        using var town = new Town();
        town.Put(new Department("xian", new("西安", "elsewhere"), "610100", 3, null));
        foreach (var receiver in new[] { "xian", "sdsj", "nobody" })
            Assert.Equal(FlowBackProblems.FlowBackNotBelow, OpenFlowBack.Decide(town.Requests.World, Gao, Ask(receiver), town.Time.GetUtcNow()).Problem?.Kind);
        Assert.Equal(CityHub.Sharing.SharingProblems.NotYours, OpenFlowBack.Decide(town.Requests.World, Town.Giver, Ask("qmz"), town.Time.GetUtcNow()).Problem?.Kind);
    }

    [Fact]
    public async Task What_has_run_out_is_opened_again_as_its_next_version()
    {
        using var town = new Town();
        await OpenFlowBack.OpenAsync(town.Grants, town.Requests.World, Gao, Ask("qmz"), town.Time.GetUtcNow());
        town.Time.SetUtcNow(new DateTimeOffset(2027, 1, 2, 0, 0, 0, TimeSpan.Zero));
        var again = await OpenFlowBack.OpenAsync(town.Grants, town.Requests.World, Gao, Ask("qmz") with { Until = new DateTimeOffset(2028, 1, 1, 0, 0, 0, TimeSpan.Zero) }, town.Time.GetUtcNow());
        Assert.Equal(2, again.Value.Version);
        Assert.Equal(2, Assert.Single(town.Grants.Of("province", "qmz")).Version);
        Assert.All(town.Store.Log.Read(0, GrantBook.StreamName), f => Assert.Equal(GrantBook.FlowBackOpened, f.Type));
    }

    private static OpenFlowBack.Request Ask(string receiver) =>
        new("province", receiver, "flow-back", "decree 809, art. 24", new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero), Obligations.Nothing);
}
