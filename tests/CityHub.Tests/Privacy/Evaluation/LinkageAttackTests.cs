using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class LinkageAttackTests
{
    private static readonly Hierarchy Age = Hierarchy.Of("age", [["30", "30s", "*"], ["31", "30s", "*"], ["40", "40s", "*"], ["41", "40s", "*"]]);
    private static readonly Hierarchy Sex = Hierarchy.Of("sex", [["f", "*"], ["m", "*"]]);

    [Fact]
    public void A_person_with_one_candidate_is_claimed_and_the_truth_tells_whether_rightly()
    {
        var released = Table.Of(["age", "sex", "disease"], ["30s", "f", "flu"], ["30s", "f", "flu"], ["40s", "m", "cold"], ["*", "*", "gout"]);
        // Ann and Bea are in the first class, Carl is the third record, Dan matches it, too, but is not in the file, Eve is suppressed.
        var register = Table.Of(["name", "age", "sex"], ["Ann", "30", "f"], ["Bea", "31", "f"], ["Carl", "40", "m"], ["Dan", "41", "m"], ["Eve", "41", "f"]);
        var attack = LinkageAttack.Run(released, register, [Age, Sex], [0, 1, 2, -1, 3], ["disease"]);
        Assert.Equal((5, 3, 1, 2, 1, 3), (attack.Persons, attack.Records, attack.WithoutCandidate, attack.Claims, attack.RightClaims, attack.Present));
        Assert.Equal(3, attack.Expected, 1e-12);
        Assert.Equal(0.4, attack.Linked, 1e-12);
        Assert.Equal(1.0 / 3, attack.SingledOut, 1e-12);
        // Both classes have two persons, of whom one record is: 1/2 at most; the average is (2/2 + 1/2) / 3.
        Assert.Equal(0.5, attack.Journalist, 1e-12);
        Assert.Equal(0.5, attack.Marketer, 1e-12);
        // Nobody of the first class is found, but that both have flu is known: k-anonymity does not protect against that.
        Assert.Equal(new AttributeInference("disease", 0.9, 0.8, 1, 0.5), attack.Inferences.Single());
    }

    [Fact]
    public void Cells_on_different_levels_cover_a_person_together()
    {
        var released = Table.Of(["age", "sex"], ["30", "f"], ["30s", "*"], ["*", "f"], ["40", "f"]);
        var register = Table.Of(["age", "sex"], ["30", "f"], ["31", "m"], ["99", "f"]);
        var attack = LinkageAttack.Run(released, register, [Age, Sex]);
        // Three candidates; one; one, as an age no hierarchy knows is covered by * alone.
        Assert.Equal((2, 0), (attack.Claims, attack.WithoutCandidate));
        Assert.Equal(2 + (1.0 / 3), attack.Expected, 1e-12);
        Assert.Null(attack.RightClaims);
    }

    [Fact]
    public void The_index_finds_the_candidates_that_comparing_all_with_all_finds() =>
        Gen.Select(OneOf("30", "31", "30s", "40s", "41", "*"), OneOf("f", "m", "*")).Array[1, 30]
            .Select(Gen.Select(OneOf("30", "31", "40", "41"), OneOf("f", "m")).Array[1, 10])
            .Sample((released, persons) =>
            {
                var attack = LinkageAttack.Run(
                    Table.Of(["age", "sex"], released.Select(one => new[] { one.Item1, one.Item2 })), Table.Of(["age", "sex"], persons.Select(one => new[] { one.Item1, one.Item2 })), [Age, Sex]);
                var expected = 0.0;
                foreach (var (age, sex) in persons)
                {
                    var candidates = released.Count(one => one != ("*", "*") && (one.Item1 == age || one.Item1 == "*" || one.Item1 == age[..1] + "0s") && (one.Item2 == sex || one.Item2 == "*"));
                    expected += candidates == 0 ? 0 : 1.0 / candidates;
                }

                return Math.Abs(expected - attack.Expected) < 1e-9;
            }, iter: 200);

    // Adult against itself as the register: after k = 5 nobody has one candidate, before 15,512 have, all rightly.
    [Fact]
    public void A_register_of_everybody_finds_the_uniques_before_and_nobody_after()
    {
        var run = ReferenceRun.Of("A1");
        var hierarchies = ReferenceRun.Hierarchies(run.Levels.Select(one => one.Name));
        int[] truth = [.. Enumerable.Range(0, ReferenceRun.Table.Rows)];
        var before = LinkageAttack.Run(ReferenceRun.Table, ReferenceRun.Table, hierarchies, truth);
        Assert.Equal((15512, 15512), (before.Claims, before.RightClaims));
        Assert.Equal(19502, before.Expected, 1e-6);
        var after = LinkageAttack.Run(run.Release(), ReferenceRun.Table, hierarchies, truth);
        Assert.Equal((0, 0, 30162 - 1178), (after.Claims, after.RightClaims, after.Present));
        Assert.Equal(0.2, after.Journalist, 1e-12);
        Assert.Equal(run["out_marketer"], after.Marketer, 1e-12);
        Assert.Equal(run["classes"], after.Expected, 1e-6);
    }

    [Fact]
    public void A_released_value_on_no_level_and_a_truth_of_another_length_are_refused()
    {
        var register = Table.Of(["age", "sex"], ["30", "f"]);
        Assert.Equal("age", Assert.Throws<PrivacyException>(() => LinkageAttack.Run(Table.Of(["age", "sex"], ["thirty", "f"]), register, [Age, Sex])).Refusal.Column);
        Assert.Throws<PrivacyException>(() => LinkageAttack.Run(register, register, [Age, Sex], [1, 0]));
        Assert.Throws<PrivacyException>(() => LinkageAttack.Run(register, register, [Age, Sex], [7]));
        Assert.Throws<PrivacyException>(() => LinkageAttack.Run(register, register, []));
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
