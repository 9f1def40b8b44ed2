using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Playing;
using Traffic.Scripts;

namespace Traffic.Tests.Playing;

/// <summary>The browser against a server that answers as each test says.</summary>
public sealed class BrowserTests : IAsyncLifetime
{
    private readonly WebApplication _server;
    private readonly List<IHeaderDictionary> _requests = [];
    private RequestDelegate _answer = _ => Task.CompletedTask;
    private Browser _browser = null!;

    public BrowserTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.UseWebSockets();
        _server.Run(context =>
        {
            lock (_requests) _requests.Add(new HeaderDictionary(context.Request.Headers.ToDictionary()));
            return _answer(context);
        });
    }

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        _browser = BrowserThatKeeps(Keeping.ETags);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task HeldBody_IsRevalidatedAndCountsAsShown()
    {
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":1}""", tag: "\"one\"");
        await SendAsync(Api.Asset("a-1"));
        _answer = context =>
        {
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        };
        var reply = await SendAsync(Api.Asset("a-1"));

        Assert.Equal("\"one\"", _requests[1].IfNoneMatch);
        Assert.Equal(1, reply.Shown?.Version);
        Assert.Equal((2, 1, 1), (_browser.Measures.Answers, _browser.Measures.Bodies, _browser.Measures.NotModified));
        Assert.Equal(0, _browser.Measures.BrokenCount);
    }

    [Fact]
    public async Task HeldBodyOlderThanAnAcknowledgedWrite_IsCaught()
    {
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":1}""", tag: "\"one\"");
        await SendAsync(Api.Asset("a-1"));
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        await SendAsync(Api.PatchAsset("a-1", "new"));
        _answer = context =>
        {
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        };
        await SendAsync(Api.Asset("a-1"));

        Assert.Equal(BrokenKind.OwnWriteLost, Assert.Single(_browser.Measures.Broken).Kind);
    }

    [Fact]
    public async Task BodyWithNoStoreOrWithoutATag_IsNotHeld()
    {
        _answer = context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return Send(context, """{"tenant":"acme","id":"a-1","version":1}""", tag: "\"one\"");
        };
        await SendAsync(Api.Asset("a-1"));
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":1}""");
        await SendAsync(Api.Asset("a-1"));
        await SendAsync(Api.Asset("a-1"));

        Assert.All(_requests, request => Assert.Empty(request.IfNoneMatch.ToString()));
    }

    [Fact]
    public async Task CookieOfAWrite_IsSentWithEveryLaterRequest()
    {
        _answer = context =>
        {
            context.Response.Headers.SetCookie = "position=abc=; path=/; httponly; secure";
            return Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        };
        await SendAsync(Api.PatchAsset("a-1", "new"));
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        await SendAsync(Api.Asset("a-1"));

        Assert.Equal("position=abc=", _requests[1].Cookie);
    }

    [Fact]
    public async Task SignIn_CarriesTheTokenFromThenOn()
    {
        _answer = context => Send(context, """{"token":"secret","tenant":"acme","user":"u-1","role":"admin"}""");
        await _browser.SignInAsync(TestContext.Current.CancellationToken);
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1","version":2}""");
        await SendAsync(Api.Asset("a-1"));

        Assert.Equal("Bearer secret", _requests[1].Authorization);
        Assert.Equal(1, _browser.Measures.Answers);
    }

    [Fact]
    public async Task UnreadableBody_IsAFailure()
    {
        _answer = context => Send(context, """{"tenant":"acme","id":"a-1"}""");
        await SendAsync(Api.Asset("a-1"));
        Assert.Equal(BrokenKind.Failed, Assert.Single(_browser.Measures.Broken).Kind);
    }

    [Fact]
    public async Task Bytes_CountHeadAndBody()
    {
        var body = """{"tenant":"acme","id":"a-1","version":1}""";
        _answer = context => Send(context, body);
        await SendAsync(Api.Asset("a-1"));
        Assert.InRange(_browser.Measures.Bytes, body.Length + 50, body.Length + 400);
    }

    [Fact]
    public async Task Bytes_CountTheMessagesOfEvents()
    {
        var message = $$$"""{"type":"ready","data":{"position":"","heartbeat":10,"resumed":false,"more":"{{{new string('x', 5000)}}}"}}""";
        var isHeard = new TaskCompletionSource();
        _answer = async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await Send(context, """{"token":"secret","tenant":"acme","user":"u-1","role":"admin"}""");
                return;
            }

            await TellAndLeaveAsync(context, message);
            isHeard.SetResult();
        };
        await using var browser = BrowserThatKeeps(Keeping.UntilEvents);
        await browser.SignInAsync(TestContext.Current.CancellationToken);
        await isHeard.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.InRange(browser.Measures.Bytes, message.Length + 50, message.Length + 500);
    }

    [Fact]
    public async Task CallsOfAPage_RunTogether()
    {
        var all = new CountdownEvent(3);
        var together = new TaskCompletionSource();
        _answer = async context =>
        {
            if (all.Signal()) together.SetResult();
            await together.Task;
            await Send(context, """{"tenant":"acme","id":"a-1","version":1}""");
        };
        // Each waits for the other two: it ends only when they run together.
        var step = new Step(TimeSpan.Zero, StepKind.Page, "asset", Write: null, [Api.Asset("a-1"), Api.Asset("a-1"), Api.Asset("a-1")]);
        await _browser.PlayAsync(step, TestContext.Current.CancellationToken);
        Assert.Equal(3, _browser.Measures.Answers);
    }

    private Browser BrowserThatKeeps(Keeping keeping)
    {
        var ledger = new Ledger();
        var checker = new Checker(ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 0 });
        return new Browser(
            new Site([new Uri(_server.Urls.First())]), 1, Worlds.Admin,
            new PlayContext(
                checker, new Moments(ledger, TimeProvider.System), new EventDelays(TimeProvider.System), new LoadedKeys(), keeping, TimeProvider.System));
    }

    private Task<Reply> SendAsync(Call call) => _browser.SendAsync(call, TestContext.Current.CancellationToken);

    private static async Task TellAndLeaveAsync(HttpContext context, string message)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync("freshet.v1");
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, default);
        // The client says nothing, and goes when it has read the close: then it has heard the message.
        await socket.CloseOutputAsync((WebSocketCloseStatus)4403, "", default);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[1], default));
    }

    private static Task Send(HttpContext context, string body, string? tag = null)
    {
        if (tag is not null) context.Response.Headers.ETag = tag;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }
}
