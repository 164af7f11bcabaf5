using System.Net;
using System.Net.Http.Headers;
using CityHub.Context.Http;

namespace CityHub.Context.Subscriptions;

/// <summary>6.3.9: a notification as an HTTP POST, with its length told beforehand.</summary>
internal sealed class HttpSender(HttpClient client, TimeProvider clock) : INotificationSender
{
    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase) { "Content-Length", "Transfer-Encoding", "Host", "Connection", "Content-Type", "Expect" };

    /// <summary>Follows no redirect (an endpoint is who was named) and keeps no cookies.</summary>
    public static HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async ValueTask<SendOutcome> SendAsync(Subscription subscription, Notification notification, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(subscription.Endpoint.Timeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, subscription.Endpoint.Uri);
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(TypeOf(notification.Media));
            request.Content.Headers.ContentLength = body.Length;
            if (LinkOf(notification) is { } link)
                request.Headers.TryAddWithoutValidation("Link", link);
            if (notification.Tenant.Length > 0)
                request.Headers.TryAddWithoutValidation(NgsiLdHttp.TenantHeader, notification.Tenant);
            foreach (var (key, value) in subscription.Endpoint.ReceiverInfo)
                if (!Ours.Contains(key) && !request.Headers.TryAddWithoutValidation(key, value))
                    request.Content.Headers.TryAddWithoutValidation(key, value);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            if (response.IsSuccessStatusCode)
                return SendOutcome.Delivered;
            return (int)response.StatusCode is >= 400 and < 500 && response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
                ? SendOutcome.Rejected
                : SendOutcome.Failed;
        }
        catch (HttpRequestException)
        {
            return SendOutcome.Failed;
        }
        catch (IOException)
        {
            return SendOutcome.Failed;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return SendOutcome.Failed;
        }
    }

    public static string TypeOf(MediaType media) => media switch
    {
        MediaType.Json => "application/json",
        MediaType.JsonLd => "application/ld+json",
        MediaType.GeoJson => "application/geo+json",
        _ => throw new InvalidOperationException($"No such media type: {media}"),
    };

    public static string? LinkOf(Notification notification) =>
        notification.Context is { } url ? $"<{url}>; rel=\"{NgsiLdHttp.ContextRelation}\"; type=\"application/ld+json\"" : null;
}
