namespace CityHub.Privacy;

/// <summary>What is asked for. Each says by its type which noise it needs.</summary>
public abstract record DpStatistic
{
    private protected DpStatistic()
    {
    }

    /// <summary>One word for a release and a command line.</summary>
    public abstract string Name { get; }

    /// <summary>Reads <c>count</c>, <c>sum</c>, <c>mean</c>, <c>variance</c>, <c>median</c>, <c>quantile=0.9</c>, <c>top=3</c> or <c>above=100:2</c> (threshold, positive answers).</summary>
    /// <exception cref="PrivacyException">It is none of these.</exception>
    public static DpStatistic Parse(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        var (name, value) = at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        return (name, value) switch
        {
            ("count", "") => new DpCount(),
            ("sum", "") => new DpSum(),
            ("mean", "") => new DpMean(),
            ("variance", "") => new DpVariance(),
            ("median", "") => new DpQuantile(new ExactRational(1, 2)),
            ("quantile", not "") => new DpQuantile(ExactRational.Parse(value)),
            ("top", _) when Whole(value, out var k) => new DpTopK((int)k),
            ("above", _) when colon > 0 && Whole(value[..colon], out var threshold) && Whole(value[(colon + 1)..], out var positives) => new DpAboveThreshold(threshold, (int)positives),
            _ => throw new PrivacyRefusal(
                PrivacyCodes.QueryUnusable, $"\"{text}\" is nothing that can be asked.", "Ask for count, sum, mean, variance, median, quantile=0.9, top=3 or above=100:2.", "statistic").ToException(),
        };
    }

    private static bool Whole(string text, out long value) =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out value) && value <= int.MaxValue;
}

/// <summary>The number of rows, by key where the question has keys; with one row for each resident the number of residents. A histogram is a count by key.</summary>
public sealed record DpCount : DpStatistic
{
    public override string Name => "count";
}

/// <summary>The sum of a column.</summary>
public sealed record DpSum : DpStatistic
{
    public override string Name => "sum";
}

/// <summary>The mean of a column: a noisy sum by a noisy count, of half the budget each.</summary>
public sealed record DpMean : DpStatistic
{
    public override string Name => "mean";
}

/// <summary>The population variance of a column, from three noisy moments.</summary>
public sealed record DpVariance : DpStatistic
{
    public override string Name => "variance";
}

/// <summary>A quantile of a column, chosen among the points of the grid by the exponential mechanism over ranks (Smith 2011).</summary>
/// <param name="At">Between 0 and 1: 1/2 is the median.</param>
public sealed record DpQuantile(ExactRational At) : DpStatistic
{
    public override string Name => "quantile";
}

/// <summary>Of the given keys the ones with the most rows, in order, without their counts (permute-and-flip, once for each place).</summary>
public sealed record DpTopK(int K) : DpStatistic
{
    public override string Name => "top";
}

/// <summary>Which of the given keys, in their order, have at least so many rows; it ends with the last of so many that do (sparse vector; Lyu, Su, Li 2017).</summary>
public sealed record DpAboveThreshold(long Threshold, int Positives) : DpStatistic
{
    public override string Name => "above";
}

/// <summary>Several histograms of the same residents, as synthetic data are made from.</summary>
public sealed record DpMarginals(IReadOnlyList<DpMarginal> Of) : DpStatistic
{
    public override string Name => "marginals";
}

/// <summary>A histogram over the values of some columns together.</summary>
/// <param name="Keys">All combinations that are counted, known without the data.</param>
public sealed record DpMarginal(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Keys)
{
    /// <summary>All combinations of the values of each column.</summary>
    public static DpMarginal Of(params IReadOnlyList<(string Column, IReadOnlyList<string> Values)> domains)
    {
        IEnumerable<IReadOnlyList<string>> keys = [[]];
        foreach (var (_, values) in domains)
            keys = keys.SelectMany(key => values.Select(value => (IReadOnlyList<string>)[.. key, value]));
        return new DpMarginal([.. domains.Select(one => one.Column)], [.. keys]);
    }
}
