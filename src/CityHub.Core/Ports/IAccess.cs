using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>
/// May I? Asked by stages that answer with entities, before anything of a protected type is looked at: queries, counts, discovery, history and subscriptions see the
/// view that comes back and nothing beside it.
/// </summary>
public interface IAccess
{
    /// <summary>Recorded in the ledger before it returns.</summary>
    ValueTask<Result<IEntityView>> ViewAsync(EntityAsk ask, CancellationToken cancel = default);
}

/// <param name="Who">The caller as the door knows him; opaque here.</param>
/// <param name="What">What is asked for, in a word: <c>query</c>, <c>retrieve</c>, <c>types</c>, <c>temporal</c>, <c>subscribe</c>, <c>notify</c>.</param>
public sealed record EntityAsk(string Tenant, object? Who, string What);

/// <summary>What one caller may see of the entities, as of one version of all grants.</summary>
public interface IEntityView
{
    /// <summary>True: the caller sees everything; no filter is needed.</summary>
    bool Everything { get; }

    /// <summary>Null: nothing of this type, not even that there is one. Type and attributes are IRIs.</summary>
    IEntityFilter? OfType(string type);

    /// <summary>The position of the act that recorded the access; 0 where none was needed.</summary>
    long Receipt { get; }
}

/// <summary>What may be seen of the entities of one type.</summary>
public interface IEntityFilter
{
    bool Shows(string attribute);

    /// <summary>Whether the entity is among the rows of the grant; asked with the entity as NGSI-LD normalized JSON with expanded names.</summary>
    bool Holds(ReadOnlySpan<byte> entity);

    /// <summary>False once the grant was suspended, ended or ran out.</summary>
    bool StillHolds { get; }
}
