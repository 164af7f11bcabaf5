using System.Buffers;
using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CityHub.Context.JsonLd.Processing;

/// <summary>
/// A JSON value that the JSON-LD algorithms can take apart and share between results. JSON null is a C# null; numbers keep the text they came
/// with; members keep their order, and of two members with one name the last one stands.
/// </summary>
internal abstract class LdJson
{
    /// <summary>Documents nest no deeper than this: a clear refusal instead of an exhausted stack.</summary>
    public const int MostDepth = 128;

    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="JsonException">Not JSON, or nested deeper than <see cref="MostDepth"/>.</exception>
    public static LdJson? Parse(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MostDepth });
        reader.Read();
        var value = Read(ref reader);
        return reader.Read() ? throw new JsonException("There is something after the value.") : value;
    }

    public abstract void Write(Utf8JsonWriter json);

    public byte[] ToUtf8() => ToUtf8(this);

    public static byte[] ToUtf8(LdJson? value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
            Write(json, value);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(Utf8JsonWriter json, LdJson? value)
    {
        if (value is null)
            json.WriteNullValue();
        else
            value.Write(json);
    }

    /// <summary>The same value: members in any order, items in theirs.</summary>
    public static bool Same(LdJson? a, LdJson? b) => (a, b) switch
    {
        (null, null) => true,
        (LdText x, LdText y) => x.Value == y.Value,
        (LdNumber x, LdNumber y) => x.SameAs(y),
        (LdBool x, LdBool y) => x.Value == y.Value,
        (LdArray x, LdArray y) => SameItems(x, y),
        (LdObject x, LdObject y) => SameMembers(x, y),
        _ => false,
    };

    public override string ToString() => Encoding.UTF8.GetString(ToUtf8());

    private static LdJson? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new LdObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = Text(ref reader);
                    reader.Read();
                    members[name] = Read(ref reader);
                }

                return members;
            case JsonTokenType.StartArray:
                var items = new LdArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(Read(ref reader));
                return items;
            case JsonTokenType.String:
                return new LdText(Text(ref reader));
            case JsonTokenType.Number:
                return new LdNumber(Encoding.ASCII.GetString(reader.ValueSpan));
            case JsonTokenType.True:
                return LdBool.True;
            case JsonTokenType.False:
                return LdBool.False;
            case JsonTokenType.Null:
                return null;
            default:
                throw new JsonException($"Unexpected {reader.TokenType}.");
        }
    }

    /// <summary>Lone surrogates and broken UTF-8 are no JSON text (RFC 8259, 8.2); the reader reports them as an invalid operation.</summary>
    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A text is not valid Unicode.", e);
        }
    }

    private static bool SameItems(LdArray a, LdArray b)
    {
        if (a.Count != b.Count)
            return false;
        for (var i = 0; i < a.Count; i++)
            if (!Same(a[i], b[i]))
                return false;
        return true;
    }

    private static bool SameMembers(LdObject a, LdObject b)
    {
        if (a.Count != b.Count)
            return false;
        foreach (var (name, value) in a)
            if (!b.TryGet(name, out var other) || !Same(value, other))
                return false;
        return true;
    }
}

internal sealed class LdText(string value) : LdJson
{
    public string Value { get; } = value;

    public override void Write(Utf8JsonWriter json) => json.WriteStringValue(Value);
}

internal sealed class LdNumber(string raw) : LdJson
{
    public string Raw { get; } = raw;

    public override void Write(Utf8JsonWriter json) => json.WriteRawValue(Raw, skipInputValidation: true);

    public bool SameAs(LdNumber other) =>
        Raw == other.Raw || double.Parse(Raw, CultureInfo.InvariantCulture).Equals(double.Parse(other.Raw, CultureInfo.InvariantCulture));
}

internal sealed class LdBool : LdJson
{
    public static readonly LdBool True = new(true);
    public static readonly LdBool False = new(false);

    private LdBool(bool value) => Value = value;

    public bool Value { get; }

    public static LdBool Of(bool value) => value ? True : False;

    public override void Write(Utf8JsonWriter json) => json.WriteBooleanValue(Value);
}

internal sealed class LdArray : LdJson, IReadOnlyList<LdJson?>
{
    private readonly List<LdJson?> _items;

    public LdArray() => _items = [];

    public LdArray(LdJson? item) => _items = [item];

    public int Count => _items.Count;

    public LdJson? this[int index]
    {
        get => _items[index];
        set => _items[index] = value;
    }

    public void Add(LdJson? item) => _items.Add(item);

    public void AddRange(IEnumerable<LdJson?> items) => _items.AddRange(items);

    public void InsertRange(int at, IEnumerable<LdJson?> items) => _items.InsertRange(at, items);

    public IEnumerator<LdJson?> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var item in _items)
            Write(json, item);
        json.WriteEndArray();
    }
}

internal sealed class LdObject : LdJson, IEnumerable<KeyValuePair<string, LdJson?>>
{
    private readonly OrderedDictionary<string, LdJson?> _members;

    public LdObject() => _members = new OrderedDictionary<string, LdJson?>(StringComparer.Ordinal);

    public LdObject(LdObject other) => _members = new OrderedDictionary<string, LdJson?>(other._members, StringComparer.Ordinal);

    public int Count => _members.Count;

    public IEnumerable<string> Names => _members.Keys;

    /// <summary>Null both for a member that is absent and for one that is null: see <see cref="TryGet"/>.</summary>
    public LdJson? this[string name]
    {
        get => _members.GetValueOrDefault(name);
        set => _members[name] = value;
    }

    public bool Has(string name) => _members.ContainsKey(name);

    public bool TryGet(string name, out LdJson? value) => _members.TryGetValue(name, out value);

    public bool TryText(string name, [NotNullWhen(true)] out string? text)
    {
        text = _members.TryGetValue(name, out var value) && value is LdText found ? found.Value : null;
        return text is not null;
    }

    public bool Remove(string name) => _members.Remove(name);

    public IEnumerator<KeyValuePair<string, LdJson?>> GetEnumerator() => _members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (name, value) in _members)
        {
            json.WritePropertyName(name);
            Write(json, value);
        }

        json.WriteEndObject();
    }
}
