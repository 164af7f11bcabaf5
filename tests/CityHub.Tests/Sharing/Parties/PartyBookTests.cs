using CityHub.Core.Facts;
using System.Security.Cryptography;
using CityHub.Sharing;
using CityHub.Sharing.Parties;
using CityHub.Tests.Sharing.Catalogue;
using CsCheck;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;
using Case = CityHub.Sharing.SharingProblems;

namespace CityHub.Tests.Sharing.Parties;

public sealed class PartyBookTests
{
    [Fact]
    public async Task The_first_authority_is_two_people_and_is_founded_once()
    {
        await using var city = await StartAsync();
        Assert.True(city.As("auth-1").IsOf("data-bureau", Roles.Authority));
        Refused(await city.Parties.FoundAsync(new Department("other", new Words("乙", "B"), "990100", 3, null), ["x", "y"]), PartyProblems.RegisterNotEmpty);
    }

    [Theory]
    [InlineData(Roles.Auditor, Roles.Operator)]
    [InlineData(Roles.Authority, Roles.Auditor)]
    [InlineData(Roles.SuperiorAuthority, Roles.Auditor)]
    [InlineData(Roles.Auditor, Roles.DataOfficer)]
    public async Task Nobody_manages_audits_and_operates_at_once(Roles first, Roles second)
    {
        await using var city = await StartAsync();
        await city.AppointAsync("someone", first == Roles.Operator ? null : "data-bureau", first);
        var problem = Refused(
            await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("x", "someone", second == Roles.Operator ? null : "data-bureau", second, true, "why", "")), PartyProblems.RolesExclude);
        Assert.Contains("GB/T 39477", problem.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_proposed_while_they_went_together_are_looked_at_again_when_confirmed()
    {
        await using var city = await StartAsync();
        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("a", "someone", "data-bureau", Roles.Auditor, true, "why", "")));
        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("b", "someone", "data-bureau", Roles.Authority, true, "why", "")));
        Ok(await GiveRole.ConfirmAsync(city.Parties, Deputy, "a"));
        Refused(await GiveRole.ConfirmAsync(city.Parties, Deputy, "b"), PartyProblems.RolesExclude);
        Assert.Equal(Roles.Auditor, city.As("someone").Roles);
    }

    [Fact]
    public async Task A_role_takes_two_people_and_neither_is_the_one_who_gets_it()
    {
        await using var city = await StartAsync();
        Refused(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("own", "auth-1", "data-bureau", Roles.Head, true, "why", "")), ProposalProblems.FourEyes);
        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("a", "auth-2", "data-bureau", Roles.Head, true, "why", "")));
        Refused(await GiveRole.ConfirmAsync(city.Parties, Director, "a"), ProposalProblems.FourEyes);
        Refused(await GiveRole.ConfirmAsync(city.Parties, Deputy, "a"), ProposalProblems.FourEyes);
        Refused(await GiveRole.ConfirmAsync(city.Parties, city.As("police-head"), "a"), Case.NotYours);
        Assert.False(city.As("auth-2").Is(Roles.Head));
    }

    [Fact]
    public async Task A_head_proposes_the_data_officers_of_his_own_department_and_nothing_else()
    {
        await using var city = await StartAsync();
        Ok(await GiveRole.ProposeAsync(city.Parties, city.As("police-head"), new RoleProposed("a", "new", "police", Roles.DataOfficer, true, "why", "")));
        Ok(await GiveRole.ConfirmAsync(city.Parties, city.As("police-sharing"), "a"));
        Assert.True(city.As("new").IsOf("police", Roles.DataOfficer));
        Refused(await GiveRole.ProposeAsync(city.Parties, city.As("police-head"), new RoleProposed("b", "new2", "fire", Roles.DataOfficer, true, "why", "")), Case.NotYours);
        Refused(await GiveRole.ProposeAsync(city.Parties, city.As("police-head"), new RoleProposed("c", "new2", "police", Roles.Head, true, "why", "")), Case.NotYours);
    }

    [Fact]
    public async Task Nobody_is_moved_by_another_department_that_takes_a_role_from_him()
    {
        await using var city = await StartAsync();
        await city.AppointAsync("someone", "data-bureau", Roles.DataOfficer | Roles.Authority);
        var theft = new RoleProposed("a", "someone", "fire", Roles.DataOfficer, false, "why", "");
        Refused(await GiveRole.ProposeAsync(city.Parties, city.As("fire-head"), theft), PartyProblems.RoleNotPossible);

        // A log that has it from before.
        Ok(await city.Parties.SayAsync((_, _) => PartyBook.Facts(SharingJson.Said(new RoleWithdrawn(null, "someone", "fire", Roles.DataOfficer, "x", "y"), PartyJson.Default.RoleWithdrawn))));
        Assert.Equal(new Caller("someone", "data-bureau", Roles.Authority), city.As("someone"));

        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("b", "someone", "data-bureau", Roles.Authority, false, "why", "")));
        Ok(await GiveRole.ConfirmAsync(city.Parties, Deputy, "b"));
        Assert.Equal(Roles.None, city.As("someone").Roles);
    }

    [Fact]
    public async Task A_key_that_another_department_got_meanwhile_is_not_confirmed()
    {
        await using var city = await StartAsync();
        var key = Convert.ToBase64String(SHA256.HashData("k"u8));
        Ok(await EnrolKey.ProposeAsync(city.Parties, Director, "k", "police", key));
        Ok(await EnrolKey.ProposeAsync(city.Parties, Director, "k2", "fire", key));
        Ok(await GiveRole.ConfirmAsync(city.Parties, Deputy, "k"));
        Refused(await GiveRole.ConfirmAsync(city.Parties, Deputy, "k2"), PartyProblems.KeyUnusable);
        Assert.Null(city.Parties.KeyOf("fire"));
    }

    [Fact]
    public async Task The_authority_is_never_one_person_alone()
    {
        await using var city = await StartAsync();
        Refused(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("a", "auth-2", "data-bureau", Roles.Authority, false, "why", "")), PartyProblems.RoleNotPossible);
    }

    [Fact]
    public async Task A_key_is_thirty_two_bytes_and_takes_two_people()
    {
        await using var city = await StartAsync();
        var key = Convert.ToBase64String(SHA256.HashData("k"u8));
        Refused(await EnrolKey.ProposeAsync(city.Parties, Director, "k", "police", "AAAA"), PartyProblems.KeyUnusable);
        Ok(await EnrolKey.ProposeAsync(city.Parties, Director, "k", "police", key));
        Assert.Null(city.Parties.KeyOf("police"));
        Refused(await GiveRole.ConfirmAsync(city.Parties, Director, "k"), ProposalProblems.FourEyes);
        Ok(await GiveRole.ConfirmAsync(city.Parties, city.As("police-head"), "k"));
        Assert.Equal(key, city.Parties.KeyOf("police"));
        Refused(await EnrolKey.ProposeAsync(city.Parties, Director, "k2", "fire", key), PartyProblems.KeyUnusable);
    }

    [Fact]
    public async Task Whom_the_register_does_not_know_is_nobody()
    {
        await using var city = await StartAsync();
        Assert.Equal(new Caller("stranger", null, Roles.None), city.As("stranger"));
    }

    /// <summary>Whatever is asked in whatever order: a restart knows the same, and nobody holds two of manage, audit and operate.</summary>
    [Fact]
    public async Task Replay_gives_the_same_register_and_roles_stay_apart()
    {
        var roles = new[] { Roles.DataOfficer, Roles.SharingOfficer, Roles.Head, Roles.Authority, Roles.Auditor, Roles.Operator };
        var callers = new[] { "auth-1", "auth-2", "police-head", "fire-sharing" };
        await Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4], Gen.Int[0, 5], Gen.Int[0, 2], Gen.Bool, Gen.Int[0, 3]).Array[1, 25].SampleAsync(
            async steps =>
            {
                await using var city = await StartAsync();
                var n = 0;
                foreach (var (who, person, role, department, give, second) in steps)
                {
                    var id = $"r{n++}";
                    var at = roles[role] == Roles.Operator ? null : new[] { "police", "fire", "data-bureau" }[department];
                    await GiveRole.ProposeAsync(city.Parties, city.As(callers[who]), new RoleProposed(id, $"person-{person}", at, roles[role], give, "why", ""));
                    await GiveRole.ConfirmAsync(city.Parties, city.As(callers[second]), id);
                }

                Assert.All(city.Parties.State.People.Values, p => Assert.Null(RoleRules.Exclude(p.Person, p.Roles)));
                var before = city.Parties.State;
                await city.ReopenAsync();
                Assert.Equal(before.People, city.Parties.State.People);
                Assert.Equal(before.Departments, city.Parties.State.Departments);
                Assert.Equal(before.Proposals.Keys, city.Parties.State.Proposals.Keys);
            },
            iter: 15, threads: 1);
    }
}
