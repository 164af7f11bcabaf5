using CityHub.Core.Problems;
using CityHub.Server.Pages;

namespace CityHub.Server;

/// <summary>The rooms of this hub: how each is opened on the store, and where its routes are.</summary>
internal sealed partial class Hub
{
    private Task<Problem?> OpenRoomsAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _figures.Add(new Figure("facts", "facts in the log", "日志中的事实", () => Store.Log.Head, Counts: true));
        return Task.FromResult<Problem?>(null);
    }

    private static void MapRooms(IEndpointRouteBuilder routes) => ArgumentNullException.ThrowIfNull(routes);
}
