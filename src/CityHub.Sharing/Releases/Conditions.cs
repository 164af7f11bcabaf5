using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>Three-valued (SQL): the order makes <c>and</c> the lesser and <c>or</c> the greater.</summary>
internal enum Truth
{
    False,
    Unknown,
    True,
}

/// <summary>A condition made ready for released rows of one schema.</summary>
internal abstract class RowTestOf
{
    public abstract Truth Of(RowBatch batch, int row);
}

/// <summary>Binds conditions to released columns. A field that is not released is not known, whatever it is in the table.</summary>
internal static class Conditions
{
    private const int Deepest = 100, MostValues = 10_000;

    public static Result<RowTestOf> Bind(Condition condition, TableSchema released, Dataset dataset) => Bind(condition, released, dataset, Deepest);

    /// <summary>The released fields that a condition looks at.</summary>
    public static void FieldsOf(Condition condition, TableSchema released, Dataset dataset, ISet<string> into)
    {
        switch (condition)
        {
            case Condition.And(var left, var right):
                FieldsOf(left, released, dataset, into);
                FieldsOf(right, released, dataset, into);
                break;
            case Condition.Or(var left, var right):
                FieldsOf(left, released, dataset, into);
                FieldsOf(right, released, dataset, into);
                break;
            case Condition.Not(var of):
                FieldsOf(of, released, dataset, into);
                break;
            case Condition.Compare compare:
                into.Add(compare.Field);
                break;
            case Condition.In isIn:
                into.Add(isIn.Field);
                break;
            case Condition.IsNull isNull:
                into.Add(isNull.Field);
                break;
            case Condition.Like like:
                into.Add(like.Field);
                break;
            case Condition.Words:
                foreach (var column in released.Columns.Where(column => column.Type == ColumnType.Text))
                    into.Add(column.Name);
                break;
            case Condition.Box:
                into.Add(dataset.Longitude ?? "");
                into.Add(dataset.Latitude ?? "");
                break;
        }
    }

    public static Result<int> Field(string name, TableSchema released)
    {
        var index = released.IndexOf(name);
        return index >= 0 ? index : ReleaseProblems.FieldUnknown.Because(
            $"There is no field {name} in what is released.", $"There are {string.Join(", ", released.Columns.Select(column => column.Name))}.", "decree 809, art. 25: within the scope that was granted");
    }

    private static Result<RowTestOf> Bind(Condition condition, TableSchema released, Dataset dataset, int deeper)
    {
        if (deeper == 0)
            return ReleaseProblems.QueryNotClear.Because($"The condition is nested more than {Deepest} deep.");
        switch (condition)
        {
            case Condition.And(var left, var right):
                return Bind(left, released, dataset, deeper - 1).Then(one => Bind(right, released, dataset, deeper - 1).Map(RowTestOf (other) => new Both(one, other)));
            case Condition.Or(var left, var right):
                return Bind(left, released, dataset, deeper - 1).Then(one => Bind(right, released, dataset, deeper - 1).Map(RowTestOf (other) => new Either(one, other)));
            case Condition.Not(var of):
                return Bind(of, released, dataset, deeper - 1).Map(RowTestOf (one) => new Opposite(one));
            case Condition.Compare compare:
                return Field(compare.Field, released).Then(field => Comparison(field, released.Columns[field], compare));
            case Condition.In { Values.Count: > MostValues } tooMany:
                return ReleaseProblems.QueryTooLarge.Because($"A list of {tooMany.Values.Count} values is more than the {MostValues} that fit.", "Ask in parts.");
            case Condition.In isIn:
                return Field(isIn.Field, released).Then(field => Values(released.Columns[field], isIn.Values).Map(RowTestOf (values) => new OneOf(field, new ValueSet(released.Columns[field].Type, values))));
            case Condition.IsNull isNull:
                return Field(isNull.Field, released).Map(RowTestOf (field) => new Missing(field));
            case Condition.Like like:
                return Field(like.Field, released).Then(field => Likeness(field, released.Columns[field], like));
            case Condition.Words words:
                return new AllWords(words.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), [.. Enumerable.Range(0, released.Columns.Count).Where(i => released.Columns[i].Type == ColumnType.Text)]);
            case Condition.Box box:
                return Field(dataset.Longitude ?? "longitude", released).Then(east => Field(dataset.Latitude ?? "latitude", released).Then(north => Inside(box, east, north, released)));
            default:
                return ReleaseProblems.QueryNotClear.Because("The condition is of no known kind.");
        }
    }

    private static Result<RowTestOf> Comparison(int field, TableColumn column, Condition.Compare compare)
    {
        if (compare.Operator is not ("=" or "<>" or "<" or "<=" or ">" or ">="))
            return ReleaseProblems.QueryNotClear.Because($"{compare.Operator} compares nothing.", "There are =, <>, <, <=, >, >=.");
        return Value(column, compare.Value).Map(RowTestOf (value) => new Compared(field, compare.Operator, value));
    }

    private static Result<RowTestOf> Likeness(int field, TableColumn column, Condition.Like like) =>
        column.Type != ColumnType.Text ? ReleaseProblems.QueryNotClear.Because($"{column.Name} is no text: it is like nothing.", "Compare it.") : new Alike(field, new LikePattern(like.Pattern, like.IgnoreCase));

    private static Result<RowTestOf> Inside(Condition.Box box, int east, int north, TableSchema released) =>
        released.Columns[east].Type != ColumnType.Number || released.Columns[north].Type != ColumnType.Number
            ? ReleaseProblems.QueryNotClear.Because("The place is not released as degrees.")
            : new InBox(east, north, box);

    private static Result<CellValue[]> Values(TableColumn column, IReadOnlyList<string> texts)
    {
        var values = new CellValue[texts.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (!Value(column, texts[i]).TryGet(out values[i], out var problem))
                return problem;
        }

        return values;
    }

    private static Result<CellValue> Value(TableColumn column, string text) => CellText.TryRead(column.Type, text, out var value)
        ? value
        : ReleaseProblems.QueryNotClear.Because($"\"{text}\" is no value of {column.Name}.", "Numbers stand in invariant notation, dates and instants in ISO 8601, true and false in these words.");

    private sealed class Both(RowTestOf left, RowTestOf right) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row) => left.Of(batch, row) is var one && one == Truth.False ? one : (Truth)Math.Min((int)one, (int)right.Of(batch, row));
    }

    private sealed class Either(RowTestOf left, RowTestOf right) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row) => left.Of(batch, row) is var one && one == Truth.True ? one : (Truth)Math.Max((int)one, (int)right.Of(batch, row));
    }

    private sealed class Opposite(RowTestOf of) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row) => 2 - of.Of(batch, row);
    }

    private sealed class Compared(int field, string how, CellValue value) : RowTestOf
    {
        private readonly (bool Less, bool Equal, bool Greater) _holds = (how is "<" or "<=" or "<>", how is "=" or "<=" or ">=", how is ">" or ">=" or "<>");

        public override Truth Of(RowBatch batch, int row)
        {
            var column = batch.Columns[field];
            if (column.IsNull(row))
                return Truth.Unknown;
            var order = RowFilter.Compare(column, row, value);
            return (order < 0 ? _holds.Less : order == 0 ? _holds.Equal : _holds.Greater) ? Truth.True : Truth.False;
        }
    }

    private sealed class OneOf(int field, ValueSet values) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row)
        {
            var column = batch.Columns[field];
            return column.IsNull(row) ? Truth.Unknown : values.Has(column, row) ? Truth.True : Truth.False;
        }
    }

    private sealed class Missing(int field) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row) => batch.Columns[field].IsNull(row) ? Truth.True : Truth.False;
    }

    private sealed class Alike(int field, LikePattern pattern) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row)
        {
            var column = batch.Columns[field];
            return column.IsNull(row) ? Truth.Unknown : pattern.Matches(column.Utf8(row)) ? Truth.True : Truth.False;
        }
    }

    private sealed class AllWords(string[] words, int[] fields) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row)
        {
            foreach (var word in words)
                if (!InOne(batch, row, word))
                    return Truth.False;
            return Truth.True;
        }

        private bool InOne(RowBatch batch, int row, string word)
        {
            foreach (var field in fields)
                if (!batch.Columns[field].IsNull(row) && batch.Columns[field].Text(row).Contains(word, StringComparison.OrdinalIgnoreCase))
                    return true;
            return false;
        }
    }

    private sealed class InBox(int east, int north, Condition.Box box) : RowTestOf
    {
        public override Truth Of(RowBatch batch, int row)
        {
            var (longitudes, latitudes) = (batch.Columns[east], batch.Columns[north]);
            if (longitudes.IsNull(row) || latitudes.IsNull(row))
                return Truth.Unknown;
            var (longitude, latitude) = (longitudes.Numbers[row], latitudes.Numbers[row]);
            var within = box.West <= box.East ? longitude >= box.West && longitude <= box.East : longitude >= box.West || longitude <= box.East; // over the antimeridian
            return within && latitude >= box.South && latitude <= box.North ? Truth.True : Truth.False;
        }
    }
}

/// <summary>SQL's LIKE on UTF-8: % is any text, _ one character, a backslash takes the next one as it is.</summary>
internal sealed class LikePattern
{
    private static readonly Rune Any = new(0xE000), One = new(0xE001); // stand for % and _; private use, and told apart from the letters themselves by Literal
    private readonly List<(Rune Rune, bool Literal)> _parts = [];
    private readonly bool _ignoreCase;

    public LikePattern(string pattern, bool ignoreCase)
    {
        _ignoreCase = ignoreCase;
        var escaped = false;
        foreach (var rune in pattern.EnumerateRunes())
        {
            if (!escaped && rune.Value == '\\')
            {
                escaped = true;
                continue;
            }

            _parts.Add(escaped || rune.Value is not ('%' or '_') ? (Fold(rune), true) : (rune.Value == '%' ? Any : One, false));
            escaped = false;
        }
    }

    /// <summary>The last % is tried again one character further on: never more than pattern times text.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        int at = 0, part = 0, again = -1, from = 0;
        while (at < text.Length)
        {
            _ = Rune.DecodeFromUtf8(text[at..], out var rune, out var used);
            if (part < _parts.Count && _parts[part] is (var any, false) && any == Any)
            {
                (again, from) = (part++, at);
            }
            else if (part < _parts.Count && (_parts[part].Literal ? _parts[part].Rune == Fold(rune) : _parts[part].Rune == One))
            {
                part++;
                at += used;
            }
            else if (again >= 0)
            {
                _ = Rune.DecodeFromUtf8(text[from..], out _, out var step);
                from += step;
                (at, part) = (from, again + 1);
            }
            else
            {
                return false;
            }
        }

        while (part < _parts.Count && !_parts[part].Literal && _parts[part].Rune == Any)
            part++;
        return part == _parts.Count;
    }

    private Rune Fold(Rune rune) => _ignoreCase ? Rune.ToUpperInvariant(rune) : rune;
}
