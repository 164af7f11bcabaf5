using System.Globalization;

namespace CityHub.Privacy;

/// <summary>The rules that say which cells of an aggregated table are too small or lean too much on one contributor (Hundepool et al., Statistical Disclosure Control, 4.2).</summary>
/// <param name="MinCount">Fewer contributors are not published.</param>
/// <param name="DominanceN">With <paramref name="DominancePercent"/>: the n largest contributors may not make up more than so many per cent of a sum; 0 for no such rule.</param>
/// <param name="PPercent">The second largest contributor may not be able to estimate the largest to within so many per cent: total − largest − second ≥ p % of the largest; 0 for no such rule.</param>
public sealed record CellRules(int MinCount, int DominanceN = 0, decimal DominancePercent = 0, decimal PPercent = 0)
{
    /// <param name="contributions">Of each contributor, in any order; not negative.</param>
    internal bool AreSafe(decimal[] contributions)
    {
        Array.Sort(contributions, static (a, b) => b.CompareTo(a));
        var total = Aggregate.Sum(contributions);
        if (DominanceN > 0 && total > 0 && contributions.Take(DominanceN).Sum() > total / 100 * DominancePercent)
            return false;
        return PPercent == 0 || contributions.Length == 0 || total - contributions[0] - contributions.ElementAtOrDefault(1) >= contributions[0] / 100 * PPercent;
    }
}

/// <summary>
/// A table of groups: count, sums and means. A cell that breaks a rule shows * in place of its figures, or is left out. Totals are not published, so that no suppressed cell follows from a
/// difference; whoever publishes totals or a second table of the same rows has to protect them together.
/// </summary>
public sealed class Aggregate : Transform
{
    internal const string Word = "aggregate";

    /// <param name="by">Columns of the groups; none for one row over all.</param>
    /// <param name="sums">Columns that are added up into <c>sum of …</c>.</param>
    /// <param name="means">Columns that are averaged into <c>mean of …</c>, to <paramref name="decimals"/> places.</param>
    /// <param name="contributor">The column that says who a row is of, where one person has several; without it each row is one.</param>
    /// <param name="leaveOut">Whether a cell that breaks a rule is left out: that a rare group exists may already be too much.</param>
    public Aggregate(
        IReadOnlyList<string> by, CellRules rules, IReadOnlyList<string>? sums = null, IReadOnlyList<string>? means = null, int decimals = 2, string? contributor = null, bool leaveOut = false)
    {
        (By, Rules, Sums, Means, Decimals, Contributor, LeaveOut) = ([.. by], rules, [.. sums ?? []], [.. means ?? []], decimals, contributor, leaveOut);
        if (rules.MinCount < 2 || rules.DominanceN < 0 || rules.PPercent < 0 || (rules.DominanceN > 0 && rules.DominancePercent is <= 0 or >= 100) || decimals is < 0 or > 10)
            throw Unusable("A cell has at least 2 contributors, a dominance is above 0 and below 100 per cent, p is not negative, and decimals are 0 to 10.");
    }

    public IReadOnlyList<string> By { get; }

    public CellRules Rules { get; }

    public IReadOnlyList<string> Sums { get; }

    public IReadOnlyList<string> Means { get; }

    public int Decimals { get; }

    public string? Contributor { get; }

    public bool LeaveOut { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var members = Tables.Members(table.Groups(By, out var groups), groups);
        var by = By.Select(name => table[name]).ToArray();
        var who = Contributor is null ? null : table[Contributor];
        var measures = Sums.Concat(Means).Select(name => Measure(table[name])).ToArray();
        var builders = By.Append("count").Concat(Sums.Select(name => "sum of " + name)).Concat(Means.Select(name => "mean of " + name)).Select(name => new ColumnBuilder(name)).ToArray();
        foreach (var rows in members)
        {
            var contributors = who is null ? rows.Length : rows.Select(who.Code).Distinct().Count();
            var safe = contributors >= Rules.MinCount && measures.All(measure => Rules.AreSafe(Contributions(rows, who, measure)));
            if (!safe && LeaveOut)
                continue;
            for (var i = 0; i < by.Length; i++)
                builders[i].Append(by[i][rows[0]]);
            builders[by.Length].Append(safe ? rows.Length.ToString(CultureInfo.InvariantCulture) : "*");
            for (var i = 0; i < measures.Length; i++)
                builders[by.Length + 1 + i].Append(safe ? Figure(rows, measures[i], mean: i >= Sums.Count) : "*");
        }

        return new Table(builders.Select(one => one.Build()));
    }

    /// <summary>For each row its number, null where the cell is empty.</summary>
    private decimal?[] Measure(Column column)
    {
        var values = new decimal?[column.Distinct];
        for (var code = 0; code < values.Length; code++)
        {
            if (column.Values[code].Length > 0)
                values[code] = Numbers.TryRead(column.Values[code], out var number) ? number : throw Unusable(
                    $"Column {column.Name} has a value that is not a number.", "Only numbers are added up.", column.Name, Tables.RowOf(column, code) + 2);
        }

        var numbers = new decimal?[column.Rows];
        for (var row = 0; row < numbers.Length; row++)
            numbers[row] = values[column.Code(row)];
        return numbers;
    }

    internal static decimal Sum(IEnumerable<decimal> numbers)
    {
        try
        {
            return numbers.Sum();
        }
        catch (OverflowException e)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.TransformUnusable, "A sum has more than 28 digits.", "Round to thousands first.", Word), e);
        }
    }

    /// <summary>Of each contributor what they add, without its sign: a loss can be dominant, too.</summary>
    private static decimal[] Contributions(int[] rows, Column? who, decimal?[] measure) => who is null
        ? [.. rows.Select(row => Math.Abs(measure[row] ?? 0))]
        : [.. rows.GroupBy(who.Code).Select(own => Math.Abs(Sum(own.Select(row => measure[row] ?? 0))))];

    private string Figure(int[] rows, decimal?[] measure, bool mean)
    {
        var there = rows.Where(row => measure[row] is not null).ToArray();
        var sum = Sum(there.Select(row => measure[row] ?? 0));
        if (!mean)
            return Numbers.Write(sum);
        return there.Length == 0 ? "" : Numbers.Write(decimal.Round(sum / there.Length, Decimals, MidpointRounding.ToEven));
    }

    internal override void Write(ParameterWriter into) => into.Add("by", By).Add("minCount", Rules.MinCount).Add("dominanceN", Rules.DominanceN)
        .Add("dominancePercent", Rules.DominancePercent).Add("pPercent", Rules.PPercent).Add("sums", Sums).Add("means", Means).Add("decimals", Decimals)
        .AddIf(true, "contributor", Contributor).Add("leaveOut", LeaveOut);

    internal static Transform Read(ParameterReader from) => new Aggregate(
        from.Texts("by"),
        new CellRules(from.Int("minCount", 2, int.MaxValue), from.Int("dominanceN", 0, int.MaxValue, 0), from.NumberOrNull("dominancePercent") ?? 0, from.NumberOrNull("pPercent") ?? 0),
        from.Texts("sums", []), from.Texts("means", []), from.Int("decimals", 0, 10, 2), from.TextOrNull("contributor"), from.Bool("leaveOut"));
}
