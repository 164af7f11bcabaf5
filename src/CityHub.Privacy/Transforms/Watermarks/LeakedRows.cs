namespace CityHub.Privacy;

/// <summary>One marked cell of a leaked part whose row in the original is known.</summary>
/// <param name="Row">Of the original.</param>
/// <param name="Mark">Which marked column.</param>
/// <param name="Moved">By how many steps it is off.</param>
internal readonly record struct MarkTest(int Row, int Mark, decimal Moved);

/// <summary>
/// Finds the rows of the original that rows of a leaked part come from: the columns without marks agree and those with marks are within their tolerance, for one row alone. First over all
/// columns, then over halves, quarters and so on of them, so that a few changed cells in a wide row do not hide it. No receiver's key is looked at here: that is why the chance of a match is
/// known for those who are innocent. Each row of the original is used once, so that tests are independent.
/// </summary>
internal static class LeakedRows
{
    /// <summary>Beyond, more tests say nothing new.</summary>
    public const int MaxTests = 3000;

    public static List<MarkTest> Find(Table original, Table leaked, Marks[] marks)
    {
        var tests = new List<MarkTest>();
        if (marks.Length == 0)
            return tests;
        var numbers = marks.Select(mark => leaked[mark.Original.Name]).ToArray();
        var anchors = original.Columns.Select(column => column.Name).Where(name => leaked.Find(name) is not null && marks.All(mark => mark.Original.Name != name)).ToArray();
        var read = new decimal?[marks.Length];
        var (used, found) = (new bool[original.Rows], new bool[leaked.Rows]);
        foreach (var set in AnchorSets(anchors))
        {
            var index = new Index(original, set);
            var places = index.Places(leaked);
            for (var row = 0; row < leaked.Rows && tests.Count < MaxTests; row++)
            {
                if (found[row] || places[row] < 0)
                    continue;
                for (var i = 0; i < marks.Length; i++)
                    read[i] = Numbers.TryRead(numbers[i][row], out var number) ? number : null;
                var candidate = Candidate(index.Members[places[row]], marks, read, numbers, row);
                if (candidate < 0 || used[candidate])
                    continue;
                used[candidate] = found[row] = true;
                for (var i = 0; i < marks.Length; i++)
                {
                    if (marks[i].IsMarked(candidate) && read[i] is { } number && marks[i].Moved(candidate, number) is { } moved)
                        tests.Add(new MarkTest(candidate, i, moved));
                }
            }
        }

        return tests;
    }

    /// <summary>All, then parts of at least three.</summary>
    private static IEnumerable<string[]> AnchorSets(string[] anchors)
    {
        yield return anchors;
        for (var parts = 2; anchors.Length / parts >= 3; parts *= 2)
        {
            foreach (var part in anchors.Chunk((anchors.Length + parts - 1) / parts))
                yield return part;
        }
    }

    /// <summary>The one row that fits; −1 where there is none or more than one.</summary>
    private static int Candidate(int[] members, Marks[] marks, decimal?[] read, Column[] numbers, int row)
    {
        var candidate = -1;
        foreach (var member in members)
        {
            var fits = true;
            for (var i = 0; fits && i < marks.Length; i++)
            {
                fits = read[i] is { } number
                    ? marks[i].Moved(member, number) is not null
                    : string.Equals(numbers[i][row], marks[i].Original[member], StringComparison.Ordinal);
            }

            if (!fits)
                continue;
            if (candidate >= 0)
                return -1;
            candidate = member;
        }

        return candidate;
    }

    /// <summary>The rows of a table by what they have in some columns.</summary>
    private sealed class Index
    {
        private readonly List<(string Name, Dictionary<string, int> Values, Dictionary<(int, int), int> Next)> steps = [];

        public Index(Table table, string[] names)
        {
            var places = new int[table.Rows];
            var count = 1;
            foreach (var name in names)
            {
                var column = table[name];
                var values = new Dictionary<string, int>(StringComparer.Ordinal);
                for (var code = 0; code < column.Distinct; code++)
                    values.Add(column.Values[code], code);
                var next = new Dictionary<(int, int), int>();
                for (var row = 0; row < places.Length; row++)
                {
                    var key = (places[row], column.Code(row));
                    if (!next.TryGetValue(key, out var place))
                        next.Add(key, place = next.Count);
                    places[row] = place;
                }

                steps.Add((name, values, next));
                count = next.Count;
            }

            Members = Tables.Members(places, count);
        }

        public int[][] Members { get; }

        /// <summary>For each row of another table its place here, −1 where there is none.</summary>
        public int[] Places(Table other)
        {
            var places = new int[other.Rows];
            foreach (var (name, values, next) in steps)
            {
                var column = other[name];
                var codes = column.Values.Select(value => values.GetValueOrDefault(value, -1)).ToArray();
                for (var row = 0; row < places.Length; row++)
                    places[row] = places[row] >= 0 && next.TryGetValue((places[row], codes[column.Code(row)]), out var place) ? place : -1;
            }

            return places;
        }
    }
}
