using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

/// <summary>Each class model on cases computed by hand, at and beside its bound.</summary>
public sealed class ClassModelTests
{
    private static readonly string[] Abcd = ["a", "b", "c", "d"];

    /// <summary>a1, a2 under A; b1, b2 under B; both under *.</summary>
    private static readonly Hierarchy TwoByTwo = Hierarchy.Of("s", ["a", "A", "*"], ["b", "A", "*"], ["c", "B", "*"], ["d", "B", "*"]);

    [Fact]
    public void K_is_the_least_size_of_a_class()
    {
        var test = new KAnonymity(5).For([], [], 100);
        Assert.False(test.Passes(4, []));
        Assert.True(test.Passes(5, []));
    }

    [Theory]
    [InlineData("1,1,0,0", 2, true)]
    [InlineData("9,0,0,0", 2, false)]
    [InlineData("1,1,1,1", 4, true)]
    public void Distinct_diversity_counts_the_values_that_are_there(string counts, int l, bool passes) => Assert.Equal(passes, Passes(new DistinctDiversity("s", l), "5,5,5,5", counts));

    [Theory]
    // exp of the entropy: 4 for 1:1:1:1; 2 for 1:1; 1.7548 for 3:1; e^1.0397 = 2.8284 for 2:1:1.
    [InlineData("1,1,0,0", 1.99, true)]
    [InlineData("3,1,0,0", 1.75, true)]
    [InlineData("3,1,0,0", 1.76, false)]
    [InlineData("2,1,1,0", 2.82, true)]
    [InlineData("2,1,1,0", 2.83, false)]
    [InlineData("40,1,1,0", 2.0, false)]
    public void Entropy_diversity_is_the_exponential_of_the_entropy(string counts, double l, bool passes) => Assert.Equal(passes, Passes(new EntropyDiversity("s", l), "50,50,50,50", counts));

    [Fact]
    public void Entropy_diversity_asks_for_l_values_whatever_the_estimate_says()
    {
        // Grassberger: n G(n) - sum of f G(f) by n for 1:1 is G(2) - G(1) = 2, far above ln 3; two values are still not three.
        Assert.False(Passes(new EntropyDiversity("s", 3, EntropyEstimator.Grassberger), "5,5,5,5", "1,1,0,0"));
        Assert.True(Passes(new EntropyDiversity("s", 2, EntropyEstimator.Grassberger), "5,5,5,5", "1,1,0,0"));
    }

    [Theory]
    // Known values: G(1) = -1.27036284546147817, G(2) = 0.72963715453852183, G(100) by 49 more steps.
    [InlineData(1, -1.2703628454614782)]
    [InlineData(2, 0.7296371545385218)]
    [InlineData(3, 0.7296371545385218)]
    [InlineData(4, 1.3963038212051886)]
    [InlineData(10, 2.3042403291416966)]
    [InlineData(100, 4.605186851488337)]
    public void Grassbergers_function_has_its_published_values(int n, double g) => Assert.Equal(g, GrassbergerG.Of(n), 1e-13);

    [Fact]
    public void Grassbergers_series_continues_the_recursion()
    {
        var exact = GrassbergerG.Of(100);
        for (var n = 102; n <= 3000; n += 2)
        {
            exact += 2.0 / (n - 1);
            Assert.Equal(exact, GrassbergerG.Of(n), 1e-12);
            Assert.Equal(GrassbergerG.Of(n), GrassbergerG.Of(n + 1));
        }
    }

    [Theory]
    // (c, l) = (2, 2): r1 < 2 (r2 + ...): 3 < 4; 4 < 4 is not.
    [InlineData("3,2,0,0", 2, 2, true)]
    [InlineData("4,1,1,0", 2, 2, false)]
    // (4, 3): r1 < 4 (r3 + r4).
    [InlineData("7,5,1,1", 4, 3, true)]
    [InlineData("8,5,1,1", 4, 3, false)]
    [InlineData("8,5,0,0", 4, 3, false)]
    // l = 1: r1 < c n.
    [InlineData("5,0,0,0", 1, 1, false)]
    [InlineData("5,0,0,0", 1.01, 1, true)]
    public void Recursive_diversity_compares_the_first_with_the_tail(string counts, double c, int l, bool passes) =>
        Assert.Equal(passes, Passes(new RecursiveDiversity("s", c, l), "9,9,9,9", counts));

    [Theory]
    // Whole 1/4 each. 1:1:0:0 is 1/2 away, 2:1:1:0 a quarter, 1:1:1:1 nothing.
    [InlineData("1,1,0,0", 0.5, true)]
    [InlineData("1,1,0,0", 0.49, false)]
    [InlineData("2,1,1,0", 0.25, true)]
    [InlineData("2,1,1,0", 0.249, false)]
    [InlineData("3,3,3,3", 0, true)]
    public void Equal_closeness_is_half_the_L1_distance(string counts, double t, bool passes) => Assert.Equal(passes, Passes(new EqualCloseness("s", t), "5,5,5,5", counts));

    [Theory]
    // All on a: a quarter moves one of three steps, one two, one three: (1+2+3)/4/3 = 0.5. On b: (1+0+1+2)/12 = 1/3.
    [InlineData("8,0,0,0", 0.5, true)]
    [InlineData("8,0,0,0", 0.499, false)]
    [InlineData("0,8,0,0", 0.334, true)]
    [InlineData("0,8,0,0", 0.333, false)]
    public void Ordered_closeness_counts_the_steps(string counts, double t, bool passes) => Assert.Equal(passes, Passes(new OrderedCloseness("s", t), "5,5,5,5", counts));

    [Fact]
    public void Ordered_closeness_takes_the_order_of_numbers_and_of_a_hierarchy()
    {
        // In the table the values came as 10, 9, 100. All on 9: as numbers the least, (1 + 2)/3/2 = 0.5; as texts the last, 0.5 as well; all on 10: 1/3 as numbers, 0.5 as texts.
        string[] values = ["10", "9", "100"];
        Assert.True(new OrderedCloseness("s", 0.34).For([5, 5, 5], values, 15).Passes(4, [4, 0, 0]));
        Assert.False(new OrderedCloseness("s", 0.34).For([5, 5, 5], values, 15).Passes(4, [0, 4, 0]));
        var order = Hierarchy.Of("s", ["10", "*"], ["9", "*"], ["50", "*"], ["100", "*"]);
        Assert.False(new OrderedCloseness("s", 0.34, order).For([5, 5, 5], values, 15).Passes(4, [4, 0, 0]));
        Assert.True(new OrderedCloseness("s", 0.34, order).For([5, 5, 5], values, 15).Passes(4, [0, 4, 0]));
    }

    [Theory]
    // All on a: 1/4 from b costs 1/2, 1/2 from c and d costs 1: 0.625. Half on a, half on b: 1/2 crosses: 0.5. Half on a, half on c: 1/4 and 1/4 within the groups: 0.25.
    [InlineData("8,0,0,0", 0.625, true)]
    [InlineData("8,0,0,0", 0.62, false)]
    [InlineData("4,4,0,0", 0.5, true)]
    [InlineData("4,4,0,0", 0.49, false)]
    [InlineData("4,0,4,0", 0.25, true)]
    [InlineData("4,0,4,0", 0.24, false)]
    public void Hierarchical_closeness_pays_by_the_level_that_unites(string counts, double t, bool passes) =>
        Assert.Equal(passes, Passes(new HierarchicalCloseness("s", t, TwoByTwo), "5,5,5,5", counts));

    [Theory]
    // Whole 1/4 each; delta 1 allows what is above 1/8 and below 1/2, neither included, among the values that are there.
    [InlineData("2,2,2,2", 1, true)]
    [InlineData("3,3,2,0", 1, true)]
    [InlineData("4,2,2,0", 1, false)]
    [InlineData("1,2,2,3", 1, false)]
    [InlineData("1,2,2,3", 1.01, true)]
    public void Delta_disclosure_bounds_the_logarithm_on_both_sides(string counts, double delta, bool passes) => Assert.Equal(passes, Passes(new DeltaDisclosure("s", delta), "5,5,5,5", counts));

    [Theory]
    // Beta 1 allows up to 1/2, included; to be rarer is always allowed.
    [InlineData("4,2,1,1", 1, true)]
    [InlineData("5,1,1,1", 1, false)]
    [InlineData("5,1,1,1", 1.5, true)]
    public void Basic_beta_bounds_what_becomes_more_frequent(string counts, double beta, bool passes) => Assert.Equal(passes, Passes(new BasicBeta("s", beta), "5,5,5,5", counts));

    [Fact]
    public void Enhanced_beta_is_stricter_for_frequent_values()
    {
        // a is 4/5 of the table: -ln 0.8 = 0.2231, so that at most 0.9785 of a class may be a. Basic beta 1 would let a class be all a.
        var basic = new BasicBeta("s", 1).For([80, 20], ["a", "b"], 100);
        var enhanced = new EnhancedBeta("s", 1).For([80, 20], ["a", "b"], 100);
        Assert.True(basic.Passes(100, [100, 0]));
        Assert.False(enhanced.Passes(100, [98, 2]));
        Assert.True(enhanced.Passes(100, [97, 3]));
        // b is 1/5: -ln 0.2 = 1.609, beta rules: at most 0.4.
        Assert.True(enhanced.Passes(10, [6, 4]));
        Assert.False(enhanced.Passes(10, [5, 5]));
    }

    [Fact]
    public void Delta_presence_is_the_share_of_the_population_that_is_in_the_table()
    {
        var test = new DeltaPresence(0.1, 0.5).For([1000], [], 100);
        Assert.True(test.Passes(5, [10]));
        Assert.False(test.Passes(6, [10]));
        Assert.True(test.Passes(1, [10]));
        Assert.False(test.Passes(1, [11]));
        Assert.False(test.Passes(0, [3])); // nobody of these three can be in the table, which is knowledge as well
        Assert.True(new DeltaPresence(0, 0.5).For([1000], [], 100).Passes(0, [3]));
    }

    /// <summary>The tests of the hot path against formulas written down as they stand in the papers.</summary>
    [Fact]
    public void All_models_agree_with_their_formulas()
    {
        var hierarchy = Hierarchy.Of("s", ["a", "A", "X", "*"], ["b", "A", "X", "*"], ["c", "B", "X", "*"], ["d", "C", "Y", "*"], ["e", "C", "Y", "*"]);
        string[] values = ["c", "a", "e", "b", "d"];
        var distances = new double[5, 5];
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                Assert.True(hierarchy.TryLeaf(values[i], out var one) & hierarchy.TryLeaf(values[j], out var other));
                distances[i, j] = Enumerable.Range(0, 4).First(level => hierarchy.Group(one, level) == hierarchy.Group(other, level)) / 3.0;
            }
        }

        Gen.Select(Gen.Int[0, 9].Array[5], Gen.Int[0, 40].Array[5], Gen.Double[0.01, 1.5]).Sample((part, rest, x) =>
        {
            var whole = part.Zip(rest, (a, b) => a + b).ToArray();
            int n = part.Sum(), all = whole.Sum();
            if (n == 0 || whole.Count(one => one > 0) < 3)
                return;
            var q = part.Select(one => (double)one / n).ToArray();
            var p = whole.Select(one => (double)one / all).ToArray();
            Check(new EqualCloseness("s", Math.Min(x, 1)), q.Zip(p, (a, b) => Math.Abs(a - b)).Sum() / 2, Math.Min(x, 1));
            var present = Enumerable.Range(0, 5).Where(i => whole[i] > 0).OrderBy(i => values[i], StringComparer.Ordinal).ToArray();
            double carried = 0, work = 0;
            foreach (var i in present)
                work += Math.Abs(carried += q[i] - p[i]);
            Check(new OrderedCloseness("s", Math.Min(x, 1)), work / (present.Length - 1), Math.Min(x, 1));
            Check(new HierarchicalCloseness("s", Math.Min(x, 1), hierarchy), Transport(q, p, distances), Math.Min(x, 1));
            var there = Enumerable.Range(0, 5).Where(i => part[i] > 0).ToArray();
            Check(new DeltaDisclosure("s", x), there.Max(i => Math.Abs(Math.Log2(q[i] / p[i]))), x);
            Check(new BasicBeta("s", x), there.Max(i => q[i] / p[i] - 1), x);
            Check(new EntropyDiversity("s", 1 + x), -Math.Exp(-there.Sum(i => q[i] * Math.Log(q[i]))), -(1 + x), there.Length >= Math.Ceiling(1 + x));

            void Check(ClassModel model, double measured, double bound, bool also = true)
            {
                if (Math.Abs(measured - bound) > 1e-9) // at the bound itself the cases above are exact
                    Assert.Equal(also && measured < bound, model.For(whole, values, all).Passes(n, part));
            }
        }, iter: 2000);
    }

    /// <summary>A model that claims it may prune is held to its word: whatever joins, a class that passes still does, and none below the least size passes.</summary>
    [Fact]
    public void Monotone_models_stay_true_when_records_join()
    {
        ClassModel[] models = [new KAnonymity(4), new DistinctDiversity("s", 3), new EntropyDiversity("s", 2.5), new RecursiveDiversity("s", 2, 2), new EqualCloseness("s", 0.4), new BasicBeta("s", 1)];
        Gen.Select(Gen.Int[0, 6].Array[4], Gen.Int[0, 6].Array[4]).Sample((one, other) =>
        {
            foreach (var model in models)
            {
                var test = model.For([20, 20, 20, 20], Abcd, 80);
                if (one.Sum() > 0 && test.Passes(one.Sum(), one))
                {
                    Assert.True(one.Sum() >= model.LeastSize, model.Text);
                    var both = one.Zip(other, (a, b) => a + b).ToArray();
                    Assert.True(!model.Monotone || test.Passes(both.Sum(), both), model.Text);
                }
            }
        }, iter: 2000);
    }

    [Fact]
    public void A_test_takes_no_memory()
    {
        ClassModel[] models =
        [
            new KAnonymity(4), new DistinctDiversity("s", 3), new EntropyDiversity("s", 2.5), new EntropyDiversity("s", 2.5, EntropyEstimator.Grassberger), new RecursiveDiversity("s", 2, 2),
            new EqualCloseness("s", 0.4), new OrderedCloseness("s", 0.4), new HierarchicalCloseness("s", 0.4, TwoByTwo), new DeltaDisclosure("s", 1), new BasicBeta("s", 1), new EnhancedBeta("s", 1),
        ];
        foreach (var test in models.Select(model => model.For([20, 20, 20, 20], Abcd, 80)))
        {
            Span<int> counts = [3, 4, 2, 5];
            _ = test.Passes(14, counts);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
                _ = test.Passes(14, counts);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    /// <summary>The least cost of moving q to p, by brute force over a tree metric: at each level what can be matched within a group is.</summary>
    private static double Transport(double[] q, double[] p, double[,] distances)
    {
        double[] from = [.. q.Zip(p, (a, b) => Math.Max(0, a - b))], to = [.. q.Zip(p, (a, b) => Math.Max(0, b - a))];
        var cost = 0.0;
        foreach (var d in distances.Cast<double>().Distinct().Order())
        {
            for (var i = 0; i < 5; i++)
            {
                for (var j = 0; j < 5; j++)
                {
                    if (distances[i, j] != d)
                        continue;
                    var moved = Math.Min(from[i], to[j]);
                    from[i] -= moved;
                    to[j] -= moved;
                    cost += moved * d;
                }
            }
        }

        return cost;
    }

    private static bool Passes(ClassModel model, string whole, string counts)
    {
        int[] Numbers(string text) => [.. text.Split(',').Select(one => int.Parse(one, System.Globalization.CultureInfo.InvariantCulture))];
        var part = Numbers(counts);
        return model.For(Numbers(whole), Abcd, Numbers(whole).Sum()).Passes(part.Sum(), part);
    }
}
