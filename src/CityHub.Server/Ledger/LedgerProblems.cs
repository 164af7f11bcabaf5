using CityHub.Core.Problems;

namespace CityHub.Server.Ledger;

internal static class LedgerProblems
{
    public static readonly ProblemKind KeyUnusable = new("ledger-key-unusable", "A key of the ledger cannot be used", 500);
    public static readonly ProblemKind KeyUnknown = new("ledger-key-unknown", "No such key signs checkpoints", 404);
    public static readonly ProblemKind KeyLast = new("ledger-key-last", "The last key of its kind cannot be retired", 409);
    public static readonly ProblemKind NameFixed = new("ledger-name-fixed", "The name of the log cannot be changed", 409);
    public static readonly ProblemKind PolicyUnusable = new("ledger-policy-unusable", "The witness policy cannot be used", 400);
    public static readonly ProblemKind NotWitnessed = new("ledger-not-witnessed", "Too few witnesses have seen the log lately", 503);
    public static readonly ProblemKind NotYet = new("ledger-not-yet", "The ledger does not have this fact yet", 404);
    public static readonly ProblemKind Damaged = new("ledger-damaged", "The ledger does not check", 500);
}
