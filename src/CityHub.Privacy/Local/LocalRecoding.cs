using System.Globalization;

namespace CityHub.Privacy;

/// <summary>A table whose classes are each generalised only as far as they need.</summary>
/// <param name="Table">The quasi-identifiers as labels of their hierarchies, "*" in all of them for a suppressed record; other columns as they were.</param>
/// <param name="Granularity">1 where nothing is generalised, 0 where everything is: 1 less the sum of the losses by what suppressing all would lose (Iyengar 2002).</param>
/// <param name="Sizes">Of the classes, the suppressed records not among them.</param>
/// <param name="ClassOfRow">For each row the number of its class; -1 where it is suppressed.</param>
public sealed record LocalRecodingResult(Table Table, double Granularity, int Suppressed, ClassSizes Sizes, IReadOnlyList<int> ClassOfRow)
{
    public int Classes => Sizes.Classes;
}

/// <summary>
/// Local recoding: records are put together so that each class passes the models, and each class gets, for every quasi-identifier, the finest label of the hierarchy that all
/// its records share. The same value may thus be shown at different levels in different classes, which keeps far more of it than one level for the whole table.
/// </summary>
public sealed record LocalRecoding
{
    private const int BlockForJoining = 112, BlockForGrowing = 1000;

    public required Table Table { get; init; }

    public required IReadOnlyList<QuasiIdentifier> QuasiIdentifiers { get; init; }

    /// <summary>All of which the result has to pass.</summary>
    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    /// <summary>Share of the records, 0 to 1, that may be suppressed; rounded down to whole records.</summary>
    public double SuppressionLimit { get; init; } = 1;

    /// <summary>Told from time to time which share is done, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }

    /// <exception cref="PrivacyException">A model, column or hierarchy cannot be used, or nothing was found that passes within the suppression limit.</exception>
    public LocalRecodingResult Run(CancellationToken cancel = default)
    {
        if (SuppressionLimit is not (>= 0 and <= 1))
            throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, "The suppression limit has to lie between 0 and 1.", "0.04 lets four records of a hundred be suppressed.").ToException();
        if (QuasiIdentifiers.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ColumnUnusable, "No quasi-identifier is named.", "Name the attributes by which a person could be found.").ToException();
        if (Models.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, "No model is asked for.", "Ask for at least one, for example k=5.").ToException();
        if (QuasiIdentifiers.DistinctBy(one => one.Attribute, StringComparer.Ordinal).Count() < QuasiIdentifiers.Count)
            throw new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, "Two hierarchies are given for one attribute.", "Give one for each.").ToException();
        var limit = (int)Math.Floor(SuppressionLimit * Table.Rows);
        LabelTree[] trees = [.. QuasiIdentifiers.Select(one => new LabelTree(one, Table[one.Attribute]))];

        // A model of the whole table says nothing of a single class; larger classes bring it nearer, so that the least size is doubled until it passes.
        for (var leastSize = 1; ; leastSize *= 2)
        {
            var models = new LocalModels(Table, Models, [.. QuasiIdentifiers.Select(one => one.Attribute)], leastSize);
            var classes = Form(new LocalSpace(Table, trees, models), limit, cancel);
            if (!classes.PassTogether && leastSize <= Table.Rows / 2)
                continue;
            classes.Settle(limit);
            if (classes.Suppressed > limit)
            {
                var asked = string.Join(", ", Models);
                throw new PrivacyRefusal(
                    PrivacyCodes.NoSolution,
                    string.Create(CultureInfo.InvariantCulture, $"No local recoding was found that passes {asked}: {classes.Suppressed} records would have to be suppressed, and {limit} may be."),
                    "Raise the suppression limit, weaken a model, or leave out a quasi-identifier.", asked).ToException();
            }

            Progress?.Report(1);
            return classes.Result(Table);
        }
    }

    private LocalClasses Form(LocalSpace space, int limit, CancellationToken cancel)
    {
        var (clusters, left) = new Forming(space, Progress, cancel).Run();
        ClusterLeftovers.Place(space, clusters, left, limit, cancel);
        return new LocalClasses(space, clusters);
    }

    /// <summary>Clusters of one block after the other; what finds no cluster there is tried again among what was left in its neighbours.</summary>
    private sealed class Forming(LocalSpace space, IProgress<double>? progress, CancellationToken cancellation)
    {
        private readonly List<Cluster> clusters = [];
        private int done;

        public (List<Cluster> Clusters, List<int> Left) Run() =>
            (clusters, Form(BlockTree.Of(space, space.Models.PassByJoining ? BlockForJoining : BlockForGrowing, cancellation)));

        private List<int> Form(BlockTree block)
        {
            cancellation.ThrowIfCancellationRequested();
            List<int> rows = [.. block.Rows], left = [];
            foreach (var part in block.Parts)
                rows.AddRange(Form(part));
            if (rows.Count == 0)
                return left;
            var formed = space.Models.PassByJoining ? ClusterJoining.Form(space, rows.ToArray(), left) : ClusterGrowing.Form(space, rows, left, cancellation);
            ClusterImproving.Improve(space, formed, cancellation);
            clusters.AddRange(formed);
            done += block.Rows.Length;
            progress?.Report(0.95 * done / space.RowCount);
            return left;
        }
    }
}
