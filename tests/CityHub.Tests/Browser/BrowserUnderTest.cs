using Microsoft.Playwright;

namespace CityHub.Tests.Browser;

/// <summary>The system's chromium, without a window. Tests skip where there is none.</summary>
public sealed class BrowserUnderTest : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if ((Environment.GetEnvironmentVariable("CHROMIUM") ?? Places.FirstOrDefault(File.Exists)) is not { } path)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
    }

    /// <summary>A page of its own; whatever it asks of another address than the hub's is refused and remembered.</summary>
    public async Task<PageUnderTest> OpenAsync(Uri hub, string language, int width, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipUnless(_browser is not null, "There is no chromium on this machine; CHROMIUM may name one.");
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = hub.ToString(), Locale = language, ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 900 } });
        context.SetDefaultTimeout(20_000);
        var opened = new PageUnderTest(context, await context.NewPageAsync());
        await context.RouteAsync("**/*", route =>
        {
            if (new Uri(route.Request.Url).Authority == hub.Authority)
                return route.ContinueAsync();
            opened.Outside.Add(route.Request.Url);
            return route.AbortAsync();
        });
        opened.Page.Console += (_, message) =>
        {
            if (message.Type == "error")
                opened.Errors.Add(message.Text);
        };
        opened.Page.PageError += (_, error) => opened.Errors.Add(error);
        return opened;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

public sealed class PageUnderTest(IBrowserContext context, IPage page) : IAsyncDisposable
{
    public IPage Page { get; } = page;

    /// <summary>What was asked of the network.</summary>
    public List<string> Outside { get; } = [];

    public List<string> Errors { get; } = [];

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
