using System.Numerics;

namespace CityHub.Privacy;

/// <summary>From the rows that count to released values. Everything it needs besides them is fixed before a table is seen.</summary>
internal abstract class DpMechanism(DpQuery query)
{
    protected DpQuery Query { get; } = query;

    /// <summary>What the values fall on; null where no value is asked for.</summary>
    public ValueGrid? Grid { get; protected init; }

    public abstract string Text { get; }

    public virtual ExactRational? Threshold => null;

    public abstract List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random);

    /// <summary>
    /// Noise for one of <paramref name="parts"/> sums that share the cost, of which a resident changes by at most <paramref name="change"/> the one of each of at most
    /// GroupsPerUnit groups: in the sum of absolutes groups · change, in the Euclidean norm √groups · change.
    /// </summary>
    public static IntegerNoise Noise(DpQuery query, BigInteger change, int parts = 1) => query.Cost.Measure == PrivacyMeasure.Epsilon
        ? new DiscreteLaplace(change * query.GroupsPerUnit * parts / query.Cost.Amount)
        : new DiscreteGaussian(change * change * query.GroupsPerUnit * parts / (query.Cost.Amount * 2));

    /// <summary>A value with the radius that the noise keeps to with the confidence that is asked for.</summary>
    protected DpCell Cell(string of, IReadOnlyList<string> key, ExactRational value, ExactRational lower, ExactRational upper) => new(
        of, key, value, lower, upper, $"{Percent()}: between {lower.ToText(6)} and {upper.ToText(6)}");

    protected string Percent() => $"{(Query.Confidence * 100).ToText(1)} %";
}
