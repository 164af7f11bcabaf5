using System.Collections.Immutable;
using System.Globalization;
using CityHub.Core.Grains;
using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;
using CsCheck;

namespace CityHub.Tests.Sharing.Releases;

/// <summary>Random grants and questions against a second reading of the rules: row by row, on texts, without any code of the pipeline.</summary>
public sealed class OracleTests
{
    private static readonly string[] Names = ["id", "name", "born", "area", "income", "height", "married", "seen"];

    private static readonly RowRule[] Rules =
    [
        new("area", RowTest.Under, ["500101", "500102"]), new("born", RowTest.Between, ["1960-01-01", "1990-06-15"]), new("income", RowTest.Between, ["", "9000"]),
        new("married", RowTest.In, ["true"]), new("name", RowTest.In, ["王小一", "王小万"]), new("height", RowTest.Between, ["160.5", ""]),
    ];

    private static readonly (string Field, string Operator, string Value)[] Tests =
    [
        ("income", ">", "5000"), ("born", "<=", "1980-01-01"), ("area", "=", "500101"), ("name", "<>", "王小一"), ("married", "=", "true"), ("height", ">=", "170"), ("id", "<", "500103199001010090"),
    ];

    private static readonly Gen<(Obligations Obligations, Condition? Where, bool Descending, int Offset, int Limit)> Cases =
        from fields in Gen.Int[1, 255]
        from rules in Gen.Int[0, 63]
        from masks in Gen.Int[0, 5].Array[8]
        from time in Gen.Int[0, 3]
        from test in Gen.Int[-1, Tests.Length - 1]
        from negate in Gen.Bool
        from down in Gen.Bool
        from offset in Gen.Int[0, 5]
        from limit in Gen.Int[1, 60]
        select (new Obligations
        {
            Fields = [.. Names.Where((_, i) => (fields >> i & 1) != 0)],
            Rows = [.. Rules.Where((_, i) => (rules >> i & 1) != 0 && i < 3)],
            Masks = Names.Select((name, i) => (name, (MaskKind)masks[i])).Where(mask => mask.name != "married" || mask.Item2 != MaskKind.Coarse).ToImmutableSortedDictionary(mask => mask.name, mask => mask.Item2),
            Grain = new Grain(new[] { TimeGrain.Instant, TimeGrain.Month, TimeGrain.Quarter, TimeGrain.Year }[time], SpaceGrain.Point, EntityGrain.Individual),
        }, ConditionOf(test, negate), down, offset, limit);

    [Fact]
    public void Every_cell_that_leaves_is_the_oracles() => Cases.Sample(
        one =>
        {
            using var bureau = new Bureau(rows: 80);
            bureau.Grant(obligations: one.Obligations);
            var fields = Names.Where(name => one.Obligations.Fields is null || one.Obligations.Fields.Contains(name)).ToArray();
            if (one.Where is not null && FieldOf(one.Where) is var field && (!fields.Contains(field) || KindOf(field, one.Obligations) != MaskKind.Raw))
                return;
            var pages = KindOf(fields[0], one.Obligations) == MaskKind.Raw && fields[0] == "id";
            var query = new ReleaseQuery { Where = one.Where, OrderBy = pages ? [("id", one.Descending)] : [], Offset = one.Offset, Limit = one.Limit };
            var expected = bureau.Table.Content.Where(row => one.Obligations.Rows.All(rule => Passes(row, rule)) && (one.Where is null || Holds(row, one.Where) == true));
            if (pages)
                expected = one.Descending ? expected.OrderByDescending(row => row[0], StringComparer.Ordinal) : expected.OrderBy(row => row[0], StringComparer.Ordinal);
            var released = expected.Skip(one.Offset).Take(one.Limit).Select(row => string.Join('|', fields.Select(name => Masked(name, row, one.Obligations)))).ToList();
#pragma warning disable xUnit1031 // a property's body is not asynchronous
            var actual = bureau.Rows(Bureau.Ask(), query).GetAwaiter().GetResult();
#pragma warning restore xUnit1031
            Assert.Equal(released, [.. actual.Select(row => string.Join('|', row.Split('|').Select((cell, i) => KindOf(fields[i], one.Obligations) == MaskKind.Pseudonym && cell != "∅" ? "pseudonym" : cell)))]);
        },
        iter: 60, threads: 1);

    private static Condition? ConditionOf(int test, bool negate)
    {
        if (test < 0)
            return null;
        var compare = new Condition.Compare(Tests[test].Field, Tests[test].Operator, Tests[test].Value);
        return negate ? new Condition.Not(compare) : compare;
    }

    private static string FieldOf(Condition condition) => condition is Condition.Not(Condition.Compare inner) ? inner.Field : condition is Condition.Compare compare ? compare.Field : "";

    private static MaskKind KindOf(string field, Obligations obligations)
    {
        var kind = obligations.Masks.GetValueOrDefault(field);
        return field == "seen" && obligations.Grain.Time != TimeGrain.Instant && kind < MaskKind.Coarse ? MaskKind.Coarse : kind;
    }

    private static int Order(string field, string one, string other) => field is "income" or "height"
        ? decimal.Parse(one, CultureInfo.InvariantCulture).CompareTo(decimal.Parse(other, CultureInfo.InvariantCulture))
        : string.CompareOrdinal(one, other);

    private static bool Passes(string?[] row, RowRule rule)
    {
        if (row[Array.IndexOf(Names, rule.Field)] is not { } value)
            return false;
        return rule.Test switch
        {
            RowTest.In => rule.Values.Contains(value),
            RowTest.Under => rule.Values.Any(begin => value.StartsWith(begin, StringComparison.Ordinal)),
            _ => (rule.Values[0].Length == 0 || Order(rule.Field, value, rule.Values[0]) >= 0) && (rule.Values[1].Length == 0 || Order(rule.Field, value, rule.Values[1]) < 0),
        };
    }

    private static bool? Holds(string?[] row, Condition condition)
    {
        if (condition is Condition.Not(var of))
            return !Holds(row, of);
        if (condition is not Condition.Compare compare || row[Array.IndexOf(Names, compare.Field)] is not { } value)
            return null;
        var order = Order(compare.Field, value, compare.Value);
        return compare.Operator switch { "=" => order == 0, "<>" => order != 0, "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    private static string Masked(string field, string?[] row, Obligations obligations)
    {
        var value = row[Array.IndexOf(Names, field)];
        var kind = KindOf(field, obligations);
        if (kind == MaskKind.Presence)
            return value is null ? "false" : "true";
        if (value is null || kind == MaskKind.Hidden)
            return "∅";
        return kind switch
        {
            MaskKind.Raw => value,
            MaskKind.Pseudonym => "pseudonym",
            MaskKind.Partial => value.Length >= 11 ? value[..3] + new string('*', value.Length - 7) + value[^4..] : value.Length >= 4 ? value[..1] + new string('*', value.Length - 2) + value[^1..] : value[..1] + new string('*', value.Length - 1),
            _ => Coarse(field, value, obligations.Grain.Time),
        };
    }

    private static string Coarse(string field, string value, TimeGrain grain)
    {
        switch (field)
        {
            case "area":
                return value[..6];
            case "income" or "height":
                var number = decimal.Parse(value, CultureInfo.InvariantCulture);
                var width = 10m;
                while (number >= width * 10)
                    width *= 10;
                return ((long)(number / width) * (long)width).ToString(CultureInfo.InvariantCulture);
            case "born":
                return First(DateTime.Parse(value, CultureInfo.InvariantCulture), grain).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case "seen":
                var local = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture).ToOffset(TimeSpan.FromHours(8)).DateTime;
                return First(local, grain).AddHours(-8).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            default:
                return "∅";
        }
    }

    private static DateTime First(DateTime day, TimeGrain grain) => grain switch
    {
        TimeGrain.Month => new DateTime(day.Year, day.Month, 1),
        TimeGrain.Quarter => new DateTime(day.Year, ((day.Month - 1) / 3 * 3) + 1, 1),
        _ => new DateTime(day.Year, 1, 1),
    };
}
