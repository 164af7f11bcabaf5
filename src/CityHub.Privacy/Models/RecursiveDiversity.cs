using System.Buffers;
using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Recursive (c,l)-diversity (Machanavajjhala et al. 2007): with the counts of the sensitive values from large to small, r1 &lt; c (rl + … + rm). Who can rule out l-2 values
/// still does not find one that rules.
/// </summary>
public sealed class RecursiveDiversity : ClassModel
{
    /// <exception cref="PrivacyException">l is below 1 or c not above 0.</exception>
    public RecursiveDiversity(string sensitive, double c, int l)
    {
        (Sensitive, C, L) = (sensitive, c, l);
        ModelRefusals.NeedL(Text, sensitive, l);
        ModelRefusals.NeedPositive(Text, sensitive, "c", c);
    }

    public override string Sensitive { get; }

    public double C { get; }

    public int L { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"recursive-cl={C},{L}:{Sensitive}");

    public override bool Monotone => false;

    internal override bool PassesByJoining => true;

    public override int LeastSize => L;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        ModelRefusals.NeedValues(Text, Sensitive, L, whole);
        return new Test(C, L);
    }

    private sealed class Test(double c, int l) : ClassTest
    {
        private const int OnStack = 64;

        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            if (size < l || counts.Length < l)
                return false;
            // The l-1 largest, smallest of them first: whatever is left over is the tail.
            var length = l - 1;
            var rented = length > OnStack ? ArrayPool<int>.Shared.Rent(length) : null;
            var largest = rented is null ? stackalloc int[OnStack] : rented.AsSpan();
            largest = largest[..length];
            largest.Clear();
            int present = 0, first = 0;
            foreach (var count in counts)
            {
                if (count == 0)
                    continue;
                present++;
                first = Math.Max(first, count);
                if (length == 0 || count <= largest[0])
                    continue;
                var place = 0;
                for (; place + 1 < length && largest[place + 1] < count; place++)
                    largest[place] = largest[place + 1];
                largest[place] = count;
            }

            var tail = (long)size;
            foreach (var count in largest)
                tail -= count;
            if (rented is not null)
                ArrayPool<int>.Shared.Return(rented);
            return present >= l && first < c * tail;
        }
    }
}
