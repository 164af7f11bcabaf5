using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Why a model cannot be used, in the same words everywhere.</summary>
internal static class ModelRefusals
{
    public static PrivacyException Parameter(string model, string why, string hint, string? column = null) =>
        new PrivacyRefusal(PrivacyCodes.ModelUnusable, $"The model {model} cannot be used: {why}.", hint, model) { Column = column }.ToException();

    public static PrivacyException NoPopulation(string model) => Parameter(model, "no population is given", "Give the table of the population that the records were drawn from.");

    /// <summary>l-diversity of any kind asks for l values; where the whole table has fewer, no class will ever pass.</summary>
    public static void NeedValues(string model, string attribute, double l, ReadOnlySpan<int> whole)
    {
        var present = 0;
        foreach (var count in whole)
            present += count > 0 ? 1 : 0;
        if (present < l)
            throw Parameter(
                model, string.Create(CultureInfo.InvariantCulture, $"{attribute} has only {present} different values in the whole table"),
                "Ask for an l that is no larger, or name another sensitive attribute.", attribute);
    }

    public static void NeedL(string model, string attribute, double l)
    {
        if (!(l >= 1 && double.IsFinite(l)))
            throw Parameter(model, "l has to be 1 or more", $"For example l=3:{attribute}.", attribute);
    }

    public static void NeedShare(string model, string attribute, double t)
    {
        if (!(t >= 0 && t <= 1))
            throw Parameter(model, "t has to lie between 0 and 1", $"For example t=0.2:{attribute}: a class may differ from the whole table in a fifth of its records.", attribute);
    }

    public static void NeedPositive(string model, string attribute, string parameter, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw Parameter(model, $"{parameter} has to be a number above 0", $"For example 1, which lets a value become twice as frequent in a class as in the whole table.", attribute);
    }
}
