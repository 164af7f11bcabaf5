using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CityHub.Context.Entities;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Query;

public enum QOperator : byte
{
    Exists,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    NotMatches,
}

/// <summary>A parsed q (clause 4.9): immutable, shared by readers.</summary>
public abstract record QExpression
{
    /// <param name="linked">Finds the target of a relationship for linked paths; null where links are not followed.</param>
    public abstract bool Matches(Entity entity, Func<string, Entity?>? linked);

    public bool UsesLinks => LinkDepth > 0;

    /// <summary>How many links deep the deepest path reaches.</summary>
    public abstract int LinkDepth { get; }

    /// <summary>Names an attribute that is not the hub's own (createdAt and its like).</summary>
    public abstract bool NamesAttribute { get; }

    /// <summary>The comparisons that it is made of.</summary>
    internal abstract IEnumerable<QTerm> Terms { get; }
}

internal sealed record QAnd(IReadOnlyList<QExpression> All) : QExpression
{
    public override bool Matches(Entity entity, Func<string, Entity?>? linked)
    {
        foreach (var term in All)
            if (!term.Matches(entity, linked))
                return false;
        return true;
    }

    public override int LinkDepth => All.Max(t => t.LinkDepth);

    public override bool NamesAttribute => All.Any(t => t.NamesAttribute);

    internal override IEnumerable<QTerm> Terms => All.SelectMany(t => t.Terms);
}

internal sealed record QOr(IReadOnlyList<QExpression> Any) : QExpression
{
    public override bool Matches(Entity entity, Func<string, Entity?>? linked)
    {
        foreach (var term in Any)
            if (term.Matches(entity, linked))
                return true;
        return false;
    }

    public override int LinkDepth => Any.Max(t => t.LinkDepth);

    public override bool NamesAttribute => Any.Any(t => t.NamesAttribute);

    internal override IEnumerable<QTerm> Terms => Any.SelectMany(t => t.Terms);
}

internal sealed record QNot(QExpression Term) : QExpression
{
    public override bool Matches(Entity entity, Func<string, Entity?>? linked) => !Term.Matches(entity, linked);

    public override int LinkDepth => Term.LinkDepth;

    public override bool NamesAttribute => Term.NamesAttribute;

    internal override IEnumerable<QTerm> Terms => Term.Terms;
}

/// <summary>A value of a q term. A comparison with another kind of value has no order.</summary>
internal abstract record QValue
{
    public abstract int? Compare(JsonElement value);

    /// <summary>As a field of text would have it.</summary>
    public abstract string Written { get; }
}

internal sealed record QNumber(double Value) : QValue
{
    public override string Written => Value.ToString("R", CultureInfo.InvariantCulture);

    public override int? Compare(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetDouble().CompareTo(Value) : null;
}

internal sealed record QBoolean(bool Value) : QValue
{
    public override string Written => Value ? "true" : "false";

    public override int? Compare(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? (value.ValueKind == JsonValueKind.True).CompareTo(Value) : null;
}

/// <param name="Text">Without its quotes.</param>
/// <param name="Ticks">Where the text is a date-time: compared as an instant with values that are.</param>
internal sealed record QText(string Text, long? Ticks) : QValue
{
    public override string Written => Text;

    public override int? Compare(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("@value"u8, out var inner))
            return Compare(inner);
        if (value.ValueKind != JsonValueKind.String)
            return null;
        var text = value.GetString() ?? "";
        return Ticks is { } ticks && QTimes.TryParse(text, out var other) ? other.CompareTo(ticks) : string.CompareOrdinal(text, Text);
    }
}

internal static class QTimes
{
    /// <summary>A date or a UTC date-time as ticks (4.6.3).</summary>
    public static bool TryParse(string text, out long ticks)
    {
        if (Names.TryParseTime(text, out ticks))
            return true;
        if (text.Length != 10 || !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return false;
        ticks = date.ToDateTime(TimeOnly.MinValue).Ticks;
        return true;
    }
}

/// <param name="Name">IRI id of the attribute; null when no entity of this process uses that word: nothing can match.</param>
/// <param name="Sub">Sub-attributes or members after dots.</param>
/// <param name="Inside">Keys in brackets, as written and expanded (object values are stored with expanded keys).</param>
/// <param name="Linked">The path inside the linked entity, in braces.</param>
/// <param name="LinkedTypes">IRI ids of the types that the linked entity must have one of; null: any.</param>
/// <param name="System">createdAt, modifiedAt, expiresAt of the entity itself.</param>
internal sealed record QPath(int? Name, IReadOnlyList<QStep> Sub, IReadOnlyList<(string Raw, string Iri)> Inside, QPath? Linked, IReadOnlyList<int>? LinkedTypes = null, string? System = null)
{
    public int LinkDepth => Linked is null ? 0 : 1 + Linked.LinkDepth;
}


/// <param name="Name">IRI id of a sub-attribute.</param>
/// <param name="Member">A member that is not an attribute: observedAt, unitCode, …</param>
internal readonly record struct QStep(int? Name, string? Member);

/// <summary>One comparison. Any instance of the attribute may match.</summary>
internal sealed record QTerm(QPath Path, QOperator Operator, IReadOnlyList<QValue> Values, (QValue From, QValue To)? Range, Regex? Pattern) : QExpression
{
    public override int LinkDepth => Path.LinkDepth;

    public override bool NamesAttribute => Path.System is null;

    internal override IEnumerable<QTerm> Terms => [this];

    /// <summary>What it compares an attribute with, of the entity or of a linked one: the attribute's IRI id, and each value as a text. An order alone names nothing.</summary>
    public IEnumerable<(int Attribute, string Value)> Named
    {
        get
        {
            var path = Path;
            while (path.Linked is { } linked)
                path = linked;
            if (path is not { Name: { } name, Sub.Count: 0, Inside.Count: 0 } || Operator is QOperator.Less or QOperator.Greater)
                return [];
            var values = Range is var (from, to) ? [.. Values, from, to] : Values;
            return values.Select(v => v.Written).Concat(Pattern is null ? [] : Literal.Of(Pattern)).Select(text => (name, text));
        }
    }

    public override bool Matches(Entity entity, Func<string, Entity?>? linked)
    {
        if (Path.System is { } system)
            return MatchesText(TimeText(system switch { "createdAt" => entity.CreatedAt, "modifiedAt" => entity.ModifiedAt, _ => entity.ExpiresAt }));
        if (Path.Name is not { } name)
            return false;
        if (Path.Linked is { } inner)
            return MatchesLinked(entity, name, inner, linked);
        foreach (var attribute in entity.Attributes)
            if (attribute.Name == name && MatchesInstance(attribute, 0))
                return true;
        return false;
    }

    private bool MatchesLinked(Entity entity, int name, QPath inner, Func<string, Entity?>? linked)
    {
        if (linked is null)
            return false;
        var term = this with { Path = inner };
        foreach (var attribute in entity.Attributes)
            if (attribute.Name == name && attribute.Kind is AttributeKind.Relationship or AttributeKind.ListRelationship)
                foreach (var target in Links.Targets(attribute.Value))
                    if (linked(target) is { } found && (Path.LinkedTypes is null || Path.LinkedTypes.Any(t => found.Types.Contains(t))) && term.Matches(found, linked))
                        return true;
        return false;
    }

    private bool MatchesInstance(Attribute attribute, int depth)
    {
        if (depth < Path.Sub.Count)
        {
            var step = Path.Sub[depth];
            if (step.Member is { } member && depth == Path.Sub.Count - 1)
                return MatchesMember(attribute, member);
            foreach (var sub in attribute.Sub)
                if (sub.Name == step.Name && MatchesInstance(sub, depth + 1))
                    return true;
            return false;
        }

        // 4.9: a Relationship has no order.
        if (attribute.Kind is AttributeKind.Relationship or AttributeKind.ListRelationship && Operator is QOperator.Less or QOperator.LessOrEqual or QOperator.Greater or QOperator.GreaterOrEqual)
            return false;
        if (Path.Inside.Count == 0 && (Operator == QOperator.Exists || TryNumber(attribute.Value.Span, out var known) && known))
            return true;
        using var document = JsonDocument.Parse(attribute.Value);
        var value = document.RootElement;
        if (attribute.Kind == AttributeKind.LanguageProperty && (Path.Inside.Count == 0 || Path.Inside[0].Raw == "*"))
            return Operator is QOperator.Unequal or QOperator.NotMatches
                ? value.EnumerateObject().All(l => MatchesValue(l.Value))
                : value.EnumerateObject().Any(l => MatchesValue(l.Value));
        foreach (var (raw, iri) in Path.Inside)
        {
            if (value.ValueKind != JsonValueKind.Object)
                return false;
            // JsonProperty, language maps and geometries keep their keys; objects of other values are stored with expanded ones.
            if (value.TryGetProperty(iri, out var found) || value.TryGetProperty(raw, out found))
                value = found;
            else
                return false;
        }

        return MatchesValue(value);
    }

    /// <summary>Numbers compare on the bytes: no document is built for the commonest query.</summary>
    private bool TryNumber(ReadOnlySpan<byte> json, out bool matches)
    {
        matches = false;
        if (Values is not [QNumber number] || !Utf8Parser.TryParse(json, out double value, out var used) || used != json.Length)
            return false;
        matches = Holds(value.CompareTo(number.Value));
        return true;
    }

    private bool MatchesMember(Attribute attribute, string member)
    {
        var text = member switch
        {
            "observedAt" => TimeText(attribute.ObservedAt),
            "createdAt" => TimeText(attribute.CreatedAt),
            "modifiedAt" => TimeText(attribute.ModifiedAt),
            "expiresAt" => TimeText(attribute.ExpiresAt),
            "unitCode" => attribute.UnitCode,
            "datasetId" => attribute.Dataset,
            _ => null,
        };
        return MatchesText(text);
    }

    private bool MatchesText(string? text)
    {
        if (text is null || Operator == QOperator.Exists)
            return text is not null;
        using var document = JsonDocument.Parse($"\"{JsonEncodedText.Encode(text)}\"");
        return MatchesValue(document.RootElement);
    }

    private static string? TimeText(long ticks) => ticks == 0 ? null : Times.Format(ticks);

    private bool MatchesValue(JsonElement value)
    {
        if (Operator == QOperator.Exists)
            return true;
        if (Pattern is { } pattern)
        {
            if (value.ValueKind == JsonValueKind.Array)
                return value.EnumerateArray().Any(MatchesValue);
            return value.ValueKind == JsonValueKind.String && pattern.IsMatch(value.GetString() ?? "") == (Operator == QOperator.Matches);
        }

        if (Operator is QOperator.Equal or QOperator.Unequal)
            return IsEqual(value) == (Operator == QOperator.Equal);
        return Values.Count == 1 && Values[0].Compare(value) is { } order && Holds(order);
    }

    /// <summary>An array equals what one of its items equals.</summary>
    private bool IsEqual(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Any(IsEqual);
        if (Range is var (from, to))
            return from.Compare(value) >= 0 && to.Compare(value) <= 0;
        foreach (var wanted in Values)
            if (wanted.Compare(value) == 0)
                return true;
        return false;
    }

    private bool Holds(int order) => Operator switch
    {
        QOperator.Equal => order == 0,
        QOperator.Unequal => order != 0,
        QOperator.Less => order < 0,
        QOperator.LessOrEqual => order <= 0,
        QOperator.Greater => order > 0,
        QOperator.GreaterOrEqual => order >= 0,
        QOperator.Exists => true,
        QOperator.Matches or QOperator.NotMatches => false,
        _ => throw new InvalidOperationException($"No such operator: {Operator}"),
    };
}
