using Microsoft.Playwright;

namespace MigrationPlatform.Tests.Page;

/// <summary>The distribution's Chromium, headless; a page for each test.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }

    /// <param name="address">Where the platform listens.</param>
    /// <param name="refusal">A status that the page is going to meet.</param>
    /// <param name="beside">Another tab of the same browser; without it the page is in a browser of its own.</param>
    /// <param name="mayLoseServer">Whether its network or its server is going to fail.</param>
    internal async Task<OpenPage> OpenAsync(Uri address, int? refusal = null, OpenPage? beside = null, bool mayLoseServer = false)
    {
        var context = beside?.View.Context ?? await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1280, Height = 1000 },
        });
        var page = await context.NewPageAsync();
        var opened = new OpenPage(page, refusal, mayLoseServer);
        await page.GotoAsync(address.ToString());
        await page.Locator("body[data-ready]").WaitForAsync();
        return opened;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A page that must not have complained when it is closed: no error on its console, in a script or on the network.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly List<string> _complaints = [];
    private readonly int? _refusal;
    private readonly bool _mayLoseServer;
    private bool _isClosing;

    /// <param name="page">The page.</param>
    /// <param name="refusal">A status that the page is going to meet.</param>
    /// <param name="mayLoseServer">Whether its network or its server is going to fail.</param>
    public OpenPage(IPage page, int? refusal, bool mayLoseServer)
    {
        _mayLoseServer = mayLoseServer;
        _refusal = refusal;
        View = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !message.Text.Contains($"status of {_refusal} ", StringComparison.Ordinal)) Complain($"console: {message.Text}");
        };
        page.PageError += (_, error) => Complain($"script: {error}");
        page.RequestFailed += (_, request) => Complain($"network: {request.Method} {request.Url} {request.Failure}");
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && response.Status != _refusal) Complain($"network: {response.Status} {response.Request.Method} {response.Url}");
        };
    }

    public IPage View { get; }

    public ILocator Left => View.Locator("#left");

    public ILocator Right => View.Locator("#right");

    /// <summary>The rows of what was answered and told, newest first.</summary>
    public ILocator Log => View.Locator("#log tr");

    public async ValueTask DisposeAsync()
    {
        // Closing aborts what the page is polling just then.
        Volatile.Write(ref _isClosing, true);
        await View.CloseAsync();
        Assert.True(_complaints.Count == 0, string.Join(Environment.NewLine, _complaints));
    }

    private static bool IsOfTheNetwork(string complaint) =>
        complaint.Contains("net::ERR_", StringComparison.Ordinal) || complaint.Contains("WebSocket connection to", StringComparison.Ordinal);

    private void Complain(string what)
    {
        if (Volatile.Read(ref _isClosing) || (_mayLoseServer && IsOfTheNetwork(what))) return;
        _complaints.Add(what);
    }
}
