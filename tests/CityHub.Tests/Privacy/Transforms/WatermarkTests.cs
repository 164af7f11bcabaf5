using System.Globalization;
using CityHub.Crypto;
using CityHub.Privacy;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class WatermarkTests
{
    private static readonly string[] Receivers = [.. Enumerable.Range(0, 100).Select(i => $"office-{i}")];

    private static readonly Watermark Mark = new(Gm, [new MarkedColumn("income", 1, 2), new MarkedColumn("distance", 0.1m, 3)], 10, ["district,kind"]);

    /// <summary>Four thousand rows without an identifier: what an office gets.</summary>
    private static Table Original(int rows = 4000)
    {
        using var entropy = new SeededEntropy(11);
        return Table.Of(
            ["district", "kind", "age", "job", "income", "distance"],
            Enumerable.Range(0, rows).Select(_ =>
            {
                var district = entropy.NextBelow(16);
                return new[]
                {
                    $"d{district}", $"k{(district + entropy.NextBelow(3)) % 16}", $"{18 + entropy.NextBelow(70)}", $"j{entropy.NextBelow(40)}", $"{2000 + entropy.NextBelow(9000)}",
                    Numbers.Write(entropy.NextBelow(900) / 10m),
                };
            }));
    }

    [Fact]
    public void Numbers_move_within_their_tolerance_and_canaries_come_on_top()
    {
        var original = Original();
        using var context = ReleaseContext();
        var made = Mark.Apply(original, context);
        Assert.Equal(4010, made.Rows);
        using var again = ReleaseContext();
        Assert.Equal(TransformCatalogueTests.Text(made), TransformCatalogueTests.Text(Mark.Apply(original, again)));
        using var other = ReleaseContext(Scope with { Receiver = "ministry" });
        Assert.NotEqual(TransformCatalogueTests.Text(made), TransformCatalogueTests.Text(Mark.Apply(original, other)));

        var marksOnly = new Watermark(Gm, Mark.Columns);
        var marked = marksOnly.Apply(original, context);
        Assert.Equal(Cells(original, "age"), Cells(marked, "age"));
        var moves = Cells(original, "income").Zip(Cells(marked, "income"), (a, b) => int.Parse(b, CultureInfo.InvariantCulture) - int.Parse(a, CultureInfo.InvariantCulture)).ToArray();
        Assert.All(moves, move => Assert.InRange(move, -2, 2));
        Assert.All(moves.CountBy(move => move), one => Assert.InRange(one.Value, 700, 900)); // 800 ± 25
        Assert.Equal(Cells(original, "income").Average(v => double.Parse(v, CultureInfo.InvariantCulture)), Cells(marked, "income").Average(v => double.Parse(v, CultureInfo.InvariantCulture)), 0.1);
    }

    [Theory]
    [InlineData(0.05, false)]
    [InlineData(0.10, false)]
    [InlineData(0.10, true)]
    [InlineData(0.50, true)]
    public void A_leaked_part_leads_to_its_receiver_and_to_no_one_else(double rate, bool lessColumns)
    {
        var original = Original();
        using var context = ReleaseContext();
        for (var guilty = 3; guilty < 100; guilty += 60)
        {
            using var theirs = ReleaseContext(Scope with { Receiver = Receivers[guilty] });
            var leaked = Leak(Mark.Apply(original, theirs), rate, 0.1, guilty);
            if (lessColumns)
                leaked = leaked.Without("distance", "kind");
            var trace = Mark.Trace(original, leaked, context, Receivers);
            Assert.Equal([Receivers[guilty]], trace.Accused.Select(one => one.Receiver));
            Assert.True(trace.Receivers[0].PValue < 1e-9, $"{trace.Receivers[0]} of {trace.CellsTested}");
            Assert.True(trace.Receivers[1].PValue > 1e-6, $"{trace.Receivers[1]}");
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.10)]
    public void A_leaked_part_of_real_data_leads_to_its_receiver_by_the_age_alone(double rate)
    {
        // 30,162 rows, half of them not the only one with their nine values; one year more or less in the one column that is a number.
        var lines = File.ReadAllLines(SharedData.Need("privacy/adult.csv"));
        var original = Table.Of(lines[0].Split(';'), lines.Skip(1).Select(line => line.Split(';')));
        var mark = new Watermark(Intl, [new MarkedColumn("age", 1, 1)]);
        using var context = ReleaseContext();
        using var theirs = ReleaseContext(Scope with { Receiver = Receivers[61] });
        var trace = mark.Trace(original, Leak(mark.Apply(original, theirs), rate, 0.1, 1), context, Receivers);
        Assert.Equal([Receivers[61]], trace.Accused.Select(one => one.Receiver));
        Assert.True(trace.Receivers[0].PValue < 1e-30, $"{trace.Receivers[0]} of {trace.CellsTested}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{trace.Receivers[0]} of {trace.CellsTested}; next {trace.Receivers[1]}");
    }

    [Fact]
    public void The_part_of_a_stranger_accuses_no_one_and_p_values_of_the_innocent_are_honest()
    {
        var original = Original();
        using var context = ReleaseContext();
        var below = 0;
        for (var round = 0; round < 10; round++)
        {
            using var stranger = ReleaseContext(Scope with { Receiver = $"stranger-{round}" });
            var trace = new Watermark(Gm, Mark.Columns).Trace(original, Leak(new Watermark(Gm, Mark.Columns).Apply(original, stranger), 0.1, 0.1, round), context, Receivers);
            Assert.Empty(trace.Accused);
            Assert.True(trace.CellsTested > 100);
            below += trace.Receivers.Count(one => one.PValue <= 0.05);
        }

        // Of 1,000 innocent ones at most 5 % are below 0.05: 50 ± 7, and less because matches are whole numbers.
        Assert.InRange(below, 10, 75);
    }

    [Fact]
    public void Two_who_put_their_parts_together_are_both_found()
    {
        var original = Original();
        using var context = ReleaseContext();
        using var first = ReleaseContext(Scope with { Receiver = Receivers[7] });
        using var second = ReleaseContext(Scope with { Receiver = Receivers[8] });
        var one = Leak(Mark.Apply(original, first), 0.1, 0.1, 1);
        var other = Leak(Mark.Apply(original, second), 0.1, 0.1, 2);
        var both = Table.Of([.. one.Columns.Select(column => column.Name)], Lines(one).Concat(Lines(other)));
        Assert.Equal([Receivers[7], Receivers[8]], Mark.Trace(original, both, context, Receivers).Accused.Select(accused => accused.Receiver).Order());
    }

    [Fact]
    public void Canaries_alone_lead_to_a_receiver_where_the_table_has_identifiers()
    {
        var mark = new Watermark(Intl, [], 20);
        using var context = ReleaseContext();
        using var theirs = ReleaseContext(Scope with { Receiver = Receivers[42] });
        var original = Table.Of(["id", "phone"], Enumerable.Range(0, 2000).Select(i => new[] { IdNumber(i % 997), string.Create(CultureInfo.InvariantCulture, $"139{i * 7919:00000000}") }));
        original = new SuppressRecords("phone", "nobody").Apply(original, context);
        var release = mark.Apply(original, theirs);
        Assert.Equal(2020, release.Rows);
        var trace = mark.Trace(original, Leak(release, 0.3, 0.1, 5), context, Receivers);
        Assert.Equal([Receivers[42]], trace.Accused.Select(one => one.Receiver));
        Assert.Equal(0, trace.CellsTested);
        Assert.True(trace.Receivers[0].Canaries > 0);
        Assert.All(trace.Receivers.Skip(1), one => Assert.Equal((0, 1.0), (one.Canaries, one.PValue)));
    }

    [Fact]
    public void Canaries_look_like_the_others_and_were_committed_to()
    {
        using var context = ReleaseContext();
        var original = Table.Of(["id", "sex", "city"], Enumerable.Range(0, 900).Select(i => new[] { IdNumber(i), i % 2 == 0 ? "f" : "m", $"c{i * 7 % 50}" }));
        var mark = new Watermark(Gm, [], 25, ["sex,city"]);
        var canaries = mark.CanariesOf(original, context, "a");
        Assert.Equal(25, canaries.Rows);
        var real = Lines(original).Select(line => string.Join(';', line)).ToHashSet();
        var fitting = Lines(original).Select(line => line[1] + line[2]).ToHashSet();
        Assert.All(Lines(canaries), line =>
        {
            Assert.True(IdNumberEncryption.IsValid(line[0]));
            Assert.DoesNotContain(string.Join(';', line), real);
            Assert.Contains(line[1] + line[2], fitting);
        });
        Assert.NotEqual(TransformCatalogueTests.Text(canaries), TransformCatalogueTests.Text(mark.CanariesOf(original, context, "b")));

        var commitments = mark.Commitments(original, context, "a");
        for (var i = 0; i < 25; i++)
        {
            var (salt, row) = mark.Opening(original, context, "a", i);
            Assert.True(Commitment.Opens(HashFunctions.Sm3, commitments[i], salt, row));
            Assert.False(Commitment.Opens(HashFunctions.Sm3, commitments[(i + 1) % 25], salt, row));
        }
    }

    [Fact]
    public void A_table_that_has_all_rows_there_can_be_gets_no_canaries()
    {
        using var context = ReleaseContext();
        var full = Table.Of(["a", "b"], from a in Enumerable.Range(0, 4) from b in Enumerable.Range(0, 4) select new[] { $"{a}", $"{b}" });
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new Watermark(Gm, [], 2).Apply(full, context)).Code);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => Mark.Trace(Original(10), Table.Of(["other"], ["1"]), context, Receivers)).Code);
    }

    /// <summary>Some rows in another order, some cells with another value of the column.</summary>
    private static Table Leak(Table release, double rate, double changed, long seed)
    {
        using var entropy = new SeededEntropy(seed);
        var rows = Enumerable.Range(0, release.Rows).ToArray();
        entropy.Shuffle(rows.AsSpan());
        return Table.Of([.. release.Columns.Select(column => column.Name)], rows.Take((int)(rows.Length * rate)).Select(row => release.Columns
            .Select(column => entropy.NextBelow(1000) < changed * 1000 ? column.Values[entropy.NextBelow(column.Distinct)] : column[row]).ToArray()).ToArray());
    }

    private static IEnumerable<string[]> Lines(Table table) => Enumerable.Range(0, table.Rows).Select(row => table.Columns.Select(column => column[row]).ToArray());
}
