using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>The refusals of the CKAN door; written in CKAN's shape, with code, rule and hint beside it.</summary>
public static class CkanProblems
{
    public static readonly ProblemKind Invalid = new("ckan-invalid", "A parameter of the action cannot be used", 409);
    public static readonly ProblemKind SearchNotSupported = new("ckan-search-not-supported", "The search is outside the part of Solr's language that is answered here", 409);
    public static readonly ProblemKind NotFound = new("ckan-not-found", "There is no such thing for you", 404);

    public const string Subset = "field:value, field:\"value\", prefix*, [a TO b], AND, OR, NOT, brackets, *:*; docs/reference/open-data.md";
}
