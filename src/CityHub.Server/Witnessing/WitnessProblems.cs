using CityHub.Core.Problems;

namespace CityHub.Server.Witnessing;

internal static class WitnessProblems
{
    public static readonly ProblemKind Unusable = new("witness-unusable", "The witness cannot vouch for what it signed", 503);
    public static readonly ProblemKind LogUnusable = new("log-list-unusable", "The list of logs cannot be used", 400);
    public static readonly ProblemKind MirrorUnusable = new("mirror-unusable", "The folder of a mirror or monitor cannot be used", 503);
    public static readonly ProblemKind Divergence = new("log-divergence", "The log contradicts itself", 502);
}
