using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Each class has at least l different values of the sensitive attribute (Machanavajjhala et al. 2007, the plain form of l-diversity).</summary>
public sealed class DistinctDiversity : ClassModel
{
    /// <exception cref="PrivacyException">l is below 1.</exception>
    public DistinctDiversity(string sensitive, int l)
    {
        (Sensitive, L) = (sensitive, l);
        ModelRefusals.NeedL(Text, sensitive, l);
    }

    public override string Sensitive { get; }

    public int L { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"l={L}:{Sensitive}");

    public override bool Monotone => true;

    public override int LeastSize => L;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        ModelRefusals.NeedValues(Text, Sensitive, L, whole);
        return new Test(L);
    }

    private sealed class Test(int l) : ClassTest
    {
        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            if (size < l)
                return false;
            var present = 0;
            foreach (var count in counts)
                present += (int)((uint)-count >> 31); // 1 where the count is above 0, without a branch
            return present >= l;
        }
    }
}
