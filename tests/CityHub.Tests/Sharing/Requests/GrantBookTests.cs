using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;

namespace CityHub.Tests.Sharing.Requests;

public sealed class GrantBookTests
{
    [Fact]
    public async Task A_department_sees_its_own_grants_with_those_to_everybody_and_to_the_public_in_the_order_of_their_ids()
    {
        using var town = new Town();
        foreach (var grant in new[] { Make("c", "wjw"), Make("a", "*"), Make("b", "public"), Make("d", "zjj"), Make("e", "wjw", "other") })
            Assert.True((await town.Grants.MakeAsync(grant)).Ok);
        town.Open();
        Assert.Equal(["a", "b", "c"], town.Grants.Of("d1", "wjw").Select(g => g.Id));
        Assert.Equal(["a", "b"], town.Grants.Of("d1", "nobody").Select(g => g.Id));
        Assert.Equal(["b"], town.Grants.Of("d1", "public").Select(g => g.Id));
        Assert.Empty(town.Grants.Of("nothing", "wjw"));
        // A standing grant that comes later is seen by those who were there before.
        await town.Grants.MakeAsync(Make("0", "*"));
        Assert.Equal(["0", "a", "b", "c"], town.Grants.Of("d1", "wjw").Select(g => g.Id));
        Assert.Equal(RequestProblems.GrantStands, (await town.Grants.MakeAsync(Make("a", "wjw"))).Problem?.Kind);
    }

    [Fact]
    public async Task Every_version_is_a_fact_and_what_changes_nothing_is_no_version()
    {
        using var town = new Town();
        await town.Grants.MakeAsync(Make("a", "wjw"));
        Assert.Equal(2, (await town.Grants.FollowAsync(Make("a", "wjw") with { State = GrantState.Suspended })).Value.Version);
        Assert.Equal(2, (await town.Grants.FollowAsync(Make("a", "wjw") with { State = GrantState.Suspended })).Value.Version);
        Assert.Equal([GrantBook.Made, GrantBook.Versioned], town.Store.Log.Read(0, GrantBook.StreamName).Select(f => f.Type));
        Assert.Equal(GrantState.Suspended, Assert.Single(town.Grants.Of("d1", "wjw")).State);
    }

    [Fact]
    public async Task Reading_allocates_nothing_among_a_hundred_thousand()
    {
        using var town = new Town();
        for (var batch = 0; batch < 10; batch++)
            Assert.True((await town.Grants.MakeAsync([.. Enumerable.Range(batch * 10_000, 10_000).Select(i => Make($"g{i:D6}", $"r{i % 50}", $"d{i / 50}"))])).Ok);
        Assert.Equal(100_000, town.Grants.Count);
        _ = town.Grants.Of("d17", "r3").Count;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = 0;
        for (var i = 0; i < 1000; i++)
            found += town.Grants.Of("d17", "r3").Count + town.Grants.Of("d17", "stranger").Count;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000, found);
    }

    [Fact]
    public async Task A_grant_follows_its_request_also_when_the_process_died_between_the_two()
    {
        using var town = new Town();
        var request = await town.ActiveAsync(); // only the request's own facts: as if the process had died before each grant followed
        Assert.Null(town.Grants.Find(request.Grant!.Id));
        await using var room = new RequestRoom(town.Store.Log, town.Store.Acts, new(town.Store.Log, town.Time), new(town.Store.Log, town.Time), town, town, town, town, town, town.Time, town, s => s.Fill(7));
        await room.StartAsync();
        Assert.Equal(GrantState.Active, room.Grants.Find(request.Grant.Id)?.State);
        Assert.True((await room.HappenAsync(request.Id, RequestEvent.Suspend, Town.Giver, Details.Read("""{"reason":"beyond scope"}"""u8.ToArray()).Value)).Ok);
        Assert.Equal(GrantState.Suspended, room.Grants.Find(request.Grant.Id)?.State);
        Assert.Equal(0, await room.FollowAsync());
    }

    public static Grant Make(string id, string receiver, string dataset = "d1") => new()
    {
        Id = id,
        Version = 1,
        Dataset = dataset,
        Provider = "mzj",
        Receiver = receiver,
        Rights = Rights.Obtain,
        Purpose = "p",
        Modes = DeliveryModes.Api,
        Obligations = new Obligations { Onward = false, Quota = new Quota(10, null, null), SmallestGroup = 3, Epsilon = 0.5, DestroyWithin = TimeSpan.FromDays(3) },
        From = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Until = new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero),
        Basis = "b",
        SignedBy = "sun",
    };
}
