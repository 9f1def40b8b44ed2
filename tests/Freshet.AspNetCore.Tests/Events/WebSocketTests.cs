using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Freshet.AspNetCore.Tests.Events;

public class WebSocketTests
{
    [Fact]
    public async Task Write_IsToldToItsTenant_AndToNobodyElse()
    {
        await using var app = await EventApp.StartAsync();
        await using var alice = await EventSocket.ReadyAsync(app);
        await using var bob = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        await using var eve = await EventSocket.ReadyAsync(app, "eve;tenant=globex");
        await app.WriteAsync("import", "42");

        foreach (var client in new[] { alice, bob })
        {
            var told = await client.ReadAsync();
            Assert.Equal("cache_invalidation", told.Type);
            Assert.Equal(("import", "42", "updated"), (told.Text("entity"), told.Text("id"), told.Text("action")));
            Assert.Equal(["import"], told.Texts("entities"));
            Assert.Equal(3, told.Texts("tags").Length);
        }

        // What the other tenant hears first is its own.
        await app.WriteAsync("import", "7", Tenant.Named("globex"));
        Assert.Equal("7", (await eve.ReadAsync()).Text("id"));
    }

    [Fact]
    public async Task PublicWrite_IsToldToEveryTenant()
    {
        await using var app = await EventApp.StartAsync();
        await using var alice = await EventSocket.ReadyAsync(app);
        await using var eve = await EventSocket.ReadyAsync(app, "eve;tenant=globex");
        await app.WriteAsync("import", "1", Tenant.Public);
        Assert.Equal((await alice.ReadAsync()).Texts("tags"), (await eve.ReadAsync()).Texts("tags"));
    }

    [Fact]
    public async Task UserScopedWrite_IsToldToItsUserAlone()
    {
        await using var app = await EventApp.StartAsync();
        await using var alice = await EventSocket.ReadyAsync(app);
        await using var bob = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        await app.WriteAsync("inbox", "alice");
        Assert.Equal("alice", (await alice.ReadAsync()).Text("id"));
        await app.WriteAsync("import", "42");
        var told = await bob.ReadAsync();
        Assert.Equal(("42", 3), (told.Text("id"), told.Texts("tags").Length));
    }

    [Fact]
    public async Task Resume_TellsWhatWasMissed_ThenThatItIsReady()
    {
        await using var app = await EventApp.StartAsync();
        string position;
        await using (var before = await EventSocket.ConnectAsync(app))
        {
            var ready = await before.ReadAsync();
            Assert.False(ready.Data.GetProperty("resumed").GetBoolean());
            position = ready.Text("position");
        }

        await app.WriteAsync("import", "42");
        await app.WriteAsync("mapping", "7");
        await using var after = await EventSocket.ConnectAsync(app, query: $"position={position}");
        var missed = await after.ReadAsync();
        Assert.Equal(("cache_invalidation", "bulk_operation"), (missed.Type, missed.Text("action")));
        Assert.Equal(["import", "mapping"], missed.Texts("entities"));
        var again = await after.ReadAsync();
        Assert.Equal(("ready", true), (again.Type, again.Data.GetProperty("resumed").GetBoolean()));
        Assert.Equal(missed.Text("position"), again.Text("position"));
    }

    [Fact]
    public async Task Resume_BeyondTheLog_OrForged_IsNotResumed()
    {
        await using var app = await EventApp.StartAsync(freshet: f => f.Services.Configure<FreshetOptions>(o => o.LogRecords = 2));
        await using var first = await EventSocket.ConnectAsync(app);
        var position = (await first.ReadAsync()).Text("position");
        for (var i = 0; i < 3; i++)
            await app.WriteAsync("import", "42");

        foreach (var query in new[] { $"position={position}", "position=forged", "position=", $"position={position[..^2]}AA" })
        {
            await using var client = await EventSocket.ConnectAsync(app, query: query);
            var ready = await client.ReadAsync();
            Assert.Equal(("ready", false), (ready.Type, ready.Data.GetProperty("resumed").GetBoolean()));
        }
    }

    [Fact]
    public async Task Silence_IsBrokenByABeat_AndAPingIsAnswered()
    {
        await using var app = await EventApp.StartAsync(o => o.Heartbeat = TimeSpan.FromSeconds(4));
        await using var client = await EventSocket.ConnectAsync(app);
        Assert.Equal(4, (await client.ReadAsync()).Data.GetProperty("heartbeat").GetInt32());
        await client.SendAsync("""{"type":"ping"}""");
        Assert.Equal("heartbeat", (await client.ReadAsync()).Type);
        app.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("heartbeat", (await client.ReadAsync()).Type);
    }

    [Fact]
    public async Task Subscription_NarrowsWhatIsHeard_AndTheLastOneCounts()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        await client.SendAsync("""{"type":"subscribe","data":{"entities":["mapping"]}}""");
        Assert.Equal(["mapping"], (await client.ReadAsync()).Texts("entities"));
        await using var all = await EventSocket.ReadyAsync(app);
        await app.WriteAsync("import", "1");
        // Read by the other one, so that the two are not merged.
        Assert.Equal("1", (await all.ReadAsync()).Text("id"));
        await client.SendAsync("""{"type":"ping"}""");
        Assert.Equal("heartbeat", (await client.ReadAsync()).Type);
        await app.WriteAsync("mapping", "2");
        Assert.Equal("2", (await client.ReadAsync()).Text("id"));

        await client.SendAsync("""{"type":"subscribe"}""");
        Assert.Equal("subscribed", (await client.ReadAsync()).Type);
        await app.WriteAsync("import", "3");
        Assert.Equal("3", (await client.ReadAsync()).Text("id"));
        await app.Engine.InvalidateAsync(EventApp.Acme, [Tag.Root]);
        Assert.Equal(["*"], (await client.ReadAsync()).Texts("tags"));
    }

    [Fact]
    public async Task ExpiredToken_IsClosedWith4401()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app, "alice;tenant=acme;expires=60");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("heartbeat", (await client.ReadAsync()).Type);
        app.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((4401, "token expired"), await CloseOfAsync(client));
    }

    [Fact]
    public async Task LostRights_AreClosedWith4403()
    {
        var isAllowed = true;
        await using var app = await EventApp.StartAsync(o => o.MayStay = (_, _, _) => ValueTask.FromResult(Volatile.Read(ref isAllowed)));
        await using var alice = await EventSocket.ReadyAsync(app);
        await using var bob = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        app.Events().CloseUser(EventApp.Acme, "alice");
        Assert.Equal((4403, "rights changed"), await CloseOfAsync(alice));

        app.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("heartbeat", (await bob.ReadAsync()).Type);
        Volatile.Write(ref isAllowed, false);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((4403, "rights changed"), await CloseOfAsync(bob));
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => EventSocket.ConnectAsync(app, "bob;tenant=acme"));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RightsThatCannotBeShown_CloseTheConnection_ButNotForGood(bool hangs)
    {
        var isDown = false;
        await using var app = await EventApp.StartAsync(o => o.MayStay = async (_, _, _) =>
        {
            if (Volatile.Read(ref isDown))
                await (hangs ? Task.Delay(Timeout.Infinite, CancellationToken.None) : throw new TimeoutException("the database is down"));
            return true;
        });
        await using var client = await EventSocket.ReadyAsync(app);
        Volatile.Write(ref isDown, true);
        app.Time.Advance(TimeSpan.FromMinutes(1));
        if (hangs)
            app.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((1011, "the server could not go on"), await CloseOfAsync(client));
    }

    [Fact]
    public async Task Shutdown_IsClosedWith1001()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal((1001, "the server is going away"), await CloseOfAsync(client));
    }

    [Fact]
    public async Task ClientThatLeaves_IsForgotten()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        Assert.Equal(1, app.Events().Count);
        await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        await SpinAsync(() => app.Events().Count == 0);
    }

    [Fact]
    public async Task Protocol_IsChosen_AndTheTokenAmongTheOffersIsTheUser()
    {
        await using var app = await EventApp.StartAsync();
        // The test's authentication reads "Test …"; what the offer stands for is "Bearer …".
        var token = Convert.ToBase64String(Encoding.UTF8.GetBytes("carol")).TrimEnd('=');
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => EventSocket.ConnectAsync(app, options: o =>
        {
            o.SetRequestHeader("Authorization", null);
            o.AddSubProtocol($"freshet.bearer.{token}");
        }));
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);

        await using var client = await EventSocket.ConnectAsync(app, options: o => o.AddSubProtocol($"freshet.bearer.{token}"));
        Assert.Equal("freshet.v1", client.Socket.SubProtocol);
    }

    internal static async Task<(int, string?)> CloseOfAsync(EventSocket client)
    {
        while (true)
        {
            var message = await client.ReadAsync();
            if (message.Type == "close")
                return (message.CloseCode, message.CloseReason);
        }
    }

    /// <summary>Waits for what another thread is about to do.</summary>
    internal static async Task SpinAsync(Func<bool> isDone)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!isDone())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
