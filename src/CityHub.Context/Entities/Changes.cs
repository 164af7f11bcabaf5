using CityHub.Core.Facts;

namespace CityHub.Context.Entities;

/// <summary>One durable edit with what was before and what is after: what history and subscriptions live on.</summary>
/// <param name="Position">Of its fact in the log; several changes of one fact share it.</param>
public readonly record struct EntityChange(string Tenant, long Position, EntityEdit Edit, Entity? Before, Entity? After);

/// <summary>Sees every change in log order on the log's thread, before the client has his answer. Quick, and never throws.</summary>
public interface IChangeObserver
{
    void Changed(in EntityChange change);

    /// <summary>A fact of the broker's streams that is not an edit (a provision of history, for example).</summary>
    void Noted(string tenant, in Fact fact, object? state)
    {
    }

    void GroupChanged(long position)
    {
    }

    /// <summary>
    /// A snapshot of the entities as of this position is about to be taken: before it is, whatever this observer derives from changes up to it must be durable,
    /// for those changes are not seen again after a start.
    /// </summary>
    void Secure(long position)
    {
    }
}
