using System.Net;
using System.Net.Sockets;
using CityHub.Core.Problems;
using CityHub.Sensing.Sources;
using CityHub.Sharing.Subscriptions;

namespace CityHub.Server.Sharing;

/// <summary>Receivers of subscriptions to tables: reached under the rule that binds sources, by a list of their own.</summary>
internal sealed class Receivers : IReceivers, IDisposable
{
    private readonly AllowedAddresses _allowed;

    /// <param name="allowed">From <c>subscriptions.allow</c>.</param>
    public Receivers(AllowedAddresses allowed)
    {
        _allowed = allowed;
        var handler = allowed.Handler();
        (handler.AllowAutoRedirect, handler.UseCookies) = (false, false);
        Client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public HttpClient Client { get; }

    public async ValueTask<Problem?> RefuseAsync(Uri endpoint, CancellationToken cancel)
    {
        try
        {
            return (await _allowed.ResolveAsync(endpoint.IdnHost, cancel)).Ok ? null : SubscriptionProblems.AddressNotAllowed.Because(
                $"{endpoint.Host} lies inside, where rows may not be sent.", "Whoever runs the hub lists the host, its address or its network in subscriptions.allow.", "subscriptions.allow");
        }
        catch (SocketException)
        {
            return SubscriptionProblems.ReceiverFailing.Because($"Nobody knows where {endpoint.Host} is.", "Check the name; the hub asks the name service of its own machine.");
        }
    }

    public async ValueTask<Problem?> KnockAsync(Uri endpoint, CancellationToken cancel)
    {
        if (await RefuseAsync(endpoint, cancel) is { } refused)
            return refused;
        try
        {
            (await _allowed.ConnectAsync(new DnsEndPoint(endpoint.IdnHost, endpoint.Port), cancel)).Dispose();
            return null;
        }
        catch (Exception e) when (e is SocketException or SourceException)
        {
            return SubscriptionProblems.ReceiverFailing.Because($"Nobody answers at {endpoint.Host}.", "The hub tries again.");
        }
    }

    public void Dispose() => Client.Dispose();
}
