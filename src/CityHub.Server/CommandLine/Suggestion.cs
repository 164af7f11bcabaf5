namespace CityHub.Server.CommandLine;

/// <summary>The nearest known word to a mistyped one.</summary>
internal static class Suggestion
{
    /// <summary>The known word that is at most a third of its letters away; null when none is near.</summary>
    public static string? For(string word, IEnumerable<string> known)
    {
        string? best = null;
        var least = int.MaxValue;
        foreach (var candidate in known)
        {
            var distance = Distance(word, candidate);
            // `log` for `--log-level`: half a word is no typing error, yet it is plain what was meant.
            if (distance > 0 && word.TrimStart('-').Length >= 3 && candidate.Contains(word.TrimStart('-'), StringComparison.OrdinalIgnoreCase))
                distance = Math.Min(distance, 1);
            if (distance < least && distance <= Math.Max(1, (candidate.TrimStart('-').Length + 1) / 3))
                (best, least) = (candidate, distance);
        }

        return best;
    }

    /// <summary>Letters inserted, dropped, changed or swapped with their neighbour (optimal string alignment), ignoring case.</summary>
    public static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                var best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 2]) && char.ToLowerInvariant(a[i - 2]) == char.ToLowerInvariant(b[j - 1]))
                    best = Math.Min(best, rows[i - 2, j - 2] + 1);
                rows[i, j] = best;
            }
        }

        return rows[a.Length, b.Length];
    }
}
