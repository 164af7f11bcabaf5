using CityHub.Core.Problems;

namespace CityHub.Server.Witnessing;

internal static class EvidenceProblems
{
    public static readonly ProblemKind Refused = new("evidence-refused", "The receipt or the evidence does not prove it", 422);
}
