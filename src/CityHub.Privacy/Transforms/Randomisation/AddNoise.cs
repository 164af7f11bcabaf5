namespace CityHub.Privacy;

/// <summary>
/// Numbers are rounded to a grid and get whole-number noise in units of the grid from the sampler of the context; each row draws its own. The grid does not depend on the data and no double
/// comes in between, so that the low digits tell nothing (Mironov 2012). Alone, noise on rows is no differential privacy of a table of persons.
/// </summary>
public sealed class AddNoise : Transform
{
    internal const string Word = "noise";

    /// <param name="step">The grid, e.g. 1 for years, 100 for an income.</param>
    /// <param name="numerator">The scale of the noise in steps is numerator / denominator.</param>
    /// <param name="min">Results below it become it; null for no bound.</param>
    public AddNoise(string column, decimal step, long numerator, long denominator = 1, decimal? min = null, decimal? max = null)
    {
        (Column, Step, Numerator, Denominator, Min, Max) = (column, step, numerator, denominator, min, max);
        if (step <= 0 || numerator <= 0 || denominator <= 0 || min >= max)
            throw Unusable("Step and scale are above 0, and the lower bound is the smaller.", column: column);
    }

    public string Column { get; }

    public decimal Step { get; }

    public long Numerator { get; }

    public long Denominator { get; }

    public decimal? Min { get; }

    public decimal? Max { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var (noise, entropy) = (context.Noise, context.NeedEntropy(Word));
        var column = table[Column];
        var units = new decimal?[column.Distinct];
        for (var code = 0; code < units.Length; code++)
        {
            if (column.Values[code].Length > 0)
                units[code] = Numbers.TryRead(column.Values[code], out var number) ? Numbers.Steps(Word, number, Step) : throw Unusable(
                    $"Column {Column} has a value that is not a number.", "Suppress or generalise these first.", Column, Tables.RowOf(column, code) + 2);
        }

        var builder = new ColumnBuilder(Column);
        for (var row = 0; row < table.Rows; row++)
        {
            if (units[column.Code(row)] is not { } unit)
            {
                builder.Append("");
                continue;
            }

            var number = (unit + noise(Numerator, Denominator, entropy)) * Step;
            builder.Append(Numbers.Write(number < Min ? Min.Value : number > Max ? Max.Value : number));
        }

        return table.With(builder.Build());
    }

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("step", Step).Add("numerator", Numerator).Add("denominator", Denominator)
        .AddIf(true, "min", Min).AddIf(true, "max", Max);

    internal static Transform Read(ParameterReader from) => new AddNoise(
        from.Text("column"), from.Number("step"), from.Int("numerator", 1, int.MaxValue), from.Int("denominator", 1, int.MaxValue, 1), from.NumberOrNull("min"), from.NumberOrNull("max"));
}
