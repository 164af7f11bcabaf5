using CityHub.Core.Problems;

namespace CityHub.Standards.Mapping;

/// <summary>The refusals of row mappings.</summary>
public static class RowMappingProblems
{
    public static readonly ProblemKind Malformed = new("row-mapping-malformed", "The row mapping cannot be used as it is declared", 400);
    public static readonly ProblemKind Unknown = new("row-mapping-unknown", "There is no row mapping of that name", 404);
    public static readonly ProblemKind ExamplesFail = new("row-mapping-examples", "The examples of the row mapping do not hold", 422);
    public static readonly ProblemKind OtherSchema = new("row-mapping-other-schema", "The row mapping does not lead from these columns to those", 422);
}
