using System.Globalization;

namespace CityHub.Privacy;

/// <summary>What a scheme makes of a table.</summary>
/// <param name="Table">In the order of the input; suppressed records have * in their quasi-identifiers.</param>
/// <param name="Next">The scheme with what has been released now; keep it for the next table.</param>
public sealed record SchemeResult(Table Table, int Suppressed, DeidentificationScheme Next);

/// <summary>
/// Applies a scheme to more data and checks the new release by itself and the whole of what has been released under the scheme, old and new, in as many steps as there are
/// classes. Records whose class does not pass are suppressed; it is refused, and nothing is released, where that goes beyond the limit or where a class that has been released
/// before does not pass any more.
/// </summary>
public static class SchemeApplication
{
    /// <param name="cumulative">
    /// Only the whole has to pass: for receivers who have all that was released before and cannot tell which release a record came with. Whoever knows that somebody is in the new file finds him
    /// in it where he is alone.
    /// </param>
    /// <exception cref="PrivacyException">The table does not fit the scheme, or the release would break it.</exception>
    public static SchemeResult Apply(DeidentificationScheme scheme, Table table, TransformContext context, bool cumulative = false, CancellationToken cancel = default)
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
        return new Attempt(scheme, table, recoded, classes, [.. quasi.Select(one => one.Name)], cumulative).Run();
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
        // What does not fit the rule stays unknown, and is refused with its row.
        var fitting = unknown.Where(value => Fits(rule, column.Name, value)).ToArray();
        return fitting.Length > 0 && HierarchyRule.Extend(hierarchy, rule, column.Level, fitting) is { } more ? column with { Hierarchy = more } : column;
    }

    private static bool Fits(string rule, string attribute, string value)
    {
        try
        {
            HierarchyRule.Build(rule, attribute, [value]);
            return true;
        }
        catch (PrivacyException)
        {
            return false;
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

    /// <summary>A class of the new records, of those that were released, or of both.</summary>
    /// <param name="Old">Null where nothing of it has been released.</param>
    /// <param name="New">Its number among the new ones; -1 where there are none.</param>
    private sealed record Joined(string[] Key, ReleasedClass? Old, int New, int NewSize, int[][] NewCounts)
    {
        public int Size => NewSize + (Old?.Size ?? 0);

        public int[][] Counts => Old is null ? NewCounts : [.. NewCounts.Select((counts, a) => Sum(counts, Old.Counts[a]))];

        private static int[] Sum(int[] one, int[] other)
        {
            int[] sum = [.. one];
            for (var i = 0; i < other.Length; i++)
                sum[i] += other[i];
            return sum;
        }
    }

    /// <summary>One application: the classes of the new records laid over those that were released.</summary>
    private sealed class Attempt(DeidentificationScheme scheme, Table input, Table recoded, EquivalenceClasses classes, string[] names, bool cumulative)
    {
        private readonly ReleasedClasses before = scheme.Released;
        private readonly IReadOnlyList<string> sensitive = scheme.Released.Sensitive;
        private readonly List<string>[] values = [.. scheme.Released.Values.Select(one => one.ToList())];
        private readonly List<int[]> whole = [];
        private readonly List<ReleasedClass> kept = [];
        private readonly Dictionary<string, int> failed = new(StringComparer.Ordinal);

        public SchemeResult Run()
        {
            var joined = Join();
            var records = before.Records + input.Rows;
            var tests = Tests(checked((int)records));
            var suppressed = new bool[classes.SizeOf.Length];
            var count = classes.Suppressed;
            foreach (var one in joined)
            {
                var model = Fails(tests, one.Size, one.Counts) ?? (cumulative || one.New < 0 ? null : Fails(tests, one.NewSize, one.NewCounts));
                if (model is null)
                {
                    kept.Add(new ReleasedClass(one.Key, one.Size, one.Counts));
                    continue;
                }

                if (one.New >= 0)
                {
                    suppressed[one.New] = true;
                    count += one.NewSize;
                    failed[model] = failed.GetValueOrDefault(model) + one.NewSize;
                }

                if (one.Old is { } old)
                    Keep(tests, one, old);
            }

            CheckTable();
            CheckLimit(records, count);
            return new SchemeResult(Output(suppressed), count, scheme with
            {
                Released = new ReleasedClasses(
                    records, before.Suppressed + count, sensitive, [.. values.Select(one => (IReadOnlyList<string>)one)], whole,
                    [.. kept.OrderBy(one => ReleasedClass.Joined(one.Key), StringComparer.Ordinal)]),
            });
        }

        /// <summary>What was released stays released; it has to pass without the new records, too, because their distribution counts whether they are shown or not.</summary>
        private void Keep(List<(ClassModel Model, ClassTest Test, int Attribute)> tests, Joined one, ReleasedClass old)
        {
            int[][] counts = [.. old.Counts.Select((counts, a) => counts.Concat(new int[values[a].Count - counts.Length]).ToArray())];
            if (Fails(tests, old.Size, counts) is { } model)
            {
                throw Broken(
                    $"The class {Shown(one.Key)} has been released and does not fulfil {model} any more.", "Fit a new scheme to all of the data, and say to the receivers that it replaces this one.",
                    rule: model);
            }

            kept.Add(old with { Counts = counts });
        }

        private List<Joined> Join()
        {
            var released = before.Classes.ToDictionary(one => ReleasedClass.Joined(one.Key), StringComparer.Ordinal);
            var fresh = Counts();
            var first = new int[classes.SizeOf.Length];
            for (var row = input.Rows - 1; row >= 0; row--)
            {
                if (classes.ClassOf[row] >= 0)
                    first[classes.ClassOf[row]] = row;
            }

            var joined = new List<Joined>();
            for (var i = 0; i < first.Length; i++)
            {
                var key = names.Select(name => recoded[name][first[i]]).ToArray();
                released.Remove(ReleasedClass.Joined(key), out var old);
                joined.Add(new Joined(key, old, i, classes.SizeOf[i], [.. fresh.Select(one => one[i])]));
            }

            joined.AddRange(released.Values.Select(old => new Joined([.. old.Key], old, -1, 0, [.. values.Select(one => new int[one.Count])])));
            return joined;
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

        private void CheckTable()
        {
            var sizes = ClassSizes.Of([.. kept.Select(one => one.Size)]);
            foreach (var model in scheme.Models.OfType<TableModel>())
            {
                if (!model.Passes(sizes))
                    throw Broken($"The release as a whole does not fulfil {model.Text}.", "Collect more records before applying the scheme, or fit a coarser one.", rule: model.Text);
            }
        }

        private void CheckLimit(long records, int count)
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

        private string Shown(string[] key) => string.Join(", ", names.Zip(key, (name, label) => $"{name} {label}"));
    }
}
