using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The distinct rows of a table in the order of their values, as a trie that is shared from behind: at depth j a row is a number for its values from attribute j on, and
/// such numbers are in the order of those values. Of few sensitive values a row carries the counts; otherwise they stand behind the quasi-identifiers, as one more attribute
/// that is never generalised, so that their counts can be looked up.
/// </summary>
internal sealed class DistinctRows
{
    private readonly int[][] values; // [depth][tail] → value of the attribute at that depth
    private readonly int[][] nexts;  // [depth][tail] → tail at the next depth
    private readonly int lastTails;

    /// <summary>Counts are carried up to so many ints a row and so many in all: one more int in a row costs what it saves, and tables of each depth have them.</summary>
    private const int WidestCounts = 64, MostCounts = 1 << 20;

    /// <summary>The distinct rows with the counts of the sensitive columns where these are few.</summary>
    public static DistinctRows Of(IReadOnlyList<(Column Column, int[] ValueOf, int Values)> attributes, IReadOnlyList<Column> sensitive, int rows, CancellationToken cancel)
    {
        var width = sensitive.Sum(column => (long)column.Distinct);
        if (sensitive.Count == 0 || width > WidestCounts)
            return new DistinctRows(attributes, sensitive, rows, cancel);
        var plain = new DistinctRows(attributes, [], rows, cancel);
        if (plain.Count * width > MostCounts)
            return new DistinctRows(attributes, sensitive, rows, cancel);
        plain.Carry(sensitive, ((int)width + Vector<int>.Count - 1) / Vector<int>.Count * Vector<int>.Count);
        return plain;
    }
    private readonly int[][][] sensitive; // [sensitive column][depth][tail] → code

    /// <param name="sensitive">Columns of which each class needs the counts.</param>
    public DistinctRows(IReadOnlyList<(Column Column, int[] ValueOf, int Values)> attributes, IReadOnlyList<Column> sensitive, int rows, CancellationToken cancel)
    {
        var depth = attributes.Count;
        values = new int[depth][];
        nexts = new int[depth][];
        this.sensitive = new int[sensitive.Count][][];
        var tails = new int[rows];
        var count = 1;
        for (var i = sensitive.Count - 1; i >= 0; i--)
        {
            var distinct = sensitive[i].Distinct;
            (var codes, var next, count) = Rank(sensitive[i], [.. Enumerable.Range(0, distinct)], distinct, tails, count);
            for (var later = i + 1; later < sensitive.Count; later++)
                Prepend(this.sensitive[later], depth, next, depth);
            this.sensitive[i] = new int[depth + 1][];
            this.sensitive[i][depth] = codes;
        }

        lastTails = count;
        for (var i = depth - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            (values[i], nexts[i], count) = Rank(attributes[i].Column, attributes[i].ValueOf, attributes[i].Values, tails, count);
            foreach (var one in this.sensitive)
                Prepend(one, i + 1, nexts[i], i);
        }

        OfRow = tails;
        Counts = new int[count];
        foreach (var row in tails)
            Counts[row]++;
    }

    public int Count => Counts.Length;

    /// <summary>The distinct row of each row of the table.</summary>
    public int[] OfRow { get; }

    /// <summary>How often each distinct row occurs.</summary>
    public int[] Counts { get; }

    /// <summary>Ints of the counts of a row, whole vectors of them; 0 where they are not carried.</summary>
    public int Width { get; private set; }

    /// <summary>The counts of the sensitive columns, one behind the other, for each distinct row.</summary>
    public int[] Carried { get; private set; } = [];

    /// <summary>How many different tails there are at a depth.</summary>
    public int Tails(int depth) => depth == values.Length ? lastTails : values[depth].Length;

    public int[] Values(int depth) => values[depth];

    public int[] Nexts(int depth) => nexts[depth];

    /// <summary>The code of a sensitive column for each tail.</summary>
    public int[] Sensitive(int column, int depth) => sensitive[column][depth];

    private void Carry(IReadOnlyList<Column> columns, int width)
    {
        (Width, Carried) = (width, new int[Count * width]);
        var at = 0;
        foreach (var column in columns)
        {
            for (var row = 0; row < OfRow.Length; row++)
                Carried[OfRow[row] * width + at + column.Code(row)]++;
            at += column.Distinct;
        }
    }

    private static void Prepend(int[][] codes, int from, int[] next, int to)
    {
        var behind = codes[from];
        codes[to] = Array.ConvertAll(next, tail => behind[tail]);
    }

    /// <summary>
    /// Puts a value before each tail and numbers what comes out, in order. Where the pairs fit a bitmap, a pair's number is the bits below its own: two passes over the rows
    /// at about 2 ns a row and column, a third of what hashing 64-bit keys takes on a million rows of nine columns.
    /// </summary>
    private static (int[] Values, int[] Nexts, int Count) Rank(Column column, int[] valueOf, int values, int[] tails, int count)
    {
        var pairs = (long)values * count;
        if (pairs > Math.Max(1L << 24, 64L * tails.Length) || pairs > int.MaxValue)
            return RankSorted(column, valueOf, tails, count);
        var bits = new ulong[(pairs + 63) / 64];
        Span<int> codes = stackalloc int[1024];
        for (var from = 0; from < tails.Length; from += codes.Length)
        {
            var part = tails.AsSpan(from, Math.Min(codes.Length, tails.Length - from));
            column.CopyCodes(from, codes[..part.Length]);
            for (var i = 0; i < part.Length; i++)
            {
                var pair = valueOf[codes[i]] * count + part[i];
                part[i] = pair;
                bits[pair >> 6] |= 1UL << pair;
            }
        }

        var below = new int[bits.Length];
        var found = 0;
        for (var word = 0; word < bits.Length; word++)
        {
            below[word] = found;
            found += BitOperations.PopCount(bits[word]);
        }

        for (var row = 0; row < tails.Length; row++)
        {
            var pair = tails[row];
            tails[row] = below[pair >> 6] + BitOperations.PopCount(bits[pair >> 6] & ((1UL << pair) - 1));
        }

        var (ofValue, ofNext, at) = (new int[found], new int[found], 0);
        for (var word = 0; word < bits.Length; word++)
        {
            for (var left = bits[word]; left != 0; left &= left - 1)
            {
                var pair = word * 64 + BitOperations.TrailingZeroCount(left);
                (ofValue[at], ofNext[at]) = (pair / count, pair % count);
                at++;
            }
        }

        return (ofValue, ofNext, found);
    }

    /// <summary>The same where a bitmap would be mostly empty: a column of nearly as many values as rows.</summary>
    private static (int[] Values, int[] Nexts, int Count) RankSorted(Column column, int[] valueOf, int[] tails, int count)
    {
        var pairs = new long[tails.Length];
        for (var row = 0; row < tails.Length; row++)
            pairs[row] = (long)valueOf[column.Code(row)] * count + tails[row];
        var order = new int[tails.Length];
        for (var row = 0; row < order.Length; row++)
            order[row] = row;
        Array.Sort(pairs, order);
        var (ofValue, ofNext) = (new List<int>(), new List<int>());
        for (var i = 0; i < order.Length; i++)
        {
            if (i == 0 || pairs[i] != pairs[i - 1])
            {
                ofValue.Add((int)(pairs[i] / count));
                ofNext.Add((int)(pairs[i] % count));
            }

            tails[order[i]] = ofValue.Count - 1;
        }

        return ([.. ofValue], [.. ofNext], ofValue.Count);
    }
}
