using System.Globalization;
using System.Numerics;
using CityHub.Privacy;
using static CityHub.Tests.Privacy.DpCases;

namespace CityHub.Tests.Privacy;

/// <summary>What the mechanisms promise is looked for in what they do; and faults that others have made are planted and have to be found by the same look.</summary>
public sealed class MechanismPrivacyTests
{
    public static TheoryData<string> Cases => [.. All.Keys];

    public static TheoryData<string, string> Faults => [.. Planted.Select(one => (one.Key, one.Value.Of))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_mechanism_keeps_its_promise(string name) => Assert.Null(All[name].Violation());

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_caught(string fault, string of) => Assert.True(All[of].Violation(Planted[fault].Run) is not null, fault);

    static readonly Dictionary<(string, Table), object> Known = [];

    static Func<Table, ExactRandom, string> Whole { get; } = Released(Ask(new DpCount()));

    static Func<Table, ExactRandom, string> Half { get; } = Released(Ask(new DpCount(), "0.5"));

    /// <summary>The fault, and the mechanism whose check has to find it.</summary>
    static Dictionary<string, (string Of, Func<Table, ExactRandom, string> Run)> Planted { get; } = new(StringComparer.Ordinal)
    {
        ["noise of half the scale"] = ("count", Released(Ask(new DpCount(), "2"))),
        ["noise that is not there"] = ("count", (table, _) => Text(table.Rows)),
        ["noise from below only"] = ("count", (table, random) => Text(table.Rows + BigInteger.Abs(new DiscreteLaplace(1).Draw(random)))),
        ["zero drawn with both signs"] = ("count", (table, random) =>
        {
            BigInteger size = 0; // a geometric number and then a sign: 0 comes twice as often as it should
            while (random.BernoulliExp(1))
                size++;
            return Text(table.Rows + (random.NextBit() ? size : -size));
        }),
        ["rows of a resident forgotten in the noise"] = ("count of rows", Released(Ask(new DpCount(), "3") with { RowsPerUnit = 3 })),
        ["groups of a resident forgotten in the noise"] = ("histogram", Released(
            ByPlace(new DpCount(), "9", "t", "u", "v", "w") with { RowsPerUnit = 2, GroupsPerUnit = 3 }, cell => ExactRational.Max(-1, ExactRational.Min(5, cell.Value)).ToString())),
        ["contributions not bounded"] = ("count of rows", (table, random) => Text(table.Rows + new DiscreteLaplace(3).Draw(random))),
        ["values not clamped"] = ("sum", (table, random) => Text(ByTable("raw", table, () => Values(table).Aggregate(BigInteger.Zero, (sum, value) => sum + value.Floor())) + new DiscreteLaplace(5).Draw(random))),
        ["sensitivity of the upper bound where the lower one is larger"] = ("sum below zero", (table, random) =>
            Text(ByTable("clamped", table, () => Values(table).Aggregate(BigInteger.Zero, (sum, value) => sum + ExactRational.Max(-5, ExactRational.Min(2, value)).Floor())) + new DiscreteLaplace(new ExactRational(2, 3)).Draw(random))),
        ["bounds from the data"] = ("sum", (table, random) =>
            ByTable<Func<Table, ExactRandom, string>>("bounds", table, () => Released(OfValue(new DpSum(), Values(table).Min().ToString(), Values(table).Max().ToString())))(table, random)),
        ["Laplace noise of doubles (Mironov 2012)"] = ("sum of fractions", (table, random) =>
        {
            var uniform = ((random.NextWord() >> 56) + 0.5) / 256; // few bits, as if drawn a thousand times as often
            var noise = uniform < 0.5 ? Math.Log(2 * uniform) / 2 : -Math.Log(2 * (1 - uniform)) / 2;
            return (ByTable("sum", table, () => Doubles(table).Sum()) + noise).ToString("R", CultureInfo.InvariantCulture);
        }),
        ["Laplace noise of doubles, snapped to a grid that the value is not on"] = ("sum of fractions", (table, random) =>
            (ByTable("sum", table, () => Doubles(table).Sum()) + (0.125 * (double)new DiscreteLaplace(4).Draw(random))).ToString("R", CultureInfo.InvariantCulture)),
        ["negative zero"] = ("sum of zeros", (table, random) =>
        {
            double sum = Doubles(table).Aggregate((a, b) => a + b), noise = (double)new DiscreteLaplace(1).Draw(random);
            return (noise == 0 && random.NextBit() ? sum + -0.0 : sum + noise).ToString("R", CultureInfo.InvariantCulture);
        }),
        ["sum of floats, which depends on the order"] = ("sum in two orders", (table, random) =>
        {
            // Eleven bits show with two thousand rows what 53 bits show with many.
            var sum = ByTable("half", table, () => Doubles(table).Aggregate((System.Half)0, (sum, value) => sum + (System.Half)value));
            return Text((long)sum + new DiscreteLaplace(new ExactRational(3, 2)).Draw(random));
        }),
        ["unknown keys shown without a threshold"] = ("histogram of unknown keys", (table, random) =>
            string.Join(';', table["where"].Values.Where((_, code) => ByTable("counts", table, table["where"].Counts)[code] + new DiscreteLaplace(1).Draw(random) > 0).Order(StringComparer.Ordinal))),
        ["scores as if nobody changed them"] = ("median", Released(OfValue(new DpQuantile(R("1/2")), "0", "8", epsilon: "6"))),
        ["the best one without chance"] = ("top", (table, _) =>
        {
            var column = table["where"];
            return string.Join(';', column.Values.OrderByDescending(value => column.Counts()[Array.IndexOf([.. column.Values], value)]).Take(2));
        }),
        ["each place of the best for the whole epsilon"] = ("top", Released(ByPlace(new DpTopK(2), "6", "t", "u", "v") with { RowsPerUnit = 2, GroupsPerUnit = 2 })),
        ["sparse vector without noise on the numbers (as in Stoddard et al. 2014)"] = ("above threshold", (table, random) =>
        {
            var threshold = 1 + new DiscreteLaplace(1).Draw(random);
            return string.Concat(new[] { "t", "u", "v", "w" }.Select(key => Rows(table, key) >= threshold ? '1' : '0'));
        }),
        ["sparse vector that does not end"] = ("above threshold", (table, random) =>
        {
            var sparse = new SparseVector(1, 1, 40, 20, monotone: true, random);
            return string.Concat(new[] { "t", "u", "v", "w" }.SelectMany(key => new[] { key, key, key }).Select(key => sparse.IsAbove(Rows(table, key)) ? '1' : '0'));
        }),
        ["marginals for the whole epsilon each"] = ("marginals", Released(
            Ask(new DpMarginals([DpMarginal.Of(("where", ["x", "y"])), DpMarginal.Of(("value", ["1", "2"]))]), "4"), cell => ExactRational.Max(-1, ExactRational.Min(3, cell.Value)).ToString())),
        ["randomised response that tells the truth twice as often"] = ("randomised response", (table, random) =>
        {
            var truth = table["value"][0] == "0" ? 0 : 3;
            return Text(random.NextBit() ? truth : new RandomisedResponse(4, R("1.5")).Respond(truth, random));
        }),
        ["the last bit of a bit vector is not flipped (opendp 2708)"] = ("unary encoding", (table, random) =>
        {
            var truth = table["value"][0] == "0" ? 0 : 3;
            var bits = new bool[4];
            new UnaryEncoding(4, R("1.5")).Respond(truth, random, bits);
            bits[3] = truth == 3;
            return string.Concat(bits.Select(bit => bit ? '1' : '0'));
        }),
        ["gaussian noise of a third of the deviation"] = ("gaussian count", Released(Ask(new DpCount()) with { Cost = PrivacyCost.Rho(R("4.5")) })),
        ["two releases counted once"] = ("two counts", (table, random) => $"{Whole(table, random)};{Whole(table, random)}"),
        ["one seed for two releases"] = ("two counts", (table, random) =>
        {
            var seed = (long)(random.NextWord() >> 1);
            using SeededEntropy first = new(seed), second = new(seed);
            var part = ByTable("part", table, () => Table.Of(["who"], Enumerable.Range(0, table.Rows).Where(row => table["where"][row] == "x").Select(row => new[] { table["who"][row] })));
            var all = Half(table, new ExactRandom(first));
            var one = Half(part, new ExactRandom(second));
            return (R(all[1..]) - R(one[1..])).ToString(); // the noise is gone
        }),
    };

    /// <summary>What a fault computes of a table before it draws, once.</summary>
    static T ByTable<T>(string what, Table table, Func<T> compute)
        where T : notnull
    {
        lock (Known)
        {
            if (!Known.TryGetValue((what, table), out var known))
                Known.Add((what, table), known = compute());
            return (T)known;
        }
    }

    static string Text(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    static int Rows(Table table, string key) => Enumerable.Range(0, table.Rows).Count(row => table["where"][row] == key);

    static IEnumerable<ExactRational> Values(Table table) => Enumerable.Range(0, table.Rows).Select(row => R(table["value"][row]));

    static IEnumerable<double> Doubles(Table table) => Enumerable.Range(0, table.Rows).Select(row => double.Parse(table["value"][row], CultureInfo.InvariantCulture));
}
