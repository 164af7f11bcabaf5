using CityHub.Core.Problems;

namespace CityHub.Sharing.Subscriptions;

/// <summary>Every way of saying no to a subscription to a table, and why nothing is sent.</summary>
public static class SubscriptionProblems
{
    public static readonly ProblemKind Unknown = new("subscription-unknown", "Your department has no such subscription", 404);
    public static readonly ProblemKind NotTaken = new("subscription-not-taken", "This dataset takes no such subscription", 409);
    public static readonly ProblemKind AddressNotAllowed = new("subscription-address-not-allowed", "Rows may not be sent to that address", 403);
    public static readonly ProblemKind ReceiverFailing = new("subscription-receiver-failing", "The receiver does not take the rows", 502);
    public static readonly ProblemKind NotSent = new("subscription-not-sent", "The hub cannot make the rows ready to be sent", 500);
}
