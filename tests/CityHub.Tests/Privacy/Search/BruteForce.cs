using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>Every generalisation of a small table, from its texts and nothing else: what the search is held against. It shares no code with it but the class tests.</summary>
internal static class BruteForce
{
    public sealed record Node(int[] Levels, double Loss, int Suppressed, int Classes, bool Passes);

    public static List<Node> All(Anonymization request)
    {
        var nodes = new List<Node>();
        var identifiers = request.QuasiIdentifiers;
        var levels = identifiers.Select(one => one.MinLevel).ToArray();
        while (true)
        {
            nodes.Add(Evaluate(request, levels));
            var at = levels.Length - 1;
            while (at >= 0 && ++levels[at] > (identifiers[at].MaxLevel ?? identifiers[at].Hierarchy.Levels - 1))
                levels[at] = identifiers[at--].MinLevel;
            if (at < 0)
                return nodes;
        }
    }

    private static Node Evaluate(Anonymization request, int[] levels)
    {
        var (table, identifiers) = (request.Table, request.QuasiIdentifiers);
        var records = table.Rows;
        string Label(Table of, int row, int i)
        {
            identifiers[i].Hierarchy.TryLeaf(of[identifiers[i].Attribute][row], out var leaf);
            return identifiers[i].Hierarchy.Label(levels[i], identifiers[i].Hierarchy.Group(leaf, levels[i]));
        }

        double Share(int row, int i)
        {
            identifiers[i].Hierarchy.TryLeaf(table[identifiers[i].Attribute][row], out var leaf);
            return identifiers[i].Hierarchy.Share(leaf, levels[i]);
        }

        string Key(Table of, int row) => string.Join('\u001f', Enumerable.Range(0, levels.Length).Select(i => Label(of, row, i)));

        var people = Enumerable.Range(0, request.Population?.Rows ?? 0).CountBy(row => Key(request.Population ?? table, row)).ToDictionary();
        var classes = Enumerable.Range(0, records).GroupBy(row => Key(table, row)).ToDictionary(rows => rows.Key, rows => rows.ToArray());
        var kept = classes.Where(one => request.Models.OfType<ClassModel>().All(model => model is DeltaPresence presence
            ? (double)one.Value.Length / people[one.Key] is var share && share >= presence.Least && share <= presence.Most
            : Passes(table, one.Value, model))).Select(one => one.Value).ToList();
        // Of people who look like nobody in the table it is known that they are not in it: a share of 0, and nothing to suppress.
        var beyond = request.Models.OfType<DeltaPresence>().Any(model => model.Least > 0) && people.Keys.Any(key => !classes.ContainsKey(key));
        var suppressed = records - kept.Sum(rows => rows.Length);
        var dead = Enumerable.Range(0, records).Except(kept.SelectMany(rows => rows)).ToHashSet();
        var heaviest = identifiers.Max(one => one.Weight);
        var (generalising, suppressing) = (Math.Min(1, 2 - 2 * request.Loss.Balance), Math.Min(1, 2 * request.Loss.Balance));
        var product = 1.0;
        for (var i = 0; i < levels.Length; i++)
        {
            var sum = Enumerable.Range(0, records).Sum(row => dead.Contains(row) ? Share(row, i) + suppressing * (1 - Share(row, i)) : generalising * Share(row, i));
            var least = generalising * records / identifiers[i].Hierarchy.Leaves;
            var loss = identifiers[i].Hierarchy.Leaves == 1 && generalising == 1 ? 0 : Math.Max(0, (sum - least) / (records - least));
            product *= Math.Pow(1 + loss * (heaviest > 0 ? identifiers[i].Weight / heaviest : 1), 1.0 / levels.Length);
        }

        return new Node([.. levels], product - 1, suppressed, kept.Count, !beyond && suppressed <= Math.Floor(request.SuppressionLimit * records));
    }

    private static bool Passes(Table table, int[] rows, ClassModel model)
    {
        if (model.Sensitive is null)
            return model.For([], [], table.Rows).Passes(rows.Length, []);
        var column = table[model.Sensitive];
        var counts = new int[column.Distinct];
        foreach (var row in rows)
            counts[column.Code(row)]++;
        return model.For(column.Counts(), column.Values, table.Rows).Passes(rows.Length, counts);
    }
}
