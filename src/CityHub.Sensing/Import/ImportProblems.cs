using CityHub.Core.Problems;

namespace CityHub.Sensing.Import;

/// <summary>The refusals of imports.</summary>
public static class ImportProblems
{
    /// <summary>The file as a whole: it is not there, not of its format, damaged from some row on.</summary>
    public static readonly ProblemKind FileUnreadable = new("import-file-unreadable", "The file cannot be read", 400);

    /// <summary>Row after row is refused: the mapping and the file do not belong together.</summary>
    public static readonly ProblemKind AllRefused = new("import-all-refused", "Too many rows were refused", 400);

    /// <summary>What was refused could not be written down, so the import does not go on.</summary>
    public static readonly ProblemKind RejectsUnwritable = new("import-rejects-unwritable", "The rejects file cannot be written", 507);

    /// <summary>The hub stopped answering half-way; what it had acknowledged is recorded.</summary>
    public static readonly ProblemKind Interrupted = new("import-interrupted", "The hub stopped answering", 503);

    public static readonly ProblemKind ImportUnknown = new("import-unknown", "There is no import of that name", 404);
}
