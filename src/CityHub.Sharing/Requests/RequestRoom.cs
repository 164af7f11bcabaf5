using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Agreements;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Disputes;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Sharing.Requests;

/// <summary>Requests, grants, corrections, disputes and the clocks that bind them: their books, and the watch over their deadlines.</summary>
internal sealed class RequestRoom : IAsyncDisposable
{
    private readonly DeadlineWatch _watch;
    private readonly ILogger _logger;

    /// <param name="calendars">Loaded by this room's <see cref="StartAsync"/>, as all its books are.</param>
    /// <param name="grants">Made outside, since decisions and the catalogue look at it, too.</param>
    /// <param name="entropy">Fills a salt with secret random bytes.</param>
    public RequestRoom(
        IFactLog log, IActs acts, CalendarBook calendars, GrantBook grants, ICatalogue catalogue, IDepartments departments, IPurposes purposes, IResponsibilities responsibilities, IGrantUse use,
        TimeProvider clock, IIdSource ids, Action<Span<byte>> entropy, ILogger? logger = null)
    {
        (Calendars, Grants, Clock, _logger) = (calendars, grants, clock, logger ?? NullLogger.Instance);
        World = new RequestWorld(catalogue, departments, responsibilities, purposes, use, calendars);
        Requests = new RequestBook(log, clock, ids, World);
        Corrections = new CorrectionBook(log, clock, ids, acts, entropy, catalogue, departments, calendars, grants);
        Disputes = new DisputeBook(log, clock, ids, departments, calendars);
        _watch = new DeadlineWatch(clock, [Requests, Corrections, Disputes, new GrantsFollow(this)], _logger);
    }

    public CalendarBook Calendars { get; }

    public GrantBook Grants { get; }

    public RequestBook Requests { get; }

    public CorrectionBook Corrections { get; }

    public DisputeBook Disputes { get; }

    public RequestWorld World { get; }

    public TimeProvider Clock { get; }

    /// <summary>Reads the books, lets the grants follow their requests, and begins to watch. Before it nothing is decided.</summary>
    public async ValueTask StartAsync()
    {
        Calendars.Load();
        Grants.Load();
        Requests.Load();
        Corrections.Load();
        Disputes.Load();
        await FollowAsync();
        _watch.Start();
    }

    /// <summary>One look at the clocks: the timer's, and the tests'.</summary>
    public Task<int> LookAsync() => _watch.LookAsync();

    /// <summary>
    /// Lets an event happen and its grant follow. The request's fact comes first: a crash after it leaves a grant one version behind, and the next start (or look) brings it on
    /// before anything is decided.
    /// </summary>
    public async ValueTask<Result<ShareRequest>> HappenAsync(string id, RequestEvent happened, Caller caller, Details said)
    {
        if (!(await Requests.HappenAsync(id, happened, caller, said)).TryGet(out var request, out var problem))
            return problem;
        return await FollowAsync(request) is { } failed ? failed : request;
    }

    public ValueTask<Result<Grant>> OpenFlowBackAsync(Caller caller, OpenFlowBack.Request request) => OpenFlowBack.OpenAsync(Grants, World, caller, request, Clock.GetUtcNow());

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        Requests.Dispose();
        Corrections.Dispose();
        Disputes.Dispose();
    }

    /// <returns>How many grants had a version to catch up on.</returns>
    public async ValueTask<int> FollowAsync()
    {
        var (before, failed) = (Grants.Version, 0);
        foreach (var request in Requests.All)
            if (await FollowAsync(request) is { } problem && failed++ == 0)
                _logger.LogWarning("A grant could not follow its request: {Problem}", problem);
        return (int)(Grants.Version - before);
    }

    private async ValueTask<Problem?> FollowAsync(ShareRequest request) =>
        request.Grant is { } grant && RequestRules.StateOf(request.State) is { } state && Grants.Find(grant.Id) is var known && !(known?.State == state && known.SignedBy == grant.SignedBy && Same(known, grant))
            ? (await Grants.FollowAsync(grant with { State = state })).Problem
            : null;

    private static bool Same(Grant known, Grant wanted) =>
        known.Obligations.Equals(wanted.Obligations) && known.From == wanted.From && known.Until == wanted.Until && known.Modes == wanted.Modes && known.Rights == wanted.Rights && known.Item == wanted.Item;

    /// <summary>Grants behind requests that the clock moved.</summary>
    private sealed class GrantsFollow(RequestRoom room) : IDeadlineKeeper
    {
        public async ValueTask<Result<int>> RecordPassedAsync() => await room.FollowAsync();
    }
}

internal static class RequestRoutes
{
    /// <summary>/sharing/requests, /sharing/grants, /sharing/flow-back, /sharing/corrections, /sharing/disputes, /sharing/calendars and /sharing/profiles.</summary>
    public static IEndpointRouteBuilder MapRequests(this IEndpointRouteBuilder routes, RequestRoom room)
    {
        ListRequests.Map(routes, room);
        MoveRequest.Map(routes, room);
        ListGrants.Map(routes, room);
        AgreementRoutes.Map(routes, room);
        CorrectionRoutes.Map(routes, room);
        DisputeRoutes.Map(routes, room);
        CalendarRoutes.Map(routes, room);
        return routes;
    }
}
