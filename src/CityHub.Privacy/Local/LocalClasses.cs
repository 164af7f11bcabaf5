namespace CityHub.Privacy;

/// <summary>
/// The classes as whoever gets the table sees them: clusters that are shown by the same texts are one class, and one that shows nothing at all is suppressed. They are tested
/// once more as such, since two clusters that pass need not pass together under every model.
/// </summary>
internal sealed class LocalClasses
{
    private readonly LocalSpace space;
    private readonly List<List<Cluster>> classes;

    public LocalClasses(LocalSpace space, List<Cluster> clusters)
    {
        this.space = space;
        var byTexts = new Dictionary<string, List<Cluster>>(StringComparer.Ordinal);
        foreach (var cluster in clusters)
        {
            var texts = new string[space.Attributes];
            for (var a = 0; a < texts.Length; a++)
                texts[a] = space.Tree(a).Label(cluster.Label[a]);
            if (Array.TrueForAll(texts, text => text == "*"))
                continue;
            var key = string.Concat(texts.Select(text => FormattableString.Invariant($"{text.Length}:{text}")));
            if (!byTexts.TryGetValue(key, out var alike))
                byTexts.Add(key, alike = []);
            alike.Add(cluster);
        }

        classes = [.. byTexts.Values];
    }

    public int Suppressed => space.RowCount - classes.Sum(Size);

    /// <summary>Whether the models of the whole table pass.</summary>
    public bool PassTogether => space.Models.TableModels.Count == 0 || (classes.Count > 0 && space.Models.TableModels.TrueForAll(model => model.Passes(Sizes())));

    /// <summary>Suppresses what does not pass together, and then the smallest classes until the models of the whole table pass.</summary>
    public void Settle(int limit)
    {
        foreach (var one in classes)
        {
            one.Sort((x, y) => y.Size.CompareTo(x.Size));
            while (one.Count > 0 && !Passes(one))
                one.RemoveAt(one.Count - 1);
        }

        classes.RemoveAll(one => one.Count == 0);
        classes.Sort((x, y) => Size(y).CompareTo(Size(x)));
        while (classes.Count > 0 && Suppressed <= limit && !PassTogether)
        {
            var smallest = Size(classes[^1]);
            classes.RemoveAll(one => Size(one) == smallest);
        }
    }

    public LocalRecodingResult Result(Table table)
    {
        var classOf = new int[space.RowCount];
        Array.Fill(classOf, -1);
        var labels = new int[classes.Count][];
        var whole = Enumerable.Range(0, space.Attributes).Sum(a => space.Tree(a).Whole);
        var loss = Suppressed * whole;
        for (var number = 0; number < classes.Count; number++)
        {
            labels[number] = classes[number][0].Label;
            foreach (var cluster in classes[number])
            {
                for (var a = 0; a < space.Attributes; a++)
                    loss += space.Tree(a).Lost(cluster.Label[a]) * cluster.Size;
                foreach (var row in cluster.Rows)
                    classOf[row] = number;
            }
        }

        var recoded = new Dictionary<string, Column>(StringComparer.Ordinal);
        for (var a = 0; a < space.Attributes; a++)
        {
            var tree = space.Tree(a);
            var builder = new ColumnBuilder(tree.Name);
            foreach (var number in classOf)
                builder.Append(number < 0 ? "*" : tree.Label(labels[number][a]));
            recoded.Add(tree.Name, builder.Build());
        }

        whole *= space.RowCount;
        return new LocalRecodingResult(
            new Table(table.Columns.Select(column => recoded.GetValueOrDefault(column.Name, column))), whole == 0 ? 1 : 1 - loss / whole, Suppressed, Sizes(), classOf);
    }

    private bool Passes(List<Cluster> one)
    {
        var counts = new int[space.Models.Whole.Length];
        foreach (var cluster in one)
        {
            for (var i = 0; i < counts.Length; i++)
                counts[i] += cluster.Counts[i];
        }

        return space.Models.Passes(Size(one), counts);
    }

    private ClassSizes Sizes() => ClassSizes.Of(classes.Select(Size).ToArray());

    private static int Size(List<Cluster> one)
    {
        var size = 0;
        foreach (var cluster in one)
            size += cluster.Size;
        return size;
    }
}
