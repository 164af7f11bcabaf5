namespace CityHub.Privacy;

/// <summary>What speaks for one detector in one column. It never holds a raw value.</summary>
/// <param name="Share">Valid values by all that are not null, counted in rows; where <paramref name="Within"/> is set, rows whose text has one in it.</param>
/// <param name="Distinct">How many different values are valid.</param>
/// <param name="Lift">Share by <see cref="Detector.Chance"/>: how many times more there are than in random strings of this shape.</param>
/// <param name="Name">What the name of the column says.</param>
/// <param name="NameWord">The word in it that says so.</param>
/// <param name="Confidence">From 0 to 1; see <see cref="ColumnScan"/>.</param>
/// <param name="Examples">Up to three, masked: 110101********1234.</param>
/// <param name="Within">The values are longer texts that contain it.</param>
public sealed record DetectorEvidence(
    Detector Detector, double Share, int Distinct, double Lift, NameHint Name, string? NameWord, double Confidence, IReadOnlyList<string> Examples, bool Within = false);

/// <summary>
/// What a column seems to hold. A suggestion with its evidence, to be confirmed by a person.
/// The confidence of a detector is share × (1 − (1 − content) × (1 − name)): content is 1 − chance^min(4, distinct valid values), what the values alone prove; name is 0.9 where the
/// column is called so, 0.7 where a word of it is, 0 otherwise. The share is reduced by what chance alone would give. For rules that chance passes less than once in a hundred its
/// fourth root counts, for those below once in ten thousand its eighth: one identity number among two hundred rows is one too many.
/// </summary>
/// <param name="Rows">Of the table.</param>
/// <param name="NotNull">Rows with a value.</param>
/// <param name="Distinct">Different values, null not counted.</param>
/// <param name="Candidates">All detectors with something to say, the most confident first.</param>
/// <param name="Suggested">The class of the first candidate from <see cref="Threshold"/> on; <see cref="PersonalDataClass.QuasiIdentifier"/> where nothing is known of a column but that nearly each row has a value of its own; otherwise <see cref="PersonalDataClass.Other"/>.</param>
public sealed record ColumnScan(string Column, int Rows, int NotNull, int Distinct, IReadOnlyList<DetectorEvidence> Candidates, PersonalDataClass Suggested)
{
    /// <summary>Confidence from which on a candidate is the suggestion.</summary>
    public const double Threshold = 0.5;

    /// <summary>The candidate that the suggestion follows; null where none is confident enough.</summary>
    public DetectorEvidence? Best => Candidates.Count > 0 && Candidates[0].Confidence >= Threshold ? Candidates[0] : null;

    /// <summary>How sure the suggestion is: the confidence of the best candidate; where there is none, what is left by the strongest one.</summary>
    public double Confidence => Best?.Confidence ?? 1 - (Candidates.Count > 0 ? Candidates[0].Confidence : 0);

    /// <summary>Distinct by rows with a value; from 0.95 on the column is nearly a key, whatever it means.</summary>
    public double Uniqueness => NotNull == 0 ? 0 : (double)Distinct / NotNull;

    /// <summary>Nothing is said about the column by its name or its values, and nearly each row has a value of its own: it may be a key that leads back to a person.</summary>
    public bool LooksLikeKey { get; init; }
}

/// <summary>The scan of a table: a suggestion for each of its columns.</summary>
public sealed record TableScan(int Rows, IReadOnlyList<ColumnScan> Columns)
{
    /// <summary>Reads each distinct value once.</summary>
    /// <param name="most">Distinct values of a column that are looked at; of more, as many at even distances.</param>
    public static TableScan Of(Table table, int most = 200_000, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var columns = new List<ColumnScan>();
        foreach (var column in table.Columns)
        {
            cancel.ThrowIfCancellationRequested();
            using var judge = new ColumnJudge(column, most);
            columns.Add(judge.Judge());
        }

        return new TableScan(table.Rows, columns);
    }

    /// <summary>The columns of a class, in the order of the table.</summary>
    public IEnumerable<ColumnScan> Suggested(PersonalDataClass kind) => Columns.Where(one => one.Suggested == kind);
}
