using System.Net;
using CityHub.Sensing.DeadLetters;

namespace CityHub.Tests.Sensing.DeadLetters;

public sealed class DeadLetterTests
{
    [Fact]
    public async Task A_bad_payload_is_kept_with_its_reason_and_never_recorded()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        await sensing.MapAsync("m", """{"type":"T","entity":"urn:x:{device}","attributes":[{"name":"v","as":"number"}]}""");
        await sensing.RegisterAsync("a", """ "mapping":"m" """);
        await sensing.RegisterAsync("b");
        var refused = await sensing.SendAsync("a", """{"v":"温度高"}""");
        Assert.Equal("payload-unreadable", refused?.Code);
        Assert.Equal("device-has-no-mapping", (await sensing.SendAsync("b", "1"))?.Code);
        Assert.Equal(HttpStatusCode.BadRequest, (await routes.SendAsync(HttpMethod.Post, "/devices/a/readings", "{")).Status);
        var letters = (await routes.SendAsync(HttpMethod.Get, "/dead-letters")).Body.GetProperty("deadLetters");
        Assert.Equal(["a", "b", "a"], letters.EnumerateArray().Select(l => l.GetProperty("device").GetString()));
        Assert.Equal("""{"v":"温度高"}""", letters[2].GetProperty("text").GetString());
        Assert.Contains("it is not a number", letters[2].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("devices/a/readings", letters[2].GetProperty("topic").GetString());
        Assert.Empty(sensing.Observations.All);
    }

    [Fact]
    public async Task Letters_survive_a_restart_and_come_a_page_at_a_time()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain" """);
        for (var i = 0; i < 7; i++)
            await sensing.SendAsync("a", "{" + i);
        await sensing.ReopenAsync();
        await using var routes = await sensing.ServeAsync();
        var (texts, url) = (new List<string?>(), (string?)"/dead-letters?limit=3&device=a");
        while (url is not null)
        {
            var (_, page) = await routes.SendAsync(HttpMethod.Get, url);
            texts.AddRange(page.GetProperty("deadLetters").EnumerateArray().Select(l => l.GetProperty("text").GetString()));
            url = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        Assert.Equal(["{6", "{5", "{4", "{3", "{2", "{1", "{0"], texts);
    }

    [Fact]
    public async Task A_flood_is_counted_and_does_not_fill_the_log()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain" """);
        for (var i = 0; i < DeadLetterBook.MostOfDevice + 250; i++)
            Assert.NotNull(await sensing.SendAsync("a", "nonsense"));
        Assert.Equal(DeadLetterBook.MostOfDevice, sensing.Facts("dead-letters").Count);
        Assert.Equal(250, sensing.Room.Of("").DeadLetters.Overflow["a"]);
        await sensing.ReopenAsync();
        Assert.Equal(DeadLetterBook.MostOfDevice + 1, sensing.Facts("dead-letters").Count);
        Assert.Equal(250, sensing.Room.Of("").DeadLetters.Overflow["a"]);
        sensing.Clock.Advance(TimeSpan.FromHours(1));
        await sensing.SendAsync("a", "nonsense");
        Assert.Equal(DeadLetterBook.MostOfDevice + 2, sensing.Facts("dead-letters").Count);
    }

    [Fact]
    public async Task What_is_no_text_is_shown_as_base64_and_what_is_long_is_cut()
    {
        await using var sensing = new SensingUnderTest();
        var book = sensing.Room.Of("").DeadLetters;
        await book.KeepAsync("a", "t", "r", new byte[] { 0, 1, 2, 255 });
        await book.KeepAsync("a", "t", "r", System.Text.Encoding.UTF8.GetBytes(new string('枢', 1000)));
        var letters = book.Page(null, long.MaxValue, 10);
        Assert.Equal("AAEC/w==", letters[1].Excerpt);
        Assert.False(letters[1].IsText);
        Assert.True(letters[0].IsText);
        Assert.Equal(new string('枢', 170), letters[0].Excerpt);
        Assert.Equal(3000, letters[0].Bytes);
    }
}
