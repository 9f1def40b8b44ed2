using Microsoft.Playwright;
using MigrationPlatform.Tests.Events;
using MigrationPlatform.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace MigrationPlatform.Tests.Page;

/// <summary>The page lives by events: over tabs, restarts of the server, a network that is gone, and sleep.</summary>
public sealed class LivePageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task AWriteInOneTab_ShowsInTheOtherWithoutReload_AndWhatItDidNotTouchCostsNoCall()
    {
        await using var platform = await Platform.StartAsync();
        await using var first = await browser.OpenAsync(platform.Address);
        await using var second = await browser.OpenAsync(platform.Address, beside: first);
        await IsLiveAsync(first, second);
        await ClearLogAsync(second);

        await NameIn(first.Left).FillAsync("Renamed in the first tab");
        await first.Left.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

        foreach (var pane in new[] { first.Right, second.Left, second.Right })
            await Expect(NameIn(pane)).ToHaveValueAsync("Renamed in the first tab");
        await Expect(second.Log.Filter(new() { HasText = "engagement e-1" }).First).ToHaveClassAsync("event");
        await Expect(Answers(second, "left", "imports/imp-001/field-mappings").First).ToHaveClassAsync("from-copy");
        await Expect(second.View.Locator("#on [data-of=saved]")).Not.ToHaveTextAsync("0");
        await Expect(second.Log.Filter(new() { HasText = "field-mappings" }).And(second.View.Locator("tr:not(.from-copy)"))).ToHaveCountAsync(0);
        Assert.Equal(1, await second.View.EvaluateAsync<int>("performance.getEntriesByType('navigation').length"));
    }

    [Fact]
    public async Task TabsOfAUser_ShareOneConnection_AndTheNextOneTakesOver()
    {
        await using var platform = await Platform.StartAsync();
        var bob = await platform.SignInAsync("bob@acme");
        var leading = await browser.OpenAsync(platform.Address);
        await IsLiveAsync(leading);
        await using var following = await browser.OpenAsync(platform.Address, beside: leading);
        await IsLiveAsync(following);
        // Each tab shows two users.
        await ConnectionsAsync(following, 2);
        await leading.DisposeAsync();

        await bob.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "After the lead changed", status = "done" });
        await Expect(NameIn(following.Left)).ToHaveValueAsync("After the lead changed");
        await Expect(NameIn(following.Right)).ToHaveValueAsync("After the lead changed");
        await IsLiveAsync(following);
        await ConnectionsAsync(following, 2);
    }

    [Fact]
    public async Task ARestartOfTheServer_ShowsWhatChangedMeanwhile()
    {
        await using var platform = await Platform.StartAsync();
        await using var page = await browser.OpenAsync(platform.Address, mayLoseServer: true);
        await IsLiveAsync(page);

        await platform.RestartAsync(() => platform.InDatabaseAsync("acme", async db =>
        {
            (await db.Engagements.FindAsync("acme", "e-1"))!.Name = "Renamed while the server was down";
            await db.SaveChangesAsync();
        }));

        await Expect(NameIn(page.Left)).ToHaveValueAsync("Renamed while the server was down", Patiently);
        await Expect(NameIn(page.Right)).ToHaveValueAsync("Renamed while the server was down", Patiently);
        await IsLiveAsync(page);
    }

    [Fact]
    public async Task ANetworkThatComesBack_ShowsWhatChangedMeanwhile()
    {
        await using var platform = await Platform.StartAsync();
        var bob = await platform.SignInAsync("bob@acme");
        await using var page = await browser.OpenAsync(platform.Address, mayLoseServer: true);
        await IsLiveAsync(page);

        await page.View.Context.SetOfflineAsync(true);
        await Expect(page.Left.Locator(".status")).ToHaveTextAsync("connecting");
        await bob.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "Renamed while offline", status = "done" });
        await Expect(NameIn(page.Left)).Not.ToHaveValueAsync("Renamed while offline");
        await page.View.Context.SetOfflineAsync(false);

        await Expect(NameIn(page.Left)).ToHaveValueAsync("Renamed while offline", Patiently);
        await Expect(NameIn(page.Right)).ToHaveValueAsync("Renamed while offline", Patiently);
        await IsLiveAsync(page);
    }

    [Fact]
    public async Task APageThatSlept_AsksForAllThatItShows()
    {
        await using var platform = await Platform.StartAsync("--Freshet:Events:Heartbeat", "00:00:01");
        var bob = await platform.SignInAsync("bob@acme");
        await using var page = await browser.OpenAsync(platform.Address, mayLoseServer: true);
        await IsLiveAsync(page);
        await ClearLogAsync(page);
        var tools = await page.View.Context.NewCDPSessionAsync(page.View);

        await StopScriptsAsync(tools);
        await using (var clock = await EventSocket.ConnectAsync(platform, bob))
            await clock.HeartbeatsAsync(4); // longer than the two for which a page trusts what it keeps
        await bob.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "Renamed while asleep", status = "done" });
        await tools.SendAsync("Debugger.disable");

        await Expect(NameIn(page.Left)).ToHaveValueAsync("Renamed while asleep");
        foreach (var pane in new[] { "left", "right" })
        {
            foreach (var path in new[] { "context/me", "engagements/e-1", "dashboard/summary", "imports/imp-001/field-mappings" })
                await Expect(Answers(page, pane, path).And(page.View.Locator("tr:not(.from-copy)")).First).ToBeVisibleAsync();
        }

        await Expect(page.Log.Filter(new() { HasText = "field-mappings" }).And(page.View.Locator(".from-304")).First).ToBeVisibleAsync();
        await IsLiveAsync(page);
    }

    [Fact]
    public async Task ANewRole_SignsThePageInAnew_WithTheNewRights()
    {
        await using var platform = await Platform.StartAsync();
        var alice = await platform.SignInAsync("alice@acme");
        await using var page = await browser.OpenAsync(platform.Address);
        await IsLiveAsync(page);
        await Expect(NameIn(page.Right)).ToBeDisabledAsync();

        await alice.WriteAsync(HttpMethod.Put, "users/u-3/role", new { role = "editor" });
        await Expect(page.Right.Locator("[data-of=role]")).ToHaveTextAsync("Vera Klein, editor of acme");
        await IsLiveAsync(page);

        await NameIn(page.Right).FillAsync("Vera may");
        await page.Right.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(NameIn(page.Left)).ToHaveValueAsync("Vera may");
    }

    // A page tries again after a growing, random time.
    private static LocatorAssertionsToHaveValueOptions Patiently => new() { Timeout = 30_000 };

    private static ILocator NameIn(ILocator pane) => pane.GetByLabel("Name of the engagement");

    private static ILocator Answers(OpenPage page, string pane, string path) =>
        page.Log.Filter(new() { HasText = $"{pane}GET {path}" });

    private static async Task IsLiveAsync(params OpenPage[] pages)
    {
        foreach (var page in pages)
        {
            foreach (var pane in new[] { page.Left, page.Right })
                await Expect(pane.Locator(".status")).ToHaveTextAsync("live", new() { Timeout = 30_000 });
        }
    }

    private static Task ClearLogAsync(OpenPage page) => page.View.EvaluateAsync("document.getElementById('log').replaceChildren()");

    /// <summary>
    /// As when the machine sleeps: no line of its scripts runs, what is sent to it waits, and the clocks go on.
    /// <c>Page.setWebLifecycleState</c> leaves a page running that is in view, and these always are.
    /// </summary>
    private static async Task StopScriptsAsync(ICDPSession tools)
    {
        var stopped = new TaskCompletionSource();
        tools.Event("Debugger.paused").OnEvent += (_, _) => stopped.TrySetResult();
        await tools.SendAsync("Debugger.enable");
        await tools.SendAsync("Debugger.pause");
        await stopped.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>By the server's count.</summary>
    private static Task ConnectionsAsync(OpenPage page, int count) =>
        page.View.WaitForFunctionAsync("async count => (await (await fetch('/dev/origin')).json()).connections === count", count);
}
