using System.Net.Http.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Caching;

public sealed class CacheSwitchTests
{
    [Fact]
    public async Task TurnedOff_EveryCallIsLoaded_AndTurnedOnAgainNothingIsStale()
    {
        await using var platform = await Platform.StartAsync();
        var bob = await platform.SignInAsync("bob@acme");
        await bob.ReadAsync("assets/a-00001");
        Assert.Equal("HIT", await bob.XCacheAsync("assets/a-00001"));

        await SwitchAsync(bob, on: false);
        Assert.Equal("BYPASS", await bob.XCacheAsync("assets/a-00001"));
        await bob.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "Renamed" });

        await SwitchAsync(bob, on: true);
        Assert.Equal("Renamed", (await bob.ReadAsync("assets/a-00001")).Text("name"));
    }

    [Fact]
    public async Task TurnedOffBySetting_NothingIsStored()
    {
        await using var platform = await Platform.StartAsync("--Freshet:Enabled", "false");
        var bob = await platform.SignInAsync("bob@acme");
        for (var round = 0; round < 2; round++) Assert.Equal("BYPASS", await bob.XCacheAsync("assets/a-00001"));
    }

    private static async Task SwitchAsync(HttpClient client, bool on)
    {
        using var answer = await client.PostAsJsonAsync("/dev/cache", new { enabled = on });
        answer.EnsureSuccessStatusCode();
    }
}
