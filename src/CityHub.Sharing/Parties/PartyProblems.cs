using CityHub.Core.Problems;

namespace CityHub.Sharing.Parties;

/// <summary>Every way of saying no about departments, people and their roles.</summary>
public static class PartyProblems
{
    public static readonly ProblemKind RolesExclude = new("roles-exclude-each-other", "Nobody manages, audits and operates at once", 409);
    public static readonly ProblemKind DepartmentUnknown = new("department-unknown", "There is no such department", 404);
    public static readonly ProblemKind DepartmentFaulty = new("department-faulty", "The department is not described as it has to be", 422);
    public static readonly ProblemKind KeyUnusable = new("department-key-unusable", "This is no Ed25519 public key", 422);
    public static readonly ProblemKind RoleNotPossible = new("role-not-possible", "The role cannot be given or taken like this", 409);
    public static readonly ProblemKind ProposalUnknown = new("party-proposal-unknown", "No such proposal waits", 404);
    public static readonly ProblemKind RegisterNotEmpty = new("register-not-empty", "The register has its first authority already", 409);
    public static readonly ProblemKind GlassNotOpen = new("data-glass-not-open", "This emergency access cannot be used or changed like this", 409);
    public static readonly ProblemKind GlassTooLong = new("data-glass-too-long", "An emergency access lasts an hour at most", 422);
}
