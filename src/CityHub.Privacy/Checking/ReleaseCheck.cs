using System.Globalization;

namespace CityHub.Privacy;

/// <summary>What <see cref="ReleaseCheck"/> found.</summary>
/// <param name="Classes">Groups of records that are shown alike, the suppressed ones not among them.</param>
/// <param name="Failures">Empty where all is as it has to be. For each model the first class that fails, in the order of the rows.</param>
public sealed record ReleaseVerdict(int Classes, int Suppressed, IReadOnlyList<ReleaseFailure> Failures)
{
    public bool Passes => Failures.Count == 0;
}

/// <param name="Rule">The model or setting that is broken.</param>
/// <param name="Detail">By what, in a sentence with the numbers.</param>
/// <param name="Row">A row of the release that belongs to it, counted from 1 with the header as row 1; null where it is about the whole.</param>
public sealed record ReleaseFailure(string Rule, string Detail, long? Row = null);

/// <summary>
/// Checks a table that is about to be released against the table it was made from, from the texts alone: rows that are shown alike are grouped, and each model is computed
/// from its definition. It shares no formula and no grouping with what searches and recodes, so that a mistake
/// there does not pass here.
/// </summary>
public sealed record ReleaseCheck
{
    /// <summary>What stands in each quasi-identifier of a suppressed record.</summary>
    public const string Suppressed = "*";

    public required Table Input { get; init; }

    public required Table Release { get; init; }

    /// <summary>The columns that are shown generalised; both tables have them.</summary>
    public required IReadOnlyList<string> QuasiIdentifiers { get; init; }

    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    /// <summary>Share of the records, 0 to 1, that may be suppressed.</summary>
    public double SuppressionLimit { get; init; } = 1;

    /// <summary>Where given, each text of the release has to be a label of its value.</summary>
    public IReadOnlyList<Hierarchy> Hierarchies { get; init; } = [];

    /// <summary>The population that the records were drawn from, those of the table among them; for delta-presence, which then needs all <see cref="Hierarchies"/>.</summary>
    public Table? Population { get; init; }

    /// <summary>
    /// The level at which each quasi-identifier is shown, where that is known. It matters only where a label is the same at two levels and the table does not tell which of
    /// them it is, while the population does; without it the lower one is meant.
    /// </summary>
    public IReadOnlyList<int>? Levels { get; init; }

    /// <exception cref="PrivacyException">A column is missing, or a model needs a population and there is none.</exception>
    public ReleaseVerdict Run()
    {
        var failures = new List<ReleaseFailure>();
        if (Input.Rows != Release.Rows)
        {
            failures.Add(new ReleaseFailure("rows", string.Create(CultureInfo.InvariantCulture, $"The release has {Release.Rows} rows, the table {Input.Rows}; a suppressed record stays as a row of *.")));
            return new ReleaseVerdict(0, 0, failures);
        }

        var classes = EquivalenceClasses.Of(Release, QuasiIdentifiers);
        if (classes.Suppressed > Math.Floor(SuppressionLimit * Input.Rows))
            failures.Add(new ReleaseFailure("suppression limit", string.Create(CultureInfo.InvariantCulture, $"{classes.Suppressed} of {Input.Rows} records are suppressed, more than a share of {SuppressionLimit}.")));
        CheckTruth(failures);
        foreach (var model in Models)
            CheckModel(model, classes, failures);
        return new ReleaseVerdict(classes.Sizes.Classes, classes.Suppressed, failures);
    }

    /// <summary>Each cell says a true thing of its record: its value, a label above it, or nothing. Sensitive values stay as they were.</summary>
    private void CheckTruth(List<ReleaseFailure> failures)
    {
        foreach (var hierarchy in Hierarchies.Where(one => QuasiIdentifiers.Contains(one.Attribute)))
        {
            Column before = Input[hierarchy.Attribute], after = Release[hierarchy.Attribute];
            if (FirstPair(before, after, (value, text) => text == Suppressed
                || (hierarchy.TryLeaf(value, out var leaf) && Enumerable.Range(0, hierarchy.Levels).Any(level => hierarchy.Label(level, hierarchy.Group(leaf, level)) == text))) is { } row)
                failures.Add(new ReleaseFailure("hierarchy", $"{hierarchy.Attribute} is shown as {after[row]}, which is no label of {before[row]}.", row + 2));
        }

        foreach (var name in Models.OfType<ClassModel>().Select(model => model.Sensitive).OfType<string>().Distinct())
        {
            Column before = Input[name], after = Release[name];
            if (FirstPair(before, after, (value, text) => value == text) is { } row)
                failures.Add(new ReleaseFailure("sensitive attribute", $"{name} is {before[row]} in the table and {after[row]} in the release.", row + 2));
        }
    }

    /// <summary>The first row whose value and text are not allowed together. Each pair is asked for once.</summary>
    private static int? FirstPair(Column before, Column after, Func<string, string, bool> allowed)
    {
        var seen = new HashSet<long>();
        for (var row = 0; row < before.Rows; row++)
        {
            if (seen.Add(((long)before.Code(row) << 32) | (uint)after.Code(row)) && !allowed(before[row], after[row]))
                return row;
        }

        return null;
    }

    private void CheckModel(PrivacyModel model, EquivalenceClasses classes, List<ReleaseFailure> failures)
    {
        if (model is TableModel ofTable)
        {
            if (!ofTable.Passes(classes.Sizes))
                failures.Add(new ReleaseFailure(model.Text, "The sizes of the classes, taken together, do not pass."));
            return;
        }

        if (model is DeltaPresence presence)
        {
            if (new PopulationCheck(this, presence.Text).Run(presence) is { } failure)
                failures.Add(failure);
            return;
        }

        var values = (model as ClassModel)?.Sensitive is { } sensitive ? Input[sensitive] : null;
        var whole = new Dictionary<string, double>(StringComparer.Ordinal);
        var counts = new Dictionary<string, int>[classes.SizeOf.Length];
        var first = new int[counts.Length];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = Input.Rows - 1; row >= 0; row--)
        {
            var one = classes.ClassOf[row];
            if (values is not null)
                whole[values[row]] = whole.GetValueOrDefault(values[row]) + (1.0 / Input.Rows);
            if (one < 0)
                continue;
            first[one] = row;
            if (values is not null)
                counts[one][values[row]] = counts[one].GetValueOrDefault(values[row]) + 1;
        }

        foreach (var one in Enumerable.Range(0, counts.Length).OrderBy(one => first[one]))
        {
            if (ModelDefinitions.Broken(model, classes.SizeOf[one], counts[one], whole) is not { } how)
                continue;
            var shown = string.Join(", ", QuasiIdentifiers.Select(name => $"{name} {Release[name][first[one]]}"));
            failures.Add(new ReleaseFailure(model.Text, string.Create(CultureInfo.InvariantCulture, $"The {classes.SizeOf[one]} records shown as {shown}: {how}."), first[one] + 2));
            return;
        }
    }
}
