using System.Net;
using System.Net.Sockets;
using CityHub.Core.Facts;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Context.Subscriptions;

public sealed class DeliveryTests : IDisposable
{
    private const string Sub = "urn:ngsi-ld:Subscription:1";

    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Notifications_of_a_subscription_arrive_in_the_order_of_the_changes()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url);
        await hub.CreateAsync("urn:v:1", Speed(0));
        await Task.WhenAll(Enumerable.Range(1, 200).Select(async i => await hub.ChangeAsync("urn:v:1", Speed(i))));

        var all = await receiver.UntilAsync(201);

        Assert.Equal(Enumerable.Range(0, 201), all.Select(SpeedOf));
        Assert.All(all, r => Assert.NotNull(r.Length));
    }

    [Fact]
    public async Task Dead_and_hanging_endpoints_do_not_delay_a_living_one()
    {
        await using var living = await Receiver.StartAsync();
        await using var hanging = await Receiver.StartAsync();
        var released = new TaskCompletionSource();
        hanging.Answer = async _ =>
        {
            await released.Task;
            return 200;
        };
        await using var hub = await Notifying.StartAsync(_store);
        for (var i = 0; i < 50; i++)
        {
            await hub.SubscribeAsync($"urn:dead:{i}", $"http://127.0.0.1:{ClosedPort()}/");
            await hub.SubscribeAsync($"urn:hanging:{i}", hanging.Url);
        }

        await hub.SubscribeAsync(Sub, living.Url);
        await hub.CreateAsync("urn:v:1", Speed(0));
        for (var i = 1; i <= 20; i++)
            await hub.ChangeAsync("urn:v:1", Speed(i));

        var all = await living.UntilAsync(21);

        Assert.Equal(Enumerable.Range(0, 21), all.Select(SpeedOf));
        Assert.Equal(50 * 2 * 21, hub.Room.Pending);
        released.SetResult();
    }

    [Fact]
    public async Task What_failed_is_sent_again_after_a_pause_and_before_what_came_later()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = _ => Task.FromResult(receiver.All.Count <= 2 ? 503 : 200);
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url);
        await hub.CreateAsync("urn:v:1", Speed(1));
        await hub.ChangeAsync("urn:v:1", Speed(2));
        await receiver.UntilAsync(1);
        await Eventually.Is(() => hub.Told(Sub).Contains("\"status\":\"failed\"", StringComparison.Ordinal));

        var all = await receiver.UntilAsync(4, () => hub.Clock.Advance(TimeSpan.FromMilliseconds(500)));

        Assert.Equal([1, 1, 1, 2], all.Select(SpeedOf));
        await Eventually.Is(() => hub.Room.Delivered == 2);
        Assert.Contains("\"status\":\"ok\",\"timesSent\":4,\"timesFailed\":2", hub.Told(Sub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_sent_before_the_pause_after_a_failure_is_over()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = _ => Task.FromResult(503);
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url, endpoint: ",\"cooldown\":60000");
        await hub.CreateAsync("urn:v:1", Speed(1));
        await Eventually.Is(() => hub.Room.Failures == 1);

        hub.Clock.Advance(TimeSpan.FromSeconds(59));
        await hub.ChangeAsync("urn:v:1", Speed(2));

        await Eventually.Is(() => hub.Room.Pending == 2);
        Assert.Single(receiver.All);
    }

    [Fact]
    public async Task What_the_receiver_rejects_is_not_sent_again_and_holds_nothing_up()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = r => Task.FromResult(SpeedOf(r) == 1 ? 422 : 200);
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url);
        await hub.CreateAsync("urn:v:1", Speed(1));
        await hub.ChangeAsync("urn:v:1", Speed(2));

        var all = await receiver.UntilAsync(2);

        Assert.Equal([1, 2], all.Select(SpeedOf));
    }

    [Fact]
    public async Task A_restart_delivers_what_was_pending()
    {
        var port = ClosedPort();
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync(Sub, $"http://127.0.0.1:{port}/");
            await hub.CreateAsync("urn:v:1", Speed(1));
            await hub.ChangeAsync("urn:v:1", Speed(2));
            await Eventually.Is(() => hub.Room.Failures == 1);
        }

        _store.Reopen();
        await using var receiver = await Receiver.StartAsync(port);
        await using var again = await Notifying.StartAsync(_store);

        Assert.Equal([1, 2], (await receiver.UntilAsync(2)).Select(SpeedOf));
        Assert.Contains("\"timesFailed\":1", again.Told(Sub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_crash_changes_whose_notifications_were_not_kept_are_matched_again()
    {
        var port = ClosedPort();
        var crashed = await Notifying.StartAsync(_store);
        await crashed.SubscribeAsync(Sub, $"http://127.0.0.1:{port}/");
        await crashed.CreateAsync("urn:v:1", Speed(1));
        await Eventually.Is(() => crashed.Room.Failures == 1);
        crashed.Room.Flush();
        await crashed.ChangeAsync("urn:v:1", Speed(2));
        await Eventually.Is(() => crashed.Room.Pending == 2);
        // The clock of the crashed hub stands still: it does nothing more. Its store goes away under it.
        _store.Reopen();
        await using var receiver = await Receiver.StartAsync(port);
        await using var again = await Notifying.StartAsync(_store);

        Assert.Equal([1, 2], (await receiver.UntilAsync(2)).Select(SpeedOf));
    }

    [Fact]
    public async Task A_snapshot_of_the_entities_loses_no_notification()
    {
        var port = ClosedPort();
        var crashed = await Notifying.StartAsync(_store);
        await crashed.SubscribeAsync(Sub, $"http://127.0.0.1:{port}/");
        for (var i = 0; i < 20; i++)
            await crashed.CreateAsync($"urn:v:{i}", Speed(i));
        crashed.Broker.Snapshot();
        await crashed.ChangeAsync("urn:v:0", Speed(20));
        _store.Reopen();
        await using var receiver = await Receiver.StartAsync(port);
        await using var again = await Notifying.StartAsync(_store);

        Assert.Equal(Enumerable.Range(0, 21), (await receiver.UntilAsync(21)).Select(SpeedOf));
    }

    [Fact]
    public async Task What_was_delivered_before_a_stop_is_not_sent_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync(Sub, receiver.Url);
            await hub.CreateAsync("urn:v:1", Speed(1));
            await Eventually.Is(() => hub.Room.Delivered == 1);
        }

        _store.Reopen();
        await using var again = await Notifying.StartAsync(_store);
        await again.ChangeAsync("urn:v:1", Speed(2));
        await receiver.UntilAsync(2);

        Assert.Equal([1, 2], receiver.All.Select(SpeedOf));
    }

    [Fact]
    public async Task While_the_disk_is_full_notifications_go_on_and_are_kept_when_there_is_room_again()
    {
        var views = new FullViews(_store.Views);
        var port = ClosedPort();
        await using (var hub = await Notifying.StartAsync(_store, views))
        {
            await hub.SubscribeAsync(Sub, $"http://127.0.0.1:{port}/");
            await hub.CreateAsync("urn:v:1", Speed(1));
            await Eventually.Is(() => hub.Room.Failures == 1);
            views.Full = true;
            Assert.Throws<IOException>(hub.Room.Flush);
            views.Full = false;
        }

        _store.Reopen();
        await using var receiver = await Receiver.StartAsync(port);
        await using var again = await Notifying.StartAsync(_store);

        Assert.Equal(1, SpeedOf((await receiver.UntilAsync(1))[0]));
        Assert.Contains("\"timesFailed\":1", again.Told(Sub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_subscription_leaves_nothing_to_deliver()
    {
        var port = ClosedPort();
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync(Sub, $"http://127.0.0.1:{port}/");
            await hub.CreateAsync("urn:v:1", Speed(1));
            await Eventually.Is(() => hub.Room.Failures == 1);
            hub.Room.Flush();
            Assert.True((await hub.Room.DeleteAsync("", Sub, CancellationToken.None)).Ok);
            await Eventually.Is(() => hub.Room.Pending == 0);
        }

        _store.Reopen();
        var view = _store.Views.Open("notifications");
        Assert.Empty(view.Scan("n/", "n/"));
        Assert.Empty(view.Scan("s/", "s/"));
    }

    [Fact]
    public async Task Of_an_endpoint_that_stays_dead_only_the_newest_notifications_are_kept()
    {
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, $"http://127.0.0.1:{ClosedPort()}/");
        for (var batch = 0; batch < 11; batch++)
            await Task.WhenAll(Enumerable.Range(batch * 1_000, 1_000).Select(async i => await hub.CreateAsync($"urn:v:{i}", Speed(i))));
        await Eventually.Is(() => hub.Room.GivenUp == 1_000);

        Assert.Equal(10_000, hub.Room.Pending);
    }

    internal static string Speed(int value) => $$$"""{"speed":{"type":"Property","value":{{{value}}}}}""";

    internal static int SpeedOf(Received received) => received.Entity.GetProperty("speed").GetProperty("value").GetInt32();

    internal static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class FullViews(IViews inner) : IViews
    {
        public bool Full { get; set; }

        public IView Open(string name) => new FullView(this, inner.Open(name));

        private sealed class FullView(FullViews views, IView inner) : IView
        {
            public long Position => inner.Position;

            public ReadOnlyMemory<byte>? Get(string key) => inner.Get(key);

            public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Scan(string from = "", string? prefix = null) => inner.Scan(from, prefix);

            public void Commit(long position, IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> changes)
            {
                if (views.Full)
                    throw new IOException("No space left on device");
                inner.Commit(position, changes);
            }

            public void Reset() => inner.Reset();
        }
    }
}
