using System.Text.Json.Serialization;
using CityHub.Core.Grains;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Responsibilities;

/// <summary>An item of the 责任清单: who owes which fields, how fine, how fresh and how good, to whom, for what, by which law.</summary>
/// <param name="Fields">Empty: all of the dataset.</param>
/// <param name="Freshness">Something is owed in every such period.</param>
/// <param name="QualityTarget">0 to 1; the mean score of a month has to reach it.</param>
/// <param name="Receivers">Departments; <c>*</c>: any, <c>public</c>: anybody.</param>
/// <param name="Purposes">Codes in the tree of purposes, each with what is below it.</param>
/// <param name="Owner">The person who answers for it; null: nobody, and it escalates.</param>
public sealed record ResponsibilityItem(
    string Id, int Version, string Provider, string Dataset, IReadOnlyList<string> Fields, Grain Grain, UpdateFrequency Freshness, double QualityTarget, IReadOnlyList<string> Receivers,
    IReadOnlyList<string> Purposes, string LegalBasis, DateTimeOffset From, DateTimeOffset Until, string? Owner = null);

/// <summary>How an item was kept in a month: computed from deliveries, never said by anybody.</summary>
public enum ItemStatus
{
    Kept,

    /// <summary>Some period passed without a delivery.</summary>
    Late,

    /// <summary>Everything came, and was worse than its target.</summary>
    Poor,

    /// <summary>Something was owed and nothing came.</summary>
    Silent,
}

public enum DemandState
{
    Open,

    /// <summary>A dataset answers it.</summary>
    Matched,

    /// <summary>The department has the data.</summary>
    Met,
    Declined,
}

/// <summary>An item of the 需求清单: what a department needs and does not have.</summary>
public sealed record Demand(string Id, string Department, Words What, string Purpose, string Basis, DateTimeOffset FiledAt)
{
    public DemandState State { get; init; }

    public string? Dataset { get; init; }

    /// <summary>Why it was declined, with the law.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset? MetAt { get; init; }

    /// <summary>Time to data: from the day it was filed to the first data.</summary>
    public TimeSpan? TimeToData => MetAt - FiledAt;
}

/// <summary>An item of the 负面清单: nobody is granted anything of it.</summary>
/// <param name="Law">With its article.</param>
public sealed record NegativeItem(string Dataset, string Law, string By, DateTimeOffset At);

internal sealed record ResponsibilityListed(ResponsibilityItem Item, string By);

internal sealed record ResponsibilityEnded(string Id, string By, string Reason);

internal sealed record OwnerNamed(string Id, string Owner, string By);

/// <param name="To">Who answers for it until it has an owner.</param>
/// <param name="Level"><c>sharing-officer</c> or <c>authority</c>.</param>
internal sealed record OwnerMissing(string Id, string To, string Level);

/// <param name="Month">yyyy-MM.</param>
/// <param name="Why">The periods or scores that decided.</param>
internal sealed record ResponsibilityAssessed(string Id, int Version, string Month, ItemStatus Status, int Owed, int Delivered, string Why, double? Quality = null);

internal sealed record DemandFiled(string Id, string Department, Words What, string Purpose, string Basis, string By);

internal sealed record DemandMatched(string Id, string Dataset, string By);

internal sealed record DemandMet(string Id, long Position);

internal sealed record DemandDeclined(string Id, string Reason, string By);

internal sealed record NegativeListed(string Dataset, string Law, string By);

internal sealed record NegativeLifted(string Dataset, string Reason, string By);

/// <summary>How facts of the lists are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [typeof(EnumWord<TimeGrain>), typeof(EnumWord<SpaceGrain>), typeof(EnumWord<EntityGrain>), typeof(EnumWord<UpdateFrequency>), typeof(EnumWord<ItemStatus>)])]
[JsonSerializable(typeof(ResponsibilityItem))]
[JsonSerializable(typeof(ResponsibilityListed))]
[JsonSerializable(typeof(ResponsibilityEnded))]
[JsonSerializable(typeof(OwnerNamed))]
[JsonSerializable(typeof(OwnerMissing))]
[JsonSerializable(typeof(ResponsibilityAssessed))]
[JsonSerializable(typeof(DemandFiled))]
[JsonSerializable(typeof(DemandMatched))]
[JsonSerializable(typeof(DemandMet))]
[JsonSerializable(typeof(DemandDeclined))]
[JsonSerializable(typeof(NegativeListed))]
[JsonSerializable(typeof(NegativeLifted))]
internal sealed partial class ResponsibilityJson : JsonSerializerContext;
