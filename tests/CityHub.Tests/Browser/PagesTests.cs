using CityHub.Tests.Flows;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace CityHub.Tests.Browser;

/// <summary>The pages of the hub as people meet them: by eye, by keyboard, on a phone, without a network.</summary>
public sealed class PagesTests(BrowserUnderTest browser) : IClassFixture<BrowserUnderTest>
{
    [Theory]
    [InlineData("/", "en", 1280, ColorScheme.Light)]
    [InlineData("/", "zh-CN", 390, ColorScheme.Light)]
    [InlineData("/", "en", 390, ColorScheme.Dark)]
    [InlineData("/", "zh-CN", 1280, ColorScheme.Dark)]
    [InlineData("/api", "en", 390, ColorScheme.Light)]
    [InlineData("/api", "zh-CN", 390, ColorScheme.Dark)]
    [InlineData("/problems/storage-full", "en", 390, ColorScheme.Dark)]
    public async Task A_page_speaks_the_readers_language_fits_his_screen_and_hides_nothing_from_anybody(string path, string language, int width, ColorScheme scheme)
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        await using var opened = await browser.OpenAsync(hub.Address, language, width, scheme);
        var page = opened.Page;
        await page.GotoAsync(path);
        if (path == "/api")
        {
            await page.Locator("#operations[aria-busy=false]").WaitForAsync();
            // One of them open, as it is read and tried.
            await page.GetByText("/ngsi-ld/v1/entities", new PageGetByTextOptions { Exact = true }).First.ClickAsync();
            await page.Locator("details[open] form").WaitForAsync();
        }

        if (!path.StartsWith("/problems", StringComparison.Ordinal))
        {
            Assert.Equal(language, await page.Locator("html").GetAttributeAsync("lang"));
            var text = await page.Locator("main").InnerTextAsync();
            Assert.Equal(language == "zh-CN", text.Contains(path == "/" ? "此刻" : "查找", StringComparison.Ordinal));
        }

        var axe = await page.RunAxe();
        Assert.True(axe.Violations.Length == 0, string.Join("\n", axe.Violations.Select(v => $"{v.Id}: {v.Help}: {string.Join(" | ", v.Nodes.Take(3).Select(n => n.Html))}")));
        Assert.Equal(0, await page.EvaluateAsync<int>("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"));
        Assert.Empty(opened.Outside);
        Assert.Empty(opened.Errors);
    }

    [Fact]
    public async Task The_counters_move_and_the_page_says_when_the_hub_is_away_and_back()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        await using var opened = await browser.OpenAsync(hub.Address, "en", 1280);
        var page = opened.Page;
        await page.GotoAsync("/");
        var entities = page.Locator("[data-figure=entities]");
        await Assertions.Expect(entities).ToHaveTextAsync("0");

        Assert.Equal(System.Net.HttpStatusCode.Created, (await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:1","type":"T"}""")).Status);
        await Assertions.Expect(entities).ToHaveTextAsync("1", new LocatorAssertionsToHaveTextOptions { Timeout = 20_000 });

        await page.RouteAsync("**/status", route => route.AbortAsync());
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("does not answer", new LocatorAssertionsToContainTextOptions { Timeout = 20_000 });
        var axe = await page.RunAxe();
        Assert.Empty(axe.Violations.Select(v => v.Id));
        await page.UnrouteAsync("**/status");
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Running", new LocatorAssertionsToContainTextOptions { Timeout = 20_000 });
    }

    [Fact]
    public async Task The_keyboard_reaches_everything_and_shows_where_it_is()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        await using var opened = await browser.OpenAsync(hub.Address, "en", 1280);
        var page = opened.Page;
        await page.GotoAsync("/");
        var links = await page.Locator("a").CountAsync();
        var reached = new List<string>();
        for (var i = 0; i < links; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(await page.EvaluateAsync<string>("document.activeElement.getAttribute('href') ?? document.activeElement.tagName"));
            Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
            Assert.True(await page.EvaluateAsync<bool>("(() => { const r = document.activeElement.getBoundingClientRect(); return r.left >= 0 && r.width > 0; })()"), $"{reached[^1]} is focused outside the screen.");
        }

        Assert.Equal("#content", reached[0]);
        Assert.DoesNotContain("BODY", reached);
        Assert.Contains("/api", reached);
    }

    [Fact]
    public async Task Every_link_of_the_start_page_leads_somewhere()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        await using var opened = await browser.OpenAsync(hub.Address, "en", 1280);
        await opened.Page.GotoAsync("/");

        foreach (var link in (await opened.Page.Locator("a[href^='/']").EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))")).Distinct())
            Assert.True((await hub.GetAsync(link)).Status == System.Net.HttpStatusCode.OK, link);
    }

    [Fact]
    public async Task An_address_can_be_found_and_tried_with_a_token()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:1","type":"Lamp"}""");
        await using var opened = await browser.OpenAsync(hub.Address, "en", 1280);
        var page = opened.Page;
        await page.GotoAsync("/api");
        await page.Locator("#operations[aria-busy=false]").WaitForAsync();

        await page.GetByLabel("Find").FillAsync("list entity types");
        await Assertions.Expect(page.Locator("details:visible")).ToHaveCountAsync(1);
        await page.Locator("details:visible summary").PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Try" }).ClickAsync();
        await Assertions.Expect(page.Locator("details[open] output")).ToContainTextAsync("not-authenticated");

        await page.GetByLabel("Token").FillAsync(await hub.TokenAsync(["entities:read"]));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Try" }).ClickAsync();
        await Assertions.Expect(page.Locator("details[open] output")).ToContainTextAsync("Lamp");
    }

    [Fact]
    public async Task The_language_is_chosen_once()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        await using var opened = await browser.OpenAsync(hub.Address, "en", 390);
        await opened.Page.GotoAsync("/");
        await opened.Page.GetByText("中文", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await Assertions.Expect(opened.Page.Locator("h2").First).ToHaveTextAsync("此刻");

        await opened.Page.GotoAsync("/api");

        await Assertions.Expect(opened.Page.Locator("h1")).ToHaveTextAsync("接口");
    }
}
