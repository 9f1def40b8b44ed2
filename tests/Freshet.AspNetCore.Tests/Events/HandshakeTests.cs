using System.Net;
using System.Net.WebSockets;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Events;

public class HandshakeTests
{
    private static async Task<HttpStatusCode> RefusalAsync(TestApp app, string? user = "alice;tenant=acme", string? origin = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (user is not null)
            socket.Options.SetRequestHeader("Authorization", $"Test {user}");
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = "/events" }.Uri, CancellationToken.None));
        return socket.HttpStatusCode;
    }

    [Fact]
    public async Task NotSignedIn_IsRefusedBeforeTheUpgrade()
    {
        await using var app = await EventApp.StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(app, user: null));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/events", ("Accept", "text/event-stream"))).StatusCode);
        Assert.Equal(0, app.Events().Count);
    }

    [Fact]
    public async Task FallbackPolicyOfTheApplication_HoldsForEventsToo()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapCacheEvents("/events"),
            services: s => s.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireClaim("role", "admin").Build()));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusalAsync(app, user: null));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(app, "alice"));
        await using var admin = await EventSocket.ReadyAsync(app, "alice;role=admin");
    }

    [Fact]
    public async Task PolicyOfTheAddress_TakesThePlaceOfTheFallback()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapCacheEvents("/events").RequireAuthorization(p => p.RequireClaim("role", "listener")),
            services: s => s.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireClaim("role", "admin").Build()));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(app, "alice;role=admin"));
        await using var listener = await EventSocket.ReadyAsync(app, "alice;role=listener");
    }

    [Fact]
    public async Task NoTenant_FailsClosed()
    {
        await using var app = await EventApp.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(app, "alice"));
    }

    [Fact]
    public async Task PageOfAnotherSite_IsRefused_UnlessItIsAllowed()
    {
        await using var app = await EventApp.StartAsync(o => o.AllowedOrigins.Add("https://app.example"));
        foreach (var origin in new[] { "https://evil.example", "null", "https://app.example.evil.example", $"https://{app.Address.Authority}" })
            Assert.Equal(HttpStatusCode.Forbidden, await RefusalAsync(app, origin: origin));
        foreach (var origin in new[] { "https://app.example", $"http://{app.Address.Authority}" })
        {
            await using var client = await EventSocket.ConnectAsync(app, options: o => o.SetRequestHeader("Origin", origin));
            Assert.Equal("ready", (await client.ReadAsync()).Type);
        }
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.OK)]
    [InlineData("none", HttpStatusCode.OK)]
    public async Task PageThatDoesNotSayWhoseItIs_IsKnownByItsBrowser(string site, HttpStatusCode status)
    {
        await using var app = await EventApp.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/events"));
        foreach (var (name, value) in new[] { As("alice;tenant=acme"), ("Accept", "text/event-stream"), ("Sec-Fetch-Site", site) })
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await app.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task UserClosedWhileItIsBeingLetIn_ComesAgain_AndOneThatComesAfterwardsStays()
    {
        CacheEventManager? manager = null;
        await using var app = await EventApp.StartAsync(o => o.MayStay = (user, _, _) =>
        {
            // Its authentication has read the old rights by now.
            if (user.HasClaim("late", "yes"))
                manager!.CloseUser(EventApp.Acme, "alice");
            return new(true);
        });
        manager = app.Events();
        await using var late = await EventSocket.ConnectAsync(app, "alice;tenant=acme;late=yes");
        Assert.Equal(4401, (await late.ReadAsync()).CloseCode);
        await using var anew = await EventSocket.ReadyAsync(app, "alice;tenant=acme");
    }

    [Fact]
    public async Task ServerIsStopping_IsRefusedWith503()
    {
        await using var app = await EventApp.StartAsync();
        app.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await RefusalAsync(app));
    }

    [Fact]
    public async Task NeitherSocketNorStream_IsABadRequest()
    {
        await using var app = await EventApp.StartAsync();
        var answer = await app.GetAsync("/events", As("alice;tenant=acme"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("text/event-stream", await answer.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyOfOneUser_OrTenant_AreRefusedWith429_UntilOneLeaves()
    {
        await using var app = await EventApp.StartAsync(o =>
        {
            o.MaxConnectionsPerUser = 1;
            o.MaxConnectionsPerTenant = 2;
        });
        await using var first = await EventSocket.ReadyAsync(app);
        Assert.Equal(HttpStatusCode.TooManyRequests, await RefusalAsync(app));
        await using (await EventSocket.ReadyAsync(app, "bob;tenant=acme"))
            Assert.Equal(HttpStatusCode.TooManyRequests, await RefusalAsync(app, "carol;tenant=acme"));
        await using var elsewhere = await EventSocket.ReadyAsync(app, "alice;tenant=globex");
        await WebSocketTests.SpinAsync(() => app.Events().Count == 2);
        await using var carol = await EventSocket.ReadyAsync(app, "carol;tenant=acme");
    }

    [Fact]
    public async Task TooManyOnTheNode_AreRefusedWith429()
    {
        await using var app = await EventApp.StartAsync(o => o.MaxConnections = 1);
        await using var first = await EventSocket.ReadyAsync(app);
        Assert.Equal(HttpStatusCode.TooManyRequests, await RefusalAsync(app, "bob;tenant=globex"));
    }

    [Fact]
    public async Task AddressThatAllowsAnonymous_LetsAnyoneHear()
    {
        await using var app = await TestApp.StartAsync(a => a.MapCacheEvents("/events").AllowAnonymous());
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = "/events" }.Uri, TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketState.Open, socket.State);
    }

    [Theory]
    [InlineData("Heartbeat", "00:00:00.1", "Freshet:Events:Heartbeat is 00:00:00.1000000; set it to a value from 00:00:01 to 00:05:00.")]
    [InlineData("AllowedOrigins:0", "app.example", "Freshet:Events:AllowedOrigins holds 'app.example'; write scheme, host and port only, such as https://app.example.")]
    [InlineData("MaxGroups", "3", "Freshet:Events:MaxGroups is 3; set it to a value from 4 to 200.")]
    public async Task BadSetting_FailsAtStart_AndSaysWhatToWrite(string key, string value, string message)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection([new($"Freshet:Events:{key}", value)]);
        builder.Services.AddFreshet();
        await using var app = builder.Build();
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal(message, error.Message);
    }
}
