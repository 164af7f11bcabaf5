using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;

namespace CityHub.Tests.Sharing.Releases;

public sealed class LeakTests
{
    private static readonly Obligations Marked = Obligations.Nothing with { Watermark = true };

    [Fact]
    public async Task A_sample_with_a_tenth_of_its_cells_changed_leads_to_its_receiver()
    {
        using var bureau = new Bureau(rows: 500);
        bureau.Grant("g1", Obligations.Nothing with { Canaries = 20 });
        bureau.Grant("g2", Obligations.Nothing with { Canaries = 20, Fields = ["id", "area", "born", "income", "height"] });
        _ = await bureau.Rows(Bureau.Ask(DeliveryModes.Batch) with { Grant = "g2" });
        var leaked = (await bureau.Rows(Bureau.Ask(DeliveryModes.Batch) with { Grant = "g1" })).Select(row => row.Split('|').Select(cell => cell == "∅" ? null : cell).ToArray()).ToList();
        var random = new Random(7);
        foreach (var row in leaked)
            for (var i = 0; i < row.Length; i++)
                if (random.Next(10) == 0)
                    row[i] = "changed";
        var fields = Bureau.Dataset.Fields.Select(field => field.Name).ToList();
        var found = bureau.Releases.Leaks.Trace("residents", fields, leaked);
        Assert.Equal("g1", found[0].Grant);
        Assert.InRange(found[0].PValue, 0, 1e-12);
        Assert.Equal("g2", found[1].Grant);
        Assert.InRange(found[1].PValue, 0.01, 1);
    }

    [Fact]
    public async Task A_mark_moves_measurements_within_their_tolerance_and_nothing_else()
    {
        using var bureau = new Bureau(rows: 1000);
        bureau.Grant("plain");
        bureau.Grant("marked", Marked);
        var (plain, marked) = (await Cells(bureau, "plain"), await Cells(bureau, "marked"));
        var moved = 0;
        for (var row = 0; row < plain.Count; row++)
            for (var i = 0; i < plain[row].Length; i++)
            {
                if (Bureau.Dataset.Fields[i].Tolerance is not { } tolerance || plain[row][i] is not { } value)
                {
                    Assert.Equal(plain[row][i], marked[row][i]);
                    continue;
                }

                Assert.InRange(double.Parse(marked[row][i] ?? "", CultureInfo.InvariantCulture) - double.Parse(value, CultureInfo.InvariantCulture), -tolerance, tolerance);
                moved += value == marked[row][i] ? 0 : 1;
            }

        Assert.InRange(moved, 800, 2000);
        Assert.Equal(marked.Select(row => row[4]), (await Cells(bureau, "marked")).Select(row => row[4]));
    }

    [Theory]
    [InlineData("income", 4)]
    [InlineData("height", 5)]
    public async Task One_marked_column_of_half_of_the_rows_in_any_order_leads_to_its_receiver(string field, int column)
    {
        using var bureau = new Bureau(rows: 1000);
        string[] grants = [.. Enumerable.Range(0, 20).Select(i => $"g{i}")];
        foreach (var grant in grants)
            bureau.Grant(grant, Marked);
        foreach (var grant in grants)
            _ = await Cells(bureau, grant);
        var leaked = (await Cells(bureau, "g7")).Select(row => new[] { row[column] }).ToArray();
        var random = new Random(3);
        random.Shuffle(leaked);
        var found = bureau.Releases.Leaks.Trace("residents", [field], leaked[..500]);
        Assert.Equal(20, found.Count);
        Assert.Equal(("g7", field), (found[0].Grant, found[0].Field));
        Assert.InRange(found[0].FalseAccusation, 0, 1e-6);
        Assert.All(found.Skip(1), other => Assert.InRange(other.FalseAccusation, 0.01, 1));

        // Rows of two receivers put together lead to both; what the provider has himself leads to nobody.
        leaked = [.. leaked[..500], .. (await Cells(bureau, "g3")).Skip(500).Select(row => new[] { row[column] })];
        found = bureau.Releases.Leaks.Trace("residents", [field], leaked);
        Assert.Equal(["g3", "g7"], found.Take(2).Select(one => one.Grant).Order(StringComparer.Ordinal));
        found = bureau.Releases.Leaks.Trace("residents", [field], [.. bureau.Table.Content.Select(row => new[] { row[column] })]);
        Assert.All(found, other => Assert.InRange(other.FalseAccusation, 0.01, 1));
        Assert.Empty(bureau.Releases.Leaks.Trace("other", [field], leaked));
        Assert.All(bureau.Releases.Leaks.Trace("residents", ["name"], [["x"]]), other => Assert.Equal(1, other.PValue));
    }

    [Fact]
    public void The_chance_is_the_tail_of_fair_coins_and_bounds_false_accusations()
    {
        for (var coins = 0; coins <= 40; coins++)
        {
            var ways = new BigInteger[coins + 1];
            for (var his = 0; his <= coins; his++)
                ways[his] = his == 0 ? 1 : ways[his - 1] * (coins - his + 1) / his;
            foreach (var alpha in new[] { 0.3, 0.05, 1e-3, 1e-6, 1e-9 })
                Assert.True(Enumerable.Range(0, coins + 1).Where(his => ReceiverMark.Chance(coins, his) <= alpha).Sum(his => (double)ways[his] / Math.Pow(2, coins)) <= alpha * 1.0000001);
            for (var his = (coins / 2) + 1; his <= coins; his++)
                Assert.Equal(1, ReceiverMark.Chance(coins, his) / ((double)ways[his..].Aggregate(BigInteger.Zero, (sum, one) => sum + one) / Math.Pow(2, coins)), 1e-9);
        }

        Assert.InRange(ReceiverMark.Chance(200_000, 199_000), 1e-300, 1e-290);
    }

    [Fact]
    public void Of_four_thousand_innocent_keys_no_more_than_the_bound_fit()
    {
        var sample = Enumerable.Range(0, 300).Select(i => 15_000L + (i * 7)).ToArray();
        var chances = Enumerable.Range(0, 4000).Select(i => ReceiverMark.Chance(sample.Length, new ReceiverMark(ReceiverMark.KeyOf(Bureau.Secret, $"g{i}", "fire", "income"), 1).Count(sample))).ToArray();
        foreach (var alpha in new[] { 0.1, 0.01, 0.001 })
            Assert.InRange(chances.Count(p => p <= alpha), 0, (4000 * alpha) + (4 * Math.Sqrt(4000 * alpha)));
        Assert.InRange(chances.Min(), 1e-6, 1);
    }

    [Fact]
    public void A_mark_that_cannot_be_made_is_refused_with_the_grant()
    {
        using var bureau = new Bureau();
        Assert.Null(Refused(Marked, Bureau.Dataset));
        Assert.Equal("grant-not-executable", Refused(Marked, Bureau.Dataset with { Fields = [.. Bureau.Dataset.Fields.Select(field => field with { Tolerance = null })] }));
        Assert.Equal("grant-not-executable", Refused(Marked with { Fields = ["id", "born"] }, Bureau.Dataset));
        Assert.Equal("grant-not-executable", Refused(Marked with { Masks = ImmutableSortedDictionary<string, MaskKind>.Empty.Add("income", MaskKind.Coarse).Add("height", MaskKind.Hidden) }, Bureau.Dataset));
        Assert.Equal("grant-not-executable", Refused(Marked, Bureau.Dataset, Rights.Use));
        Assert.Equal("grant-not-executable", Refused(Obligations.Nothing with { Canaries = -1 }, Bureau.Dataset));
        Assert.Equal("grant-not-executable", Refused(Obligations.Nothing with { Canaries = 20 }, Bureau.Dataset, Rights.Use));
        Assert.Equal("grant-not-executable", Refused(Marked, Bureau.Dataset with { Open = true, Class = SharingClass.Unconditional }, receiver: "public"));

        string? Refused(Obligations obligations, Dataset dataset, Rights rights = Rights.Obtain | Rights.Use, string receiver = "fire") =>
            GrantCheck.Executable(bureau.Grant(obligations: obligations, rights: rights, receiver: receiver), dataset, bureau, bureau)?.Code;
    }

    [Fact]
    public void Only_measurements_have_a_tolerance()
    {
        Assert.DoesNotContain(Faults(Bureau.Dataset), fault => fault.Contains("tolerance", StringComparison.Ordinal));
        foreach (var (name, tolerance) in new[] { ("id", 1.0), ("married", 1.0), ("born", 3.0), ("income", 1.0), ("height", 0.0), ("height", double.NaN) })
            Assert.Contains(Faults(Bureau.Dataset with { Fields = [.. Bureau.Dataset.Fields.Select(field => field.Name == name ? field with { Tolerance = tolerance } : field)] }), fault => fault.Contains("tolerance", StringComparison.Ordinal));

        static List<string> Faults(Dataset dataset) => [.. DatasetRules.Faults(dataset, new CatalogueState(), _ => true).Select(fault => fault.Why)];
    }

    [Fact]
    public void Canaries_and_watermarks_meet_like_other_obligations_and_are_read_as_they_were_written()
    {
        var one = Obligations.Nothing with { Canaries = 5 };
        Assert.Equal(one with { Canaries = 20, Watermark = true }, one.Meet(Marked with { Canaries = 20 }));
        Assert.NotEqual(one, one with { Watermark = true });
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new System.Text.Json.Utf8JsonWriter(buffer))
            ObligationsJson.Write(json, Marked with { Canaries = 20 });
        using var read = System.Text.Json.JsonDocument.Parse(buffer.WrittenMemory);
        Assert.Equal(Marked with { Canaries = 20 }, ObligationsJson.Read(read.RootElement).Value);
    }

    private static async Task<List<string?[]>> Cells(Bureau bureau, string grant) =>
        [.. (await bureau.Rows(Bureau.Ask() with { Grant = grant })).Select(row => row.Split('|').Select(cell => cell == "∅" ? null : cell).ToArray())];
}
