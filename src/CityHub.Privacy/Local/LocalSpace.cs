namespace CityHub.Privacy;

/// <summary>The rows of a table as points: for each quasi-identifier a node of its <see cref="LabelTree"/>. The loss of a label is the sum over its attributes.</summary>
internal sealed class LocalSpace
{
    private readonly LabelTree[] trees;
    private readonly int[] nodes; // row by row
    private readonly float[]? joined; // for each attribute, one after the other, the losses of all meets
    private readonly int[] starts, widths;

    public LocalSpace(Table table, IReadOnlyList<LabelTree> trees, LocalModels models)
    {
        this.trees = [.. trees];
        (Models, RowCount) = (models, table.Rows);
        Whole = trees.Sum(tree => tree.Whole * tree.Weight);
        nodes = new int[checked(table.Rows * this.trees.Length)];
        var codes = new int[table.Rows];
        for (var a = 0; a < this.trees.Length; a++)
        {
            table[this.trees[a].Name].CopyCodes(0, codes);
            for (var row = 0; row < codes.Length; row++)
                nodes[row * this.trees.Length + a] = this.trees[a].NodeOf[codes[row]];
        }

        widths = [.. this.trees.Select(tree => tree.Count)];
        starts = new int[this.trees.Length];
        var tabled = new List<float>();
        for (var a = 0; a < this.trees.Length; a++)
        {
            if (this.trees[a].LossesOfMeets() is not { } losses)
                return; // all or none: the loop over them is the innermost of everything
            starts[a] = tabled.Count;
            tabled.AddRange(losses);
        }

        joined = [.. tabled];
    }

    public LocalModels Models { get; }

    public int RowCount { get; }

    public int Attributes => trees.Length;

    /// <summary>What a suppressed row loses.</summary>
    public double Whole { get; }

    public LabelTree Tree(int attribute) => trees[attribute];

    public ReadOnlySpan<int> Row(int row) => nodes.AsSpan(row * trees.Length, trees.Length);

    public int Node(int row, int attribute) => nodes[row * trees.Length + attribute];

    public void Meet(ReadOnlySpan<int> one, ReadOnlySpan<int> other, Span<int> into)
    {
        for (var a = 0; a < trees.Length; a++)
            into[a] = trees[a].Meet(one[a], other[a]);
    }

    public float Loss(ReadOnlySpan<int> label)
    {
        var loss = 0f;
        for (var a = 0; a < trees.Length; a++)
            loss += trees[a].Loss(label[a]);
        return loss;
    }

    /// <summary>Makes a label ready to be compared with many by <see cref="LossOfMeet"/>.</summary>
    public void Prepare(ReadOnlySpan<int> label, Span<int> prepared)
    {
        for (var a = 0; a < trees.Length; a++)
            prepared[a] = joined is null ? label[a] : starts[a] + label[a] * widths[a];
    }

    /// <summary>The loss of a row in a class that has both labels below its own.</summary>
    public float LossOfMeet(ReadOnlySpan<int> prepared, ReadOnlySpan<int> other)
    {
        var loss = 0f;
        if (joined is { } table)
        {
            prepared = prepared[..other.Length];
            for (var a = 0; a < other.Length; a++)
                loss += table[prepared[a] + other[a]];
            return loss;
        }

        for (var a = 0; a < trees.Length; a++)
            loss += trees[a].Loss(trees[a].Meet(prepared[a], other[a]));
        return loss;
    }
}
