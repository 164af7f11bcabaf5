using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>The values of attributes, each kind by its own rules.</summary>
internal ref partial struct EntityPass
{
    private bool ReadValueOf(AttributeKind kind, int name, out ReadOnlyMemory<byte> value, ref bool isNull)
    {
        value = default;
        switch (kind)
        {
            case AttributeKind.Property:
                return ReadValue(name, out value);
            case AttributeKind.Relationship:
                return _reader.TokenType == JsonTokenType.String ? ReadUri("object", out value) : ReadUris("object", nested: false, out value);
            case AttributeKind.ListRelationship:
                return ReadUris("objectList", nested: true, out value);
            case AttributeKind.GeoProperty:
                return ReadGeometry(out value);
            case AttributeKind.LanguageProperty:
                return ReadLanguageMap(out value, ref isNull);
            case AttributeKind.VocabProperty:
                return ReadVocab(out value);
            case AttributeKind.JsonProperty:
                if (_reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                    return Fail("json is neither an object nor an array.", "4.5.24.2");
                value = Raw();
                return true;
            case AttributeKind.ListProperty:
                if (_reader.TokenType != JsonTokenType.StartArray)
                    return Fail("valueList is not an array.", "4.5.21");
                return ReadValue(name, out value);
            default:
                throw new InvalidOperationException($"No such kind: {kind}");
        }
    }

    /// <summary>Any JSON value: scalars and arrays of them as they came, the keys of objects expanded.</summary>
    private bool ReadValue(int name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (_reader.TokenType == JsonTokenType.Null)
            return Fail("the value is null.", "4.5.2", "To remove it, delete the attribute or set it to \"urn:ngsi-ld:null\" in an update.");
        if (_reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            value = Raw();
            return true;
        }

        var (buffer, writer) = ValueWriter.Rent();
        if (!Copy(writer, verbatim: name == CoreNames.Proof))
            return false;
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    /// <param name="verbatim">Keys stay as they came: in a proof and in a geometry.</param>
    private bool Copy(Utf8JsonWriter writer, bool verbatim)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                var keep = verbatim || Shape.IsGeometryAt(_reader);
                while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = _reader.GetString() ?? "";
                    _reader.Read();
                    if (IsNull() && _mode != ReadMode.Merge)
                        return Fail($"\"{key}\" inside the value is null.", "5.5.4");
                    // An empty key has no IRI; a JSON-LD keyword is one already; id and type are its aliases (4.5.0).
                    writer.WritePropertyName(keep || key.Length == 0 || key[0] == '@' || key is "id" or "type" ? key : _context.ExpandVocab(key));
                    if (!Copy(writer, keep))
                        return false;
                }

                writer.WriteEndObject();
                return true;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                {
                    if (_reader.TokenType == JsonTokenType.String && IsNull())
                        return Fail("an item of an array is \"urn:ngsi-ld:null\".", "5.5.4");
                    if (!Copy(writer, verbatim))
                        return false;
                }

                writer.WriteEndArray();
                return true;
            default:
                writer.WriteRawValue(_json.Span[(int)_reader.TokenStartIndex..(int)_reader.BytesConsumed], skipInputValidation: true);
                return true;
        }
    }

    private bool ReadGeometry(out ReadOnlyMemory<byte> value)
    {
        string? wrong;
        if (_reader.TokenType == JsonTokenType.String)
        {
            // 4.7.1: a geometry may come encoded as text; it is kept as what it says.
            value = Encoding.UTF8.GetBytes(_reader.GetString() ?? "");
            wrong = JsonText.Wrong(value.Span) is null ? GeoJson.Check(value) : "the geometry is not JSON.";
            if (wrong is null)
                value = JsonText.Compact(value.Trim(" \t\r\n"u8));
        }
        else
        {
            var start = (int)_reader.TokenStartIndex;
            wrong = GeoJson.Check(ref _reader);
            value = wrong is null ? JsonText.Compact(_json[start..(int)_reader.BytesConsumed]) : default;
        }

        return wrong is null || Fail(wrong, "4.7.1");
    }

    private bool ReadLanguageMap(out ReadOnlyMemory<byte> value, ref bool isNull)
    {
        value = default;
        if (_reader.TokenType != JsonTokenType.StartObject)
            return Fail("languageMap is not an object.", "4.5.18");
        var start = (int)_reader.TokenStartIndex;
        var members = 0;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            members++;
            var none = _reader.ValueTextEquals("@none"u8);
            if (!none && !IsLanguage(_reader.ValueSpan))
                return Fail($"\"{_reader.GetString()}\" is no language tag.", "4.6.5", "RFC 5646, e.g. zh, en-GB, or @none.");
            _reader.Read();
            if (IsNull())
            {
                if (!NullsRemove && !(none && IsTemporal))
                    return Fail("a text of languageMap is null; only updates and merges can ask for a removal.", "4.6.5");
                isNull |= none;
            }
            else if (_reader.TokenType == JsonTokenType.StartArray)
            {
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                    if (_reader.TokenType != JsonTokenType.String)
                        return Fail("languageMap has a value that is not text.", "4.6.5");
            }
            else if (_reader.TokenType != JsonTokenType.String)
                return Fail("languageMap has a value that is not text.", "4.6.5");
        }

        if (members == 0)
            return Fail("languageMap is empty.", "4.5.18");
        value = JsonText.Compact(_json[start..(int)_reader.BytesConsumed]);
        return true;
    }

    private bool ReadVocab(out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (_reader.TokenType == JsonTokenType.String)
        {
            value = ValueWriter.Quote(_context.ExpandVocab(_reader.GetString() ?? ""));
            return true;
        }

        if (_reader.TokenType != JsonTokenType.StartArray)
            return Fail("vocab is neither text nor an array of texts.", "4.5.20");
        var (buffer, writer) = ValueWriter.Rent();
        writer.WriteStartArray();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.String || IsNull())
                return Fail("vocab is neither text nor an array of texts.", "4.5.20");
            writer.WriteStringValue(_context.ExpandVocab(_reader.GetString() ?? ""));
        }

        writer.WriteEndArray();
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    /// <summary>An array of URIs; in an objectList each may stand as <c>{"object": uri}</c>.</summary>
    private bool ReadUris(string member, bool nested, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (_reader.TokenType != JsonTokenType.StartArray)
            return Fail($"{member} is not {(nested ? "an array" : "a URI or an array")} of URIs but {Kind(_reader.TokenType)}.", "4.5.3");
        var uris = new List<string>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            var wrapped = nested && _reader.TokenType == JsonTokenType.StartObject;
            if (wrapped && (!_reader.Read() || _reader.TokenType != JsonTokenType.PropertyName || !_reader.ValueTextEquals("object"u8) || !_reader.Read()))
                return Fail("an item of objectList has no object.", "4.5.22");
            if (!ReadUri(member, out string? uri))
                return false;
            uris.Add(uri ?? "");
            if (wrapped && (!_reader.Read() || _reader.TokenType != JsonTokenType.EndObject))
                return Fail("an item of objectList has more than an object.", "4.5.22");
        }

        if (uris.Count == 0 && !nested)
            return Fail($"{member} is empty.", "4.5.3");
        var (buffer, writer) = ValueWriter.Rent();
        writer.WriteStartArray();
        foreach (var uri in uris)
            writer.WriteStringValue(uri);
        writer.WriteEndArray();
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    private static bool IsLanguage(ReadOnlySpan<byte> tag)
    {
        if (tag.Length is 0 or > 35)
            return false;
        var part = 0;
        foreach (var c in tag)
        {
            if (c == '-')
            {
                if (part == 0)
                    return false;
                part = 0;
            }
            else if (!char.IsAsciiLetterOrDigit((char)c) || ++part > 8)
                return false;
        }

        return part > 0;
    }

    /// <summary>The token (or the whole object or array) as it stands in the body, without white space: mostly a slice of the body, which lives as long as what was read.</summary>
    private ReadOnlyMemory<byte> Raw()
    {
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return JsonText.Compact(_json[start..(int)_reader.BytesConsumed]);
    }
}

/// <summary>A writer per thread for values that must be rewritten. What is written is to be copied before the next one is rented.</summary>
internal static class ValueWriter
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? t_writer;

    public static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Rent()
    {
        if (t_writer is not { } writer || writer.Buffer.Capacity > 1 << 20)
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            t_writer = writer = (buffer, new Utf8JsonWriter(buffer, Options));
        }

        writer.Buffer.ResetWrittenCount();
        writer.Json.Reset();
        return writer;
    }

    public static byte[] Quote(string text)
    {
        var (buffer, writer) = Rent();
        writer.WriteStringValue(text);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
