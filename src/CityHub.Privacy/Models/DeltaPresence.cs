using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Delta-presence (Nergiz, Atzori and Clifton 2007): of the people of a population who have the same generalised values, the share who are in the table lies between two
/// bounds, so that nobody can tell of a person whether the table holds a record of them.
/// </summary>
public sealed class DeltaPresence : ClassModel
{
    /// <exception cref="PrivacyException">The bounds are not 0 &lt;= least &lt;= most &lt;= 1.</exception>
    public DeltaPresence(double least, double most)
    {
        (Least, Most) = (least, most);
        if (!(least >= 0 && least <= most && most <= 1))
            throw ModelRefusals.Parameter(Text, "the two shares have to be between 0 and 1, the smaller one first", "For example delta-presence=0,0.5.");
    }

    public double Least { get; }

    public double Most { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"delta-presence={Least},{Most}");

    public override bool Monotone => false;

    public override bool ComparesWithPopulation => true;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        if (whole.Length != 1)
            throw ModelRefusals.NoPopulation(Text);
        if (whole[0] < records)
            throw ModelRefusals.Parameter(
                Text, string.Create(CultureInfo.InvariantCulture, $"the population has {whole[0]} records, the table {records}"), "The population has to hold the records of the table, too.");
        return new Test(Least, Most);
    }

    private sealed class Test(double least, double most) : ClassTest
    {
        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            var share = size == 0 ? 0 : (double)size / counts[0];
            return share >= least && share <= most;
        }
    }
}
