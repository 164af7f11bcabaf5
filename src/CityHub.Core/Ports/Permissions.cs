namespace CityHub.Core.Ports;

/// <summary>
/// The names of what one may do: each route asks for exactly one, each token carries some (claim <c>scope</c>, RFC 9068).
/// Deny is the default.
/// </summary>
public static class Permissions
{
    /// <summary>Health, the landing page, API description, static files: for anyone.</summary>
    public const string Public = "public";
    public const string EntitiesRead = "entities:read";
    public const string EntitiesWrite = "entities:write";
    public const string SubscriptionsRead = "subscriptions:read";
    public const string SubscriptionsWrite = "subscriptions:write";
    public const string ContextsRead = "contexts:read";
    public const string ContextsWrite = "contexts:write";
    public const string DevicesRead = "devices:read";
    public const string DevicesWrite = "devices:write";
    public const string FactsRead = "facts:read";
    /// <summary>Entries of the ledger and receipts: they name no person, and show what kind of thing happened when.</summary>
    public const string LedgerRead = "ledger:read";
    public const string Operate = "operate";

    /// <summary>For anyone, and for who carries a token as whoever he is; a token that is no good is refused.</summary>
    public const string Optional = "optional";
    /// <summary>Catalogue, lists, requests, standards, scorecards.</summary>
    public const string SharingRead = "sharing:read";
    public const string SharingWrite = "sharing:write";
    /// <summary>Data under grants.</summary>
    public const string DataUse = "data:use";
    public const string DataDeliver = "data:deliver";
    /// <summary>Who did what with whose data: for auditors.</summary>
    public const string AuditRead = "audit:read";
    /// <summary>One's own data, and who looked at them.</summary>
    public const string Citizen = "citizen";

    public static readonly IReadOnlyList<string> All =
    [
        EntitiesRead, EntitiesWrite, SubscriptionsRead, SubscriptionsWrite, ContextsRead, ContextsWrite,
        DevicesRead, DevicesWrite, FactsRead, LedgerRead, Operate,
        SharingRead, SharingWrite, DataUse, DataDeliver, AuditRead, Citizen,
    ];
}

/// <summary>On a route that asks for a permission of the hub's own: a token that has this one instead opens it too, and is given what grants give and nothing beside it.</summary>
public sealed record AlsoUnderGrants(string Permission);
