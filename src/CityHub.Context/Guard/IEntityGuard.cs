using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Guard;

/// <summary>
/// May I? Asked before entities are looked at. Where types are guarded, every route that tells something of entities (queries, counts, discovery, history, linked entities, notifications)
/// works on what <see cref="EntityReading"/> lets through and on nothing beside it.
/// </summary>
public interface IEntityGuard
{
    /// <summary>Parameters that belong to the ask and to no operation: every route of clause 6 takes them.</summary>
    IReadOnlySet<string> Parameters { get; }

    /// <summary>
    /// The sight of whoever asks. Null: nothing in the tenant is guarded, and he may read all of it. Refused where a type that was named may be known to the caller and may not be read by him; what he may
    /// not know of is not refused but absent.
    /// </summary>
    /// <param name="types">IRI ids of the types that the request names; null: it names none.</param>
    ValueTask<Result<EntityReading?>> OpenAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types);

    /// <summary>Who will be told of changes, to be kept with the subscription: his name, his purpose, and under which grant. Null: whoever asks stands for no department. Refused as <see cref="OpenAsync"/>.</summary>
    ValueTask<Result<ReadOnlyMemory<byte>?>> SubscribeAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types);

    /// <summary>The sight of a subscriber at this moment. Null: nothing in the tenant is guarded. On the matcher's thread.</summary>
    /// <param name="subscriber">As <see cref="SubscribeAsync"/> gave it.</param>
    EntityReading? Of(ReadOnlyMemory<byte>? subscriber, string tenant);

    /// <summary>A notification whose entities were guarded is about to be sent: held against the grant as it is now, and recorded. A problem: it is not sent, and never will be.</summary>
    /// <param name="shown">As <see cref="EntityReading.Shown"/> gave it when the notification was written.</param>
    ValueTask<Result<IEntityDispatch>> SendAsync(ReadOnlyMemory<byte> subscriber, string tenant, ReadOnlyMemory<byte> shown, ReadOnlyMemory<byte> body);

    /// <summary>Who asks reads nothing but what grants give him: of subscriptions he sees his own alone.</summary>
    bool OnlyUnderGrants(HttpContext http);

    /// <summary>The subscription is of the department of whoever asks.</summary>
    bool IsOwn(HttpContext http, ReadOnlyMemory<byte>? subscriber);
}

/// <summary>A notification that was recorded before it left.</summary>
public interface IEntityDispatch
{
    ValueTask CloseAsync(bool delivered);
}
