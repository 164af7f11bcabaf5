namespace CityHub.Privacy;

/// <summary>A question that has been found answerable, with its noise: all that can be said before a table is seen. Every refusal is made here, so that none tells of the data.</summary>
public sealed class DpPlan
{
    private readonly DpMechanism mechanism;

    private DpPlan(DpQuery query, DpMechanism mechanism) => (Query, this.mechanism) = (query, mechanism);

    public DpQuery Query { get; }

    public PrivacyCost Cost => Query.Cost;

    /// <summary>The distribution of the noise, with its parameter.</summary>
    public string Mechanism => mechanism.Text;

    /// <summary>Of keys that are not known: with fewer noisy rows a key is withheld.</summary>
    public ExactRational? Threshold => mechanism.Threshold;

    /// <exception cref="PrivacyException">The question cannot be answered: no bounds, no keys, a parameter out of range.</exception>
    public static DpPlan For(DpQuery query)
    {
        if (query.Cost.Amount.Sign <= 0)
            throw Unusable(query, $"A {query.Statistic.Name} for {query.Cost} would need noise without bound.", "Give an epsilon or rho above 0.");
        if (query.RowsPerUnit < 1 || query.GroupsPerUnit < 1)
            throw Unusable(query, FormattableString.Invariant($"{query.RowsPerUnit} rows and {query.GroupsPerUnit} groups of a resident cannot count."), "Both are at least 1.");
        if (query.Confidence.Sign <= 0 || query.Confidence >= 1)
            throw Unusable(query, $"A confidence of {query.Confidence} is not possible.", "It is between 0 and 1, for example 0.95.");
        if (query.Statistic is not (DpSum or DpMean or DpVariance or DpQuantile) && (query.Value is not null || query.Bounds is not null))
            throw Unusable(query, $"A {query.Statistic.Name} is about rows and not about a column of numbers.", "Leave the column and its bounds out.");
        if (query.GroupBy.Count == 0 && query.Keys is not null)
            throw Unusable(query, "Keys are given without columns.", "Name the columns that they are of.");
        CheckKeys(query, query.GroupBy, query.Keys);
        var unknown = query.GroupBy.Count > 0 && query.Keys is null;
        if (unknown && query.Statistic is not DpCount)
            throw Unusable(query, $"A {query.Statistic.Name} by {string.Join(", ", query.GroupBy)} needs the keys.", "Give the keys, or ask for a count first, which finds them.");
        if (unknown != query.Cost.Delta.Sign > 0)
        {
            throw Unusable(
                query, unknown ? "Keys that are not known can only be shown for a delta." : "Nothing here needs a delta.",
                unknown ? "Give a delta, well below one in the number of residents, or give the keys." : "Leave the delta for a question that needs it.");
        }

        return new DpPlan(query, query.Statistic switch
        {
            DpCount => new CountMechanism(query),
            DpSum or DpMean or DpVariance => new MomentsMechanism(query, Bounds(query), Value(query)),
            DpQuantile quantile => Quantile(query, quantile),
            DpTopK top => Top(query, top),
            DpAboveThreshold above => Above(query, above),
            DpMarginals marginals => Marginals(query, marginals),
            _ => throw new InvalidOperationException($"There is no mechanism for a {query.Statistic.Name}."),
        });
    }

    /// <exception cref="PrivacyException">A column is missing. That depends on the header and not on the rows.</exception>
    public void Check(Table table)
    {
        _ = table[Query.Unit];
        if (Query.Value is { } value)
            _ = table[value];
        foreach (var column in Query.Statistic is DpMarginals { Of: var marginals } ? marginals.SelectMany(one => one.Columns) : Query.GroupBy)
            _ = table[column];
    }

    /// <summary>Draws an answer. Only for those who have accounted for <see cref="Cost"/> before.</summary>
    internal DpRelease Release(Table table, ExactRandom random)
    {
        var rows = BoundedRows.Of(table, Query, mechanism.Grid, random);
        return new DpRelease(Query.Dataset, Query.Statistic.Name, Cost, mechanism.Text, Query.Confidence, mechanism.Release(table, rows, random), mechanism.Threshold);
    }

    private static QuantileMechanism Quantile(DpQuery query, DpQuantile quantile)
    {
        Pure(query);
        if (quantile.At.Sign < 0 || quantile.At > 1)
            throw Unusable(query, $"There is no quantile {quantile.At}.", "It is between 0 and 1; 0.5 is the median.");
        return new QuantileMechanism(query, quantile, Bounds(query), Value(query));
    }

    private static TopKMechanism Top(DpQuery query, DpTopK top)
    {
        Pure(query);
        var keys = Keys(query);
        if (top.K < 1 || top.K > keys.Count)
            throw Unusable(query, FormattableString.Invariant($"Of {keys.Count} keys the first {top.K} cannot be found."), "Ask for at least one and at most all of the keys.");
        return new TopKMechanism(query, top.K, keys.Count);
    }

    private static AboveThresholdMechanism Above(DpQuery query, DpAboveThreshold above)
    {
        Pure(query);
        var keys = Keys(query);
        if (above.Positives < 1)
            throw Unusable(query, "Without a positive answer nothing is answered.", "Ask for at least one.");
        return new AboveThresholdMechanism(query, above, keys.Count);
    }

    private static MarginalsMechanism Marginals(DpQuery query, DpMarginals marginals)
    {
        if (marginals.Of.Count == 0 || query.GroupBy.Count > 0 || query.GroupsPerUnit != 1)
            throw Unusable(query, "Marginals are over their own columns.", "Give at least one marginal, and no columns to group by.");
        foreach (var marginal in marginals.Of)
        {
            if (marginal.Columns.Count == 0)
                throw Unusable(query, "A marginal is over no column.", "Give the columns of each marginal.");
            CheckKeys(query, marginal.Columns, marginal.Keys);
        }

        return new MarginalsMechanism(query, marginals.Of);
    }

    private static DpBounds Bounds(DpQuery query) => query.Bounds ?? throw Unusable(
        query, $"A {query.Statistic.Name} needs bounds of {query.Value}.", "Give a lower and an upper bound that are known without the data; what lies outside is moved to the bound.");

    private static string Value(DpQuery query) => query.Value ?? throw Unusable(query, $"A {query.Statistic.Name} needs a column of numbers.", "Name the column.");

    private static IReadOnlyList<IReadOnlyList<string>> Keys(DpQuery query) => query.Keys is { Count: > 0 } keys && query.GroupBy.Count > 0 ? keys : throw Unusable(
        query, $"A {query.Statistic.Name} needs keys to choose from.", "Give the columns to group by and the keys.");

    /// <summary>A choice by score is ε-private, and in ρ it would cost ε²/2.</summary>
    private static void Pure(DpQuery query)
    {
        if (query.Cost.Measure != PrivacyMeasure.Epsilon)
            throw Unusable(query, $"A {query.Statistic.Name} costs an epsilon.", "Give an epsilon; in a budget of rho it counts with half its square.");
    }

    private static void CheckKeys(DpQuery query, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>>? keys)
    {
        if (columns.Distinct(StringComparer.Ordinal).Count() != columns.Count)
            throw Unusable(query, $"A column stands twice in {string.Join(", ", columns)}.", "Name each once.");
        if (keys is null)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            if (key.Count != columns.Count)
                throw Unusable(query, FormattableString.Invariant($"The key {string.Join(", ", key)} has {key.Count} values for {columns.Count} columns."), "Give a value for each column.");
            if (!seen.Add(string.Concat(key.Select(part => FormattableString.Invariant($"{part.Length}:{part}")))))
                throw Unusable(query, $"The key {string.Join(", ", key)} is given twice.", "Give each key once: a second one would not be in the noise.");
        }
    }

    private static PrivacyException Unusable(DpQuery query, string detail, string hint) =>
        new PrivacyRefusal(PrivacyCodes.QueryUnusable, detail, hint, query.Statistic.Name) { Column = query.Value }.ToException();
}
