using System.Collections.Immutable;
using System.Text;

namespace CityHub.Sharing.Disputes;

/// <summary>Full text over rulings, Chinese and English: words of letters and digits, and pairs of Chinese characters. Every word has to be there.</summary>
internal sealed class RulingIndex
{
    private ImmutableDictionary<string, ImmutableDictionary<string, int>> _words = ImmutableDictionary.Create<string, ImmutableDictionary<string, int>>(StringComparer.Ordinal);

    public void Add(string id, params IEnumerable<string> texts)
    {
        var words = _words.ToBuilder();
        foreach (var text in texts)
            foreach (var word in Words(text, forIndex: true))
            {
                var found = words.GetValueOrDefault(word) ?? ImmutableDictionary.Create<string, int>(StringComparer.Ordinal);
                words[word] = found.SetItem(id, found.GetValueOrDefault(id) + 1);
            }

        _words = words.ToImmutable();
    }

    /// <summary>Ids, those that say it most often first.</summary>
    public IReadOnlyList<string> Find(string query)
    {
        var words = _words;
        Dictionary<string, int>? score = null;
        foreach (var word in Words(query, forIndex: false).Distinct(StringComparer.Ordinal))
        {
            var found = words.GetValueOrDefault(word);
            if (found is null)
                return [];
            score = score is null ? found.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal)
                : score.Where(s => found.ContainsKey(s.Key)).ToDictionary(s => s.Key, s => s.Value + found[s.Key], StringComparer.Ordinal);
        }

        return score is null ? [] : [.. score.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Key)];
    }

    /// <summary>A query of one Chinese character finds it alone; in longer ones each pair has to be there.</summary>
    private static IEnumerable<string> Words(string text, bool forIndex)
    {
        var latin = new StringBuilder();
        var run = new StringBuilder();
        foreach (var c in text.Normalize(NormalizationForm.FormKC) + " ")
        {
            var chinese = c is >= '\u3400' and <= '\u9fff';
            if (!chinese && char.IsLetterOrDigit(c))
                latin.Append(char.ToLowerInvariant(c));
            else if (latin.Length > 0)
            {
                yield return latin.ToString();
                latin.Clear();
            }

            if (chinese)
            {
                run.Append(c);
                continue;
            }

            for (var i = 0; i < run.Length; i++)
            {
                if (forIndex || run.Length == 1)
                    yield return run[i].ToString();
                if (i > 0)
                    yield return run.ToString(i - 1, 2);
            }

            run.Clear();
        }
    }
}
