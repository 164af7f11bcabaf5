using System.Globalization;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>All mechanisms, each beside two neighbouring tables that are chosen to be as bad for it as can be.</summary>
internal static class DpCases
{
    public static IReadOnlyDictionary<string, DpCase> All { get; } = Build().ToDictionary(one => one.Name, StringComparer.Ordinal);

    public static ExactRational R(string text) => ExactRational.Parse(text);

    public static Table People(params (string Who, string Where, string Value)[] rows) =>
        Table.Of(["who", "where", "value"], rows.Select(row => new[] { row.Who, row.Where, row.Value }));

    public static DpQuery Ask(DpStatistic statistic, string epsilon = "1") => new()
    {
        Dataset = "d", Unit = "who", Statistic = statistic, Cost = PrivacyCost.Epsilon(R(epsilon)),
    };

    public static DpQuery ByPlace(DpStatistic statistic, string epsilon = "1", params string[] keys) => Ask(statistic, epsilon) with
    {
        GroupBy = ["where"], Keys = [.. keys.Select(key => (IReadOnlyList<string>)[key])],
    };

    public static DpQuery OfValue(DpStatistic statistic, string lower, string upper, int bits = 0, string epsilon = "1") => Ask(statistic, epsilon) with
    {
        Value = "value", Bounds = new DpBounds(R(lower), R(upper)) { GridBits = bits },
    };

    /// <summary>Key and value of all cells, as a receiver sees them.</summary>
    public static Func<Table, ExactRandom, string> Released(DpQuery query, Func<DpCell, string>? show = null)
    {
        var plan = DpPlan.For(query);
        show ??= cell => $"{string.Join('/', cell.Key)}={cell.Value}";
        return (table, random) => string.Join(';', plan.Release(table, random).Cells.Select(show));
    }

    /// <summary>Rows of one resident taken out.</summary>
    public static Table Without(Table table, string who) => Table.Of(
        [.. table.Columns.Select(one => one.Name)],
        Enumerable.Range(0, table.Rows).Where(row => table["who"][row] != who).Select(row => table.Columns.Select(one => one[row]).ToArray()));

    private static IEnumerable<DpCase> Build()
    {
        var few = People(("a", "x", "1"), ("b", "x", "2"), ("p", "y", "1"));
        yield return new DpCase("count", few, Without(few, "p"), Released(Ask(new DpCount())), 1);

        var often = People([.. Enumerable.Range(0, 6).Select(i => ("p", i % 2 == 0 ? "x" : "y", "1")), ("a", "x", "1")]);
        yield return new DpCase("count of rows", often, Without(often, "p"), Released(Ask(new DpCount()) with { RowsPerUnit = 3 }), 1);

        var outlier = People(("a", "x", "1"), ("b", "x", "-1"), ("p", "x", "1000000"));
        yield return new DpCase("sum", outlier, Without(outlier, "p"), Released(OfValue(new DpSum(), "-2", "5")), 1, Draws: 10_000);

        var negative = People(("a", "x", "1"), ("p", "x", "-1e12"));
        yield return new DpCase("sum below zero", negative, Without(negative, "p"), Released(OfValue(new DpSum(), "-5", "2", epsilon: "3")), 3, Draws: 10_000);

        var fractions = People(("a", "x", "0.1"), ("b", "x", "0.7"), ("p", "x", "0.30000000000000004"));
        yield return new DpCase("sum of fractions", fractions, Without(fractions, "p"), Released(OfValue(new DpSum(), "0", "1", bits: 3, epsilon: "2")), 2, Draws: 10_000);

        var zeros = People(("a", "x", "-0"), ("b", "x", "-0.0"), ("p", "x", "0"));
        yield return new DpCase("sum of zeros", zeros, Without(zeros, "p"), Released(OfValue(new DpSum(), "-1", "1")), 1);

        yield return new DpCase("mean", outlier, Without(outlier, "p"), Released(OfValue(new DpMean(), "0", "4", epsilon: "2"), cell => cell.Value.ToText(1)), 2, Draws: 10_000);

        yield return new DpCase("variance", outlier, Without(outlier, "p"), Released(OfValue(new DpVariance(), "-2", "2", epsilon: "3"), cell => cell.Value.ToText(0)), 3, Draws: 10_000);

        var places = People(
            [.. Enumerable.Range(0, 12).Select(i => ("p", $"{(char)('t' + (i % 4))}", "1")), ("a", "t", "1"), ("b", "u", "1")]);
        yield return new DpCase("histogram", places, Without(places, "p"), Released(ByPlace(new DpCount(), "3", "t", "u", "v", "w") with { RowsPerUnit = 2, GroupsPerUnit = 3 }, cell => $"{Clip(cell, 5)}"), 3);

        var alone = People([.. Enumerable.Range(0, 12).Select(i => ($"r{i}", "x", "1")), ("p", "secret", "1")]);
        yield return new DpCase(
            "histogram of unknown keys", alone, Without(alone, "p"),
            Released(Ask(new DpCount()) with { GroupBy = ["where"], Cost = PrivacyCost.Epsilon(1, R("0.01")) }, cell => cell.Key[0]), 1, 0.01, 10_000);

        var spread = People(("a", "x", "1"), ("b", "x", "1"), ("c", "x", "6"), ("p", "x", "99"));
        yield return new DpCase("median", spread, Without(spread, "p"), Released(OfValue(new DpQuantile(R("1/2")), "0", "8")), 1, Draws: 2000);

        var votes = People(("a", "t", "1"), ("p", "u", "1"), ("p", "v", "1"), ("p", "u", "1"), ("p", "v", "1"));
        yield return new DpCase("top", votes, Without(votes, "p"), Released(ByPlace(new DpTopK(2), "2", "t", "u", "v") with { RowsPerUnit = 2, GroupsPerUnit = 2 }), 2, Draws: 10_000);

        var passes = People(("a", "t", "1"), ("b", "u", "1"), ("c", "w", "1"), ("p", "t", "1"), ("p", "v", "1"));
        yield return new DpCase(
            "above threshold", passes, Without(passes, "p"), Released(ByPlace(new DpAboveThreshold(1, 2), "2", "t", "u", "v", "w") with { GroupsPerUnit = 4 }), 2, Draws: 10_000);

        yield return new DpCase(
            "marginals", few, Without(few, "p"),
            Released(Ask(new DpMarginals([DpMarginal.Of(("where", ["x", "y"])), DpMarginal.Of(("value", ["1", "2"]))]), "2"), cell => Clip(cell, 3)), 2);

        var truth = (Table table) => table["value"][table.Rows - 1] == "0" ? 0 : 3;
        var yes = People(("p", "x", "0"));
        var no = People(("p", "x", "3"));
        var response = new RandomisedResponse(4, R("1.5"));
        yield return new DpCase("randomised response", yes, no, (table, random) => response.Respond(truth(table), random).ToString(CultureInfo.InvariantCulture), 1.5, Draws: 10_000);

        var unary = new UnaryEncoding(4, R("1.5"));
        yield return new DpCase("unary encoding", yes, no, (table, random) =>
        {
            Span<bool> bits = stackalloc bool[4];
            unary.Respond(truth(table), random, bits);
            return string.Concat(bits.ToArray().Select(bit => bit ? '1' : '0'));
        }, 1.5, Draws: 10_000);

        yield return new DpCase(
            "gaussian count", few, Without(few, "p"), Released(Ask(new DpCount()) with { Cost = PrivacyCost.Rho(R("0.5")) }),
            GaussianTail.ToDouble(ZeroConcentrated.ToEpsilon(R("0.5"), R("0.05"))), 0.05, 10_000);

        var two = DpPlan.For(Ask(new DpCount(), "0.5"));
        yield return new DpCase("two counts", few, Without(few, "p"), (table, random) => $"{two.Release(table, random).Cells[0].Value};{two.Release(table, random).Cells[0].Value}", 1, Draws: 10_000);

        // Of one table in one order, and of the other in another order: tables have none.
        (string, string, string)[] ones = [.. Enumerable.Range(0, 1000).Select(i => ($"one{i}", "x", "1"))], threes = [.. Enumerable.Range(0, 1100).Select(i => ($"three{i}", "x", "3"))];
        yield return new DpCase(
            "sum in two orders", People([.. ones, .. threes]), People([.. threes, .. ones[1..]]), Released(OfValue(new DpSum(), "0", "3", epsilon: "2")), 2, Draws: 400);
    }

    /// <summary>Cut off, so that outcomes repeat; that is free, too.</summary>
    private static string Clip(DpCell cell, int most) => ExactRational.Max(-1, ExactRational.Min(most, cell.Value)).ToString();
}
