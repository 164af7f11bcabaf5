namespace CityHub.Privacy;

/// <summary>Rows that will be one class: for each quasi-identifier the lowest label above them all.</summary>
internal sealed class Cluster
{
    public Cluster(LocalSpace space)
    {
        Label = new int[space.Attributes];
        Counts = space.Models.Whole.Length == 0 ? [] : new int[space.Models.Whole.Length];
    }

    public int[] Label { get; }

    public List<int> Rows { get; } = [];

    public int[] Counts { get; }

    /// <summary>Of one row; the whole cluster loses it for each.</summary>
    public float Loss { get; private set; }

    /// <summary>Joined into another.</summary>
    public bool Gone { get; set; }

    public int Size => Rows.Count;

    public double Total => (double)Loss * Rows.Count;

    public void Add(LocalSpace space, int row)
    {
        var nodes = space.Row(row);
        if (Rows.Count == 0)
            nodes.CopyTo(Label);
        else
            space.Meet(Label, nodes, Label);
        Rows.Add(row);
        space.Models.Count(Counts, row);
        Loss = space.Loss(Label);
    }

    public void Join(LocalSpace space, Cluster other)
    {
        space.Meet(Label, other.Label, Label);
        Rows.AddRange(other.Rows);
        for (var i = 0; i < Counts.Length; i++)
            Counts[i] += other.Counts[i];
        Loss = space.Loss(Label);
        other.Gone = true;
    }

    public void Remove(LocalSpace space, int row)
    {
        Rows.Remove(row);
        space.Models.Count(Counts, row, -1);
        Tighten(space);
    }

    /// <summary>Undoes the last <see cref="Add"/>.</summary>
    public void TakeBack(LocalSpace space, ReadOnlySpan<int> label)
    {
        space.Models.Count(Counts, Rows[^1], -1);
        Rows.RemoveAt(Rows.Count - 1);
        label.CopyTo(Label);
        Loss = space.Loss(Label);
    }

    /// <summary>Whether it still passes without one of its rows.</summary>
    public bool Spares(LocalSpace space, int row)
    {
        space.Models.Count(Counts, row, -1);
        var passes = space.Models.Passes(Rows.Count - 1, Counts);
        space.Models.Count(Counts, row);
        return passes;
    }

    /// <summary>Whether it still passes with a row more.</summary>
    public bool Takes(LocalSpace space, int row)
    {
        space.Models.Count(Counts, row);
        var passes = space.Models.Passes(Rows.Count + 1, Counts);
        space.Models.Count(Counts, row, -1);
        return passes;
    }

    public bool Passes(LocalSpace space) => space.Models.Passes(Rows.Count, Counts);

    private void Tighten(LocalSpace space)
    {
        if (Rows.Count == 0)
            return;
        space.Row(Rows[0]).CopyTo(Label);
        for (var i = 1; i < Rows.Count; i++)
            space.Meet(Label, space.Row(Rows[i]), Label);
        Loss = space.Loss(Label);
    }
}
