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

    /// <exception cref="PrivacyException">A column is missing, or a model needs a population.</exception>
    public ReleaseVerdict Run()
    {
        var failures = new List<ReleaseFailure>();
        if (Input.Rows != Release.Rows)
        {
            failures.Add(new ReleaseFailure("rows", string.Create(CultureInfo.InvariantCulture, $"The release has {Release.Rows} rows, the table {Input.Rows}; a suppressed record stays as a row of *.")));
            return new ReleaseVerdict(0, 0, failures);
        }

        var classes = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        var suppressed = 0;
        Column[] shownAs = [.. QuasiIdentifiers.Select(name => Release[name])];
        for (var row = 0; row < Release.Rows; row++)
        {
            var texts = Array.ConvertAll(shownAs, column => column[row]);
            if (texts.All(text => text == Suppressed))
            {
                suppressed++;
                continue;
            }

            // A text could itself hold what would separate it from the next; its length cannot be forged.
            var key = string.Join('|', texts.Select(text => text.Length.ToString(CultureInfo.InvariantCulture) + ":" + text));
            if (!classes.TryGetValue(key, out var rows))
                classes.Add(key, rows = []);
            rows.Add(row);
        }

        if (suppressed > Math.Floor(SuppressionLimit * Input.Rows))
            failures.Add(new ReleaseFailure("suppression limit", string.Create(CultureInfo.InvariantCulture, $"{suppressed} of {Input.Rows} records are suppressed, more than a share of {SuppressionLimit}.")));
        CheckTruth(failures);
        foreach (var model in Models)
            CheckModel(model, classes, failures);
        return new ReleaseVerdict(classes.Count, suppressed, failures);
    }

    /// <summary>Each cell says a true thing of its record: its value, a label above it, or nothing. Sensitive values stay as they were.</summary>
    private void CheckTruth(List<ReleaseFailure> failures)
    {
        foreach (var hierarchy in Hierarchies.Where(one => QuasiIdentifiers.Contains(one.Attribute)))
        {
            Column before = Input[hierarchy.Attribute], after = Release[hierarchy.Attribute];
            for (var row = 0; row < Input.Rows; row++)
            {
                var text = after[row];
                var known = hierarchy.TryLeaf(before[row], out var leaf);
                if (text == Suppressed || (known && Enumerable.Range(0, hierarchy.Levels).Any(level => hierarchy.Label(level, hierarchy.Group(leaf, level)) == text)))
                    continue;
                failures.Add(new ReleaseFailure("hierarchy", $"{hierarchy.Attribute} is shown as {text}, which is no label of {before[row]}.", row + 2));
                break;
            }
        }

        foreach (var name in Models.OfType<ClassModel>().Select(model => model.Sensitive).OfType<string>().Distinct())
        {
            Column before = Input[name], after = Release[name];
            for (var row = 0; row < Input.Rows; row++)
            {
                if (before[row] == after[row])
                    continue;
                failures.Add(new ReleaseFailure("sensitive attribute", $"{name} is {before[row]} in the table and {after[row]} in the release.", row + 2));
                break;
            }
        }
    }

    private void CheckModel(PrivacyModel model, Dictionary<string, List<int>> classes, List<ReleaseFailure> failures)
    {
        if (model is TableModel ofTable)
        {
            if (!ofTable.Passes(ClassSizes.Of(classes.Values.Select(rows => rows.Count).ToArray())))
                failures.Add(new ReleaseFailure(model.Text, "The sizes of the classes, taken together, do not pass."));
            return;
        }

        var sensitive = (model as ClassModel)?.Sensitive;
        var whole = new Dictionary<string, double>(StringComparer.Ordinal);
        var values = sensitive is null ? null : Input[sensitive];
        for (var row = 0; values is not null && row < Input.Rows; row++)
            whole[values[row]] = whole.GetValueOrDefault(values[row]) + 1.0 / Input.Rows;
        foreach (var rows in classes.Values)
        {
            var counts = values is null ? [] : rows.GroupBy(row => values[row], StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
            if (ModelDefinitions.Broken(model, rows.Count, counts, whole) is not { } how)
                continue;
            var shown = string.Join(", ", QuasiIdentifiers.Select(name => $"{name} {Release[name][rows[0]]}"));
            failures.Add(new ReleaseFailure(model.Text, string.Create(CultureInfo.InvariantCulture, $"The {rows.Count} records shown as {shown}: {how}."), rows[0] + 2));
            return;
        }
    }
}
