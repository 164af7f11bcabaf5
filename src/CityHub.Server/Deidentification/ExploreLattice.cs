using System.Globalization;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary><c>explore FILE</c>: every generalisation with its exact loss, suppression and classes, as a table; or the best of them on the terminal.</summary>
internal static class ExploreLattice
{
    private const int Shown = 20;

    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        var table = await call.ReadAsync(call.File, cancel);
        var names = call.Names(Quasi);
        var population = await call.ReadPopulationAsync(cancel);
        var hierarchies = call.ReadHierarchies(table, names, population);
        var nodes = Lattice.Explore(
            new Anonymization
            {
                Table = table,
                QuasiIdentifiers = call.QuasiIdentifiers(names, hierarchies),
                Models = call.Models(hierarchies),
                Population = population,
                SuppressionLimit = call.Share(Limit, 0),
                Progress = call.Progress("exploring"),
            },
            cancel);
        if (call.PathOf(DeidentifyOptions.Out) is { } file)
        {
            var builders = names.Concat(["loss", "suppressed", "classes", "passes"]).Select(name => new ColumnBuilder(name)).ToArray();
            foreach (var node in nodes)
            {
                for (var i = 0; i < names.Count; i++)
                    builders[i].Append(node.Levels[i].ToString(CultureInfo.InvariantCulture));
                builders[^4].Append(node.Loss.ToString("R", CultureInfo.InvariantCulture));
                builders[^3].Append(node.Suppressed.ToString(CultureInfo.InvariantCulture));
                builders[^2].Append(node.Classes.ToString(CultureInfo.InvariantCulture));
                builders[^1].Append(node.Passes ? "true" : "false");
            }

            var lattice = new Table(builders.Select(one => one.Build()));
            if (await TableFile.WriteAsync(lattice, file, call.SeparatorChar ?? ',', cancel) is { } unwritten)
                return call.Verb.Refuse(unwritten);
            call.Out.WriteLine(call.Json ? JsonLine.Of(json => json.WriteNumber("nodes", lattice.Rows)) : string.Create(CultureInfo.InvariantCulture, $"{lattice.Rows:N0} generalisations."));
            return Exit.Done;
        }

        var (count, passing) = (0, 0);
        var best = new PriorityQueue<LatticeNode, double>();
        foreach (var node in nodes)
        {
            count++;
            if (!node.Passes)
                continue;
            passing++;
            best.Enqueue(node, -node.Loss);
            if (best.Count > Shown)
                best.Dequeue();
        }

        List<LatticeNode> ordered = [];
        while (best.TryDequeue(out var node, out _))
            ordered.Insert(0, node);
        if (call.Json)
        {
            call.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteNumber("nodes", count);
                json.WriteNumber("passing", passing);
                json.WriteStartArray("best");
                foreach (var node in ordered)
                {
                    json.WriteStartObject();
                    json.WriteStartObject("levels");
                    for (var i = 0; i < names.Count; i++)
                        json.WriteNumber(names[i], node.Levels[i]);
                    json.WriteEndObject();
                    json.WriteNumber("loss", node.Loss);
                    json.WriteNumber("suppressed", node.Suppressed);
                    json.WriteNumber("classes", node.Classes);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }));
            return Exit.Done;
        }

        call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} generalisations, {passing:N0} pass. The best, with levels of {string.Join(", ", names)}:"));
        foreach (var node in ordered)
            call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {string.Join(' ', node.Levels)}  loss {node.Loss:0.######}, {node.Suppressed:N0} suppressed, {node.Classes:N0} classes"));
        return Exit.Done;
    }
}
