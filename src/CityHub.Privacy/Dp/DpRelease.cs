using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>One released value.</summary>
/// <param name="Of">What it is: <c>count</c>, <c>mean</c>, for a marginal the columns.</param>
/// <param name="Key">The values of the columns it is grouped by; empty where it is not.</param>
/// <param name="Lower">With the confidence of the release the value without noise (but after clamping and bounding) is not below; null where no such bound is known.</param>
/// <param name="Accuracy">The same in words, for ranks and choices, too.</param>
public sealed record DpCell(string Of, IReadOnlyList<string> Key, ExactRational Value, ExactRational? Lower, ExactRational? Upper, string Accuracy);

/// <summary>An answer, safe to be handed on: whatever is computed from it costs nothing more.</summary>
/// <param name="Mechanism">The distribution of the noise, with its parameter.</param>
/// <param name="Threshold">Of keys that are not known: with fewer noisy rows a key is withheld.</param>
public sealed record DpRelease(
    string Dataset, string Statistic, PrivacyCost Cost, string Mechanism, ExactRational Confidence, IReadOnlyList<DpCell> Cells, ExactRational? Threshold = null)
{
    /// <summary>The number of the reservation in the budget.</summary>
    public long? Reservation { get; init; }

    /// <summary>Counts below 0 become 0, which for a single count is nearer to the truth; a sum of many becomes too large by it.</summary>
    public DpRelease NonNegative() => this with
    {
        Cells = [.. Cells.Select(cell => cell with { Value = ExactRational.Max(0, cell.Value), Lower = cell.Lower is { } lower ? ExactRational.Max(0, lower) : null, Upper = cell.Upper is { } upper ? ExactRational.Max(0, upper) : null })],
    };

    /// <summary>Numbers are texts, exact: JSON's readers would round them.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("dataset", Dataset);
        json.WriteString("statistic", Statistic);
        json.WriteString("cost", Cost.ToString());
        json.WriteString("mechanism", Mechanism);
        json.WriteString("confidence", Confidence.ToString());
        if (Threshold is { } threshold)
            json.WriteString("threshold", threshold.ToString());
        if (Reservation is { } reservation)
            json.WriteNumber("reservation", reservation);
        json.WriteStartArray("cells");
        foreach (var cell in Cells)
        {
            json.WriteStartObject();
            json.WriteString("of", cell.Of);
            json.WriteStartArray("key");
            foreach (var part in cell.Key)
                json.WriteStringValue(part);
            json.WriteEndArray();
            json.WriteString("value", cell.Value.ToString());
            if (cell.Lower is { } lower)
                json.WriteString("lower", lower.ToString());
            if (cell.Upper is { } upper)
                json.WriteString("upper", upper.ToString());
            json.WriteString("accuracy", cell.Accuracy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
