using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

public class PolicyTests
{
    [Fact]
    public async Task Group_IsOverriddenByItsEndpoint()
    {
        await using var app = await TestApp.StartAsync(a =>
        {
            var group = a.MapGroup("/g").Cached(c => c.For(TimeSpan.FromSeconds(100)).InBrowser(TimeSpan.FromSeconds(5)));
            group.MapGet("/outer", () => "x");
            group.MapGet("/inner", () => "x").Cached(c => c.For(TimeSpan.FromSeconds(10)));
            group.MapPost("/outer", () => "posted");
        });

        foreach (var (path, ttl) in new[] { ("/g/outer", 100), ("/g/inner", 10) })
        {
            await app.GetAsync(path);
            var hit = await app.GetAsync(path);
            Assert.Equal($"Freshet; hit; ttl={ttl}; detail=fresh", hit.CacheStatus());
            Assert.Equal("private, max-age=5", hit.Header("Cache-Control"));
            Assert.Equal("Cookie, Authorization", hit.Header("Vary"));
        }

        Assert.Equal("posted", await (await app.SendAsync(HttpMethod.Post, "/g/outer")).TextAsync());
    }

    [Fact]
    public async Task NamedPolicy_IsTheBase()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached("short", c => c.Public()),
            freshet: f => f.Policy("short", c => c.For(TimeSpan.FromSeconds(7))));
        await app.GetAsync("/x", TestApp.As("alice"));
        Assert.Equal("Freshet; hit; ttl=7; detail=fresh", (await app.GetAsync("/x", TestApp.As("bob"))).CacheStatus());
    }

    [Fact]
    public async Task Condition_DecidesForEachRequest()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => $"load {++loads}").Cached(c => c.When(http => !http.Request.Headers.ContainsKey("X-Debug"))));
        await app.GetAsync("/x");
        var debug = await app.GetAsync("/x", ("X-Debug", "1"));
        Assert.Equal(("BYPASS", "load 2"), (debug.XCache(), await debug.TextAsync()));
        Assert.Contains("detail=condition", debug.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Theory]
    [InlineData("/declared?id=1&noise=1", "/declared?id=1&noise=2", "HIT")]
    [InlineData("/declared?id=1", "/declared?id=2", "MISS")]
    [InlineData("/none?noise=1", "/none?noise=2", "HIT")]
    [InlineData("/named?n=1&name=1", "/named?n=1&name=2", "HIT")]
    [InlineData("/named?n=1", "/named?n=2", "MISS")]
    [InlineData("/array?id=1&id=2", "/array?id=1&id=3", "MISS")]
    [InlineData("/bound?a=1", "/bound?a=2", "MISS")]
    [InlineData("/context?noise=1", "/context?noise=2", "MISS")]
    [InlineData("/route/1?id=1", "/route/1?id=2", "HIT")]
    public async Task Parameters_DeclareTheQuery(string first, string second, string expected)
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                var group = a.MapGroup("").Cached(c => c.Public());
                group.MapGet("/declared", (int? id, Service service, CancellationToken cancel) => $"{id}");
                group.MapGet("/none", () => "x");
                group.MapGet("/named", ([FromQuery(Name = "n")] string name) => name);
                group.MapGet("/array", (int[] id) => string.Join(',', id));
                group.MapGet("/bound", ([AsParameters] Bound bound) => $"{bound.A}");
                group.MapGet("/context", (HttpContext context) => $"{context.Request.Query["noise"]}");
                group.MapGet("/route/{id}", (string id) => id);
            },
            services: s => s.AddSingleton<Service>());
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(first)).StatusCode);
        Assert.Equal(expected, (await app.GetAsync(second)).XCache());
    }

    [Fact]
    public async Task Controller_IsCachedByAttribute()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapControllers(), services: s => s.AddControllers().OnlyControllers(typeof(CachedController)));

        var first = await app.GetAsync("/cached/1?page=1&noise=1");
        var second = await app.GetAsync("/cached/1?page=1&noise=2");
        Assert.Equal("HIT", second.XCache());
        Assert.Equal(await first.TextAsync(), await second.TextAsync());
        Assert.Equal("Freshet; hit; ttl=60; detail=fresh", second.CacheStatus());
        Assert.Equal("MISS", (await app.GetAsync("/cached/1?page=2")).XCache());

        var head = await app.SendAsync(HttpMethod.Head, "/cached/1?page=1");
        Assert.Equal((HttpStatusCode.OK, "HIT"), (head.StatusCode, head.XCache()));

        await app.TouchAsync("item/1", Tenant.Public);
        Assert.Equal("MISS", (await app.GetAsync("/cached/1?page=1")).XCache());
    }

    [Fact]
    public async Task SwitchedOff_NothingIsCached()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached(), freshet: f => f.Services.Configure<FreshetOptions>(o => o.Enabled = false));
        await app.GetAsync("/x");
        var second = await app.GetAsync("/x");
        Assert.Equal(("load 2", "BYPASS", ""), (await second.TextAsync(), second.XCache(), second.Header("ETag")));
    }

    [Fact]
    public async Task EndpointsOfOnePattern_ShareNothing()
    {
        await using var app = await TestApp.StartAsync(a =>
        {
            a.MapGet("/x", () => "a").RequireHost("a.example").WithDisplayName("x").Cached(c => c.Public());
            a.MapGet("/x", () => "b").RequireHost("*.b.example").WithDisplayName("x").Cached(c => c.Public());
        });
        Assert.Equal("a", await (await app.GetAsync("/x", ("Host", "a.example"))).TextAsync());
        Assert.Equal("b", await (await app.GetAsync("/x", ("Host", "x.b.example"))).TextAsync());
    }

    [Fact]
    public async Task OverlongPart_IsBypassed()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (string q) => $"{q.Length}").Cached());
        var response = await app.GetAsync("/x?q=" + new string('a', 5000));
        Assert.Equal(("BYPASS", "5000"), (response.XCache(), await response.TextAsync()));
        Assert.Contains("detail=key-invalid", response.CacheStatus(), StringComparison.Ordinal);
    }

    [Fact]
    public void OutOfRange_IsRefused()
    {
        var policy = new CachePolicyBuilder(TimeSpan.FromMinutes(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.For(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.For(TimeSpan.FromDays(31)));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.InBrowser(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.Statuses(206));
        Assert.Throws<ArgumentException>(() => policy.Statuses());
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.MaxBody(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => policy.In((CacheScope)9));
        Assert.Throws<FormatException>(() => policy.Tag("import/x{id}"));
    }

    private sealed class Service;

    private sealed class Bound
    {
        [FromQuery]
        public int A { get; set; }
    }
}

[ApiController]
[Cached(Seconds = 60, Scope = CacheScope.Public)]
public sealed class CachedController : ControllerBase
{
    private static int _loads;

    [HttpGet("/cached/{id}")]
    [Cached(Tags = ["item/{id}"])]
    public string Get(string id, int page) => $"{id} {page} {++_loads}";
}
