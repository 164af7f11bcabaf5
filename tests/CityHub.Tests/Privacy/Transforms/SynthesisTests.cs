using CityHub.Privacy;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class SynthesisTests
{
    /// <summary>b follows a and c follows b, each nine times of ten; d is free.</summary>
    private static Table Chain(int rows)
    {
        using var entropy = new SeededEntropy(5);
        return Table.Of(["c", "a", "d", "b"], Enumerable.Range(0, rows).Select(_ =>
        {
            var a = entropy.NextBelow(3);
            var b = entropy.NextBelow(10) == 0 ? entropy.NextBelow(3) : a;
            var c = entropy.NextBelow(10) == 0 ? entropy.NextBelow(3) : b;
            return new[] { $"c{c}", $"a{a}", $"d{entropy.NextBelow(2)}", $"b{b}" };
        }));
    }

    [Fact]
    public void Synthetic_rows_have_the_dependencies_of_the_tree_and_are_as_many_as_asked_for()
    {
        var table = Chain(5000);
        using var context = ReleaseContext();
        var transform = new Synthesise(["a", "b", "c", "d"], 20_000, 2);
        Assert.Equal(6, transform.Marginals);
        var made = transform.Apply(table, context);
        Assert.Equal(20_000, made.Rows);
        Assert.Equal(["a", "b", "c", "d"], made.Columns.Select(column => column.Name));

        // 0.9 + 0.1 / 3 = 0.933 for neighbours, 0.876 for a and c through b, 1/2 for what does not depend.
        Assert.InRange(Agree(made, "a", "b"), 0.91, 0.96);
        Assert.InRange(Agree(made, "b", "c"), 0.91, 0.96);
        Assert.InRange(Agree(made, "a", "c"), 0.85, 0.90);
        Assert.InRange(Cells(made, "d").Count(value => value == "d0") / 20_000.0, 0.47, 0.53);
        Assert.InRange(Cells(made, "a").Count(value => value == "a1") / 20_000.0, 0.30, 0.37);
    }

    [Fact]
    public void Much_noise_drowns_the_dependencies()
    {
        using var context = ReleaseContext();
        var made = new Synthesise(["a", "b", "c", "d"], 20_000, 1_000_000).Apply(Chain(300), context);
        Assert.InRange(Agree(made, "a", "b"), 0.0, 0.9);
    }

    [Fact]
    public void Rows_depend_on_the_noisy_counts_alone()
    {
        // Noise that takes all counts away and puts the same others in their place: two tables that share their domains cannot be told apart.
        static Table Made(Table table)
        {
            var cell = 0;
            using var context = new TransformContext
            {
                Entropy = new SeededEntropy(4),
                Noise = (_, _, _) => -1_000_000 + (cell++ % 5 == 0 ? 2_000_000 : 0),
                Hierarchies = new Dictionary<string, Hierarchy>
                {
                    ["a"] = Hierarchy.Of("a", ["a0"], ["a1"], ["a2"]), ["b"] = Hierarchy.Of("b", ["b0"], ["b1"], ["b2"]), ["d"] = Hierarchy.Of("d", ["d0"], ["d1"]),
                },
            };
            return new Synthesise(["a", "b", "d"], 500, 1).Apply(table, context);
        }

        var one = Table.Of(["a", "b", "d"], ["a0", "b0", "d0"]);
        var other = Table.Of(["a", "b", "d"], ["a2", "b1", "d1"]);
        var (left, right) = (Made(one), Made(other));
        foreach (var name in new[] { "a", "b", "d" })
            Assert.InRange(Cells(left, name).Zip(Cells(right, name)).Count(pair => pair.First == pair.Second), 495, 500); // counts differ by the one row in a million
    }

    [Fact]
    public void Without_a_number_of_rows_the_noisy_total_decides_and_one_column_is_enough()
    {
        using var context = ReleaseContext();
        Assert.InRange(new Synthesise(["a", "b"], 0, 1).Apply(Chain(2000), context).Rows, 1950, 2050);
        var single = new Synthesise(["b"], 3000, 1).Apply(Chain(2000), context);
        Assert.InRange(Cells(single, "b").Count(value => value == "b2"), 850, 1150);
    }

    [Fact]
    public void Anatomy_gives_groups_of_l_different_values_in_two_tables()
    {
        using var context = ReleaseContext();
        var transform = new Anatomise("disease", 3);
        var (quasi, values) = transform.Split(People, context);
        Assert.Equal(60, quasi.Rows);
        Assert.Null(quasi.Find("disease"));
        Assert.Equal(60, Cells(values, "count").Sum(int.Parse));
        var sizes = Cells(quasi, "group").CountBy(group => group).ToDictionary();
        foreach (var group in Enumerable.Range(0, values.Rows).GroupBy(row => values["group"][row]))
        {
            Assert.All(group, row => Assert.Equal("1", values["count"][row]));
            Assert.InRange(group.Count(), 3, 4);
            Assert.Equal(sizes[group.Key], group.Count());
        }

        // Whoever is in a group may have had each of its values: the true one is among them.
        var truth = Enumerable.Range(0, values.Rows).Select(row => (values["group"][row], values["disease"][row])).ToHashSet();
        Assert.All(Enumerable.Range(0, 60), row => Assert.Contains((quasi["group"][row], People["disease"][row]), truth));
    }

    [Fact]
    public void Anatomy_is_refused_where_a_value_is_too_frequent()
    {
        using var context = ReleaseContext();
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new Anatomise("v", 2).Apply(Table.Of(["v"], ["a"], ["a"], ["b"]), context)).Code);
    }

    private static double Agree(Table table, string one, string other) =>
        Enumerable.Range(0, table.Rows).Count(row => table[one][row][1] == table[other][row][1]) / (double)table.Rows;
}
