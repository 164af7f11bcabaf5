using System.Collections.Immutable;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Access;

/// <summary>采集、获取、使用: three rights, none of which is in another.</summary>
[Flags]
public enum Rights
{
    None = 0,

    /// <summary>采集: to ask people or things for it.</summary>
    Collect = 1,

    /// <summary>获取: to be given rows.</summary>
    Obtain = 2,

    /// <summary>使用: to have questions answered (verification, counts, an enclave) without being given rows.</summary>
    Use = 4,
}

public enum GrantState
{
    /// <summary>Granted, not yet delivered (due +20 working days, art. 22).</summary>
    Delivering,
    Active,
    Suspended,
    Terminated,
    Expired,

    /// <summary>目的已实现.</summary>
    Fulfilled,

    /// <summary>不再必要.</summary>
    Unnecessary,
    Disposing,
    Disposed,
}

/// <summary>授权: what one department may have of one dataset for one purpose. Immutable; every change is a new version, and every version is in the ledger.</summary>
public sealed record Grant
{
    public required string Id { get; init; }

    public required int Version { get; init; }

    /// <summary>The request that it answers; null for flow-back 回流, and for what is unconditional.</summary>
    public string? Request { get; init; }

    public required string Dataset { get; init; }

    public required string Provider { get; init; }

    /// <summary>The department that may; <c>*</c>: any department (a standing grant of an unconditional dataset), <c>public</c>: anybody (open data).</summary>
    public required string Receiver { get; init; }

    /// <summary>The people of the receiver who may; null: all of them. An emergency names them.</summary>
    public ImmutableSortedSet<string>? Persons { get; init; }

    public required Rights Rights { get; init; }

    /// <summary>Code in the tree of purposes, parts divided by <c>/</c>; covers the codes below it, never those above.</summary>
    public required string Purpose { get; init; }

    public required DeliveryModes Modes { get; init; }

    public required Obligations Obligations { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset Until { get; init; }

    /// <summary>依据.</summary>
    public required string Basis { get; init; }

    /// <summary>The item of the responsibility list under which it stands.</summary>
    public string? Item { get; init; }

    public GrantState State { get; init; } = GrantState.Active;

    /// <summary>The provider's officer.</summary>
    public required string SignedBy { get; init; }
}

/// <summary>All grants as a decision sees them, indexed; one version of all of them for one decision.</summary>
public interface IGrants
{
    /// <summary>Grants of this dataset to this receiver, to <c>*</c> and to <c>public</c>, of any state.</summary>
    IReadOnlyList<Grant> Of(string dataset, string receiver);

    Grant? Find(string id);

    /// <summary>Counts changes of any grant.</summary>
    long Version { get; }
}
