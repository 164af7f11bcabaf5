using CityHub.Core.Problems;

namespace CityHub.Sharing.Responsibilities;

/// <summary>Every way of saying no about the three lists.</summary>
public static class ResponsibilityProblems
{
    public static readonly ProblemKind Beyond = new("scope-beyond-responsibility", "The grant goes beyond the responsibility list", 422);
    public static readonly ProblemKind ItemFaulty = new("responsibility-faulty", "The item of the responsibility list does not hold together", 422);
    public static readonly ProblemKind ItemUnknown = new("responsibility-unknown", "There is no such item in the responsibility list", 404);
    public static readonly ProblemKind DemandUnknown = new("demand-unknown", "There is no such demand", 404);
    public static readonly ProblemKind DemandNotPossible = new("demand-step-not-possible", "The demand is not at this step", 409);
    public static readonly ProblemKind NegativeFaulty = new("negative-list-faulty", "The negative list takes datasets, each with a law", 422);

    public static Problem Unknown(string id) => ItemUnknown.Because($"There is no item {id}.", "GET /responsibilities lists them.", "decree 809, art. 11");

    public static Problem NoDemand(string id) => DemandUnknown.Because($"There is no demand {id}.", "GET /demands lists them.", "decree 809, art. 19");
}
