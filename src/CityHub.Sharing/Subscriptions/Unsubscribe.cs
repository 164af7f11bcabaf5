using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Subscriptions;

/// <summary><c>DELETE /data/{dataset}/subscriptions/{id}</c>: nothing more leaves, not even of a push that is under way.</summary>
internal static class Unsubscribe
{
    public static void Map(IEndpointRouteBuilder routes, SubscriptionRoom room) =>
        routes.MapDelete("/data/{dataset}/subscriptions/{id}", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.DataUse)
            .WithName("UnsubscribeTable").WithSummary("Have the rows sent no more").WithTags("Data");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SubscriptionRoom room)
    {
        if (!ListSubscriptions.Known(http, room).TryGet(out var subscription, out var problem) || !SubscriptionRoom.OfficeOf(SharingHttp.CallerOf(http)).TryGet(out _, out problem)
            || !(await room.Book.UnsubscribeAsync(new TableUnsubscribed(subscription.What.Id, SharingHttp.CallerOf(http).Person))).TryGet(out _, out problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
