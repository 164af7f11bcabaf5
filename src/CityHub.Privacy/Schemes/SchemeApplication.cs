using System.Globalization;

namespace CityHub.Privacy;

/// <summary>What a scheme makes of a table.</summary>
/// <param name="Table">In the order of the input; suppressed records have * in their quasi-identifiers.</param>
/// <param name="Next">The scheme with what has been released now; keep it for the next table.</param>
public sealed record SchemeResult(Table Table, int Suppressed, DeidentificationScheme Next);

/// <summary>
/// Applies a scheme to more data and checks the whole of what has been released under it, old and new, in as many steps as there are classes. Records whose class does not
/// pass are suppressed; it is refused, and nothing is released, where that goes beyond the limit or where a class that has been released before does not pass any more.
/// </summary>
public static class SchemeApplication
{
    /// <exception cref="PrivacyException">The table does not fit the scheme, or the release would break it.</exception>
    public static SchemeResult Apply(DeidentificationScheme scheme, Table table, TransformContext context, CancellationToken cancel = default)
    {
        CheckKnown(scheme, table);
        foreach (var transform in scheme.Transforms)
        {
            cancel.ThrowIfCancellationRequested();
            table = transform.Apply(table, context);
        }

        if (table.Rows == 0)
            throw Broken("The table has no record.", "Apply the scheme to a file with records.");
        CheckThere(scheme, table);
        scheme = scheme with { Columns = [.. scheme.Columns.Select(one => Extended(one, table))] };
        var quasi = scheme.QuasiIdentifiers;
        var recoded = table;
        foreach (var column in quasi)
            recoded = recoded.With(Generalised(recoded[column.Name], column));
        cancel.ThrowIfCancellationRequested();
        var classes = EquivalenceClasses.Of(recoded, [.. quasi.Select(one => one.Name)]);
        return new Attempt(scheme, table, recoded, classes, [.. quasi.Select(one => one.Name)]).Run();
    }

    private static void CheckKnown(DeidentificationScheme scheme, Table table)
    {
        foreach (var column in table.Columns)
        {
            if (!scheme.Columns.Any(one => string.Equals(one.Name, column.Name, StringComparison.Ordinal)))
                throw Broken($"The scheme does not know the column {column.Name}: it could hold anything about anybody.", "Leave it out, or fit a scheme with it.", column.Name);
        }
    }

    /// <summary>After the transforms, which may make and drop columns.</summary>
    private static void CheckThere(DeidentificationScheme scheme, Table table)
    {
        foreach (var column in scheme.Columns)
        {
            if (column.Class is PersonalDataClass.QuasiIdentifier or PersonalDataClass.Sensitive && table.Find(column.Name) is null)
                throw Broken($"The column {column.Name} of the scheme is missing.", $"The table has: {string.Join(", ", table.Columns.Select(one => one.Name))}.", column.Name);
        }
    }

    /// <summary>Where the hierarchy was built by a rule and has not seen a value, with it; as it was where the rule has no place for it.</summary>
    private static SchemeColumn Extended(SchemeColumn column, Table table)
    {
        if (column is not { Hierarchy: { } hierarchy, Rule: { } rule })
            return column;
        var unknown = table[column.Name].Values.Where(value => !hierarchy.TryLeaf(value, out _)).ToArray();
        if (unknown.Length == 0)
            return column;
        try
        {
            return HierarchyRule.Extend(hierarchy, rule, column.Level, unknown) is { } more ? column with { Hierarchy = more } : column;
        }
        catch (PrivacyException)
        {
            return column; // what does not fit the rule is refused with its row, as any value that is not known
        }
    }

    private static Column Generalised(Column column, SchemeColumn how)
    {
        if (how.Hierarchy is not { } hierarchy)
            return column;
        var labels = new string[column.Distinct];
        for (var code = 0; code < labels.Length; code++)
        {
            if (!hierarchy.TryLeaf(column.Values[code], out var leaf))
            {
                var row = Tables.RowOf(column, code) + 2;
                throw new PrivacyRefusal(
                    PrivacyCodes.SchemeBroken, string.Create(CultureInfo.InvariantCulture, $"Row {row}: the hierarchy of {column.Name} in the scheme does not have this value."),
                    "Correct the value, or fit a scheme with a hierarchy that has it.", column.Name) { Column = column.Name, Row = row }.ToException();
            }

            labels[code] = hierarchy.Label(how.Level, hierarchy.Group(leaf, how.Level));
        }

        return Tables.Recode(column, labels);
    }

    private static PrivacyException Broken(string detail, string hint, string? column = null, string? rule = null) =>
        new PrivacyRefusal(PrivacyCodes.SchemeBroken, detail, hint, rule) { Column = column }.ToException();

    /// <summary>One application: the classes of the new records laid over those that were released.</summary>
    private sealed class Attempt(DeidentificationScheme scheme, Table input, Table recoded, EquivalenceClasses classes, string[] names)
    {
        private readonly ReleasedClasses before = scheme.Released;
        private readonly IReadOnlyList<string> sensitive = scheme.Released.Sensitive;
        private readonly List<string>[] values = [.. scheme.Released.Values.Select(one => one.ToList())];
        private readonly List<int[]> whole = [];
        private readonly List<(int Old, int New, string[] Key, int Size, int[][] Counts)> joined = [];

        public SchemeResult Run()
        {
            Join();
            var records = before.Records + input.Rows;
            var tests = Tests(checked((int)records));
            var failed = new Dictionary<string, int>(StringComparer.Ordinal);
            var suppressed = new bool[classes.SizeOf.Length];
            var count = classes.Suppressed;
            foreach (var one in joined)
            {
                if (Fails(tests, one.Size, one.Counts) is not { } model)
                    continue;
                if (one.Old >= 0)
                {
                    throw Broken(
                        $"The class {Shown(one.Key)} has been released and does not fulfil {model} any more.", "Fit a new scheme to all of the data, and say to the receivers that it replaces this one.",
                        rule: model);
                }

                failed[model] = failed.GetValueOrDefault(model) + one.Size;
                suppressed[one.New] = true;
                count += one.Size;
            }

            var kept = joined.Where(one => one.New < 0 || !suppressed[one.New]).ToList();
            CheckTable(kept);
            CheckLimit(records, count, failed);
            return new SchemeResult(Output(suppressed), count, scheme with
            {
                Released = new ReleasedClasses(
                    records, before.Suppressed + count, sensitive, [.. values.Select(one => (IReadOnlyList<string>)one)], whole,
                    [.. kept.Select(one => new ReleasedClass(one.Key, one.Size, one.Counts)).OrderBy(one => ReleasedClass.Joined(one.Key), StringComparer.Ordinal)]),
            });
        }

        private void Join()
        {
            var known = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < before.Classes.Count; i++)
                known.Add(ReleasedClass.Joined(before.Classes[i].Key), i);
            var fresh = Counts();
            var touched = new bool[before.Classes.Count];
            var first = new int[classes.SizeOf.Length];
            for (var row = input.Rows - 1; row >= 0; row--)
            {
                if (classes.ClassOf[row] >= 0)
                    first[classes.ClassOf[row]] = row;
            }

            for (var i = 0; i < first.Length; i++)
            {
                var key = names.Select(name => recoded[name][first[i]]).ToArray();
                if (!known.TryGetValue(ReleasedClass.Joined(key), out var old))
                    old = -1;
                else
                    touched[old] = true;
                var counts = fresh.Select(one => one[i]).ToArray();
                joined.Add((old, i, key, classes.SizeOf[i] + (old < 0 ? 0 : before.Classes[old].Size), old < 0 ? counts : [.. counts.Select((one, a) => Sum(one, before.Classes[old].Counts[a]))]));
            }

            for (var i = 0; i < touched.Length; i++)
            {
                if (!touched[i])
                    joined.Add((i, -1, [.. before.Classes[i].Key], before.Classes[i].Size, [.. before.Classes[i].Counts.Select((one, a) => Sum(one, new int[values[a].Count]))]));
            }
        }

        /// <summary>For each sensitive attribute and class the records by value; adds to <see cref="values"/> and <see cref="whole"/> what is new.</summary>
        private int[][][] Counts()
        {
            var all = new int[sensitive.Count][][];
            for (var a = 0; a < all.Length; a++)
            {
                var column = input[sensitive[a]];
                var index = values[a].Select((value, i) => (value, i)).ToDictionary(one => one.value, one => one.i, StringComparer.Ordinal);
                var codes = new int[column.Distinct];
                for (var code = 0; code < codes.Length; code++)
                {
                    if (!index.TryGetValue(column.Values[code], out codes[code]))
                    {
                        codes[code] = values[a].Count;
                        values[a].Add(column.Values[code]);
                    }
                }

                var sum = new int[values[a].Count];
                before.Whole[a].CopyTo(sum, 0);
                all[a] = [.. Enumerable.Range(0, classes.SizeOf.Length).Select(_ => new int[values[a].Count])];
                for (var row = 0; row < column.Rows; row++)
                {
                    var value = codes[column.Code(row)];
                    sum[value]++;
                    if (classes.ClassOf[row] >= 0)
                        all[a][classes.ClassOf[row]][value]++;
                }

                whole.Add(sum);
            }

            return all;
        }

        private List<(ClassModel Model, ClassTest Test, int Attribute)> Tests(int records)
        {
            var tests = new List<(ClassModel, ClassTest, int)>();
            foreach (var model in scheme.Models.OfType<ClassModel>())
            {
                var attribute = model.Sensitive is { } name ? sensitive.ToList().IndexOf(name) : -1;
                tests.Add((model, attribute < 0 ? model.For([], [], records) : model.For(whole[attribute], values[attribute], records), attribute));
            }

            return tests;
        }

        private static string? Fails(List<(ClassModel Model, ClassTest Test, int Attribute)> tests, int size, int[][] counts)
        {
            foreach (var (model, test, attribute) in tests)
            {
                if (!test.Passes(size, attribute < 0 ? [] : counts[attribute]))
                    return model.Text;
            }

            return null;
        }

        private void CheckTable(List<(int Old, int New, string[] Key, int Size, int[][] Counts)> kept)
        {
            var sizes = ClassSizes.Of([.. kept.Select(one => one.Size)]);
            foreach (var model in scheme.Models.OfType<TableModel>())
            {
                if (!model.Passes(sizes))
                    throw Broken($"The release as a whole does not fulfil {model.Text}.", "Collect more records before applying the scheme, or fit a coarser one.", rule: model.Text);
            }
        }

        private void CheckLimit(long records, int count, Dictionary<string, int> failed)
        {
            var limit = (long)Math.Floor(scheme.SuppressionLimit * records);
            if (before.Suppressed + count <= limit)
                return;
            var worst = failed.Count == 0 ? "" : $" Most of them, {failed.MaxBy(one => one.Value).Value.ToString(CultureInfo.InvariantCulture)}, because of {failed.MaxBy(one => one.Value).Key}.";
            throw Broken(
                string.Create(CultureInfo.InvariantCulture, $"{count} of the {input.Rows} new records would have to be suppressed; with {before.Suppressed} before that is more than {limit} of {records}.{worst}"),
                "Collect more records before applying the scheme: small classes fill up. Or fit a coarser one, or allow more suppression.", rule: "suppression limit");
        }

        private Table Output(bool[] suppressed)
        {
            var output = recoded;
            foreach (var name in names)
            {
                var column = recoded[name];
                var labels = column.Values.Append(EquivalenceClasses.Nothing).ToArray();
                var codes = new int[column.Rows];
                column.CopyCodes(0, codes);
                for (var row = 0; row < codes.Length; row++)
                {
                    var one = classes.ClassOf[row];
                    if (one < 0 || suppressed[one])
                        codes[row] = labels.Length - 1;
                }

                output = output.With(Tables.Coded(name, labels, codes));
            }

            return output;
        }

        private static int[] Sum(int[] one, int[] other)
        {
            var sum = new int[Math.Max(one.Length, other.Length)];
            one.CopyTo(sum, 0);
            for (var i = 0; i < other.Length; i++)
                sum[i] += other[i];
            return sum;
        }

        private string Shown(string[] key) => string.Join(", ", names.Zip(key, (name, label) => $"{name} {label}"));
    }
}
