using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Http;

public class StaleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private sealed class Origin
    {
        public int Loads { get; set; }

        public string? Failure { get; set; }

        public SemaphoreSlim Loaded { get; } = new(0);

        public IResult Load()
        {
            Loads++;
            Loaded.Release();
            return Failure switch
            {
                "throw" => throw new InvalidOperationException("down"),
                "503" => Results.StatusCode(503),
                _ => Results.Text($"load {Loads}"),
            };
        }
    }

    private static Task<TestApp> StartAsync(Origin origin, Action<CachePolicyBuilder> policy, Action<IServiceCollection>? services = null) =>
        TestApp.StartAsync(a => a.MapGet("/x", origin.Load).Cached(c => policy(c.For(Minute).Tag("x"))), services: services);

    [Theory]
    [InlineData("throw")]
    [InlineData("503")]
    public async Task StaleIfError_ForgivesAge(string failure)
    {
        var origin = new Origin();
        await using var app = await StartAsync(origin, c => c.StaleIfError(Minute));
        await app.GetAsync("/x");
        app.Time.Advance(TimeSpan.FromSeconds(90));
        origin.Failure = failure;

        var stale = await app.GetAsync("/x");
        Assert.Equal((HttpStatusCode.OK, "load 1", "STALE"), (stale.StatusCode, await stale.TextAsync(), stale.XCache()));
        Assert.Equal("Freshet; hit; ttl=-30; detail=stale-if-error", stale.CacheStatus());
    }

    [Theory]
    [InlineData(90, true, 0)]   // C15: a touched tag is not forgiven
    [InlineData(120, false, 0)] // the window has passed
    [InlineData(90, false, 1)]  // no window declared
    public async Task StaleIfError_ForgivesNothingElse(int seconds, bool touch, int noWindow)
    {
        var origin = new Origin();
        await using var app = await StartAsync(origin, c => c.StaleIfError(noWindow == 1 ? TimeSpan.Zero : Minute));
        await app.GetAsync("/x");
        app.Time.Advance(TimeSpan.FromSeconds(seconds));
        if (touch)
            await app.TouchAsync("x");
        origin.Failure = "throw";
        Assert.Equal(HttpStatusCode.InternalServerError, (await app.GetAsync("/x")).StatusCode);
    }

    [Fact]
    public async Task StaleWhileRevalidate_AnswersAtOnceAndRefreshes()
    {
        var origin = new Origin();
        await using var app = await StartAsync(origin, c => c.StaleWhileRevalidate(Minute));
        await app.GetAsync("/x");
        await origin.Loaded.WaitAsync();
        app.Time.Advance(TimeSpan.FromSeconds(90));

        var stale = await app.GetAsync("/x");
        Assert.Equal(("load 1", "STALE", "Freshet; hit; ttl=-30; detail=stale-while-revalidate"), (await stale.TextAsync(), stale.XCache(), stale.CacheStatus()));
        await origin.Loaded.WaitAsync();
        // The load has run; its entry is stored before the next request that follows it.
        HttpResponseMessage next;
        do
        {
            next = await app.GetAsync("/x");
        }
        while (next.XCache() == "STALE");
        Assert.Equal("load 2", await next.TextAsync());
        Assert.Equal(2, origin.Loads);
    }

    [Fact]
    public async Task StaleWhileRevalidate_ForgivesNoTouch()
    {
        var origin = new Origin();
        await using var app = await StartAsync(origin, c => c.StaleWhileRevalidate(Minute));
        await app.GetAsync("/x");
        app.Time.Advance(TimeSpan.FromSeconds(90));
        await app.TouchAsync("x");
        Assert.Equal("load 2", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task RequestMaxAge_GetsNothingStale()
    {
        var origin = new Origin();
        await using var app = await StartAsync(origin, c => c.StaleWhileRevalidate(Minute));
        await app.GetAsync("/x");
        app.Time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal("load 2", await (await app.GetAsync("/x", ("Cache-Control", "max-age=0"))).TextAsync());
    }

    [Fact]
    public async Task ExceptionHandlerOfTheApplication_IsAsked()
    {
        var origin = new Origin { Failure = "throw" };
        await using var app = await StartAsync(origin, _ => { }, s => s.AddExceptionHandler<Teapot>());
        Assert.Equal((HttpStatusCode)418, (await app.GetAsync("/x")).StatusCode);
    }

    [Fact]
    public async Task BadRequest_KeepsItsStatus()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (int id) => $"{id}").Cached(), environment: "Development");
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/x?id=a")).StatusCode);
    }

    [Fact]
    public async Task FaultOfTheCache_IsLoggedOnce_AndTheHandlerServes()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(c => c.VaryBy(_ => throw new InvalidOperationException("broken"))));
        for (var i = 0; i < 3; i++)
        {
            var response = await app.GetAsync("/x");
            Assert.Equal((HttpStatusCode.OK, "x", "BYPASS"), (response.StatusCode, await response.TextAsync(), response.XCache()));
            Assert.Equal("Freshet; fwd=bypass; detail=cache-fault", response.CacheStatus());
        }

        Assert.Single(app.Log.Errors, e => e.Contains("The cache failed", StringComparison.Ordinal));
    }

    private sealed class Teapot : IExceptionHandler
    {
        public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = 418;
            return new(exception.Message == "down");
        }
    }
}
