using System.Collections.Immutable;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>A paper that was handed in: its name and its hash; the paper itself lies with who handed it in.</summary>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record Document(string Name, string Sha256);

/// <summary>What a department asks for (art. 20): 使用依据, 使用场景, 使用范围, 共享方式, 使用时限, and why it needs it.</summary>
public sealed record Wanted
{
    public required string Dataset { get; init; }

    /// <summary>Names of fields; at least one.</summary>
    public required IReadOnlyList<string> Fields { get; init; }

    public required string Purpose { get; init; }

    /// <summary>使用依据.</summary>
    public required string Basis { get; init; }

    /// <summary>使用场景.</summary>
    public required string Scene { get; init; }

    /// <summary>使用范围.</summary>
    public required string Scope { get; init; }

    public required string Necessity { get; init; }

    public required DeliveryModes Modes { get; init; }

    public Rights Rights { get; init; } = Rights.Obtain | Rights.Use;

    /// <summary>使用时限.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>Administrative code below which rows are asked for; null: all of the dataset.</summary>
    public string? Area { get; init; }

    /// <summary>The grant whose scope or purpose is to change (art. 25): that needs this new request, the old grant stays as it is.</summary>
    public string? OnGrant { get; init; }
}

/// <summary>One step in the life of a request.</summary>
/// <param name="Details">The fact as it is in the log.</param>
public sealed record Step(DateTimeOffset At, string Fact, string By, string Department, RequestState To, ReadOnlyMemory<byte> Details);

/// <summary>Who has to see to it that it goes on: always somebody.</summary>
public readonly record struct Owner(string Department, Roles Role, string Person);

/// <summary>A clock that runs, and whether it was found to have passed.</summary>
public sealed record Running(Deadline Deadline, bool Missed);

/// <summary>共享申请: one department's request for one dataset for one purpose, from its draft to the proof that the data are gone. Immutable; every step makes a new one.</summary>
public sealed record ShareRequest
{
    public required string Id { get; init; }

    public required string Applicant { get; init; }

    public required string Provider { get; init; }

    /// <summary>Who drafted it.</summary>
    public required string By { get; init; }

    public required Wanted Wanted { get; init; }

    public RequestState State { get; init; }

    /// <summary>The clock of this state; null: none runs.</summary>
    public Running? Clock { get; init; }

    /// <summary>When the grant ended, where the calendar lacks the year in which destruction is due: the clock is set when it has it. Null: nothing waits for a calendar.</summary>
    public DateTimeOffset? UncountedSince { get; init; }

    /// <summary>Everything that was missing, said once; null: nothing was.</summary>
    public ImmutableArray<string>? Missing { get; init; }

    public DateTimeOffset? MaterialsAskedAt { get; init; }

    /// <summary>The clock that stood when materials were asked for.</summary>
    public Deadline? Stopped { get; init; }

    public DateTimeOffset? SupplementedAt { get; init; }

    public ImmutableList<Document> Documents { get; init; } = [];

    public bool ExtensionAsked { get; init; }

    public bool Extended { get; init; }

    /// <summary>Between provider and applicant, since the last change of the service.</summary>
    public bool Negotiated { get; init; }

    /// <summary>With the Authority, since the last change of the service.</summary>
    public bool Filed { get; init; }

    /// <summary>The grant as this request has it; null: not granted.</summary>
    public Grant? Grant { get; init; }

    /// <summary>When data were first delivered.</summary>
    public DateTimeOffset? ActiveSince { get; init; }

    /// <summary>To whom a missed deadline went; gone with the next step.</summary>
    public Owner? EscalatedTo { get; init; }

    public ImmutableList<Step> History { get; init; } = [];

    /// <summary>A request that may still come to something or still binds somebody: the same one is not made twice.</summary>
    public bool Open => State is not (RequestState.Refused or RequestState.Withdrawn or RequestState.Terminated or RequestState.Expired or RequestState.Fulfilled
        or RequestState.Unnecessary or RequestState.Disposing or RequestState.Disposed);

    /// <summary>Who sees it: the two departments, the Authority and those above it, and auditors.</summary>
    public bool IsSeenBy(Caller caller) =>
        caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor) || (caller.Department is { } department && (department == Applicant || department == Provider));
}
