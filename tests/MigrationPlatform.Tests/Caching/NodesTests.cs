using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Caching;

/// <summary>Two nodes of the platform on one database and one Redis.</summary>
public sealed class NodesTests : IAsyncLifetime
{
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(1);
    private RedisServer _redis = null!;
    private Platform _one = null!;
    private Platform _other = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _one = await Platform.StartAsync("--Freshet:Redis:Address", _redis.Address, "--Freshet:Redis:Secret", Convert.ToBase64String(new byte[32]));
        _other = await _one.StartAnotherAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _other.DisposeAsync();
        await _one.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task TokenOfOneNode_IsGoodOnTheOther()
    {
        var bob = await _one.SignInAsync("bob@acme");
        Assert.Equal("u-2", (await ReadOtherAsync(bob, "context/me")).Text("id"));
    }

    [Fact]
    public async Task PositionOfAWrite_GoesToTheOtherNodeToo_ForCookiesKnowNoPorts()
    {
        using var handler = new HttpClientHandler();
        using var client = new HttpClient(handler) { BaseAddress = _one.Address };
        client.DefaultRequestHeaders.Authorization = (await _one.SignInAsync("bob@acme")).DefaultRequestHeaders.Authorization;
        await client.WriteAsync(HttpMethod.Patch, "assets/a-00003", new { name = "Renamed" });
        var sent = handler.CookieContainer.GetCookieHeader(_other.Address);
        Assert.NotEmpty(sent);
        Assert.Equal(handler.CookieContainer.GetCookieHeader(_one.Address), sent);
    }

    [Fact]
    public async Task OwnWrite_ShowsAtOnceOnTheOtherNode()
    {
        var bob = await _one.SignInAsync("bob@acme");
        await ReadOtherAsync(bob, "assets/a-00001");
        for (var round = 0; round < 10; round++)
        {
            var written = await bob.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = $"Renamed {round}" });
            Assert.Equal(written.GetRawText(), (await ReadOtherAsync(bob, "assets/a-00001")).GetRawText());
        }
    }

    [Fact]
    public async Task WriteOfAnother_ShowsWithinMaxStaleness()
    {
        var bob = await _one.SignInAsync("bob@acme");
        var vera = await _other.SignInAsync("vera@acme");
        await vera.ReadAsync("assets/a-00002");
        var written = await bob.WriteAsync(HttpMethod.Patch, "assets/a-00002", new { name = "Renamed" });
        var since = Stopwatch.StartNew();
        TimeSpan begun;
        JsonElement shown;
        do
        {
            begun = since.Elapsed;
            shown = await vera.ReadAsync("assets/a-00002");
        }
        while (shown.Version() < written.Version() && begun <= MaxStaleness);

        Assert.Equal(written.GetRawText(), shown.GetRawText());
    }

    private async Task<JsonElement> ReadOtherAsync(HttpClient client, string path) =>
        await client.GetFromJsonAsync<JsonElement>(new Uri(_other.Address, $"/api/v1/{path}"));
}
