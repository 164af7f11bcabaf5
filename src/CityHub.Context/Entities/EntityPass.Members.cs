using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>Names, URIs, times, scopes; and how a refusal says where it is.</summary>
internal ref partial struct EntityPass
{
    private bool ReadName(string what, out int name)
    {
        name = 0;
        if (!Names.IsName(_reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(_reader.GetString() ?? "") : _reader.ValueSpan))
            return Fail($"\"{_reader.GetString()}\" cannot be {what}.", "4.6.2", "Letters, digits and _, beginning with a letter; or prefix:name; or an IRI.");
        name = _reader.ValueIsEscaped ? _context.Name(_reader.GetString() ?? "") : _context.Name(_reader.ValueSpan);
        if (_depth < 0 ? CoreNames.IsOfEntity(name) : CoreNames.IsReserved(name))
            return Fail($"\"{_reader.GetString()}\" is a word of NGSI-LD itself and cannot be {what}.", "4.5.1");
        return Iris.Utf8(name) is not [(byte)'@', ..] || Fail($"\"{_reader.GetString()}\" stands for a keyword of JSON-LD and cannot be {what}.", "4.6.2");
    }

    private bool ReadUri(string member, out string? uri)
    {
        uri = _reader.TokenType == JsonTokenType.String ? _reader.GetString() : null;
        if (uri is not null && Names.IsUri(uri) && uri != NgsiLdNull.Uri)
            return true;
        return Fail($"{member} is not a URI: {(uri is null ? Kind(_reader.TokenType) : $"\"{uri}\"")}.", "4.6.1", "For example urn:ngsi-ld:Sensor:42.");
    }

    /// <summary>A URI as JSON text, as it came: a client finds his entity under the id he gave it, whatever prefixes his context knows.</summary>
    private bool ReadUri(string member, out ReadOnlyMemory<byte> json)
    {
        if (_reader.TokenType == JsonTokenType.String && !_reader.ValueIsEscaped && Names.IsUri(_reader.ValueSpan) && !IsNull())
        {
            json = Raw();
            return true;
        }

        var read = ReadUri(member, out string? uri);
        json = read ? ValueWriter.Quote(uri ?? "") : default;
        return read;
    }

    private bool ReadTypes(string member, out int[] types)
    {
        types = [];
        if (_reader.TokenType == JsonTokenType.String)
        {
            if (!ReadName(member, out var type))
                return false;
            types = [type];
            return true;
        }

        if (_reader.TokenType != JsonTokenType.StartArray)
            return Fail($"{member} is neither a name nor an array of names.", "4.6.2");
        var found = new List<int>(2);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.String)
                return Fail($"{member} has something that is not a name.", "4.6.2");
            if (!ReadName(member, out var type))
                return false;
            if (!found.Contains(type))
                found.Add(type);
        }

        if (found.Count == 0)
            return Fail($"{member} is empty.", "4.6.2");
        found.Sort();
        types = [.. found];
        return true;
    }

    private bool ReadScopes(out string[]? scopes)
    {
        scopes = null;
        if (IsNull() && NullsRemove)
        {
            scopes = [];
            return true;
        }

        if (_reader.TokenType == JsonTokenType.StartObject)
            return ReadScopeProperty(out scopes);
        var found = new List<string>(1);
        if (_reader.TokenType == JsonTokenType.String)
            found.Add(_reader.GetString() ?? "");
        else if (_reader.TokenType != JsonTokenType.StartArray)
            return Fail("scope is neither text nor an array of texts.", "4.18");
        else
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                if (_reader.TokenType != JsonTokenType.String)
                    return Fail("scope has something that is not text.", "4.18");
                if (_reader.GetString() is { } scope && !found.Contains(scope))
                    found.Add(scope);
            }

        foreach (var scope in found)
            if (!Names.IsScope(scope))
                return Fail($"\"{scope}\" is not a scope.", "4.18", "Levels of letters, digits and _ that begin with a letter, e.g. /Shuzhou/Binjiang.");
        scopes = [.. found];
        return true;
    }

    /// <summary>The scope wrapped as a Property, as some clients have it.</summary>
    private bool ReadScopeProperty(out string[]? scopes)
    {
        scopes = null;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var isValue = _reader.ValueTextEquals("value"u8);
            _reader.Read();
            if (!isValue)
                _reader.Skip();
            else if (_reader.TokenType == JsonTokenType.StartObject)
                return Fail("scope has a value that is neither text nor an array of texts.", "4.18");
            else if (!ReadScopes(out scopes))
                return false;
        }

        return scopes is not null || Fail("scope has no value.", "4.18");
    }

    /// <param name="ticks">-1 where null asks for the removal of the time.</param>
    private bool ReadTimeOrNull(string member, out long ticks, out byte digits)
    {
        (ticks, digits) = (-1, 0);
        if (IsNull() && NullsRemove)
            return true;
        if (_reader.TokenType == JsonTokenType.String && (_reader.ValueIsEscaped
            ? Times.TryParse(_reader.GetString(), out ticks, out digits)
            : Times.TryParse(_reader.ValueSpan, out ticks, out digits)))
            return true;
        return Fail($"{member} is not a UTC date-time.", "4.6.3", "For example 2026-11-23T08:00:00Z.");
    }

    private bool ReadUnit(out string? unit)
    {
        unit = null;
        if (IsNull())
        {
            unit = NgsiLdNull.Uri;
            return NullsRemove || Fail("unitCode is null; only updates and merges can ask for a removal.", "5.5.4");
        }

        if (_reader.TokenType != JsonTokenType.String)
            return Fail("unitCode is not text.", "4.5.2");
        unit = Units.Known(_reader.ValueSpan) ?? _reader.GetString();
        return true;
    }

    private readonly bool IsNull() =>
        _reader.TokenType == JsonTokenType.Null || _reader.TokenType == JsonTokenType.String && _reader.ValueTextEquals("urn:ngsi-ld:null"u8);

    /// <summary>JSON lets a member stand twice and no reader agrees on what that means.</summary>
    private bool Once(Word word, ref uint seen)
    {
        var bit = 1u << (int)word;
        if ((seen & bit) != 0)
            return Fail($"the member \"{_reader.GetString()}\" is there twice.", "4.5.1");
        seen |= bit;
        return true;
    }

    private static string Name(Word word)
    {
        var name = word.ToString();
        return string.Concat(char.ToLowerInvariant(name[0]).ToString(), name.AsSpan(1));
    }

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        JsonTokenType.Null => "null",
        _ => "nothing",
    };

    private Attribute? Refuse(string detail, string rule, string? hint = null)
    {
        Fail(detail, rule, hint);
        return null;
    }

    private bool Fail(string detail, string? rule = null, string? hint = null)
    {
        Failure = ContextProblems.BadRequestData.Because(_depth < 0 ? detail : $"{Where()}: {detail}", hint, rule is null ? null : $"ETSI GS CIM 009, {rule}");
        return false;
    }

    /// <summary>The path of names to the attribute, in the words of the request's context.</summary>
    private readonly string Where()
    {
        var text = new StringBuilder();
        for (var i = 0; i <= _depth && i < AttributePath.Length; i++)
            text.Append(i == 0 ? "" : ".").Append(Encoding.UTF8.GetString(_context.CompactName(_path[i])));
        return text.ToString();
    }
}

/// <summary>The unit codes that most readings carry (UNECE Recommendation 20), as one string each: a million readings share them.</summary>
internal static class Units
{
    private static readonly FrozenDictionary<int, string> Common =
        new[] { "GQ", "GP", "CEL", "P1", "MTS", "KMH", "DD", "HPA", "A97", "MTR", "MMT", "LUX", "WTT", "KWH", "KWT", "VLT", "AMP", "59", "C62", "E34" }
            .ToFrozenDictionary(u => Key(Encoding.ASCII.GetBytes(u)));

    public static string? Known(ReadOnlySpan<byte> code) => code.Length is 2 or 3 && Common.TryGetValue(Key(code), out var unit) ? unit : null;

    private static int Key(ReadOnlySpan<byte> code) => code[0] | code[1] << 8 | (code.Length > 2 ? code[2] << 16 : 0);
}
