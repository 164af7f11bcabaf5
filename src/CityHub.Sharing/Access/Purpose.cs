using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>用途, a node of the governed tree.</summary>
/// <param name="Code">Parts of lower-case letters, digits and hyphens, divided by <c>/</c>: <c>welfare/eligibility</c> is below <c>welfare</c>.</param>
/// <param name="Basis">The law under which data may be used for it.</param>
/// <param name="Obligations">Bind every release for it and for what is below it.</param>
public sealed record Purpose(string Code, Words Name, string Basis, Obligations Obligations)
{
    public bool Withdrawn { get; init; }

    /// <summary>Counts approved changes of this purpose.</summary>
    public int Version { get; init; } = 1;

    public string? Parent => Code.LastIndexOf('/') is > 0 and var slash ? Code[..slash] : null;

    /// <summary>True for 1 to 8 parts, at most 120 characters.</summary>
    public static bool IsCode(string code)
    {
        if (code.Length is 0 or > 120)
            return false;
        var parts = code.Split('/');
        return parts.Length <= 8 && Array.TrueForAll(parts, part => part.Length > 0 && part[0] != '-' && part[^1] != '-' && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'));
    }
}

public enum PurposeChangeKind
{
    /// <summary>A new purpose, or a known one said anew; one that was withdrawn comes back.</summary>
    Define,

    Withdraw,
}

public enum PurposeChangeState
{
    Proposed,
    Approved,
    Rejected,
}

/// <summary>A change of the tree on its way: who proposed it may not approve it.</summary>
public sealed record PurposeChange(string Id, PurposeChangeKind Kind, Purpose Purpose, string ProposedBy, DateTimeOffset ProposedAt)
{
    public PurposeChangeState State { get; init; } = PurposeChangeState.Proposed;

    public string? DecidedBy { get; init; }

    public string? Reason { get; init; }
}
