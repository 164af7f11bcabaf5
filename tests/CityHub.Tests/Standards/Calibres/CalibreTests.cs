using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards;
using CityHub.Standards.Calibres;
using CityHub.Standards.Grains;
using CityHub.Standards.Vocabulary;
using CsCheck;

namespace CityHub.Tests.Standards.Calibres;

public sealed class CalibreTests
{
    private static readonly TableSchema Schema = new([new("kind", ColumnType.Text), new("amount", ColumnType.Number), new("n", ColumnType.Integer), new("day", ColumnType.Date), new("open", ColumnType.Boolean)]);

    private static readonly (string? Kind, double? Amount, long? N, string? Day, bool? Open)[] Rows =
    [
        ("a", 10, 1, "2026-01-01", true), ("a", 20, 2, "2026-01-02", false), ("b", 5.5, null, "2026-02-01", true), (null, 1, 4, null, null), ("b", null, 2, "2026-02-01", false),
    ];

    [Theory]
    [InlineData("count()", 5d)]
    [InlineData("count(kind)", 4d)]
    [InlineData("count(where kind = 'a')", 2d)]
    [InlineData("distinct(kind)", 2d)]
    [InlineData("distinct(n)", 3d)]
    [InlineData("sum(amount)", 36.5)]
    [InlineData("mean(n)", 2.25)]
    [InlineData("min(amount where kind in ('a','b'))", 5.5)]
    [InlineData("max(amount where not kind = 'a')", 5.5)]
    [InlineData("ratio(sum(amount where kind = 'a'), count(where kind = 'a'))", 15d)]
    [InlineData("100 * count(where open = true) / count()", 40d)]
    [InlineData("count(where day >= '2026-02-01')", 2d)]
    [InlineData("count(where day is null)", 1d)]
    [InlineData("count(where kind is not null and (n = 2 or amount > 5) and n != 1)", 2d)]
    [InlineData("count() - 2 - 1", 2d)]
    [InlineData("count() - (2 - 1)", 4d)]
    [InlineData("sum(amount where kind = 'none')", 0d)]
    [InlineData("mean(amount where kind = 'none')", null)]
    [InlineData("count() / count(where n > 100)", null)]
    public async Task A_figure_is_what_its_formula_says(string formula, double? expected)
    {
        var calibre = Calibre.Of("f", Declare(formula)).Value;
        Assert.Equal(expected, (await calibre.EvaluateAsync(Table(Rows, 2), TestContext.Current.CancellationToken)).Value);

        // Written in the one way it means the same, and is written in the same way again.
        var again = Calibre.Of("f", calibre.Declaration).Value;
        Assert.Equal(calibre.Declaration.Formula, again.Declaration.Formula);
        Assert.Equal(expected, (await again.EvaluateAsync(Table(Rows, 3), TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task Rows_outside_the_population_do_not_count()
    {
        var calibre = Calibre.Of("f", Declare("count()") with { Population = "kind = 'b'" }).Value;
        Assert.Equal(2, (await calibre.EvaluateAsync(Table(Rows, 5), TestContext.Current.CancellationToken)).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 + 2")]
    [InlineData("total(amount)")]
    [InlineData("sum()")]
    [InlineData("sum(amount")]
    [InlineData("count() count()")]
    [InlineData("count(where kind = )")]
    [InlineData("count(where kind = 'a)")]
    [InlineData("count(where kind ~ 'a')")]
    [InlineData("count(where and)")]
    [InlineData("1e999 * count()")]
    public void Refused_when_the_formula_does_not_read(string formula) => Assert.Equal(StandardsProblems.NotACalibre, Calibre.Of("f", Declare(formula)).Problem?.Kind);

    [Theory]
    [InlineData("sum(kind)")]
    [InlineData("sum(nothing)")]
    [InlineData("count(where kind = 1)")]
    [InlineData("count(where day = '2026-13-01')")]
    [InlineData("count(where open = 'yes')")]
    public void Refused_when_the_table_does_not_have_what_the_formula_takes(string formula) =>
        Assert.Equal(StandardsProblems.NotACalibre, Calibre.Of("f", Declare(formula)).Value.Fits(Schema).Problem?.Kind);

    [Fact]
    public void Refused_when_unit_period_or_grain_are_none()
    {
        Assert.Equal(StandardsProblems.UnitMalformed, Calibre.Of("f", Declare("count()") with { Unit = "people" }).Problem?.Kind);
        Assert.Equal(StandardsProblems.NotACalibre, Calibre.Of("f", Declare("count()") with { Period = "month" }).Problem?.Kind);
        Assert.Equal(StandardsProblems.NotACalibre, Calibre.Of("f", Declare("count()") with { Grain = "month/district" }).Problem?.Kind);
    }

    [Fact]
    public void The_same_definition_in_other_words_is_no_second_one()
    {
        var known = DefineCalibre.Decide("f", Declare("sum( amount WHERE kind='a' )/count()"), null, "li", default).Value;
        Assert.Same(known, DefineCalibre.Decide("f", Declare("ratio(sum(amount where kind = 'a'), count())"), known, "wang", default).Value);
    }

    [Theory]
    [InlineData("formula")]
    [InlineData("population")]
    [InlineData("period")]
    [InlineData("grain")]
    public void A_second_definition_of_one_name_is_refused_unless_it_says_what_it_supersedes(string member)
    {
        var known = DefineCalibre.Decide("f", Declare("count()"), null, "li", default).Value;
        var other = member switch
        {
            "formula" => Declare("sum(n)"),
            "population" => Declare("count()") with { Population = "n > 1" },
            "period" => Declare("count()") with { Period = "P1Y" },
            _ => Declare("count()") with { Grain = "year/district/all" },
        };
        var refused = DefineCalibre.Decide("f", other, known, "wang", default).Problem;
        Assert.Equal(StandardsProblems.CalibreDiffers, refused?.Kind);
        Assert.Contains(member, refused?.Detail, StringComparison.Ordinal);
        Assert.Equal(StandardsProblems.CalibreDiffers, DefineCalibre.Decide("f", other with { Supersedes = 7 }, known, "wang", default).Problem?.Kind);
        Assert.Equal(2, DefineCalibre.Decide("f", other with { Supersedes = 1 }, known, "wang", default).Value.Version);
    }

    [Fact]
    public async Task Sums_lose_nothing()
    {
        await Gen.Select(Gen.Int[-1_000_000, 1_000_000].Array[1, 300], Gen.Int[1, 50]).SampleAsync(async (cents, batch) =>
        {
            var rows = Array.ConvertAll(cents, c => ((string?)"a", (double?)(c / 100.0), (long?)c, (string?)null, (bool?)null));
            Assert.Equal(cents.Sum(c => (long)c), (await Calibre.Of("f", Declare("sum(n)")).Value.EvaluateAsync(Table(rows, batch))).Value);
// No cent has a double of its own; what is lost beyond that is far below half a cent, however many there are.
            Assert.Equal((double)(cents.Sum(c => (decimal)c) / 100m), (await Calibre.Of("f", Declare("sum(amount)")).Value.EvaluateAsync(Table(rows, batch))).Value ?? -1, 1e-8);
        }, iter: 200);
        Assert.Equal(1, (await Calibre.Of("f", Declare("sum(amount)")).Value.EvaluateAsync(Table([("a", 1e16, 1, null, null), ("a", 1, 1, null, null), ("a", -1e16, 1, null, null)], 2), TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public void A_grain_mismatch_is_named_with_what_has_to_be_rolled_up()
    {
        var refused = GrainCheck.Joinable("visits", new(TimeGrain.Day, SpaceGrain.Town, EntityGrain.Individual), "benefits", new(TimeGrain.Month, SpaceGrain.District, EntityGrain.Individual)).Problem;
        Assert.Equal(StandardsProblems.GrainMismatch, refused?.Kind);
        Assert.Equal("time: visits is by day, benefits by month; space: visits is by town, benefits by district.", refused?.Detail);
        Assert.Equal("roll visits up from day to month; roll visits up from town to district.", refused?.Hint);
        var weeks = GrainCheck.Joinable("a", new(TimeGrain.Week, default, default), "b", new(TimeGrain.Month, default, default)).Problem;
        Assert.Equal("roll a up from week to always; roll b up from month to always.", weeks?.Hint);
        Assert.True(GrainCheck.Joinable("a", Grain.Finest, "b", Grain.Finest).Ok);
    }

    [Fact]
    public void What_is_planned_is_lawful_and_nothing_is_made_finer()
    {
        var grain = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 7], Gen.Int[0, 3], (t, s, e) => new Grain((TimeGrain)t, (SpaceGrain)s, (EntityGrain)e));
        Gen.Select(grain, grain).Sample((left, right) =>
        {
            var plan = GrainCheck.Plan(left, right);
            Assert.True(left.RollsUpTo(plan.Common) && right.RollsUpTo(plan.Common));
            Assert.Equal(left == right, GrainCheck.Joinable("a", left, "b", right).Ok);
            Assert.Equal(left.RollsUpTo(right), GrainCheck.RollUp("a", left, right).Ok);
            Assert.Equal(left, GrainCheck.Read(GrainCheck.Say(left)).Value);
        });
    }

    private static CalibreDeclaration Declare(string formula) => new()
    {
        Title = new Wording("数", "figure"), Formula = formula, Period = "P1M", Grain = "month/district/all", Unit = "1", Owner = "民政局",
    };

    private static MemoryRows Table((string? Kind, double? Amount, long? N, string? Day, bool? Open)[] rows, int batch) => new(rows, batch);

    private sealed class MemoryRows((string? Kind, double? Amount, long? N, string? Day, bool? Open)[] rows, int size) : IRows
    {
        private int _at;

        public TableSchema Schema => CalibreTests.Schema;

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            var part = rows.Skip(_at).Take(size).ToArray();
            _at += part.Length;
            return ValueTask.FromResult(part.Length == 0 ? null : new RowBatch(Schema,
            [
                Text(part),
                Column(ColumnType.Number, part, r => r.Amount is null, c => c.Numbers = [.. part.Select(r => r.Amount ?? 0)]),
                Column(ColumnType.Integer, part, r => r.N is null, c => c.Integers = [.. part.Select(r => r.N ?? 0)]),
                Column(ColumnType.Date, part, r => r.Day is null, c => c.Integers = [.. part.Select(r => r.Day is { } d ? DateOnly.ParseExact(d, "yyyy-MM-dd").DayNumber - new DateOnly(1970, 1, 1).DayNumber : 0L)]),
                Column(ColumnType.Boolean, part, r => r.Open is null, c => c.Integers = [.. part.Select(r => r.Open == true ? 1L : 0L)]),
            ]) { Rows = part.Length });
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static ColumnBatch Text((string? Kind, double?, long?, string?, bool?)[] part) => Column(ColumnType.Text, part, r => r.Item1 is null, column =>
        {
            column.Offsets = new int[part.Length + 1];
            column.Bytes = [.. part.SelectMany((r, i) =>
            {
                var bytes = System.Text.Encoding.UTF8.GetBytes(r.Kind ?? "");
                column.Offsets[i + 1] = column.Offsets[i] + bytes.Length;
                return bytes;
            })];
        });

        private static ColumnBatch Column<T>(ColumnType type, T[] part, Func<T, bool> isNull, Action<ColumnBatch> fill)
        {
            var column = new ColumnBatch(type) { Nulls = new ulong[part.Length / 64 + 1] };
            for (var i = 0; i < part.Length; i++)
                if (isNull(part[i]))
                    column.Nulls[i >> 6] |= 1UL << (i & 63);
            fill(column);
            return column;
        }
    }
}
