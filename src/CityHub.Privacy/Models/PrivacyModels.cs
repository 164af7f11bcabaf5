using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Models as texts: <c>k=5</c>, <c>l=3:occupation</c>, <c>t-hierarchical=0.2:occupation</c>. What stands after the first colon is the sensitive attribute.</summary>
public static class PrivacyModels
{
    private static readonly Dictionary<string, Form> Forms = new(StringComparer.Ordinal)
    {
        ["k"] = new("k=5", Sensitive: false, text => new KAnonymity(text.Integer(0))),
        ["l"] = new("l=3:attribute", Sensitive: true, text => new DistinctDiversity(text.Attribute, text.Integer(0))),
        ["entropy-l"] = new("entropy-l=3:attribute", Sensitive: true, text => new EntropyDiversity(text.Attribute, text.Number(0))),
        ["grassberger-l"] = new("grassberger-l=3:attribute", Sensitive: true, text => new EntropyDiversity(text.Attribute, text.Number(0), EntropyEstimator.Grassberger)),
        ["recursive-cl"] = new("recursive-cl=4,3:attribute", Sensitive: true, text => new RecursiveDiversity(text.Attribute, text.Number(0), text.Integer(1))),
        ["t"] = new("t=0.2:attribute", Sensitive: true, text => new EqualCloseness(text.Attribute, text.Number(0))),
        ["t-ordered"] = new("t-ordered=0.2:attribute", Sensitive: true, text => new OrderedCloseness(text.Attribute, text.Number(0), text.Hierarchy())),
        ["t-hierarchical"] = new("t-hierarchical=0.2:attribute", Sensitive: true, text => new HierarchicalCloseness(text.Attribute, text.Number(0), text.NeedHierarchy())),
        ["delta-disclosure"] = new("delta-disclosure=1:attribute", Sensitive: true, text => new DeltaDisclosure(text.Attribute, text.Number(0))),
        ["beta"] = new("beta=1:attribute", Sensitive: true, text => new BasicBeta(text.Attribute, text.Number(0))),
        ["enhanced-beta"] = new("enhanced-beta=1:attribute", Sensitive: true, text => new EnhancedBeta(text.Attribute, text.Number(0))),
        ["delta-presence"] = new("delta-presence=0,0.5", Sensitive: false, text => new DeltaPresence(text.Number(0), text.Number(1))),
        ["average-risk"] = new("average-risk=0.01", Sensitive: false, text => new AverageRisk(text.Number(0))),
        ["sample-uniqueness"] = new("sample-uniqueness=0.01", Sensitive: false, text => new SampleUniqueness(text.Number(0))),
        ["population-uniqueness"] = new("population-uniqueness=0.01,1400000000", Sensitive: false, text => new PopulationUniqueness(text.Number(0), text.Number(1))),
    };

    /// <summary>An example of each form that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Examples { get; } = [.. Forms.Values.Select(form => form.Example)];

    /// <param name="hierarchies">For the models that need the hierarchy, or the order, of their sensitive attribute.</param>
    /// <exception cref="PrivacyException">There is no such model, or its parameters are wrong.</exception>
    public static PrivacyModel Parse(string text, params IEnumerable<Hierarchy> hierarchies)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = (equals < 0 ? text : text[..equals]).Trim();
        if (!Forms.TryGetValue(name, out var form))
            throw ModelRefusals.Parameter(text, "there is no such model", $"The models are: {string.Join(", ", Examples)}.");
        if (equals < 0)
            throw ModelRefusals.Parameter(text, "it has no parameter", $"Write it as {form.Example}.");
        var rest = text[(equals + 1)..];
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var attribute = colon < 0 ? "" : rest[(colon + 1)..].Trim();
        if (form.Sensitive && attribute.Length == 0)
            throw ModelRefusals.Parameter(text, "it does not name the sensitive attribute", $"Write it as {form.Example}.");
        if (!form.Sensitive && colon >= 0)
            throw ModelRefusals.Parameter(text, "it looks at no sensitive attribute", $"Write it as {form.Example}.");
        var numbers = (colon < 0 ? rest : rest[..colon]).Split(',', StringSplitOptions.TrimEntries);
        var wanted = form.Example.Split(':')[0].Count(one => one == ',') + 1;
        if (numbers.Length != wanted)
            throw ModelRefusals.Parameter(text, string.Create(CultureInfo.InvariantCulture, $"it has {numbers.Length} numbers"), $"Write it as {form.Example}.");
        return form.Build(new ModelText(text, form.Example, numbers, attribute, hierarchies));
    }

    /// <summary>Each of the texts; that one stands twice does no harm and is said once.</summary>
    /// <exception cref="PrivacyException">There is no such model, its parameters are wrong, or there is no text at all.</exception>
    public static IReadOnlyList<PrivacyModel> ParseAll(IEnumerable<string> texts, params IEnumerable<Hierarchy> hierarchies)
    {
        var known = hierarchies.ToArray();
        var models = texts.Select(text => Parse(text, known)).DistinctBy(model => model.Text, StringComparer.Ordinal).ToArray();
        return models.Length > 0 ? models : throw new PrivacyRefusal(
            PrivacyCodes.ModelUnusable, "No model is asked for.", $"Ask for at least one of: {string.Join(", ", Examples)}.").ToException();
    }

    /// <param name="Example">As many numbers as the model has.</param>
    private sealed record Form(string Example, bool Sensitive, Func<ModelText, PrivacyModel> Build);

    /// <summary>The parts of one text.</summary>
    private sealed class ModelText(string text, string example, string[] numbers, string attribute, IEnumerable<Hierarchy> hierarchies)
    {
        public string Attribute => attribute;

        public int Integer(int index) => int.TryParse(numbers[index], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ModelRefusals.Parameter(text, $"\"{numbers[index]}\" is not a whole number", $"Write it as {example}.");

        public double Number(int index) => double.TryParse(numbers[index], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw ModelRefusals.Parameter(text, $"\"{numbers[index]}\" is not a number", $"Write it as {example}.");

        public Hierarchy? Hierarchy() => hierarchies.FirstOrDefault(one => string.Equals(one.Attribute, attribute, StringComparison.Ordinal));

        public Hierarchy NeedHierarchy() => Hierarchy() ?? throw ModelRefusals.Parameter(
            text, $"it needs the hierarchy of {attribute}, which is not given", $"Give the hierarchy of {attribute}, or ask for t={numbers[0]}:{attribute}, which needs none.", attribute);
    }
}
