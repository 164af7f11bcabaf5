using CityHub.Core.Problems;

namespace CityHub.Standards;

/// <summary>The refusals of this room; mapping and quality have their own beside them.</summary>
public static class StandardsProblems
{
    public static readonly ProblemKind BadRequest = new("standards-bad-request", "The request was not understood", 400);
    public static readonly ProblemKind TooLarge = new("standards-too-large", "The request body is larger than this address takes", 413);

    public static readonly ProblemKind NoOwner = new("standards-no-owner", "It does not say whose it is", 400);
    public static readonly ProblemKind NameTaken = new("standards-name-taken", "The name is in use", 409);

    public static readonly ProblemKind UnitMalformed = new("unit-malformed", "This is no unit of UCUM", 400);
    public static readonly ProblemKind UnitsDiffer = new("units-differ", "The one unit cannot be said in the other", 422);

    public static readonly ProblemKind NotAnElement = new("element-malformed", "The data element cannot stand as it is", 400);
    public static readonly ProblemKind ElementUnknown = new("element-unknown", "There is no data element of that name", 404);
    public static readonly ProblemKind NothingDrafted = new("nothing-drafted", "Nothing waits to be published", 404);

    public static readonly ProblemKind NotACodeTable = new("code-table-malformed", "The code table cannot be used as it is", 400);
    public static readonly ProblemKind CodeTableUnknown = new("code-table-unknown", "There is no code table of that name", 404);

    public static readonly ProblemKind NotACalibre = new("calibre-malformed", "The calibre cannot be computed as it is defined", 400);
    public static readonly ProblemKind CalibreUnknown = new("calibre-unknown", "There is no calibre of that name", 404);
    public static readonly ProblemKind CalibreDiffers = new("calibre-differs", "The name already stands for another calibre", 409);

    public static readonly ProblemKind NotASchema = new("schema-malformed", "The schema cannot be used as it is", 400);
    public static readonly ProblemKind SchemaUnknown = new("schema-unknown", "There is no schema of that name", 404);

    public static readonly ProblemKind GrainMismatch = new("grain-mismatch", "The two are not of one grain", 422);
}
