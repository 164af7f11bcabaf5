using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Sharing.Subscriptions;
using CityHub.Tests.Context.Subscriptions;
using Microsoft.AspNetCore.Http;

namespace CityHub.Tests.Flows;

/// <summary>A department has the rows of a table sent to it under its grant: on a whole hub, to real servers.</summary>
public sealed class TableSubscriptionTests : IAsyncLifetime
{
    private const string Wells = "wells";
    private const string Path = "/data/wells/subscriptions";
    private const string Three = "w1,east,7.5,person-1,13900000001\r\nw2,west,3.25,person-2,13900000002\r\nw3,east,1,person-3,13900000003\r\n";

    private EntityCity? _city;

    private EntityCity City => _city ?? throw new InvalidOperationException();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Dataset Dataset { get; } = new()
    {
        Id = Wells, Version = 1, Provider = "ecology", Title = new Words("监测井", "Wells"), Abstract = new Words("监测井", "Wells"), Class = SharingClass.Conditional,
        Modes = DeliveryModes.Api | DeliveryModes.File | DeliveryModes.Subscription, Conditions = "范围：本市；用途：公共安全", Frequency = UpdateFrequency.Daily, Key = "id", Subject = "keeper",
        Fields =
        [
            new("id", ColumnType.Text, new Words("标识", "id")) { Nullable = false }, new("district", ColumnType.Text, new Words("区", "district")), new("level", ColumnType.Number, new Words("水位", "level")),
            new("keeper", ColumnType.Text, new Words("看护人", "keeper")) { Personal = true }, new("contact", ColumnType.Text, new Words("联系", "contact")) { Personal = true },
        ],
    };

    public async ValueTask InitializeAsync() => _city = await EntityCity.BuildAsync(Dataset, config => config with { Subscriptions = ["127.0.0.1"] });

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Fact]
    public async Task Rows_are_sent_masked_as_the_grant_says_and_its_act_is_in_the_log_before_a_byte_leaves()
    {
        await using var receiver = await RowReceiver.StartAsync();
        var recorded = false;
        receiver.Before = http =>
        {
            var receipt = long.Parse(http.Request.Headers["CityHub-Receipt"].ToString(), CultureInfo.InvariantCulture);
            recorded = City.Hub.Hub.Store.Log.Read(receipt - 1).First() is { Type: ReleaseActs.Opened } fact && fact.Position == receipt;
        };
        var grant = await GrantAsync([EntityCity.In("district", "east")], masked: true);
        await DeliverAsync(Three, "replace", "2026-02-28T00:00:00Z");
        using var fire = City.As("fire-rescue");

        var made = await SubscribeAsync(fire, receiver, """ "case":"2026-7" """);
        var sent = await SentAsync(receiver, 1);

        Assert.True(recorded);
        Assert.Equal("""{"id":"w1","level":7.5,"contact":"139****0001"}""", sent.Text.Split('\n')[0]);
        Assert.Equal(2, sent.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("13900000001", sent.Text);
        Assert.DoesNotContain("w2", sent.Text);
        Assert.Equal(("application/x-ndjson", "replaced", "2026-02-28T00:00:00Z", Wells), (sent.Headers["Content-Type"], sent.Change, sent.Headers["CityHub-As-Of"], sent.Headers["CityHub-Dataset"]));
        Assert.True(sent.IsSigned(made.GetProperty("secret").GetString() ?? ""));
        var state = await StateAsync(fire, made, "active");
        Assert.Equal((2, sent.Sha256, sent.Delivery), (state.GetProperty("acknowledged").GetProperty("rows").GetInt64(), state.GetProperty("acknowledged").GetProperty("sha256").GetString(), state.GetProperty("acknowledged").GetProperty("delivery").GetInt64()));
        var closed = Acts(ReleaseActs.Closed).Single();
        Assert.Equal(("complete", 2, sent.Body.Length, sent.Sha256), (Text(closed, "how"), closed.GetProperty("rows").GetInt64(), (int)closed.GetProperty("bytes").GetInt64(), Text(closed, "sha256")));
        Assert.Contains(City.Rooms.Looks.Of("person-1", 0, 100), l => l.Grant == grant.Id && l.Mode == "subscription");
        Assert.Empty(City.Rooms.Looks.Of("person-2", 0, 100));
    }

    [Fact]
    public async Task Rows_that_were_only_appended_are_sent_alone_and_anything_else_is_sent_whole()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver, """ "format":"csv","fields":["id","level"],"where":"level < 7" """);
        await StateAsync(fire, made, "active"); // nothing was delivered yet
        await DeliverAsync(Three);
        var first = await SentAsync(receiver, 1);
        await StateAsync(fire, made, "active");
        await DeliverAsync("w4,east,2,person-4,\r\nw5,east,9,person-5,\r\n", "append");
        var second = await SentAsync(receiver, 2);
        await StateAsync(fire, made, "active");
        await DeliverAsync("w1,east,5,person-1,\r\n", "upsert");
        var third = await SentAsync(receiver, 3);
        await StateAsync(fire, made, "active");
        await DeliverAsync("w9,west,1.5,person-9,\r\n");
        var fourth = await SentAsync(receiver, 4);
        await StateAsync(fire, made, "active");

        Assert.Equal(("replaced", "id,level\r\nw2,3.25\r\nw3,1\r\n"), (first.Change, first.Text));
        Assert.Equal(("appended", "id,level\r\nw4,2\r\n"), (second.Change, second.Text));
        Assert.Equal("replaced", third.Change);
        Assert.Equal(["id,level", "w1,5", "w2,3.25", "w3,1", "w4,2"], third.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(("replaced", "id,level\r\nw9,1.5\r\n"), (fourth.Change, fourth.Text));
        Assert.Equal(["text/csv; charset=utf-8"], receiver.All.Select(s => s.Headers["Content-Type"]).Distinct());
    }

    [Fact]
    public async Task Appended_rows_are_found_behind_a_table_that_was_written_anew()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        await DeliverAsync(Three);
        await DeliverAsync("w2,west,4,person-2,\r\n", "upsert"); // the row of before is superseded
        for (var i = 0; i < 64; i++)
            await DeliverAsync($"a{i},east,1,person-4,\r\n", "append");
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        Assert.Equal(67, (await SentAsync(receiver, 1)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await StateAsync(fire, made, "active");
        Assert.Empty(await City.Rooms.Deliveries.TidyAsync(Cancel));
        Assert.Contains(City.Hub.Hub.Store.Log.Read(0, DeliveryBook.StreamName), f => f.Type == nameof(RowsRewritten));
        await DeliverAsync("w9,east,2,person-9,\r\n", "append");

        Assert.Equal("""{"id":"w9","level":2,"contact":null}""", (await SentAsync(receiver, 2)).Text.TrimEnd());
    }

    [Fact]
    public async Task Rows_that_their_provider_has_locked_are_sent_when_it_unlocks_them()
    {
        await City.DisposeAsync();
        _city = await EntityCity.BuildAsync(Dataset with { Protected = true }, config => config with { Subscriptions = ["127.0.0.1"] });
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        City.Rooms.Keys.Unlock("ecology", new byte[32]);
        await DeliverAsync(Three);
        City.Rooms.Keys.Lock("ecology");
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        Assert.Equal("table-locked", (await StateAsync(fire, made, "failing")).GetProperty("why").GetProperty("code").GetString());
        Assert.Empty(Acts(ReleaseActs.Opened));
        City.Rooms.Keys.Unlock("ecology", new byte[32]);
        City.Hub.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Contains("w1", (await LaterAsync(receiver, 1)).Text);
    }

    [Fact]
    public async Task What_came_before_another_version_of_the_grant_is_sent_again_with_what_was_appended()
    {
        await using var receiver = await RowReceiver.StartAsync();
        var grant = await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        await SentAsync(receiver, 1);
        await StateAsync(fire, made, "active");
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { Obligations = grant.Obligations with { Rows = [EntityCity.In("district", "east")] } })).Problem);
        await DeliverAsync("w4,east,2,person-4,\r\n", "append");
        var second = await SentAsync(receiver, 2);

        Assert.Equal("replaced", second.Change);
        Assert.Contains("w1", second.Text);
        Assert.DoesNotContain("w2", second.Text);
    }

    [Fact]
    public async Task A_receiver_that_was_down_gets_the_newest_content_once_and_not_again_after_a_restart()
    {
        var receiver = await RowReceiver.StartAsync();
        var port = receiver.Port;
        await GrantAsync();
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        await receiver.DisposeAsync();
        await DeliverAsync(Three);
        var failing = await StateAsync(fire, made, "failing");
        Assert.Equal("subscription-receiver-failing", failing.GetProperty("why").GetProperty("code").GetString());
        Assert.Empty(Acts(ReleaseActs.Opened)); // a release is opened for nobody who is not there
        Assert.Equal(1, (await City.Hub.GetAsync("/status")).Json.GetProperty("figures").GetProperty("pushesFailing").GetInt32());
        await DeliverAsync("w7,east,7,person-7,\r\n");

        receiver = await RowReceiver.StartAsync(port);
        City.Hub.Clock.Advance(TimeSpan.FromHours(1));
        var sent = await LaterAsync(receiver, 1);
        var before = await StateAsync(fire, made, "active");
        Assert.DoesNotContain("w1", sent.Text);
        Assert.Contains("w7", sent.Text);

        await City.Hub.RestartAsync();
        using var again = City.As("fire-rescue");
        Assert.Equal(before.GetRawText(), (await StateAsync(again, made, "active")).GetRawText());
        City.Hub.Clock.Advance(TimeSpan.FromHours(1));
        await DeliverAsync("w8,east,8,person-8,\r\n");
        Assert.Contains("w8", (await LaterAsync(receiver, 2)).Text);
        Assert.Equal(2, receiver.All.Count);
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task What_was_not_acknowledged_is_sent_after_a_restart()
    {
        await using var receiver = await RowReceiver.StartAsync();
        receiver.Answer = _ => Task.FromResult(500);
        await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        var failing = await StateAsync(fire, made, "failing");
        Assert.Equal("The receiver answered 500.", failing.GetProperty("why").GetProperty("detail").GetString());
        Assert.Equal("cut", Text(Acts(ReleaseActs.Closed).Single(), "how"));
        receiver.Answer = _ => Task.FromResult(200);

        await City.Hub.RestartAsync();
        using var again = City.As("fire-rescue");
        await StateAsync(again, made, "active");
        Assert.Equal(2, receiver.All.Count);
        Assert.Equal(receiver.All[0].Text, receiver.All[1].Text);
        Assert.Equal(receiver.All[0].Delivery, receiver.All[1].Delivery);
    }

    [Fact]
    public async Task Who_refuses_by_the_headers_is_sent_no_row_and_a_redirect_is_not_followed()
    {
        await using var elsewhere = await RowReceiver.StartAsync();
        await using var receiver = await RowReceiver.StartAsync();
        receiver.Before = http =>
        {
            http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            http.Response.Headers.Location = elsewhere.Url + "/rows";
        };
        await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        Assert.Contains("307", (await StateAsync(fire, made, "failing")).GetProperty("why").GetProperty("detail").GetString());

        Assert.Empty(elsewhere.All);
        Assert.Equal(0, Acts(ReleaseActs.Closed).Single().GetProperty("bytes").GetInt64());
        Assert.Empty(City.Rooms.Looks.Of("person-1", 0, 100));
    }

    [Fact]
    public async Task A_suspended_grant_sends_nothing_and_one_that_is_over_ends_the_subscription()
    {
        await using var receiver = await RowReceiver.StartAsync();
        var grant = await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        await SentAsync(receiver, 1);
        await StateAsync(fire, made, "active");
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Suspended })).Problem);
        await DeliverAsync("w4,east,2,person-4,\r\n", "append");
        var refused = await StateAsync(fire, made, "refused");
        Assert.Equal("grant-not-active", refused.GetProperty("why").GetProperty("code").GetString());
        await Eventually.Is(() => Acts(ReleaseActs.Refused).Count > 0);
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(Acts(ReleaseActs.Refused));

        Assert.Null((await City.Rooms.Grants.FollowAsync(grant)).Problem);
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("w4", (await LaterAsync(receiver, 2)).Text);
        await StateAsync(fire, made, "active");
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Terminated })).Problem);
        await DeliverAsync("w5,east,2,person-5,\r\n", "append");
        Assert.Equal($"grant {grant.Id}", (await StateAsync(fire, made, "ended")).GetProperty("why").GetProperty("rule").GetString());
        await City.Hub.RestartAsync();
        using var again = City.As("fire-rescue");
        await StateAsync(again, made, "ended");
        Assert.Equal(2, receiver.All.Count);
    }

    [Fact]
    public async Task A_grant_that_is_suspended_while_rows_are_sent_cuts_them_off_within_64_kB()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var grant = await GrantAsync();
        await DeliverAsync(string.Concat(Enumerable.Range(0, 300_000).Select(i => $"well-number-{i},east,{i},,139{i:D8}\r\n")));
        using var fire = City.As("fire-rescue");
        var made = (await EntityCity.PostAsync(fire, Path, $$"""{"endpoint":"http://127.0.0.1:{{(listener.LocalEndPoint as IPEndPoint)?.Port}}/rows"}""")).Json;
        using var socket = await AcceptAsync(listener);
        var buffer = new byte[4096];
        var read = 0L;
        while (read < 300_000)
            read += await socket.ReceiveAsync(buffer, Cancel);

        // From here on he takes nothing, and the hub waits for him with a block in its hand.
        var (said, still) = (0L, 0);
        await Eventually.Is(() =>
        {
            (still, said) = (Said() == said ? still + 1 : 0, Said());
            return still > 30;
        });
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Suspended })).Problem);
        await Eventually.Is(() => Acts(ReleaseActs.Closed).Count > 0, () => City.Hub.Clock.Advance(TimeSpan.FromMilliseconds(250)));

        var closed = Acts(ReleaseActs.Closed).Single();
        Assert.Equal("ended", Text(closed, "how"));
        Assert.InRange(closed.GetProperty("bytes").GetInt64() - said, 0, 64 << 10);
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancel) is var more and > 0)
                read += more;
        }
        catch (SocketException)
        {
            // The connection was cut, not closed.
        }

        Assert.True(read < closed.GetProperty("bytes").GetInt64() * 1.01);
        await StateAsync(fire, made, "refused");

        long Said() => BinaryPrimitives.ReadInt64LittleEndian(City.Rooms.Releases.UsedBy(new Permit(grant, City.Rooms.Catalogue.Find(Wells) ?? throw new InvalidOperationException(), grant.Obligations), "fire-rescue").Bytes().AsSpan(8));
    }

    [Fact]
    public async Task A_receiver_that_takes_nothing_for_half_a_minute_is_cut_off()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = (await EntityCity.PostAsync(fire, Path, $$"""{"endpoint":"http://127.0.0.1:{{(listener.LocalEndPoint as IPEndPoint)?.Port}}/rows"}""")).Json;
        using var socket = await AcceptAsync(listener); // and never answers
        await Eventually.Is(() => Acts(ReleaseActs.Closed).Count > 0, () => City.Hub.Clock.Advance(Push.NoProgress / 30));

        Assert.Equal("cut", Text(Acts(ReleaseActs.Closed).Single(), "how"));
        Assert.Equal("subscription-receiver-failing", (await StateAsync(fire, made, "failing")).GetProperty("why").GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_officer_who_lost_his_office_is_sent_nothing()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        using var fire = City.As("fire-rescue", role: "second");
        var made = await SubscribeAsync(fire, receiver);
        Caller a = City.Rooms.Parties.CallerOf("bureau.a"), b = City.Rooms.Parties.CallerOf("bureau.b");
        Assert.Null((await GiveRole.ProposeAsync(City.Rooms.Parties, a, new RoleProposed("taken", "fire-rescue.second", "fire-rescue", Roles.DataOfficer, Give: false, "test", ""))).Problem);
        Assert.Null((await GiveRole.ConfirmAsync(City.Rooms.Parties, b, "taken")).Problem);
        await DeliverAsync(Three);
        await Eventually.Is(() => Acts(ReleaseActs.Refused).Count > 0);

        using var clerk = City.As("fire-rescue");
        Assert.Equal("sharing-not-yours", (await StateAsync(clerk, made, "refused")).GetProperty("why").GetProperty("code").GetString());
        Assert.Empty(receiver.All);
        Assert.Empty(Acts(ReleaseActs.Opened));
    }

    [Fact]
    public async Task Another_department_sees_and_gives_up_nothing_and_who_gives_up_is_sent_nothing_more()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        using var fire = City.As("fire-rescue");
        using var head = City.As("fire-rescue", role: "head");
        using var ecology = City.As("ecology");
        var made = await SubscribeAsync(fire, receiver);
        var one = $"{Path}/{made.GetProperty("id").GetString()}";
        foreach (var other in new[] { ecology, City.Hub.Http })
        {
            Assert.Equal("subscription-unknown", (await EntityCity.GetAsync(other, one)).Problem);
            Assert.Equal("subscription-unknown", (await SendAsync(other, HttpMethod.Delete, one)).Problem);
            Assert.Equal("""{"subscriptions":[]}""", (await EntityCity.GetAsync(other, Path)).Text);
        }

        Assert.Equal("subscription-unknown", (await EntityCity.GetAsync(fire, one.Replace(Wells, "air-stations", StringComparison.Ordinal))).Problem);
        Assert.Equal("sharing-not-yours", (await SendAsync(head, HttpMethod.Delete, one)).Problem);
        var second = await SubscribeAsync(fire, receiver);
        var page = await EntityCity.GetAsync(fire, Path + "?limit=1");
        var next = await EntityCity.GetAsync(fire, page.Json.GetProperty("next").GetString() ?? "");
        Assert.Equal(
            new[] { made, second }.Select(s => s.GetProperty("id").GetString()).Order(StringComparer.Ordinal),
            new[] { page, next }.Select(p => Assert.Single(p.Json.GetProperty("subscriptions").EnumerateArray()).GetProperty("id").GetString()));
        Assert.DoesNotContain("secret", page.Text);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(fire, HttpMethod.Delete, one)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(fire, HttpMethod.Delete, $"{Path}/{second.GetProperty("id").GetString()}")).Status);
        await DeliverAsync(Three);
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("subscription-unknown", (await EntityCity.GetAsync(fire, one)).Problem);
        Assert.Empty(receiver.All);
        Assert.Empty(Acts(ReleaseActs.Opened));
    }

    [Fact]
    public async Task It_is_decided_at_once_and_a_refusal_is_in_the_ledger()
    {
        await using var receiver = await RowReceiver.StartAsync();
        using var fire = City.As("fire-rescue");
        using var head = City.As("fire-rescue", role: "head");
        var body = Body(receiver);
        Assert.Equal("access-refused", (await EntityCity.PostAsync(fire, Path, body)).Problem);
        Assert.Equal("access-refused", Text(Acts(ReleaseActs.Refused).Single(), "code"));
        await GrantAsync(change: g => g with { Modes = DeliveryModes.Api });
        Assert.Equal("mode-not-granted", (await EntityCity.PostAsync(fire, Path, body)).Problem);
        Assert.Equal("subscription", Text(Acts(ReleaseActs.Refused).Last(), "mode"));
        await GrantAsync();
        Assert.Equal("dataset-unknown", (await EntityCity.PostAsync(fire, "/data/nothing/subscriptions", body)).Problem);
        Assert.Equal("sharing-not-yours", (await EntityCity.PostAsync(head, Path, body)).Problem);
        Assert.Equal("sharing-not-yours", (await EntityCity.PostAsync(City.Hub.Http, Path, body)).Problem);
        Assert.Equal("fields-not-granted", (await EntityCity.PostAsync(fire, Path, Body(receiver, """ "fields":["keeper"] """))).Problem);
        Assert.Equal("query-field-unknown", (await EntityCity.PostAsync(fire, Path, Body(receiver, """ "where":"keeper = 'x'" """))).Problem);
        Assert.Equal("sql-not-supported", (await EntityCity.PostAsync(fire, Path, Body(receiver, """ "where":"level <" """))).Problem);
        Assert.Equal("sharing-bad-request", (await EntityCity.PostAsync(fire, Path, Body(receiver, """ "secret":"mine" """))).Problem);
    }

    [Fact]
    public async Task What_is_being_delivered_is_waited_for_and_sent_in_the_place_of_what_was_before()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        await DeliverAsync(Three);
        var rows = new SlowRows(City.Rooms.Deliveries.SchemaOf(Wells).Value);
        var delivering = City.Rooms.Deliveries.DeliverAsync(new Delivery(Wells, WriteMode.Replace, "ecology.clerk", "slow"), rows, Cancel).AsTask();
        await rows.Begun.Task;
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver);
        await StateAsync(fire, made, "behind");
        rows.Go.SetResult();
        Assert.Null((await delivering).Problem);
        await StateAsync(fire, made, "active");

        Assert.Contains("w0", Assert.Single(receiver.All).Text);
        Assert.DoesNotContain("w1", receiver.All[0].Text);
    }

    [Fact]
    public async Task A_dataset_of_entities_takes_no_such_subscription_and_a_department_has_a_hundred_at_most()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await City.PublishAsync(EntityCity.Dataset);
        await City.GrantAsync("fire-rescue", ["id"]);
        await GrantAsync();
        using var fire = City.As("fire-rescue");
        Assert.Equal("subscription-not-taken", (await EntityCity.PostAsync(fire, $"/data/{EntityCity.Stations}/subscriptions", Body(receiver))).Problem);
        for (var i = 0; i < SubscriptionRoom.Most; i++)
            await SubscribeAsync(fire, receiver);
        Assert.Equal("subscription-not-taken", (await EntityCity.PostAsync(fire, Path, Body(receiver))).Problem);
    }

    [Fact]
    public void Another_secret_of_the_hub_opens_no_condition_and_makes_other_keys()
    {
        SubscriptionKeys one = new(new byte[32]), other = new(Enumerable.Repeat((byte)1, 32).ToArray());
        var condition = one.Seal("s-1", "id = 'w1'");
        Assert.Equal("id = 'w1'", one.Open("s-1", condition));
        Assert.Null(one.Open("s-2", condition));
        Assert.Null(other.Open("s-1", condition));
        Assert.NotEqual(one.SecretOf("s-1"), other.SecretOf("s-1"));
        Assert.NotEqual(one.SecretOf("s-1"), one.SecretOf("s-2"));
    }

    [Theory]
    [InlineData("http://10.1.2.3/rows", "sharing-bad-request")] // in clear over a network
    [InlineData("https://10.1.2.3/rows", "subscription-address-not-allowed")]
    [InlineData("https://169.254.169.254/latest", "subscription-address-not-allowed")]
    [InlineData("https://[::ffff:10.1.2.3]/rows", "subscription-address-not-allowed")]
    [InlineData("https://[::1]/rows", "subscription-address-not-allowed")]
    [InlineData("https://who:secret@receiver.example/rows", "sharing-bad-request")]
    [InlineData("https://receiver.example/rows?token=1", "sharing-bad-request")]
    [InlineData("ftp://127.0.0.1/rows", "sharing-bad-request")]
    [InlineData("rows", "sharing-bad-request")]
    public async Task Rows_are_not_sent_to_addresses_inside_that_are_not_listed(string endpoint, string problem)
    {
        await GrantAsync();
        using var fire = City.As("fire-rescue");
        Assert.Equal(problem, (await EntityCity.PostAsync(fire, Path, $$"""{"endpoint":"{{endpoint}}"}""")).Problem);
        Assert.Empty(City.Rooms.Subscriptions.Book.All);
    }

    [Fact]
    public async Task No_value_of_a_condition_and_no_secret_stands_in_the_log()
    {
        await using var receiver = await RowReceiver.StartAsync();
        await GrantAsync();
        await DeliverAsync(Three);
        using var fire = City.As("fire-rescue");
        var made = await SubscribeAsync(fire, receiver, """ "where":"contact = '13900000002'" """);
        Assert.Contains("w2", (await SentAsync(receiver, 1)).Text);
        var state = await StateAsync(fire, made, "active");
        Assert.Equal("contact = '13900000002'", state.GetProperty("where").GetString());
        Assert.False(state.TryGetProperty("secret", out _));
        var log = string.Concat(City.Hub.Hub.Store.Log.Read(0).Select(f => Encoding.UTF8.GetString(f.Payload.Span))) + string.Concat(City.Hub.Log.All);
        Assert.DoesNotContain("13900000002", log);
        Assert.DoesNotContain(made.GetProperty("secret").GetString() ?? "", log);
    }

    private static string Body(RowReceiver receiver, string more = "") => $$"""{"endpoint":"{{receiver.Url}}/rows"{{(more.Length == 0 ? "" : "," + more)}}}""";

    private static async Task<JsonElement> SubscribeAsync(HttpClient client, RowReceiver receiver, string more = "")
    {
        var made = await EntityCity.PostAsync(client, Path, Body(receiver, more));
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        Assert.Equal($"{Path}/{made.Json.GetProperty("id").GetString()}", made.Headers["Location"]);
        return made.Json;
    }

    private static async Task<JsonElement> StateAsync(HttpClient client, JsonElement made, string state)
    {
        for (var i = 0; i < 3_000; i++)
        {
            var answer = await EntityCity.GetAsync(client, $"{Path}/{made.GetProperty("id").GetString()}");
            if (answer.Json.GetProperty("state").GetString() == state)
                return answer.Json;
            await Task.Delay(10, Cancel);
        }

        Assert.Fail($"It is not {state}: {(await EntityCity.GetAsync(client, $"{Path}/{made.GetProperty("id").GetString()}")).Text}");
        return default;
    }

    /// <summary>What is sent at a look to come: the clock goes on, because nobody sees whether the pusher waits for it already.</summary>
    private async Task<SentRows> LaterAsync(RowReceiver receiver, int count)
    {
        await Eventually.Is(() => receiver.All.Count >= count, () => City.Hub.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        return receiver.All[count - 1];
    }

    private static async Task<SentRows> SentAsync(RowReceiver receiver, int count)
    {
        await Eventually.Is(() => receiver.All.Count >= count);
        return receiver.All[count - 1];
    }

    private static async Task<Answer> SendAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using var answer = await client.SendAsync(request, Cancel);
        return await Answer.OfAsync(answer);
    }

    /// <summary>The push: whoever only looks whether somebody is there says nothing.</summary>
    private static async Task<Socket> AcceptAsync(Socket listener)
    {
        while (true)
        {
            var socket = await listener.AcceptAsync(Cancel);
            var buffer = new byte[4096];
            var head = "";
            while (!head.Contains("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer, Cancel) is var count and > 0)
                head += Encoding.ASCII.GetString(buffer, 0, count);
            if (head.Length > 0)
            {
                await socket.SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), Cancel);
                return socket;
            }

            socket.Dispose();
        }
    }

    private Task<Grant> GrantAsync(IReadOnlyList<RowRule>? rows = null, bool masked = false, Func<Grant, Grant>? change = null) => City.GrantAsync(
        "fire-rescue", ["id", "level", "contact"], rows, grant =>
        {
            grant = grant with { Dataset = Wells };
            if (masked)
                grant = grant with { Obligations = grant.Obligations with { Masks = grant.Obligations.Masks.Add("contact", MaskKind.Partial) } };
            return change?.Invoke(grant) ?? grant;
        });

    private async Task DeliverAsync(string rows, string mode = "replace", string? asOf = null)
    {
        using var ecology = City.As("ecology", purpose: null);
        using var body = new StringContent("id,district,level,keeper,contact\r\n" + rows, Encoding.UTF8, new MediaTypeHeaderValue("text/csv"));
        using var answer = await ecology.PutAsync($"/datasets/{Wells}/deliveries?mode={mode}{(asOf is null ? "" : "&asOf=" + asOf)}", body, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private List<JsonElement> Acts(string type) =>
    [
        .. City.Hub.Hub.Store.Log.Read(0, CityHub.Core.Facts.Acts.Stream).Where(f => f.Type == type).Select(f =>
        {
            using var payload = JsonDocument.Parse(f.Payload);
            return payload.RootElement.GetProperty("what").Clone();
        }),
    ];

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    /// <summary>One row, when it is let go.</summary>
    private sealed class SlowRows(TableSchema schema) : IRows
    {
        private bool _given;

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TableSchema Schema { get; } = schema;

        public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            Begun.TrySetResult();
            await Go.Task;
            if (_given)
                return null;
            _given = true;
            return new BatchBuilder(Schema).Text("w0").Text("east").Number(1).Text("person-0").Null().Batch;
        }

        public ValueTask DisposeAsync() => default;
    }
}
