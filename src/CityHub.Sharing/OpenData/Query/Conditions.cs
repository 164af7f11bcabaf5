using CityHub.Sharing.Releases;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>What doors do with conditions.</summary>
internal static class Conditions
{
    public static Condition? Both(Condition? one, Condition? other) => one is null ? other : other is null ? one : new Condition.And(one, other);

    /// <summary>The fields that it looks at.</summary>
    public static IEnumerable<string> FieldsOf(Condition? condition) => condition switch
    {
        Condition.And both => FieldsOf(both.Left).Concat(FieldsOf(both.Right)),
        Condition.Or either => FieldsOf(either.Left).Concat(FieldsOf(either.Right)),
        Condition.Not not => FieldsOf(not.Of),
        Condition.Compare compare => [compare.Field],
        Condition.In list => [list.Field],
        Condition.IsNull empty => [empty.Field],
        Condition.Like like => [like.Field],
        _ => [],
    };

    /// <summary>The text as a pattern that finds it anywhere.</summary>
    public static string Anywhere(string text) =>
        "%" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
}
