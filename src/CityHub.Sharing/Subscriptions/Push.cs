using System.Globalization;
using System.Net.Http.Headers;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Releases;

namespace CityHub.Sharing.Subscriptions;

/// <summary>
/// One content of a table on its way to one receiver. 1 somebody is there, and may be sent to; 2 while nothing is delivered, the release is opened: its opening act is durable, and the
/// rows are those of the delivery that the headers name; 3 one POST, its body in blocks that the release is asked about; 4 the closing act, which says <c>complete</c> where the receiver
/// said so. A crash anywhere leaves a release without an acknowledgement, and the next start sends anew.
/// </summary>
internal sealed class Push(SubscriptionRoom room, TableSubscription subscription, Ask ask, ReleaseQuery query, Permit permit)
{
    /// <summary>So long may a block, the connection or the answer take.</summary>
    public static readonly TimeSpan NoProgress = TimeSpan.FromSeconds(30);

    public TableSubscription Subscription { get; } = subscription;

    public Uri Endpoint { get; } = new(subscription.What.Endpoint);

    /// <summary>Null: there is nothing to send after all, or not at this moment.</summary>
    public async ValueTask<Outcome?> RunAsync(CancellationToken stop)
    {
        if (await KnockAsync(stop) is { } closed)
            return new Outcome.Failed(closed.Code, null);
        if (await room.Deliveries.StillAsync(Subscription.What.Dataset, (newest, table) => OpenAsync(newest, table, stop), stop) is not { } opened)
            return null;
        if (!opened.Release.TryGet(out var release, out var problem))
            return new Outcome.Failed(problem.Code, null);
        await using var sent = new SentRelease(release, () => room.Office(Subscription.What));
        var outcome = await SendAsync(opened, sent, stop);
        if (outcome is Outcome.Acknowledged)
            sent.Acknowledge();
        return outcome; // the closing act is durable before the acknowledgement is a fact
    }

    private async ValueTask<Problem?> KnockAsync(CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(NoProgress, room.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            return await room.Receivers.KnockAsync(Endpoint, both.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return SubscriptionProblems.ReceiverFailing.Because($"Nobody answers at {Endpoint.Host}.");
        }
    }

    private async ValueTask<Opened?> OpenAsync(Received newest, ITable table, CancellationToken stop)
    {
        var acknowledged = Subscription.Acknowledged?.What;
        if (newest.Position == acknowledged?.Delivery)
            return null;
        if (table.Locked && table.Scan(ReadOnlyMemory<int>.Empty).Problem is { } locked)
            return new Opened(newest, PushChange.Replaced, 0, locked); // no release is opened for what cannot be read
        // Rows of nobody lie among all others: behind some of them they would show.
        var appended = acknowledged is not null && acknowledged.GrantVersion == permit.Grant.Version && acknowledged.DatasetVersion == permit.Dataset.Version && permit.Obligations.Canaries == 0
            && room.Deliveries.Book.OnlyAppendedSince(Subscription.What.Dataset, acknowledged.Delivery);
        var release = await room.Releases.OpenAsync(ask, appended ? query with { From = acknowledged?.Through ?? 0 } : query, stop);
        return new Opened(newest, appended ? PushChange.Appended : PushChange.Replaced, table.Rows, release);
    }

    private async ValueTask<Outcome> SendAsync(Opened opened, SentRelease sent, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(NoProgress, room.Clock);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        using var body = new PushBody(sent, Subscription.What.Format, patience, cut.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = body };
        request.Headers.ExpectContinue = true; // who refuses by the headers is sent no row
        Head(request.Headers, opened, sent.Receipt);
        try
        {
            using var answer = await room.Receivers.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cut.Token);
            return answer.IsSuccessStatusCode && sent.Whole
                ? new Outcome.Acknowledged(new TablePushed(
                    Subscription.What.Id, opened.Newest.Position, AsOf(opened), opened.Change, permit.Grant.Version, permit.Dataset.Version, opened.Through, sent.Rows, sent.Bytes, sent.Hash(), sent.Receipt))
                : new Outcome.Failed(SubscriptionProblems.ReceiverFailing.Code, (int)answer.StatusCode);
        }
        catch (Exception e) when ((e is HttpRequestException or IOException or OperationCanceledException || body.Failure is not null) && !stop.IsCancellationRequested)
        {
            return new Outcome.Failed(body.Failure switch
            {
                ReleaseEndedException ended => ended.Problem.Code,
                null or OperationCanceledException => SubscriptionProblems.ReceiverFailing.Code,
                _ => (body.Broken ? SubscriptionProblems.ReceiverFailing : SubscriptionProblems.NotSent).Code,
            }, null);
        }
        finally
        {
            await cut.CancelAsync();
            await body.OverAsync(); // nobody reads from the release any more
        }
    }

    private void Head(HttpRequestHeaders headers, Opened opened, long receipt)
    {
        var (id, delivery, change, timestamp) = (Subscription.What.Id, opened.Newest.Position, CatalogueNames.Of(opened.Change), room.Clock.GetUtcNow().ToUnixTimeSeconds());
        headers.Add("CityHub-Subscription", id);
        headers.Add("CityHub-Dataset", Uri.EscapeDataString(Subscription.What.Dataset));
        headers.Add("CityHub-Delivery", delivery.ToString(CultureInfo.InvariantCulture));
        headers.Add("CityHub-As-Of", RoomHttp.Time(AsOf(opened)));
        headers.Add("CityHub-Change", change);
        headers.Add("CityHub-Receipt", receipt.ToString(CultureInfo.InvariantCulture));
        headers.Add("CityHub-Timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        headers.Add("CityHub-Signature", "sha256=" + room.Keys.Sign(id, delivery, change, receipt, timestamp));
    }

    private static DateTimeOffset AsOf(Opened opened) => opened.Newest.What.AsOf ?? opened.Newest.At;

    /// <summary>What became of it.</summary>
    public abstract record Outcome
    {
        public sealed record Acknowledged(TablePushed What) : Outcome;

        /// <param name="Answer">The HTTP status of the receiver, where he answered.</param>
        public sealed record Failed(string Code, int? Answer) : Outcome;
    }

    private sealed record Opened(Received Newest, PushChange Change, long Through, Result<ReleaseStream> Release);
}
