using System.Numerics;
using CityHub.Core.Ports;

namespace CityHub.Standards.Quality;

/// <summary>What a rule is called, which dimension it counts in, and why a row breaks it, in both languages.</summary>
internal sealed record RuleText(string Id, string Field, int Dimension, bool Refuse, string Zh, string En);

/// <summary>Counts what is wrong with a delivery while it goes by: which rows in which dimension, each once, however many rules they break.</summary>
internal sealed class Judgement(int mostFaults)
{
    private readonly ulong[][] _bad = [[], [], [], [], [], []];
    private readonly long[] _badRows = new long[6];
    private readonly double[] _share = [1, 1, 1, 1, 1, 1];
    private readonly HashSet<long>[] _late = [[], [], [], [], [], []];
    private readonly List<RowFault> _faults = [];
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private ulong[] _refused = [];
    private int _words;

    /// <summary>Values of this batch that were there and could not be made into the dataset's: they are not missing.</summary>
    public HashSet<(int Row, string Field)> Unmade { get; } = [];

    /// <summary>Rows before this batch.</summary>
    public long Before { get; private set; }

    public long Refused { get; private set; }

    public ReadOnlySpan<ulong> RefusedBits => _refused.AsSpan(0, _words);

    public bool AnyRefused => RefusedBits.ContainsAnyExcept(0UL);

    /// <summary>How often each rule was broken.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    public IReadOnlyList<RowFault> Faults => _faults;

    public void Begin(int rows)
    {
        _words = (rows + 63) >> 6;
        for (var i = 0; i < 6; i++)
        {
            if (_bad[i].Length < _words)
                _bad[i] = new ulong[_words];
            Array.Clear(_bad[i], 0, _words);
        }

        if (_refused.Length < _words)
            _refused = new ulong[_words];
        Array.Clear(_refused, 0, _words);
        Unmade.Clear();
    }

    public void End(int rows)
    {
        for (var i = 0; i < 6; i++)
            foreach (var word in _bad[i].AsSpan(0, _words))
                _badRows[i] += BitOperations.PopCount(word);
        foreach (var word in RefusedBits)
            Refused += BitOperations.PopCount(word);
        Before += rows;
    }

    public bool IsBad(int dimension, int row) => (_bad[dimension][row >> 6] >> (row & 63) & 1) != 0;

    public void Fault(RuleText rule, int row)
    {
        _bad[rule.Dimension][row >> 6] |= 1UL << (row & 63);
        if (rule.Refuse)
            _refused[row >> 6] |= 1UL << (row & 63);
        Say(rule, Before + row + 1);
    }

    /// <summary>A row that has gone by already.</summary>
    /// <param name="counted">It was bad in this dimension then.</param>
    public void FaultLate(RuleText rule, long row, bool counted)
    {
        if (!counted && _late[rule.Dimension].Add(row))
            _badRows[rule.Dimension]++;
        Say(rule, row);
    }

    /// <summary>The delivery as a whole; <paramref name="share"/> of what was asked is there.</summary>
    public void FaultWhole(RuleText rule, double share)
    {
        _share[rule.Dimension] = Math.Min(_share[rule.Dimension], Math.Clamp(share, 0, 1));
        Say(rule, 0);
    }

    public QualityResult Result(IReadOnlyList<double> weights, bool scored)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        var (sum, weight) = (0.0, 0.0);
        for (var i = 0; i < 6; i++)
        {
            var score = (Before == 0 ? 1 : 1 - ((double)_badRows[i] / Before)) * _share[i];
            scores[Dimensions.Names[i]] = score;
            sum += score * weights[i];
            weight += weights[i];
        }

        return new QualityResult(Before, Refused, scores, scored ? sum / weight : null, _faults);
    }

    private void Say(RuleText rule, long row)
    {
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, rule.Id, out _)++;
        if (_faults.Count < mostFaults)
            _faults.Add(new RowFault(row, rule.Field, rule.Id, Dimensions.Names[rule.Dimension], rule.En, rule.Refuse && row > 0));
    }
}
