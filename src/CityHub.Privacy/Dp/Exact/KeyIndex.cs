namespace CityHub.Privacy;

/// <summary>Which rows belong to which key. A key is a value in each of some columns.</summary>
internal static class KeyIndex
{
    /// <summary>For each row the number of its key, -1 where it has none of the given ones. Without columns all rows have the empty key.</summary>
    /// <param name="given">The keys that are looked for; null for all that occur.</param>
    public static (int[] Of, IReadOnlyList<IReadOnlyList<string>> Keys) Groups(Table table, IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<string>>? given)
    {
        var of = new int[table.Rows];
        if (names.Count == 0)
            return (of, [[]]);
        var columns = new Column[names.Count];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = table[names[i]];
        var known = given is null ? [] : Known(columns, given);
        var found = new List<IReadOnlyList<string>>();
        var codes = new int[columns.Length];
        for (var row = 0; row < of.Length; row++)
        {
            for (var i = 0; i < columns.Length; i++)
                codes[i] = columns[i].Code(row);
            if (known.TryGetValue(new KeyCodes(codes), out var group))
                of[row] = group;
            else if (given is not null)
                of[row] = -1;
            else
            {
                known.Add(new KeyCodes([.. codes]), of[row] = found.Count);
                var key = new string[columns.Length];
                for (var i = 0; i < key.Length; i++)
                    key[i] = columns[i].Values[codes[i]];
                found.Add(key);
            }
        }

        return (of, given ?? found);
    }

    /// <summary>The keys of whose values each occurs somewhere; no row has one of the others.</summary>
    private static Dictionary<KeyCodes, int> Known(Column[] columns, IReadOnlyList<IReadOnlyList<string>> given)
    {
        var values = new Dictionary<string, int>[columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            values[i] = new Dictionary<string, int>(columns[i].Distinct, StringComparer.Ordinal);
            for (var code = 0; code < columns[i].Distinct; code++)
                values[i].Add(columns[i].Values[code], code);
        }

        var known = new Dictionary<KeyCodes, int>(given.Count);
        for (var key = 0; key < given.Count; key++)
        {
            var codes = new int[columns.Length];
            var occurs = true;
            for (var i = 0; occurs && i < columns.Length; i++)
                occurs = values[i].TryGetValue(given[key][i], out codes[i]);
            if (occurs)
                known.Add(new KeyCodes(codes), key);
        }

        return known;
    }

    private readonly struct KeyCodes(int[] codes) : IEquatable<KeyCodes>
    {
        private readonly int[] codes = codes;

        public bool Equals(KeyCodes other) => codes.AsSpan().SequenceEqual(other.codes);

        public override bool Equals(object? obj) => obj is KeyCodes other && Equals(other);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var code in codes)
                hash.Add(code);
            return hash.ToHashCode();
        }
    }
}
