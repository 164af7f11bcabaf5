using CityHub.Core.Problems;

namespace CityHub.Sensing.Sources;

public static class SourceProblems
{
    public static readonly ProblemKind NotASource = new("source-malformed", "This is no declaration of a source", 400);
    public static readonly ProblemKind Unknown = new("source-unknown", "There is no source of that name", 404);
    public static readonly ProblemKind FileUnreadable = new("source-file-unreadable", "The file does not hold the rows of its source", 422);
    public static readonly ProblemKind NotAllowed = new("source-address-not-allowed", "Sources may not reach that address", 403);
    public static readonly ProblemKind NotReplicated = new("source-not-replicated", "The changes of the table cannot be followed", 409);
    public static readonly ProblemKind Unreachable = new("source-unreachable", "The source does not give its rows", 502);
}
