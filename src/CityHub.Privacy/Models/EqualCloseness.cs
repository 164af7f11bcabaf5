using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// t-closeness (Li, Li and Venkatasubramanian 2007) where all values are equally far from each other: half the L1 distance between the distribution of the sensitive
/// attribute in a class and in the whole table is at most t.
/// </summary>
public sealed class EqualCloseness : ClassModel
{
    /// <exception cref="PrivacyException">t is outside of 0 to 1.</exception>
    public EqualCloseness(string sensitive, double t)
    {
        (Sensitive, T) = (sensitive, t);
        ModelRefusals.NeedShare(Text, sensitive, t);
    }

    public override string Sensitive { get; }

    public double T { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"t={T}:{Sensitive}");

    public override bool Monotone => false;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records) => new Test(T, whole, records);

    private sealed class Test(double t, ReadOnlySpan<int> whole, int records) : ClassTest
    {
        private readonly int[] whole = whole.ToArray();

        /// <summary>Half the L1 distance is the sum of what the class has too much of. In whole numbers, so that a class that is exactly at t passes.</summary>
        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            var all = whole;
            if (counts.Length != all.Length)
                throw new ArgumentException("The counts of a class are by the values of the whole table.", nameof(counts));
            var excess = 0L;
            for (var i = 0; i < all.Length; i++)
            {
                var more = (long)counts[i] * records - (long)all[i] * size;
                excess += more & ~(more >> 63);
            }

            return excess / ((double)records * size) <= t;
        }
    }
}
