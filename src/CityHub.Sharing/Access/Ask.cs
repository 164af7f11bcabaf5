using System.Collections.Immutable;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>What somebody wants to be given or answered.</summary>
public sealed record Ask(Caller By, Rights Right, string Dataset, string Purpose, DeliveryModes Mode)
{
    /// <summary>Null: all that the grant gives.</summary>
    public ImmutableArray<string>? Fields { get; init; }

    /// <summary>Administrative code; null: wherever the grant reaches. One outside the grant is refused.</summary>
    public string? Area { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    /// <summary>The case, matter or file for which it is done; goes to the ledger.</summary>
    public string? Case { get; init; }

    /// <summary>Null: whichever grant permits first in the order of their ids. A release is under one grant, whole.</summary>
    public string? Grant { get; init; }
}

/// <summary>Yes, or no.</summary>
public abstract record Decision;

/// <param name="Grant">The one grant that permits all of it.</param>
/// <param name="Obligations">Of the grant, met with those of the dataset and of the purpose, narrowed to what was asked.</param>
public sealed record Permit(Grant Grant, Dataset Dataset, Obligations Obligations) : Decision;

/// <param name="Rule">The clause, list or grant that refuses, e.g. <c>decree 809, art. 25</c>.</param>
/// <param name="Code">Stable, kebab-case; the problem's code.</param>
public sealed record Refuse(string Code, string Rule, string Why, string WayForward) : Decision;
