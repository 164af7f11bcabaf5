using CityHub.Bench.Sharing;
using CityHub.Sharing.Access;

namespace CityHub.Tests.Sharing.Access;

/// <summary>Random policies × queries; a million of them run in the bench.</summary>
public sealed class PolicyTests
{
    [Fact]
    public void Nothing_is_permitted_that_lies_outside_a_single_grant()
    {
        var figures = PolicyBench.Run(10_000, seed: 5);
        Assert.True(figures.Wrong == 0, figures.FirstWrong);
        Assert.InRange(figures.Permitted, 1_000, 9_000);
    }

    [Fact]
    public void The_random_worlds_meet_every_way_of_refusing()
    {
        var refused = PolicyBench.Run(10_000, seed: 6).Refused;
        foreach (var code in new[]
        {
            "ask-not-clear", "roles-in-conflict", "operator-reads-nothing", "dataset-unknown", "dataset-not-published", "dataset-negative", "dataset-withheld", "purpose-unknown", "grant-unknown",
            "access-refused", "grant-not-active", "grant-not-in-force", "right-not-granted", "mode-not-granted", "purpose-not-covered", "fields-not-granted", "area-not-granted", "period-not-granted",
        })
            Assert.True(refused.GetValueOrDefault(code) > 0, $"{code} never came: {string.Join(", ", refused)}");
    }

    [Fact]
    public void The_oracle_finds_a_decision_that_joins_two_grants()
    {
        var random = new Random(7);
        var found = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var world = PolicyCase.Draw(random);
            if (PolicyBench.Decide(world) is Refuse { Code: "fields-not-granted" } && world.Grants.Length > 1)
            {
                var forged = new Permit(world.Grants[0], world.Dataset, Obligations.Nothing);
                Assert.NotNull(PolicyOracle.Judge(world, forged));
                found++;
            }
        }

        Assert.True(found > 10);
    }

    [Fact]
    public void What_is_explained_is_what_is_decided()
    {
        var random = new Random(8);
        for (var i = 0; i < 5_000; i++)
        {
            var world = PolicyCase.Draw(random);
            var (grants, purposes) = (new GrantIndex(world.Grants), new PurposeTree(world.Purposes));
            var trace = Decider.Explain(world.Ask, grants, world.Catalogue, purposes, world.Now);
            Assert.Equal(trace.Decision is Permit, trace.Grants.Any(grant => grant.Permits));
            Assert.Equal(trace.Decision is Refuse { Code: not ("access-refused" or "grant-unknown") } && trace.Grants.IsEmpty, trace.Before.Any(test => !test.Passed));
            Assert.All(trace.Grants, grant => Assert.Equal(grant.Permits, grant.Tests.All(test => test.Passed)));
            Assert.All(trace.Grants.SelectMany(grant => grant.Tests).Concat(trace.Before), test => Assert.True(test.Said.Zh.Length > 0 && test.Said.En.Length > 0));
            Assert.True(trace.Summary.Zh.Length > 0 && trace.Summary.En.Length > 0);
        }
    }
}
