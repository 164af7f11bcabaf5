using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace CityHub.Privacy;

/// <summary>Counts for each detector how many values of a column are valid, and weighs the evidence.</summary>
internal sealed class ColumnJudge : IDisposable
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // In a text a number of the right length is itself rare.
    private const double ChanceInText = 0.005;

    private readonly Column column;
    private readonly int most;
    private readonly List<ByteFinding> findings = [];
    private readonly long[] counts = new long[Detectors.All.Count];
    private readonly PiiWalk walk;
    private readonly int[] stamps = new int[Detectors.All.Count];
    private int stamp;
    private byte[] utf8 = new byte[1024];
    private readonly long[] rows = new long[Detectors.All.Count];      // rows with a valid value
    private readonly int[] distinct = new int[Detectors.All.Count];
    private readonly long[] within = new long[Detectors.All.Count];    // rows whose text contains one
    private readonly int[] distinctWithin = new int[Detectors.All.Count];
    private readonly List<string>?[] examples = new List<string>?[Detectors.All.Count];
    private readonly List<string>?[] examplesWithin = new List<string>?[Detectors.All.Count];

    public ColumnJudge(Column column, int most)
    {
        (this.column, this.most) = (column, most);
        walk = new PiiWalk(findings);
    }

    public void Dispose() => walk.Dispose();

    public ColumnScan Judge()
    {
        var counts = column.Counts();
        long notNull = 0, seen = 0;
        var values = 0;
        for (var code = 0; code < counts.Length; code++)
        {
            if (IsNull(column.Values[code]))
                continue;
            notNull += counts[code];
            values++;
        }

        var step = Math.Max(1, (values + most - 1) / most);
        for (int code = 0, place = 0; code < counts.Length; code++)
        {
            var value = column.Values[code];
            if (counts[code] == 0 || IsNull(value) || place++ % step != 0)
                continue;
            seen += counts[code];
            Look(value, counts[code]);
        }

        var name = new ColumnName(column.Name);
        var candidates = new List<DetectorEvidence>();
        foreach (var detector in Detectors.All)
        {
            var hint = HeaderWords.Hint(detector, name, out var word);
            Weigh(candidates, detector, hint, word, seen);
        }

        candidates.Sort((a, b) => b.Confidence != a.Confidence ? b.Confidence.CompareTo(a.Confidence) : a.Detector.Index.CompareTo(b.Detector.Index));
        var best = candidates.Count > 0 && candidates[0].Confidence >= ColumnScan.Threshold ? candidates[0] : null;
        var key = best is null && values >= 20 && values >= 0.95 * notNull && !column.Values.All(IsDecimal);
        var suggested = best?.Detector.Class ?? (key ? PersonalDataClass.QuasiIdentifier : PersonalDataClass.Other);
        return new ColumnScan(column.Name, column.Rows, (int)notNull, values, candidates, suggested) { LooksLikeKey = key };
    }

    [SkipLocalsInit]
    private void Look(string value, int count)
    {
        Span<char> room = stackalloc char[Cell.Longest];
        Span<byte> bytes = stackalloc byte[2 * Cell.Longest];
        var cell = Cell.Of(value, room, bytes);
        var any = false;
        if (!cell.Text.IsEmpty)
        {
            foreach (var detector in Detectors.Every)
            {
                if (!detector.Matches(cell))
                    continue;
                any |= !detector.NeedsName;
                Count(detector.Index, count, rows, distinct, examples, value);
            }
        }

        // A value that is nothing as a whole may be a text with something in it; a single word is not.
        if (any || value.Length < 12 || !value.AsSpan().ContainsAnyExcept(Letters))
            return;
        if (utf8.Length < value.Length * 3)
            utf8 = new byte[value.Length * 3];
        var text = utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, utf8));
        findings.Clear();
        walk.Restart();
        if (walk.Run(text, 0, text.Length, counts) == 0)
            return;
        stamp++;
        foreach (var one in findings)
        {
            // A row counts once for a detector, however often its text has it.
            ref var last = ref stamps[one.Detector.Index];
            if (last == stamp)
                continue;
            last = stamp;
            Count(one.Detector.Index, count, within, distinctWithin, examplesWithin, Encoding.UTF8.GetString(text.Slice(one.Start, one.Length)));
        }
    }

    private static void Count(int index, int count, long[] rows, int[] distinct, List<string>?[] examples, string value)
    {
        rows[index] += count;
        if (++distinct[index] <= 3)
            (examples[index] ??= []).Add(MaskedExample.Of(Detectors.All[index], value.Trim()));
    }

    private void Weigh(List<DetectorEvidence> candidates, Detector detector, NameHint hint, string? word, long seen)
    {
        if (seen == 0)
            return;
        var i = detector.Index;
        var name = hint switch
        {
            NameHint.Exact => 0.9,
            NameHint.Contains => 0.7,
            _ => 0.0,
        };
        // What has only its form, and no name that says so, is nothing.
        if (rows[i] > 0 && (name > 0 || !detector.NeedsName))
        {
            var share = (double)rows[i] / seen;
            candidates.Add(new DetectorEvidence(detector, share, distinct[i], share / detector.Chance, hint, word, Confidence(detector.Chance, share, distinct[i], name), examples[i] ?? []));
        }

        if (within[i] > 0)
        {
            var share = (double)within[i] / seen;
            candidates.Add(new DetectorEvidence(detector, share, distinctWithin[i], share / detector.Chance, hint, word, Confidence(Math.Min(detector.Chance, ChanceInText), share, distinctWithin[i], name), examplesWithin[i] ?? [], Within: true));
        }

        // A name alone, against the values, is a question: they may be encrypted, masked or mixed up.
        if (rows[i] == 0 && within[i] == 0 && hint == NameHint.Exact)
            candidates.Add(new DetectorEvidence(detector, 0, 0, 0, hint, word, 0.2, []));
    }

    private static double Confidence(double chance, double share, int distinct, double name)
    {
        var excess = chance >= 1 ? share : Math.Max(0, (share - chance) / (1 - chance));
        var weight = chance < 1e-4 ? Math.Pow(excess, 0.125) : chance < 0.01 ? Math.Pow(excess, 0.25) : excess;
        var content = 1 - Math.Pow(chance, Math.Min(distinct, 4));
        return weight * (1 - ((1 - content) * (1 - name)));
    }

    private static bool IsNull(string value)
    {
        var s = value.AsSpan().Trim();
        return s.IsEmpty || s is "?" or "-" or "NULL" or "null" or "N/A" or "NA" or "\\N" or "无" or "空" or "未知" or "不详";
    }

    private static bool IsDecimal(string value) => IsNull(value) || (value.Contains('.', StringComparison.Ordinal) && double.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out _));
}
