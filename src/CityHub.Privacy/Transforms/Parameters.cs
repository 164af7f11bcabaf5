using System.Globalization;
using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>Writes the parameters of a transform: one level of names with a text, a number, a yes or no, or a list of texts.</summary>
internal sealed class ParameterWriter(Utf8JsonWriter json)
{
    public ParameterWriter Add(string name, string value)
    {
        json.WriteString(name, value);
        return this;
    }

    public ParameterWriter Add(string name, long value)
    {
        json.WriteNumber(name, value);
        return this;
    }

    /// <summary>In the shortest form, so that 5 and 5.0 are one.</summary>
    public ParameterWriter Add(string name, decimal value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(Numbers.Write(value));
        return this;
    }

    public ParameterWriter Add(string name, bool value)
    {
        json.WriteBoolean(name, value);
        return this;
    }

    public ParameterWriter Add(string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
        return this;
    }

    public ParameterWriter AddIf(bool there, string name, decimal? value) => there && value is not null ? Add(name, value.Value) : this;

    public ParameterWriter AddIf(bool there, string name, string? value) => there && value is not null ? Add(name, value) : this;
}

/// <summary>Reads the parameters of a transform. Each has to be asked for: what is left over at the end is a mistake of whoever wrote the scheme, and is refused.</summary>
internal sealed class ParameterReader
{
    private readonly Dictionary<string, object> values = new(StringComparer.Ordinal);

    /// <param name="json">At the start of an object; afterwards at its end.</param>
    public ParameterReader(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
            throw Refuse("A transform is an object with its kind and parameters.");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString() ?? "";
            json.Read();
            if (!values.TryAdd(name, Value(ref json, name)))
                throw Refuse($"The parameter {name} stands twice in a transform.");
        }

        Kind = values.Remove("kind", out var kind) && kind is string word ? word : throw Refuse("A transform has no kind.");
    }

    public string Kind { get; }

    public string Text(string name) => Take(name, out var value) && value is string text ? text : throw Bad(name, "is a text");

    public string Text(string name, string otherwise) => values.ContainsKey(name) ? Text(name) : otherwise;

    public string? TextOrNull(string name) => values.ContainsKey(name) ? Text(name) : null;

    public decimal Number(string name) => Take(name, out var value) && value is decimal number ? number : throw Bad(name, "is a number");

    public decimal? NumberOrNull(string name) => values.ContainsKey(name) ? Number(name) : null;

    public int Int(string name, int min, int max)
    {
        var number = Number(name);
        return number == decimal.Truncate(number) && number >= min && number <= max ? (int)number : throw Bad(
            name, max == int.MaxValue ? string.Create(CultureInfo.InvariantCulture, $"is a whole number from {min} on") : string.Create(CultureInfo.InvariantCulture, $"is a whole number from {min} to {max}"));
    }

    public int Int(string name, int min, int max, int otherwise) => values.ContainsKey(name) ? Int(name, min, max) : otherwise;

    public bool Bool(string name) => Take(name, out var value) && value is bool yes ? yes : throw Bad(name, "is true or false");

    public string[] Texts(string name) => Take(name, out var value) && value is string[] texts ? texts : throw Bad(name, "is a list of texts");

    public string[] Texts(string name, string[] otherwise) => values.ContainsKey(name) ? Texts(name) : otherwise;

    public void Done()
    {
        foreach (var name in values.Keys)
            throw Refuse($"{Kind} has no parameter {name}.");
    }

    public PrivacyException Bad(string name, string what) => Refuse($"The parameter {name} of {Kind} {what}.");

    public static PrivacyException Refuse(string detail) =>
        new PrivacyRefusal(PrivacyCodes.SchemeUnreadable, detail, "Transforms and their parameters are listed in the catalogue.").ToException();

    private bool Take(string name, out object? value) => values.Remove(name, out value);

    private static object Value(ref Utf8JsonReader json, string name)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return json.GetString() ?? "";
            case JsonTokenType.Number when json.TryGetDecimal(out var number):
                return number;
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.StartArray:
                var texts = new List<string>();
                while (json.Read() && json.TokenType == JsonTokenType.String)
                    texts.Add(json.GetString() ?? "");
                return json.TokenType == JsonTokenType.EndArray ? texts.ToArray() : throw Refuse($"The parameter {name} of a transform holds something else than texts.");
            default:
                throw Refuse($"The parameter {name} of a transform is neither a text, a number, true or false, nor a list of texts.");
        }
    }
}
