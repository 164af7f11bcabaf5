using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Some of the rows, drawn without replacement, in the order of the table: the rate of all, or of each stratum (every combination of values of the strata columns), rounded to the nearest row.
/// Who is in it is uncertain to others; the rate belongs into the risk model, and into the report.
/// </summary>
public sealed class Sample : Transform
{
    internal const string Word = "sample";

    /// <param name="rate">Above 0, at most 1.</param>
    /// <param name="strata">None for a simple sample.</param>
    /// <param name="atLeast">Rows of each stratum that are drawn at least, where it has as many.</param>
    public Sample(decimal rate, IReadOnlyList<string>? strata = null, int atLeast = 0)
    {
        (Rate, Strata, AtLeast) = (rate, [.. strata ?? []], atLeast);
        if (rate is <= 0 or > 1 || atLeast < 0)
            throw Unusable("A rate is above 0 and at most 1.");
    }

    public decimal Rate { get; }

    public IReadOnlyList<string> Strata { get; }

    public int AtLeast { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var entropy = context.NeedEntropy(Word);
        var chosen = new List<int>();
        foreach (var members in Tables.Members(table.Groups(Strata, out var groups), groups))
        {
            var size = Math.Min(members.Length, Math.Max(AtLeast, (int)decimal.Round(members.Length * Rate, 0, MidpointRounding.AwayFromZero)));
            for (var i = 0; i < size; i++)
            {
                var j = i + entropy.NextBelow(members.Length - i);
                (members[i], members[j]) = (members[j], members[i]);
                chosen.Add(members[i]);
            }
        }

        chosen.Sort();
        return table.Rows([.. chosen]);
    }

    internal override void Write(ParameterWriter into) => into.Add("rate", Rate).Add("strata", Strata).Add("atLeast", AtLeast);

    internal static Transform Read(ParameterReader from) => new Sample(from.Number("rate"), from.Texts("strata", []), from.Int("atLeast", 0, int.MaxValue, 0));

    public override string Keeps => string.Create(CultureInfo.InvariantCulture, $"{base.Keeps}; weights of 1/{Numbers.Write(Rate)}");
}
