using System.Text;
using System.Text.Json;
using CityHub.Privacy;
using static CityHub.Tests.Privacy.DpCases;

namespace CityHub.Tests.Privacy;

public sealed class DpQueryTests
{
    static ExactRandom Random(long seed = 5) => new(new SeededEntropy(seed));

    static DpRelease Answer(Table table, DpQuery query, long seed = 5)
    {
        var plan = DpPlan.For(query);
        plan.Check(table);
        return plan.Release(table, Random(seed));
    }

    static PrivacyRefusal Refused(DpQuery query) => Assert.Throws<PrivacyException>(() => DpPlan.For(query)).Refusal;

    static Table Ages { get; } = People([.. Enumerable.Range(0, 500).Select(i => ($"r{i}", i % 3 == 0 ? "x" : "y", $"{20 + (i % 50)}.5"))]);

    [Fact]
    public void With_hardly_any_noise_the_answers_are_the_truth()
    {
        // An epsilon of a million makes the noise 0 but once in e^1000 draws.
        const string much = "1e6";
        Assert.Equal(500, Answer(Ages, Ask(new DpCount(), much)).Cells[0].Value);
        Assert.Equal(500 * 45, Answer(Ages, OfValue(new DpSum(), "0", "100", 1, "1e9")).Cells[0].Value);
        Assert.Equal(45, Answer(Ages, OfValue(new DpMean(), "0", "100", 1, "1e9")).Cells[0].Value);
        Assert.Equal(new ExactRational((50 * 50) - 1, 12), Answer(Ages, OfValue(new DpVariance(), "0", "100", 1, "1e9")).Cells[0].Value);
        Assert.InRange((double)Answer(Ages, OfValue(new DpQuantile(R("0.9")), "0", "100", 1, "1e4")).Cells[0].Value.Floor(), 64, 65);
        Assert.Equal([167, 333], Answer(Ages, ByPlace(new DpCount(), much, "x", "y")).Cells.Select(one => one.Value));
        Assert.Equal(["y", "x"], Answer(Ages, ByPlace(new DpTopK(2), much, "x", "nowhere", "y")).Cells.Select(one => one.Key[0]));
        Assert.Equal([0, 1], Answer(Ages, ByPlace(new DpAboveThreshold(200, 1), much, "x", "y", "z")).Cells.Select(one => one.Value)); // it ends with the first
    }

    [Fact]
    public void Keys_that_nobody_has_are_answered_as_well() =>
        Assert.Equal([0, 167], Answer(Ages, ByPlace(new DpCount(), "1e6", "nowhere", "x")).Cells.Select(one => one.Value));

    [Fact]
    public void Of_a_resident_only_so_many_rows_and_groups_count()
    {
        var table = People([.. from place in (string[])["t", "u", "v"] from i in Enumerable.Range(0, 5) select ("p", place, "1")]);
        for (var seed = 0; seed < 20; seed++)
        {
            var cells = Answer(table, ByPlace(new DpCount(), "1e6", "t", "u", "v") with { RowsPerUnit = 4, GroupsPerUnit = 2 }, seed).Cells;
            Assert.Equal([0, 4, 4], cells.Select(one => (int)one.Value.Floor()).Order());
        }
    }

    [Fact]
    public void Which_rows_of_a_resident_count_is_left_to_chance()
    {
        var table = People(("p", "x", "1"), ("p", "x", "2"), ("p", "x", "3"));
        var query = OfValue(new DpSum(), "0", "10", 0, "1e6");
        var sums = Enumerable.Range(0, 60).Select(seed => Answer(table, query, seed).Cells[0].Value.Floor()).ToHashSet();
        Assert.Equal(3, sums.Count);
    }

    [Fact]
    public void Rows_without_a_resident_or_a_number_count_as_absent()
    {
        var table = People(("a", "x", "3"), ("", "x", "100"), ("b", "x", ""), ("c", "x", "many"), ("d", "x", "1e2"));
        Assert.Equal(13, Answer(table, OfValue(new DpSum(), "0", "10", 0, "1e6")).Cells[0].Value);
        Assert.Equal(4, Answer(table, Ask(new DpCount(), "1e6")).Cells[0].Value);
    }

    [Fact]
    public void An_empty_table_is_answered_like_any_other()
    {
        var empty = Table.Of(["who", "where", "value"]);
        Assert.Single(Answer(empty, Ask(new DpCount())).Cells);
        Assert.True(Answer(empty, OfValue(new DpMean(), "10", "20")).Cells[0].Value is var mean && mean >= 10 && mean <= 20);
        Assert.True(Answer(empty, OfValue(new DpQuantile(R("0.5")), "10", "20")).Cells[0].Value is var median && median >= 10 && median <= 20);
        Assert.Equal(2, Answer(empty, ByPlace(new DpCount(), "1", "x", "y")).Cells.Count);
        Assert.Empty(Answer(empty, Ask(new DpCount()) with { GroupBy = ["where"], Cost = PrivacyCost.Epsilon(1, R("1e-6")) }).Cells);
    }

    [Theory]
    [InlineData("count", 500)]
    [InlineData("sum", 22500)]
    [InlineData("mean", 45)]
    [InlineData("variance", 208.25)]
    public void The_interval_holds_the_truth_as_often_as_it_says(string name, double truth)
    {
        DpStatistic statistic = name switch { "count" => new DpCount(), "sum" => new DpSum(), "mean" => new DpMean(), _ => new DpVariance() };
        var plan = DpPlan.For((name == "count" ? Ask(statistic) : OfValue(statistic, "0", "100", 1)) with { Confidence = R("0.8") });
        var random = Random();
        var held = 0;
        for (var i = 0; i < 400; i++)
        {
            var cell = plan.Release(Ages, random).Cells[0];
            Assert.True(cell.Lower <= cell.Value && cell.Value <= cell.Upper);
            held += GaussianTail.ToDouble(cell.Lower ?? 0) <= truth && truth <= GaussianTail.ToDouble(cell.Upper ?? 0) ? 1 : 0;
        }

        Assert.InRange(held, 285, 400); // 320 expected at least, 8 the deviation
        if (name == "count")
            Assert.InRange(held, 285, 360); // and not by being far too wide
    }

    [Fact]
    public void A_key_of_one_resident_is_hardly_ever_seen_and_one_of_many_always()
    {
        var table = People([("p", "secret", "1"), .. Enumerable.Range(0, 200).Select(i => ($"r{i}", "x", "1"))]);
        var plan = DpPlan.For(Ask(new DpCount()) with { GroupBy = ["where"], Cost = PrivacyCost.Epsilon(1, R("1e-6")) });
        Assert.InRange((plan.Threshold ?? 0).Floor(), 14, 16); // 1 + ln(10^6) + a little
        var random = Random();
        for (var i = 0; i < 200; i++)
            Assert.Equal(["x"], plan.Release(table, random).Cells.Select(one => one.Key[0]));
    }

    [Fact]
    public void Gaussian_noise_is_calibrated_to_the_euclidean_norm()
    {
        // σ² = groups · rows² · parts / 2ρ = 4·9/(2·0.5)
        var plan = DpPlan.For(ByPlace(new DpCount(), "1", "x", "y") with { Cost = PrivacyCost.Rho(R("0.5")), RowsPerUnit = 3, GroupsPerUnit = 4 });
        Assert.Equal("discrete Gaussian, variance 36", plan.Mechanism);
        Assert.Equal("discrete Laplace, scale 12", DpPlan.For(ByPlace(new DpCount(), "1", "x", "y") with { RowsPerUnit = 3, GroupsPerUnit = 4 }).Mechanism);
        Assert.Equal("discrete Laplace, scale 4", DpPlan.For(Ask(new DpMarginals([DpMarginal.Of(("where", ["x"])), DpMarginal.Of(("value", ["1"]))]), "0.5")).Mechanism);
    }

    [Fact]
    public void Values_from_neighbouring_tables_lie_on_the_same_grid()
    {
        // Whatever the table holds, a sum is a whole number of eighths.
        foreach (var value in (string[])["0.1", "0.30000000000000004", "1e-300", "7e9", "-0.0"])
        {
            var sum = Answer(People(("a", "x", value), ("b", "x", "0.7")), OfValue(new DpSum(), "0", "1", 3, "0.1")).Cells[0].Value;
            Assert.True((sum * 8).IsWhole);
        }
    }

    [Fact]
    public void A_statistic_is_read_from_a_command_line()
    {
        Assert.Equal([new DpCount(), new DpMean(), new DpQuantile(R("1/2")), new DpQuantile(R("0.9")), new DpTopK(3), new DpAboveThreshold(100, 2)],
            ((string[])["count", "mean", "median", "quantile=0.9", "top=3", "above=100:2"]).Select(DpStatistic.Parse));
        foreach (var wrong in (string[])["", "count=1", "top", "top=-1", "top=99999999999", "above=5", "above=5:", "quantile", "quantile=x", "mode"])
            Assert.Equal(PrivacyCodes.QueryUnusable, Assert.Throws<PrivacyException>(() => DpStatistic.Parse(wrong)).Refusal.Code);
    }

    [Fact]
    public void However_small_a_delta_is_the_threshold_ends_somewhere()
    {
        var query = Ask(new DpCount()) with { GroupBy = ["where"], Cost = PrivacyCost.Epsilon(1, R("1e-300")) };
        Assert.InRange((DpPlan.For(query).Threshold ?? 0).Floor(), 690, 693); // 300·ln 10
        Assert.NotNull(DpPlan.For(OfValue(new DpQuantile(R("0.5")), "0", "1") with { Confidence = 1 - R("1e-100") }));
        Assert.NotNull(DpPlan.For(ByPlace(new DpTopK(1), "1", "x") with { Confidence = 1 - R("1e-100") }));
    }

    [Fact]
    public void Local_answers_give_the_shares_of_many()
    {
        var random = Random();
        var response = new RandomisedResponse(3, 1);
        var unary = new UnaryEncoding(3, 1);
        long[] truths = [6000, 3000, 1000], answers = new long[3], ones = new long[3];
        Span<bool> bits = stackalloc bool[3];
        for (var truth = 0; truth < 3; truth++)
        {
            for (var i = 0; i < truths[truth]; i++)
            {
                answers[response.Respond(truth, random)]++;
                unary.Respond(truth, random, bits);
                for (var bit = 0; bit < 3; bit++)
                    ones[bit] += bits[bit] ? 1 : 0;
            }
        }

        for (var option = 0; option < 3; option++)
        {
            Assert.Equal(truths[option], GaussianTail.ToDouble(response.Estimate(answers)[option]), 800.0); // 160 the deviation
            Assert.Equal(truths[option], GaussianTail.ToDouble(unary.Estimate(ones, 10_000)[option]), 1000.0);
        }
    }

    [Fact]
    public void What_cannot_be_answered_is_refused_with_the_way_forward()
    {
        DpQuery[] wrong =
        [
            Ask(new DpCount(), "0"),
            Ask(new DpSum()),
            OfValue(new DpSum(), "5", "5"),
            OfValue(new DpSum(), "0", "1", 90),
            OfValue(new DpMean(), "0", "1", -3),
            OfValue(new DpQuantile(R("1.1")), "0", "1"),
            OfValue(new DpQuantile(R("0.5")), "0", "1") with { Cost = PrivacyCost.Rho(1) },
            Ask(new DpCount()) with { RowsPerUnit = 0 },
            Ask(new DpCount()) with { GroupsPerUnit = 0 },
            Ask(new DpCount()) with { Confidence = 1 },
            Ask(new DpCount()) with { Cost = PrivacyCost.Epsilon(1, R("1e-6")) },
            Ask(new DpCount()) with { GroupBy = ["where"] },
            OfValue(new DpSum(), "0", "1") with { GroupBy = ["where"], Cost = PrivacyCost.Epsilon(1, R("1e-6")) },
            Ask(new DpTopK(1)),
            ByPlace(new DpTopK(3), "1", "x", "y"),
            ByPlace(new DpAboveThreshold(1, 0), "1", "x"),
            ByPlace(new DpCount(), "1", "x", "x"),
            Ask(new DpCount()) with { GroupBy = ["where", "where"], Keys = [["x", "x"]] },
            Ask(new DpCount()) with { GroupBy = ["where"], Keys = [["x", "y"]] },
            Ask(new DpMarginals([])),
            OfValue(new DpCount(), "0", "1"),
            Ask(new DpCount()) with { Keys = [["x"]] },
            Ask(new DpCount()) with { Cost = PrivacyCost.Rho(1), Confidence = 1 - R("1e-350") },
        ];
        Assert.All(wrong, query =>
        {
            var refusal = Refused(query);
            Assert.Equal(PrivacyCodes.QueryUnusable, refusal.Code);
            Assert.False(string.IsNullOrEmpty(refusal.Hint));
            Assert.False(string.IsNullOrEmpty(refusal.Rule));
        });
    }

    [Fact]
    public void A_release_is_json_whose_numbers_are_exact_texts()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            Answer(Ages, OfValue(new DpMean(), "0", "100", 1)).NonNegative().Write(json);
        using var read = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        var cell = read.RootElement.GetProperty("cells")[0];
        Assert.True(ExactRational.TryParse(cell.GetProperty("value").GetString(), out var value) && value.Sign > 0);
        Assert.Equal("epsilon=1", read.RootElement.GetProperty("cost").GetString());
        Assert.StartsWith("95.0 %: between ", cell.GetProperty("accuracy").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_histogram_of_adults_is_as_accurate_as_it_says()
    {
        var lines = File.ReadLines(SharedData.Need("privacy/adult.csv")).Select(line => line.Split(';')).ToList();
        var names = lines[0];
        var at = Array.FindIndex(names, name => name.Trim() == "education");
        var table = Table.Of(["who", "education"], lines.Skip(1).Select((row, i) => new[] { FormattableString.Invariant($"{i}"), row[at] }));
        var keys = table["education"].Values.Order(StringComparer.Ordinal).ToList();
        var query = new DpQuery
        {
            Dataset = "adult", Unit = "who", Statistic = new DpCount(), Cost = PrivacyCost.Epsilon(R("0.1")), GroupBy = ["education"], Keys = [.. keys.Select(key => (IReadOnlyList<string>)[key])], Confidence = R("0.999"),
        };
        var counts = table["education"].Counts();
        var cells = Answer(table, query).Cells;
        Assert.Equal(16, cells.Count);
        Assert.All(cells, cell =>
        {
            long truth = counts[table["education"].Values.ToList().IndexOf(cell.Key[0])];
            Assert.True(cell.Lower <= truth && cell.Upper >= truth, cell.Accuracy);
            Assert.True(cell.Upper - cell.Lower < 200); // scale 10: ± 69
        });
    }
}
