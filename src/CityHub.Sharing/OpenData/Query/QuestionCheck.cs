using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Conditions = CityHub.Sharing.OpenData.Query.Conditions;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>Holds a question against the schema of what would be released, so that it is refused before anything is.</summary>
internal static class QuestionCheck
{
    public static Problem? Of(TableSchema schema, IReadOnlyList<string>? fields, ReleaseQuery query)
    {
        var made = query.GroupBy?.Measures.Select(m => m.Name).ToHashSet(StringComparer.Ordinal);
        var named = (made is null ? fields ?? [] : (fields ?? []).Where(field => !made.Contains(field)))
            .Concat(query.GroupBy?.Fields ?? [])
            .Concat(query.GroupBy?.Measures.Select(m => m.Field).OfType<string>() ?? [])
            .Concat(query.OrderBy.Select(order => order.Field).Where(field => made?.Contains(field) is not true));
        foreach (var field in named)
            if (schema.IndexOf(field) < 0)
                return Unknown(schema, field);
        return query.Where is { } where ? Of(schema, where) : null;
    }

    /// <summary>The fields that the question touches; null: it may touch any.</summary>
    public static IReadOnlyList<string>? NarrowedBy(Dataset dataset, IReadOnlyList<string> fields, ReleaseQuery query)
    {
        if (Has<Condition.Words>(query.Where))
            return null;
        IEnumerable<string> place = Has<Condition.Box>(query.Where) && dataset is { Longitude: { } longitude, Latitude: { } latitude } ? [longitude, latitude] : [];
        return [.. fields.Concat(Conditions.FieldsOf(query.Where)).Concat(query.OrderBy.Select(order => order.Field)).Concat(place).Distinct(StringComparer.Ordinal)];
    }

    private static bool Has<T>(Condition? condition)
        where T : Condition => condition switch
    {
        T => true,
        Condition.And both => Has<T>(both.Left) || Has<T>(both.Right),
        Condition.Or either => Has<T>(either.Left) || Has<T>(either.Right),
        Condition.Not not => Has<T>(not.Of),
        _ => false,
    };

    private static Problem? Of(TableSchema schema, Condition condition) => condition switch
    {
        Condition.And both => Of(schema, both.Left) ?? Of(schema, both.Right),
        Condition.Or either => Of(schema, either.Left) ?? Of(schema, either.Right),
        Condition.Not not => Of(schema, not.Of),
        Condition.Compare compare => Fits(schema, compare.Field, [compare.Value]),
        Condition.In list => Fits(schema, list.Field, list.Values),
        Condition.IsNull empty => Fits(schema, empty.Field, []),
        Condition.Like like => Fits(schema, like.Field, []),
        _ => null,
    };

    private static Problem? Fits(TableSchema schema, string field, IReadOnlyList<string> values)
    {
        var index = schema.IndexOf(field);
        if (index < 0)
            return Unknown(schema, field);
        var type = schema.Columns[index].Type;
        foreach (var value in values)
            if (!Fits(type, value))
                return SharingProblems.BadRequest.Because($"\"{value}\" is no value of {field}, which is {NameOf(type)}.", "Numbers in invariant notation, dates and instants in ISO 8601.");
        return null;
    }

    private static bool Fits(ColumnType type, string value) => type switch
    {
        ColumnType.Integer or ColumnType.Number => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number),
        ColumnType.Boolean => value is "true" or "false",
        ColumnType.Date or ColumnType.Instant => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        _ => true,
    };

    private static string NameOf(ColumnType type) => type switch
    {
        ColumnType.Integer => "a whole number",
        ColumnType.Number => "a number",
        ColumnType.Boolean => "true or false",
        ColumnType.Date => "a date",
        ColumnType.Instant => "an instant",
        _ => "a text",
    };

    private static Problem Unknown(TableSchema schema, string field) =>
        QueryProblems.FieldUnknown.Because($"\"{field}\" is no field that you may have.", $"There are {string.Join(", ", schema.Columns.Select(column => column.Name))}.");
}
