namespace CityHub.Privacy;

/// <summary>The models of a local recoding made ready for one table: a class is its size and its counts of all sensitive attributes, one attribute after the other.</summary>
internal sealed class LocalModels
{
    private readonly List<(ClassTest Test, int From, int Length)> tests = [];
    private readonly int[][] codes; // [sensitive][row] → place in the counts

    /// <param name="leastSize">No class may be smaller, whatever the models say.</param>
    /// <exception cref="PrivacyException">A model does not fit the table, or not local recoding.</exception>
    public LocalModels(Table table, IReadOnlyList<PrivacyModel> models, IReadOnlyCollection<string> quasiIdentifiers, int leastSize)
    {
        LeastSize = leastSize;
        var sensitive = new List<string>();
        var places = new List<int[]>();
        var whole = new List<int>();
        var from = new List<int>();
        foreach (var model in models)
        {
            if (model is TableModel ofTable)
            {
                TableModels.Add(ofTable);
                continue;
            }

            if (model is not ClassModel ofClass)
                throw new NotSupportedException(model.Text);
            if (ofClass.ComparesWithPopulation)
                throw ModelRefusals.Parameter(model.Text, "the classes of a local recoding overlap, so that the people of a population belong to no one class", "Generalise the whole table alike instead.");
            Monotone &= ofClass.Monotone;
            PassByJoining &= ofClass.PassesByJoining;
            LeastSize = Math.Max(LeastSize, ofClass.LeastSize);
            if (ofClass.Sensitive is not { } name)
            {
                tests.Add((ofClass.For([], [], table.Rows), 0, 0));
                continue;
            }

            if (quasiIdentifiers.Contains(name))
                throw ModelRefusals.Parameter(model.Text, $"{name} is a quasi-identifier as well", "An attribute is either what people are found by, or what is not to be learnt about them.", name);
            var column = table[name];
            var index = sensitive.IndexOf(name);
            if (index < 0)
            {
                index = sensitive.Count;
                sensitive.Add(name);
                from.Add(whole.Count);
                var place = new int[table.Rows];
                column.CopyCodes(0, place);
                for (var row = 0; row < place.Length; row++)
                    place[row] += whole.Count;
                places.Add(place);
                whole.AddRange(column.Counts());
            }

            tests.Add((ofClass.For(whole.ToArray().AsSpan(from[index], column.Distinct), column.Values, table.Rows), from[index], column.Distinct));
        }

        (Whole, codes) = ([.. whole], [.. places]);
    }

    public List<TableModel> TableModels { get; } = [];

    /// <summary>All class models: a class that passes does so whatever joins it.</summary>
    public bool Monotone { get; } = true;

    /// <summary>All class models: <see cref="ClassModel.PassesByJoining"/>.</summary>
    public bool PassByJoining { get; } = true;

    public int LeastSize { get; }

    /// <summary>The counts of the whole table.</summary>
    public int[] Whole { get; }

    /// <summary>How many sensitive attributes there are.</summary>
    public int Sensitive => codes.Length;

    /// <summary>Where, in the counts of its class, a row is counted for a sensitive attribute.</summary>
    public int Place(int sensitive, int row) => codes[sensitive][row];

    public bool Passes(int size, ReadOnlySpan<int> counts)
    {
        if (size < LeastSize)
            return false;
        foreach (var (test, from, length) in tests)
        {
            if (!test.Passes(size, counts.Slice(from, length)))
                return false;
        }

        return true;
    }

    /// <summary>Counts a row, or takes it out again.</summary>
    public void Count(int[] counts, int row, int by = 1)
    {
        foreach (var place in codes)
            counts[place[row]] += by;
    }
}
