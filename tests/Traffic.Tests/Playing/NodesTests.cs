using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Playing;
using Traffic.Scripts;

namespace Traffic.Tests.Playing;

/// <summary>A browser before three nodes, which are three ports of one server here.</summary>
public sealed class NodesTests : IAsyncLifetime
{
    private readonly WebApplication _server;
    private readonly List<(int Node, string Path, string Host, string Cookie)> _requests = [];
    private RequestDelegate _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":1}""");
    private Site _site = null!;

    public NodesTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0", "http://127.0.0.1:0", "http://127.0.0.1:0");
        _server = builder.Build();
        _server.UseWebSockets();
        _server.Run(context =>
        {
            lock (_requests) _requests.Add((NodeOf(context), context.Request.Path, context.Request.Headers.Host.ToString(), context.Request.Headers.Cookie.ToString()));
            return _answer(context);
        });
    }

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        _site = new Site([.. _server.Urls.Select(url => new Uri(url))]);
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(0, new[] { 0, 1, 2, 0 })]
    [InlineData(2, new[] { 2, 0, 1, 2 })]
    public async Task Requests_GoToOneNodeAfterTheOther_AndNameOneHost(int browser, int[] nodes)
    {
        await using var client = NewBrowser(browser, Keeping.ETags);
        for (var i = 0; i < nodes.Length; i++) await client.SendAsync(Api.Asset("a-1"), TestContext.Current.CancellationToken);
        Assert.Equal(nodes, _requests.Select(request => request.Node));
        Assert.All(_requests, request => Assert.Equal(_site.Address.Authority, request.Host));
    }

    [Fact]
    public async Task CookieOfOneNode_GoesToAll()
    {
        await using var client = NewBrowser(0, Keeping.ETags);
        _answer = context =>
        {
            context.Response.Headers.SetCookie = "position=abc; path=/; httponly";
            return Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        };
        await client.SendAsync(Api.PatchAsset("a-1", "new"), TestContext.Current.CancellationToken);
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        await client.SendAsync(Api.Asset("a-1"), TestContext.Current.CancellationToken);
        await client.SendAsync(Api.Asset("a-1"), TestContext.Current.CancellationToken);
        Assert.Equal([(0, ""), (1, "position=abc"), (2, "position=abc")], _requests.Select(request => (request.Node, request.Cookie)));
    }

    [Fact]
    public async Task AnswerOlderThanAWriteOnTheSameNode_IsCaught_AndOnAnotherNodeNotYet()
    {
        var context = NewContext(Keeping.ETags);
        await using var writer = new Browser(_site, 0, Worlds.Admin, context);
        await using var reader = new Browser(_site, 1, Worlds.Viewer, context);
        _answer = request => Send(request, """{"tenant":"acme","id":"a-1","version":2}""");
        await writer.SendAsync(Api.PatchAsset("a-1", "new"), TestContext.Current.CancellationToken); // node 0
        _answer = request => Send(request, """{"tenant":"acme","id":"a-1","version":1}""");
        for (var i = 0; i < 3; i++) await reader.SendAsync(Api.Asset("a-1"), TestContext.Current.CancellationToken); // nodes 1, 2, 0
        Assert.Equal(BrokenKind.AcknowledgedWriteLost, Assert.Single(reader.Measures.Broken).Kind);
    }

    [Fact]
    public async Task WriteThatIsPending_IsCounted_AndMustNotShowOnAnotherNode()
    {
        await using var client = NewBrowser(0, Keeping.ETags);
        _answer = request =>
        {
            request.Response.Headers["Freshet-Pending"] = "?1";
            return Send(request, """{"tenant":"acme","id":"a-1","version":2}""");
        };
        await client.SendAsync(Api.PatchAsset("a-1", "new"), TestContext.Current.CancellationToken); // node 0
        _answer = request => Send(request, """{"tenant":"acme","id":"a-1","version":1}""");
        for (var i = 0; i < 2; i++) await client.SendAsync(Api.Asset("a-1"), TestContext.Current.CancellationToken); // nodes 1, 2
        Assert.Equal((1, 0), (client.Measures.Pending, client.Measures.BrokenCount));
    }

    [Fact]
    public async Task EventsThatEnd_AreHeardFromTheNextNode_WithTheSameHost()
    {
        var sockets = Channel.CreateUnbounded<int>();
        _answer = async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await Send(context, """{"token":"secret","tenant":"acme","user":"u-1","role":"admin"}""");
                return;
            }

            await TurnAwayAsync(context, sockets.Writer);
        };
        await using var client = NewBrowser(0, Keeping.UntilEvents);
        await client.SignInAsync(TestContext.Current.CancellationToken); // node 0
        Assert.Equal(1, await sockets.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, await sockets.Reader.ReadAsync(TestContext.Current.CancellationToken));
        lock (_requests)
        {
            Assert.Equal("/ws/cache-events", _requests[^1].Path);
            Assert.All(_requests, request => Assert.Equal(_site.Address.Authority, request.Host));
        }
    }

    [Fact]
    public async Task OriginCounts_AreTheSumOfTheNodes()
    {
        _answer = context => Send(
            context,
            $$"""{"routes":[{"route":"GET /a","loads":1,"commands":10},{"route":"GET /{{NodeOf(context)}}","loads":2,"commands":2}],"coalesced":{{NodeOf(context)}}}""");
        var counts = await OriginCounts.ReadAsync(_site.Nodes, TestContext.Current.CancellationToken);
        Assert.Equal((9, 36, 3), (counts.Loads, counts.Commands, counts.Coalesced));
        Assert.Equal(new RouteCounts(3, 30), counts.Routes["GET /a"]);
        Assert.Equal(new RouteCounts(2, 2), counts.Routes["GET /2"]);
    }

    private async Task TurnAwayAsync(HttpContext context, ChannelWriter<int> sockets)
    {
        await sockets.WriteAsync(NodeOf(context));
        using var socket = await context.WebSockets.AcceptWebSocketAsync("freshet.v1");
        // 4401: another token may help, so the client comes back at once.
        await socket.CloseOutputAsync((WebSocketCloseStatus)4401, "", default);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], default));
    }

    private int NodeOf(HttpContext context) => _server.Urls.ToList().FindIndex(url => new Uri(url).Port == context.Connection.LocalPort);

    private Browser NewBrowser(int number, Keeping keeping) => new(_site, number, Worlds.Admin, NewContext(keeping));

    private static PlayContext NewContext(Keeping keeping)
    {
        var ledger = new Ledger();
        var checker = new Checker(ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 0 });
        return new PlayContext(
            checker, new Moments(ledger, TimeProvider.System), new EventDelays(TimeProvider.System), new LoadedKeys(), keeping, TimeProvider.System)
        {
            NodesMayLag = true,
        };
    }

    private static Task Send(HttpContext context, string body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body, Encoding.UTF8);
    }
}
