using CityHub.Core.Problems;

namespace CityHub.Server.Witnessing;

internal static class WitnessProblems
{
    public static readonly ProblemKind Unusable = new("witness-unusable", "The witness cannot vouch for what it signed", 503);
    public static readonly ProblemKind LogUnusable = new("log-list-unusable", "The list of logs cannot be used", 400);
}
