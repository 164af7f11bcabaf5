using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>
/// Which random pseudonym stands for whom. It is as secret as the persons themselves: keep it sealed and away from the platform, to be opened by two together; without it nobody, with whatever
/// key, gets anybody back. It belongs to one thread.
/// </summary>
public sealed class PseudonymTable
{
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private readonly Dictionary<string, string> pseudonyms = new(StringComparer.Ordinal), origins = new(StringComparer.Ordinal);

    /// <param name="length">Letters of 5 random bits each, 4 to 32.</param>
    public PseudonymTable(int length = 12)
    {
        if (length is < 4 or > 32)
            throw new PrivacyRefusal(PrivacyCodes.TransformUnusable, "A random pseudonym has 4 to 32 letters.", "12 letters do for any number of persons.", RandomPseudonym.Word).ToException();
        Length = length;
    }

    public int Length { get; }

    public int Count => pseudonyms.Count;

    /// <summary>The pseudonym of an origin, a new one where it has none yet.</summary>
    public string Pseudonym(string origin, IEntropy entropy)
    {
        if (pseudonyms.TryGetValue(origin, out var known))
            return known;

        // At half full, a draw finds a free one with a chance of a half; beyond, the letters are too few.
        if (Length < 12 && Count >= 1L << ((5 * Length) - 1))
            throw new PrivacyRefusal(PrivacyCodes.TransformUnusable, FormattableString.Invariant($"There are hardly any pseudonyms of {Length} letters left."), "Take more letters.", RandomPseudonym.Word).ToException();
        Span<char> text = stackalloc char[Length];
        while (true)
        {
            foreach (ref var letter in text)
                letter = Letters[entropy.NextBelow(32)];
            var drawn = text.ToString();
            if (origins.TryAdd(drawn, origin))
            {
                pseudonyms.Add(origin, drawn);
                return drawn;
            }
        }
    }

    public bool TryOrigin(string pseudonym, [NotNullWhen(true)] out string? origin) => origins.TryGetValue(pseudonym, out origin);

    /// <summary>Forgets a person: their pseudonym stays in what was released and leads to nobody any more.</summary>
    public bool Forget(string origin) => pseudonyms.Remove(origin, out var pseudonym) && origins.Remove(pseudonym);

    /// <summary>Sorted by pseudonym, so that the file does not show in which order persons came.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("length", Length);
        json.WriteStartObject("origins");
        foreach (var (pseudonym, origin) in origins.OrderBy(one => one.Key, StringComparer.Ordinal))
            json.WriteString(pseudonym, origin);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <exception cref="PrivacyException">It is not a table of pseudonyms.</exception>
    public static PseudonymTable Read(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8);
        try
        {
            Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
            Expect(json.Read() && json.ValueTextEquals("length"));
            Expect(json.Read() && json.TokenType == JsonTokenType.Number);
            var table = new PseudonymTable(json.GetInt32());
            Expect(json.Read() && json.ValueTextEquals("origins"));
            Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var pseudonym = json.GetString() ?? "";
                Expect(json.Read() && json.TokenType == JsonTokenType.String);
                var origin = json.GetString() ?? "";
                Expect(pseudonym.Length == table.Length && table.origins.TryAdd(pseudonym, origin) && table.pseudonyms.TryAdd(origin, pseudonym));
            }

            Expect(json.Read() && json.TokenType == JsonTokenType.EndObject && !json.Read());
            return table;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new PrivacyException(Unreadable, e);
        }
    }

    private static PrivacyRefusal Unreadable => new(PrivacyCodes.SchemeUnreadable, "This is not a table of pseudonyms.", "Give the file as it was written, whole.", RandomPseudonym.Word);

    private static void Expect(bool good)
    {
        if (!good)
            throw Unreadable.ToException();
    }
}

/// <summary>A random pseudonym from a table: the same for one origin in all tables and releases that share the <see cref="PseudonymTable"/> of the identity, and taken back with it alone.</summary>
public sealed class RandomPseudonym(string column, string identity, bool back = false) : ValueTransform(column)
{
    internal const string Word = "random-pseudonym";

    public string Identity { get; } = identity;

    /// <summary>Whether it goes from pseudonyms to origins.</summary>
    public bool Back { get; } = back;

    public override string Kind => Word;

    public override Transform Inverse() => new RandomPseudonym(Column, Identity, !Back);

    private protected override ValueFunction Start(TransformContext context)
    {
        var table = context.NeedPseudonyms(Word, Identity);
        if (Back)
            return value => table.TryOrigin(value, out var origin) ? origin : throw Unusable($"A pseudonym of {Identity} is not in the table.", "It is of another table, or the person was forgotten.", Column);
        var entropy = context.NeedEntropy(Word);
        return value => table.Pseudonym(value, entropy);
    }

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("identity", Identity).Add("back", Back);

    internal static Transform Read(ParameterReader from) => new RandomPseudonym(from.Text("column"), from.Text("identity"), from.Bool("back"));
}
