using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;

namespace CityHub.Tests.Sharing.Releases;

/// <summary>Entities under a grant: whatever fails after the opening act, there is a closing one.</summary>
public sealed class EntityReleasesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_opening_whose_persons_cannot_be_recorded_is_closed_and_its_rows_are_given_back(bool cancelled)
    {
        var acts = new WatchedActs();
        using var bureau = new Bureau(acts: acts);
        bureau.Grant(obligations: Obligations.Nothing with { Quota = new Quota(700, null, null) });
        var entities = new EntityReleases(bureau.Releases);
        var permit = entities.Decide(Bureau.Ask()).Value;
        string[] persons = [.. Enumerable.Range(0, 600).Select(i => $"person {i}")];

        acts.Fails = act => act.Type == ReleaseActs.Seen && (cancelled ? throw new OperationCanceledException() : true);
        if (cancelled)
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await entities.OpenAsync(permit, "?", 600, persons, Cancel));
        else
            Assert.Equal("storage-full", (await entities.OpenAsync(permit, "?", 600, persons, Cancel)).Problem?.Code);
        Assert.Equal([ReleaseActs.Opened, ReleaseActs.Closed], acts.Recorded.Select(act => act.Type));

        acts.Fails = _ => false;
        Assert.True((await entities.OpenAsync(permit, "?", 600, persons, Cancel)).Ok);
    }
}
