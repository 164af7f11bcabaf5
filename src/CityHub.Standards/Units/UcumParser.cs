using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using CityHub.Core.Problems;

namespace CityHub.Standards.Units;

/// <summary>
/// The grammar of UCUM, case-sensitive (§2–§13): a term is components joined by <c>.</c> and <c>/</c> from the left to the right, a component is a unit with an
/// exponent and an annotation, an annotation alone, a number, or a term in parentheses.
/// </summary>
internal ref struct UcumParser
{
    private const int MostLength = 256;
    private const int MostNesting = 32;
    private const int MostBits = 8192;

    private static readonly FrozenDictionary<string, Ratio> Prefixes = new Dictionary<string, Ratio>
    {
        ["Q"] = Ten(30), ["R"] = Ten(27), ["Y"] = Ten(24), ["Z"] = Ten(21), ["E"] = Ten(18), ["P"] = Ten(15), ["T"] = Ten(12), ["G"] = Ten(9), ["M"] = Ten(6), ["k"] = Ten(3),
        ["h"] = Ten(2), ["da"] = Ten(1), ["d"] = Ten(-1), ["c"] = Ten(-2), ["m"] = Ten(-3), ["u"] = Ten(-6), ["n"] = Ten(-9), ["p"] = Ten(-12), ["f"] = Ten(-15),
        ["a"] = Ten(-18), ["z"] = Ten(-21), ["y"] = Ten(-24), ["r"] = Ten(-27), ["q"] = Ten(-30),
        ["Ki"] = Two(10), ["Mi"] = Two(20), ["Gi"] = Two(30), ["Ti"] = Two(40),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string _text;
    private int _at;
    private int _depth;
    private Problem? _problem;

    private UcumParser(string text) => _text = text;

    private readonly char Here => _at < _text.Length ? _text[_at] : '\0';

    public static Result<UcumUnit> Parse(string text)
    {
        if (text.Length is 0 or > MostLength)
            return Malformed(text, text.Length == 0 ? "it is empty" : "it is too long", "The unit of a pure number is 1.");
        var parser = new UcumParser(text);
        var unit = parser.Term(parser.Here == '/');
        if (parser._problem is { } problem)
            return problem;
        if (parser._at < text.Length)
            return Malformed(text, $"\"{text[parser._at]}\" at {parser._at + 1} is not expected", "Units are joined by . and /; an exponent stands right behind its unit.");
        return unit.As(text);
    }

    /// <param name="slash">It begins with one, which turns the first component over and no other (§7: strictly from the left to the right).</param>
    private UcumUnit Term(bool slash = false)
    {
        var left = slash ? UcumAtoms.One : Component();
        while (_problem is null && Here is '.' or '/')
        {
            var divide = _text[_at++] == '/';
            var right = Component();
            if (_problem is not null)
                break;
            if (left.IsSpecial || right.IsSpecial)
                return Fail(Alone(_text, left.IsSpecial ? left.Code : right.Code));
            left = divide
                ? new UcumUnit("", left.Factor / right.Factor, left.Dimension + right.Dimension * -1)
                : new UcumUnit("", left.Factor * right.Factor, left.Dimension + right.Dimension);
            if (left.Factor.Bits > MostBits)
                return Fail("the number is out of all measure");
        }

        return left;
    }

    private UcumUnit Component()
    {
        if (Here == '(')
        {
            if (++_depth > MostNesting)
                return Fail("the parentheses are too deep");
            _at++;
            var inner = Term();
            if (_problem is not null)
                return inner;
            if (Here != ')')
                return Fail("a parenthesis is not closed");
            _at++;
            _depth--;
            return inner;
        }

        if (Here == '{')
            return Annotation() ? UcumAtoms.One : Fail("an annotation is not closed, or has a brace or another letter than ASCII in it");
        var start = _at;
        var inBrackets = false;
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (c is < '!' or > '~' || c is '"' or '=')
                break;
            if (!inBrackets && c is '(' or ')' or '{' or '}' or '.' or '/' or '+' or '-' or ']')
                break;
            inBrackets = c == '[' || (inBrackets && c != ']');
            _at++;
        }

        if (inBrackets)
            return Fail("a bracket is not closed");
        var symbol = _text[start.._at];
        if (symbol.Length == 0)
            return Fail(_at < _text.Length ? $"\"{_text[_at]}\" at {_at + 1} is no unit" : "a unit is missing at the end");
        if (symbol.All(char.IsAsciiDigit))
            return Here is '{' or '+' or '-' ? Fail("a number has no exponent and no annotation") : Number(symbol);

        var end = symbol.Length;
        // 10* and 10^ are units whose names begin with digits; a name never ends with one (§2).
        while (end > 0 && char.IsAsciiDigit(symbol[end - 1]))
            end--;
        var digits = symbol[end..];
        var name = symbol[..end];
        var sign = 1;
        if (digits.Length == 0 && Here is '+' or '-')
        {
            sign = _text[_at++] == '-' ? -1 : 1;
            var from = _at;
            while (char.IsAsciiDigit(Here))
                _at++;
            digits = _text[from.._at];
            if (digits.Length == 0)
                return Fail("a sign is not followed by an exponent");
        }

        if (Find(name) is not { } unit)
            return Fail($"\"{name}\" is no unit", UcumAtoms.Near(name) is { } near ? $"Is {near} meant? Case counts." : "Case counts: Cel, kPa, ug/m3, [in_i].");
        if (digits.Length > 0)
        {
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var power) || power > 999)
                return Fail("the exponent is too large");
            if (unit.IsSpecial)
                return Fail(Alone(_text, name));
            if (unit.Factor.Bits * Math.Max(power, 1) > MostBits)
                return Fail("the number is out of all measure");
            unit = new UcumUnit(name, unit.Factor.Pow(sign * power), unit.Dimension * (sign * power));
        }

        return Here != '{' || Annotation() ? unit : Fail("an annotation is not closed, or has a brace or another letter than ASCII in it");
    }

    /// <summary>The unit itself, or a prefix before a metric one (§8, §11).</summary>
    private static UcumUnit? Find(string name)
    {
        if (UcumAtoms.Find(name) is { } atom)
            return atom.Unit;
        for (var length = 1; length <= 2 && length < name.Length; length++)
            if (Prefixes.TryGetValue(name[..length], out var prefix) && UcumAtoms.Find(name[length..]) is { IsMetric: true } metric)
                return new UcumUnit(name, prefix * metric.Unit.Factor, metric.Unit.Dimension, metric.Unit.Special);
        return null;
    }

    private UcumUnit Number(string digits)
    {
        if (digits.Length > 30)
            return Fail("the number is too long");
        var number = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return number.IsZero ? Fail("a unit is no multiple of 0") : new UcumUnit(digits, Ratio.Of(number, BigInteger.One), Dimension.None);
    }

    /// <summary>Braces around any text: it says something to people and changes nothing (§6).</summary>
    private bool Annotation()
    {
        var close = _text.IndexOf('}', _at);
        if (close < 0 || _text.AsSpan(_at + 1, close - _at - 1).ContainsAny('{', '}') || _text.AsSpan(_at + 1, close - _at - 1).ContainsAnyExceptInRange(' ', '~'))
            return false;
        _at = close + 1;
        return true;
    }

    private UcumUnit Fail(string why, string? hint = null) => Fail(Malformed(_text, why, hint ?? "A unit looks like m/s2, ug/m3, {vehicles}/h, 10*3/uL."));

    private UcumUnit Fail(Problem problem)
    {
        _problem ??= problem;
        return UcumAtoms.One;
    }

    private static Problem Malformed(string text, string why, string hint) =>
        StandardsProblems.UnitMalformed.Because($"\"{(text.Length > 64 ? text[..64] + "…" : text)}\": {why}.", hint, "UCUM §2–§13");

    private static Problem Alone(string text, string name) => StandardsProblems.UnitMalformed.Because(
        $"\"{text}\": {name} has a zero or a scale of its own and takes no part in products and powers.", "Differences of temperature are in K.", "UCUM §21–§22 (special units)");

    private static Ratio Ten(int power) => Ratio.Of(10, 1).Pow(power);

    private static Ratio Two(int power) => Ratio.Of(2, 1).Pow(power);
}
