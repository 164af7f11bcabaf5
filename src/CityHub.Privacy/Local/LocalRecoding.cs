using System.Globalization;

namespace CityHub.Privacy;

/// <summary>What a local recoding is asked for.</summary>
public sealed record LocalRecodingRequest
{
    public required Table Table { get; init; }

    /// <summary>The attributes by which people may be found, each with its hierarchy; <see cref="Hierarchy.Attribute"/> is the name of the column.</summary>
    public required IReadOnlyList<Hierarchy> QuasiIdentifiers { get; init; }

    /// <summary>All of which the result has to pass.</summary>
    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    /// <summary>The share of the records, 0 to 1, that may be suppressed.</summary>
    public double SuppressionLimit { get; init; } = 1;
}

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
public static class LocalRecoding
{
    private const int BlockForJoining = 128, BlockForGrowing = 1000;

    /// <param name="progress">The share that is done, 0 to 1.</param>
    /// <exception cref="PrivacyException">A model, column or hierarchy cannot be used, or nothing passes within the suppression limit.</exception>
    public static LocalRecodingResult Run(LocalRecodingRequest request, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var limit = Limit(request);
        if (request.QuasiIdentifiers.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ColumnUnusable, "No quasi-identifier is named.", "Name the attributes by which a person could be found.").ToException();
        if (request.Models.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, "No model is asked for.", "Ask for at least one, for example k=5.").ToException();
        var table = request.Table;
        var names = request.QuasiIdentifiers.Select(one => one.Attribute).ToHashSet(StringComparer.Ordinal);
        if (names.Count < request.QuasiIdentifiers.Count)
            throw new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, "Two hierarchies are given for one attribute.", "Give one for each.").ToException();
        var models = new LocalModels(table, request.Models, names);
        var space = new LocalSpace(table, [.. request.QuasiIdentifiers.Select(one => new LabelTree(one, table[one.Attribute]))], models);

        var (clusters, left) = new Forming(space, progress, cancellation).Run();
        ClusterLeftovers.Place(space, clusters, left, limit, cancellation);
        var classes = new LocalClasses(space, clusters);
        classes.Settle(limit);
        if (classes.Suppressed > limit)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.NoSolution,
                string.Create(CultureInfo.InvariantCulture, $"With {string.Join(", ", request.Models)}, {classes.Suppressed} records had to be suppressed, of which {limit} may be."),
                "Raise the suppression limit, weaken a model, or leave out a quasi-identifier.", string.Join(", ", request.Models)).ToException();
        }

        progress?.Report(1);
        return classes.Result(table);
    }

    private static int Limit(LocalRecodingRequest request) => request.SuppressionLimit is >= 0 and <= 1
        ? (int)Math.Floor(request.SuppressionLimit * request.Table.Rows)
        : throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, "The suppression limit has to lie between 0 and 1.", "0.04 lets four records of a hundred be suppressed.").ToException();

    /// <summary>Clusters of one block after the other; what finds no cluster there is tried again among what was left in its neighbours.</summary>
    private sealed class Forming(LocalSpace space, IProgress<double>? progress, CancellationToken cancellation)
    {
        private readonly List<Cluster> clusters = [];
        private int done;

        public (List<Cluster> Clusters, List<int> Left) Run() =>
            (clusters, Form(BlockTree.Of(space, space.Models.Monotone ? BlockForJoining : BlockForGrowing, cancellation)));

        private List<int> Form(BlockTree block)
        {
            cancellation.ThrowIfCancellationRequested();
            List<int> rows = [.. block.Rows], left = [];
            foreach (var part in block.Parts)
                rows.AddRange(Form(part));
            if (rows.Count == 0)
                return left;
            var formed = space.Models.Monotone ? ClusterJoining.Form(space, rows.ToArray(), left) : ClusterGrowing.Form(space, rows, left, cancellation);
            ClusterImproving.Improve(space, formed, cancellation);
            clusters.AddRange(formed);
            done += block.Rows.Length;
            progress?.Report(0.95 * done / space.RowCount);
            return left;
        }
    }
}
