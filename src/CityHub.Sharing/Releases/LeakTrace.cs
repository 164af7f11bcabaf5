using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>What speaks against one receiver of a dataset.</summary>
/// <param name="Hits">Of his rows of nobody, how many are in the sample.</param>
/// <param name="Marked">Of the numbers of the field that speaks loudest, how many are his.</param>
/// <param name="Values">How many different numbers that field has in the sample.</param>
/// <param name="PValue">The chance, at most, that the rows of nobody and the marks of somebody who has nothing to do with it fit as well.</param>
/// <param name="FalseAccusation">The chance, at most, that they do so of any of all who were given marked rows of the dataset (Bonferroni): below it nobody is accused wrongly.</param>
public sealed record LeakEvidence(string Grant, string Receiver, int Hits, int Canaries, string? Field, int Marked, int Values, double PValue, double FalseAccusation);

/// <summary>To whom a sample that turned up elsewhere was given: by the rows of nobody in it, of which each receiver has his own, and by the marks in its measurements. Cells may have been changed, rows and columns be missing.</summary>
internal sealed class LeakTrace(CanaryBook canaries, MarkBook marks, IGrants grants, ICatalogue catalogue, IPurposes purposes, ReleaseOptions options)
{
    /// <summary>A made-up row counts as found where chance finds one as near once in a thousand samples.</summary>
    private const double Near = 1e-3;

    /// <param name="fields">Of the sample, by the names in the release.</param>
    /// <param name="rows">Values in their text form; null: no value.</param>
    /// <returns>The most suspicious first.</returns>
    public IReadOnlyList<LeakEvidence> Trace(string dataset, IReadOnlyList<string> fields, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        if (catalogue.Find(dataset) is not { } entry || rows.Count == 0)
            return [];
        var sample = Sample.Of(fields, rows);
        var marked = marks.All().ToLookup(mark => (mark.Grant, mark.Receiver));
        var found = new List<LeakEvidence>();
        foreach (var (grantId, receiver) in canaries.Receivers().Union(marked.Select(one => one.Key)))
        {
            if (grants.Find(grantId) is not { } grant || grant.Dataset != dataset)
                continue;
            var made = canaries.Known(grantId, receiver, entry.Schema()) is { Rows: > 0 } known ? Released(grant, receiver, entry, known) : null;
            found.Add(Against(grant, receiver, made, [.. marked[(grantId, receiver)].Select(mark => (mark.Field, mark.Exponent))], sample));
        }

        return [.. found.Select(one => one with { FalseAccusation = Math.Min(1, one.PValue * found.Count) }).OrderBy(one => one.PValue).ThenBy(one => one.Grant, StringComparer.Ordinal).ThenBy(one => one.Receiver, StringComparer.Ordinal)];
    }

    /// <summary>The better of two looks, paid for with a factor of 2.</summary>
    private LeakEvidence Against(Grant grant, string receiver, RowBatch? made, IReadOnlyList<(string Field, int Exponent)> carried, Sample sample)
    {
        var (hits, byRows) = made is null ? (0, 1) : Hits(made, sample);
        var (field, his, values, byMarks) = Marked(grant, receiver, carried, sample);
        var p = made is null ? byMarks : carried.Count == 0 ? byRows : Math.Min(1, 2 * Math.Min(byRows, byMarks));
        return new LeakEvidence(grant.Id, receiver, hits, made?.Rows ?? 0, field, his, values, Math.Clamp(p, 1e-300, 1), 1);
    }

    /// <summary>Each different number of a field is one coin; the field that speaks loudest is paid for with as many as there are.</summary>
    private (string? Field, int His, int Values, double P) Marked(Grant grant, string receiver, IReadOnlyList<(string Field, int Exponent)> carried, Sample sample)
    {
        var best = ((string?)null, 0, 0, 1.0);
        foreach (var (field, exponent) in carried)
        {
            if (!sample.Columns.TryGetValue(field, out var column))
                continue;
            var mark = new ReceiverMark(ReceiverMark.KeyOf(options.Secret.Span, grant.Id, receiver, field), exponent);
            var numbers = column.Times.Keys.Select(text => CellText.TryRead(ColumnType.Number, text, out var value) ? mark.Index(value.Number) : null).OfType<long>().Distinct().Order().ToArray();
            var his = mark.Count(numbers);
            var p = Math.Min(1, ReceiverMark.Chance(numbers.Length, his) * carried.Count);
            if (best.Item1 is null || p < best.Item4)
                best = (field, his, numbers.Length, p);
        }

        return best;
    }

    /// <summary>As they left: behind the masks of the grant.</summary>
    private RowBatch Released(Grant grant, string receiver, Dataset dataset, RowBuffer made)
    {
        var permit = new Permit(grant, dataset, grant.Obligations.Meet(dataset.Obligations).Meet(purposes.Of(grant.Purpose)));
        var plan = ReleasePlan.Of(permit, receiver, options.Secret.Span, options.Offset);
        var raw = new RowBatch(plan.Scanned, [.. plan.Scan.Select(name => made.Column(made.Schema.IndexOf(name)))]) { Rows = made.Rows };
        var working = plan.Working;
        var released = new RowBatch(working, new ColumnBatch[working.Columns.Count]);
        plan.Run(raw, new int[raw.Rows], released, Columns.Of(working));
        return released;
    }

    private static (int Hits, double P) Hits(RowBatch released, Sample sample)
    {
        var columns = Enumerable.Range(0, released.Schema.Columns.Count).Where(column => sample.Columns.ContainsKey(released.Schema.Columns[column].Name)).ToArray();
        var values = columns.Select(column => sample.Columns[released.Schema.Columns[column].Name]).ToArray();
        var hits = 0;
        for (var canary = 0; canary < released.Rows; canary++)
        {
            var texts = columns.Select(column => released.Columns[column].IsNull(canary) ? null : CellText.TextOf(released.Columns[column], canary)).ToArray();
            var nearest = Enumerable.Range(0, sample.Rows).Max(row => texts.Where((text, i) => text == values[i].Cells[row]).Count());
            var chances = texts.Select((text, i) => (1.0 + values[i].Times.GetValueOrDefault(text ?? "\u0000")) / (sample.Rows + 1)).ToArray();
            if (columns.Length > 0 && sample.Rows * AtLeast(chances, nearest) <= Near)
                hits++;
        }

        var p = 1.0;
        for (var m = 1; m <= hits; m++)
            p *= released.Rows * Near / m;
        return (hits, p);
    }

    /// <summary>That at least so many cells agree, each with a chance of its own.</summary>
    private static double AtLeast(double[] chances, int agree)
    {
        var exact = new double[chances.Length + 1];
        exact[0] = 1;
        foreach (var chance in chances.Select(chance => Math.Min(1, chance)))
        {
            for (var m = exact.Length - 1; m > 0; m--)
                exact[m] = (exact[m] * (1 - chance)) + (exact[m - 1] * chance);
            exact[0] *= 1 - chance;
        }

        return exact[agree..].Sum();
    }

    private sealed record Sample(int Rows, Dictionary<string, (string?[] Cells, Dictionary<string, int> Times)> Columns)
    {
        public static Sample Of(IReadOnlyList<string> fields, IReadOnlyList<IReadOnlyList<string?>> rows)
        {
            var columns = new Dictionary<string, (string?[], Dictionary<string, int>)>(StringComparer.Ordinal);
            for (var i = 0; i < fields.Count; i++)
            {
                string?[] cells = [.. rows.Select(row => i < row.Count ? row[i] : null)];
                columns[fields[i]] = (cells, cells.GroupBy(cell => cell ?? "\u0000", StringComparer.Ordinal).ToDictionary(cell => cell.Key, cell => cell.Count(), StringComparer.Ordinal));
            }

            return new Sample(rows.Count, columns);
        }
    }
}
