using Microsoft.Playwright;
using MigrationPlatform.Tests.Hosting;
using static Microsoft.Playwright.Assertions;

namespace MigrationPlatform.Tests.Page;

public sealed class PageTests(PlatformFixture fixture, Browser browser) : PlatformTest(fixture), IClassFixture<Browser>
{
    [Fact]
    public async Task AnEditOnTheLeft_ShowsOnTheRight()
    {
        await using var page = await browser.OpenAsync(Platform.Address);
        await Expect(page.Left.Locator("[data-of=role]")).ToHaveTextAsync("Alice Novak, admin of acme");
        await Expect(page.Right.Locator("[data-of=role]")).ToHaveTextAsync("Vera Klein, viewer of acme");
        await Expect(page.Right.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToBeDisabledAsync();

        await page.Left.GetByLabel("Name of the engagement").FillAsync("Renamed on the left");
        await page.Left.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Right.GetByLabel("Name of the engagement")).ToHaveValueAsync("Renamed on the left");

        var button = page.Left.Locator(".mappings tbody tr").First.Locator("button:enabled").First;
        var wanted = await button.GetAttributeAsync("value");
        await button.ClickAsync();
        await Expect(page.Right.Locator(".mappings tbody tr").First.Locator("td").Nth(2)).ToHaveTextAsync(wanted!);
        await page.View.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "page.png") });
    }

    [Fact]
    public async Task AnEditOfWhatAnotherHasChangedMeanwhile_IsRefusedPolitely_AndShowsTheOthersWork()
    {
        await using var page = await browser.OpenAsync(Platform.Address, refusal: 412);
        var name = page.Left.GetByLabel("Name of the engagement");
        await name.FillAsync("Typed while Bob was faster");
        await Bob.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "By Bob", status = "done" });
        // The left pane has read it too, and keeps what is being typed.
        await Expect(page.Right.GetByLabel("Name of the engagement")).ToHaveValueAsync("By Bob");

        await page.Left.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

        await Expect(page.Left.Locator(".message")).ToHaveTextAsync("Somebody else was faster: please look again.");
        await Expect(name).ToHaveValueAsync("By Bob");
        Assert.Equal("By Bob", (await Bob.ReadAsync("engagements/e-1")).Text("name"));
    }

    [Fact]
    public async Task AnotherUser_IsSignedIn_AndSeesTheOwnTenant()
    {
        await using var page = await browser.OpenAsync(Platform.Address);
        await page.Right.GetByLabel("Signed in as").SelectOptionAsync("alice@globex");
        await Expect(page.Right.Locator("[data-of=role]")).ToHaveTextAsync("Alice Novak, admin of globex");
        await Expect(page.Left.Locator("[data-of=role]")).ToHaveTextAsync("Alice Novak, admin of acme");
    }

    [Fact]
    public async Task TheSwitch_TurnsTheCacheOffAndOn_AndChargesEachModeItsOwn()
    {
        await using var page = await browser.OpenAsync(Platform.Address);
        var cache = page.View.GetByRole(AriaRole.Switch);
        await cache.UncheckAsync(new() { Force = true });
        await Expect(page.View.Locator("#off")).ToHaveClassAsync("current");
        await Expect(page.View.Locator("#off [data-of=commands]")).Not.ToHaveTextAsync("0");
        await Expect(page.View.Locator("#log tr.from-bypass").First).ToBeVisibleAsync();
        await cache.CheckAsync(new() { Force = true });
        await Expect(page.View.Locator("#on")).ToHaveClassAsync("current");
        await Expect(page.View.Locator("#log tr.from-hit").First).ToBeVisibleAsync();
    }
}
