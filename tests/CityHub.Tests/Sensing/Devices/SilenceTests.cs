using CityHub.Sensing.Devices;

namespace CityHub.Tests.Sensing.Devices;

public sealed class SilenceTests
{
    [Fact]
    public async Task A_device_is_never_seen_then_live_then_late_then_silent()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        var (state, _) = await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1M" """);
        Assert.Equal(Liveness.NeverSeen, Now());
        Assert.Null(await sensing.SendAsync("a", """{"v":1}"""));
        Assert.Equal(Liveness.Live, Now());
        sensing.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(Liveness.Live, Now());
        sensing.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Liveness.Late, Now());
        sensing.Clock.Advance(TimeSpan.FromSeconds(89));
        Assert.Equal(Liveness.Late, Now());
        sensing.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Liveness.Silent, Now());

        Liveness Now() => state.LivenessAt(sensing.Clock.GetUtcNow().UtcTicks);
    }

    [Fact]
    public async Task Silence_and_its_end_are_facts_and_each_is_recorded_once()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1M" """);
        await sensing.RegisterAsync("quiet", """ "mapping":"plain","period":"PT1M" """);
        await sensing.RegisterAsync("free", """ "mapping":"plain" """);
        await sensing.SendAsync("a", """{"v":1}""");
        await sensing.SendAsync("free", """{"v":1}""");
        sensing.Clock.Advance(TimeSpan.FromSeconds(181));
        for (var i = 0; i < 3; i++)
            await sensing.Room.LookAsync();
        Assert.Equal(1, Count(DeviceBook.FellSilent));
        await sensing.SendAsync("a", """{"v":2}""");
        for (var i = 0; i < 3; i++)
            await sensing.Room.LookAsync();
        Assert.Equal(1, Count(DeviceBook.SpokeAgain));
        Assert.Equal(1, Count(DeviceBook.FellSilent));
        var spoke = sensing.Fact("devices", sensing.Facts("devices").Count - 1);
        Assert.Equal("a", spoke.GetProperty("id").GetString());

        int Count(string type) => sensing.Facts("devices").Count(t => t == type);
    }

    [Fact]
    public async Task The_timer_looks_by_itself()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1S" """);
        await sensing.SendAsync("a", """{"v":1}""");
        var head = sensing.Store.Log.Head;
        sensing.Clock.Advance(TimeSpan.FromSeconds(4));
        // The clock stands after this; the look that is under way records.
        for (var i = 0; i < 200 && !sensing.Facts("devices").Contains(DeviceBook.FellSilent); i++)
        {
            sensing.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Contains(DeviceBook.FellSilent, sensing.Facts("devices"));
        Assert.True(sensing.Store.Log.Head > head);
    }

    [Fact]
    public async Task A_start_remembers_who_was_silent_and_when_each_was_last_heard()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("silent", """ "mapping":"plain","period":"PT1M" """);
        await sensing.RegisterAsync("live", """ "mapping":"plain","period":"PT1M" """);
        await sensing.SendAsync("silent", """{"v":1}""");
        sensing.Clock.Advance(TimeSpan.FromMinutes(4));
        await sensing.SendAsync("live", """{"v":1}""");
        var heard = sensing.Clock.GetUtcNow().UtcTicks;
        await sensing.Room.LookAsync();
        await sensing.ReopenAsync();
        Assert.Equal(Liveness.Silent, Of("silent"));
        Assert.Equal(Liveness.Live, Of("live"));
        Assert.Equal(heard, sensing.Room.Of("").Devices.Find("live")?.LastSeen);
        await sensing.Room.LookAsync();
        Assert.Equal(1, sensing.Facts("devices").Count(t => t == DeviceBook.FellSilent));

        Liveness? Of(string id) => sensing.Room.Of("").Devices.Find(id)?.LivenessAt(sensing.Clock.GetUtcNow().UtcTicks);
    }

    [Fact]
    public async Task The_time_in_which_the_hub_was_down_is_not_held_against_a_device()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1M" """);
        await sensing.SendAsync("a", """{"v":1}""");
        sensing.Clock.Advance(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 3; i++)
        {
            await sensing.ReopenAsync(TimeSpan.FromHours(1));
            await sensing.Room.LookAsync();
            Assert.DoesNotContain(DeviceBook.FellSilent, sensing.Facts("devices"));
        }

        // Sixty seconds were heard in quiet before; the others come after all the restarts.
        sensing.Clock.Advance(TimeSpan.FromSeconds(121));
        await sensing.Room.LookAsync();
        Assert.Contains(DeviceBook.FellSilent, sensing.Facts("devices"));
    }

    [Fact]
    public async Task A_crash_forgets_at_most_what_was_not_kept_yet()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1M" """);
        await sensing.SendAsync("a", """{"v":1}""");
        var kept = sensing.Clock.GetUtcNow().UtcTicks;
        await sensing.Room.LookAsync();
        sensing.Clock.Advance(TimeSpan.FromSeconds(5));
        await sensing.SendAsync("a", """{"v":2}""");
        await sensing.ReopenAsync(crash: true);
        Assert.Equal(kept, sensing.Room.Of("").Devices.Find("a")?.LastSeen);
    }

    [Fact]
    public async Task Messages_leave_no_facts_of_their_own_in_the_register()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","period":"PT1M" """);
        for (var i = 0; i < 50; i++)
            Assert.Null(await sensing.SendAsync("a", $$"""{"v":{{i}}}"""));
        await sensing.Room.LookAsync();
        Assert.Equal([DeviceBook.Registered], sensing.Facts("devices"));
        Assert.Equal(50, sensing.Observations.All.Count);
    }
}
