namespace CityHub.Privacy;

/// <summary>The loss of a table from the losses of its attributes. All sums come in as whole numbers of leaves, so that no order of summation shows in the result.</summary>
internal sealed class LossFunction
{
    private readonly LossAggregate aggregate;
    private readonly double generalising, suppressing;
    private readonly double[] weights, leaves, least, span;

    /// <param name="leaves">Of each attribute's hierarchy.</param>
    public LossFunction(LossOptions options, IReadOnlyList<double> weights, IReadOnlyList<int> leaves, int records)
    {
        aggregate = options.Aggregate;
        suppressing = options.Balance < 0.5 ? 2 * options.Balance : 1;
        generalising = options.Balance <= 0.5 ? 1 : 1 - 2 * (options.Balance - 0.5);
        Slack = generalising is 0 or 1 && suppressing is 0 or 1 ? 0 : 2e-10;
        var heaviest = weights.Max();
        this.weights = [.. weights.Select(one => heaviest > 0 ? one / heaviest : 1)];
        this.leaves = [.. leaves.Select(one => (double)one)];
        least = [.. leaves.Select(_ => generalising * records)];
        span = [.. leaves.Select(one => (double)records * one - generalising * records)];
    }

    /// <summary>
    /// So much a bound may lie above the loss that it bounds: with a balance that is no whole number sums are rounded, and equal ones may fall to either side of a decimal.
    /// </summary>
    public double Slack { get; }

    /// <summary>The loss of one attribute, 0 to 1, down to ten decimals.</summary>
    /// <param name="kept">Leaves of the groups of the records that are kept, summed over them.</param>
    /// <param name="all">The same over all records.</param>
    /// <param name="suppressed">Records.</param>
    public double Attribute(int attribute, long kept, long all, long suppressed)
    {
        var sum = generalising * kept + (1 - suppressing) * (all - kept) + suppressing * suppressed * leaves[attribute];
        return Scale(attribute, sum);
    }

    /// <summary>No less is lost in an attribute whatever its level from one on, where some records are suppressed for sure.</summary>
    /// <param name="all">Leaves of the groups at that level, over all records.</param>
    public double AtLeast(int attribute, long all, long records, long suppressed)
    {
        var dead = suppressed * (suppressing * leaves[attribute] + 1 - suppressing) + generalising * (records - suppressed);
        return Scale(attribute, Math.Max(generalising * all, dead));
    }

    /// <summary>Grows with the loss and is cheaper to have.</summary>
    public double Rank(ReadOnlySpan<double> losses)
    {
        if (aggregate == LossAggregate.ArithmeticMean)
        {
            var sum = 0.0;
            for (var i = 0; i < losses.Length; i++)
                sum += losses[i] * weights[i];
            return sum;
        }

        var product = 1.0;
        for (var i = 0; i < losses.Length; i++)
            product *= losses[i] * weights[i] + 1;
        return product;
    }

    public double Total(ReadOnlySpan<double> losses)
    {
        var total = aggregate == LossAggregate.ArithmeticMean ? 0.0 : 1.0;
        for (var i = 0; i < losses.Length; i++)
        {
            if (aggregate == LossAggregate.ArithmeticMean)
                total += losses[i] / losses.Length * weights[i];
            else
                total *= Math.Pow(losses[i] * weights[i] + 1, 1.0 / losses.Length);
        }

        return aggregate == LossAggregate.ArithmeticMean ? total : total - 1;
    }

    /// <summary>The rank of a loss, for a threshold.</summary>
    public double RankOf(double loss) => aggregate == LossAggregate.ArithmeticMean ? loss * leaves.Length : Math.Pow(loss + 1, leaves.Length);

    private double Scale(int attribute, double sum)
    {
        if (span[attribute] <= 0)
            return 0; // A single leaf: nothing to lose.
        var loss = (sum - least[attribute]) / span[attribute];
        return loss > 0 ? Math.Floor(loss * 1e10) / 1e10 : 0;
    }
}
