using CityHub.Core.Problems;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Agreements;

/// <summary>The words of ODRL 2.2 that a grant needs, and ours where it has none; and how things here are named there.</summary>
internal static class AgreementWords
{
    public const string Context = "http://www.w3.org/ns/odrl.jsonld";
    public const string Odrl = "http://www.w3.org/ns/odrl/2/";
    public const string Own = "urn:cityhub:sharing:";
    public const string Prefix = "cityhub:";

    /// <summary>Says that the words after <see cref="Prefix"/> mean what this hub means by them.</summary>
    public const string Profile = Own + "odrl";

    public const string GrantSpace = "urn:cityhub:grant:";
    public const string DatasetSpace = "urn:cityhub:dataset:";
    public const string DepartmentSpace = "urn:cityhub:department:";
    public const string PurposeSpace = "urn:cityhub:purpose:";

    public static readonly ProblemKind NotUnderstood = new("agreement-not-understood", "The agreement says something that no grant can", 422);

    /// <summary>采集、获取、使用 as actions.</summary>
    public static readonly IReadOnlyList<(Rights Right, string Action)> Actions = [(Rights.Collect, Prefix + "collect"), (Rights.Obtain, Prefix + "obtain"), (Rights.Use, "use")];

    /// <summary>Tests of rows as operators.</summary>
    public static readonly IReadOnlyList<(RowTest Test, string Operator)> Tests = [(RowTest.In, "isAnyOf"), (RowTest.Under, Prefix + "under"), (RowTest.Between, Prefix + "between")];

    /// <summary>An id inside a name; the parts of a path stay parts.</summary>
    public static string Named(string space, string id) => space + string.Join('/', id.Split('/').Select(Uri.EscapeDataString));

    /// <summary>Null: the name is of another space.</summary>
    public static string? IdIn(string space, string name) => name.StartsWith(space, StringComparison.Ordinal) ? Uri.UnescapeDataString(name[space.Length..]) : null;

    /// <summary>A word as it is written here: <c>use</c>, <c>cityhub:obtain</c>; it may come in full or with ODRL's prefix.</summary>
    public static string Short(string word) =>
        word.StartsWith(Odrl, StringComparison.Ordinal) ? word[Odrl.Length..]
        : word.StartsWith("odrl:", StringComparison.Ordinal) ? word["odrl:".Length..]
        : word.StartsWith(Own, StringComparison.Ordinal) ? Prefix + word[Own.Length..] : word;

    public static Problem No(string why, string wayForward = "docs/reference/agreements.md has the words that are understood here; what cannot be kept is not accepted.") =>
        NotUnderstood.Because($"The agreement was not understood: {why}.", wayForward, "ODRL 2.2, 2.6 and 3.2");
}
