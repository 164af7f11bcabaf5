namespace CityHub.Standards;

/// <summary>Names of elements, tables, calibres and schemas: they stand in addresses.</summary>
internal static class StandardsIds
{
    public const string Rule = "Letters (Chinese ones, too), digits and . _ : -, beginning with a letter or digit, at most 64.";

    public static bool IsValid(string id) => id.Length is > 0 and <= 64 && char.IsLetterOrDigit(id[0]) && id.All(c => char.IsLetterOrDigit(c) || c is '.' or '_' or ':' or '-');
}
