using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Each record shares its quasi-identifiers with at least k-1 others (Samarati and Sweeney 1998): a prosecutor who knows them is right with at most 1/k.</summary>
public sealed class KAnonymity : ClassModel
{
    /// <exception cref="PrivacyException">k is below 1.</exception>
    public KAnonymity(int k)
    {
        K = k;
        if (k < 1)
            throw ModelRefusals.Parameter(Text, "k has to be 1 or more", "k=5 is common within an institution, k=20 for an open release.");
    }

    public int K { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"k={K}");

    public override bool Monotone => true;

    public override int LeastSize => K;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records) => K > records
        ? throw ModelRefusals.Parameter(Text, string.Create(CultureInfo.InvariantCulture, $"the table has {records} records, fewer than k"), "Ask for a smaller k, or bring more records.")
        : new Test(K);

    private sealed class Test(int k) : ClassTest
    {
        public override bool Passes(int size, ReadOnlySpan<int> counts) => size >= k;
    }
}
