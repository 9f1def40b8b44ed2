using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class CachedEndpointTests
{
    [Fact]
    public async Task SecondRequest_IsAHit()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached());

        var first = await app.GetAsync("/x");
        var second = await app.GetAsync("/x");

        Assert.Equal("load 1", await first.TextAsync());
        Assert.Equal("load 1", await second.TextAsync());
        Assert.Equal(("MISS", "HIT"), (first.XCache(), second.XCache()));
        Assert.Equal("Freshet; fwd=uri-miss; fwd-status=200; stored; ttl=300; detail=absent", first.CacheStatus());
        Assert.Equal("Freshet; hit; ttl=300; detail=fresh", second.CacheStatus());
        Assert.Equal("private, no-cache", second.Header("Cache-Control"));
        Assert.Equal(first.Header("ETag"), second.Header("ETag"));
        Assert.Equal("0", second.Header("Age"));
        Assert.Equal("text/plain; charset=utf-8", second.Header("Content-Type"));
    }

    [Fact]
    public async Task TouchedTag_IsLoadedAgain()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/imports/{id}", (string id) => $"load {++loads}").Cached(c => c.Tag("import/{id}")));

        await app.GetAsync("/imports/1");
        await app.TouchAsync("import/2");
        Assert.Equal("HIT", (await app.GetAsync("/imports/1")).XCache());
        await app.TouchAsync("import/1");
        var after = await app.GetAsync("/imports/1");
        Assert.Equal("load 2", await after.TextAsync());
        Assert.Equal("Freshet; fwd=stale; fwd-status=200; stored; ttl=300; detail=touched", after.CacheStatus());
    }

    [Fact]
    public async Task HandlerThatTags_IsLoadedAgainWhenTouched()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) =>
        {
            http.Freshet().Tag("a/**");
            return $"load {++loads}";
        }).Cached());

        await app.GetAsync("/x");
        await app.TouchAsync("a/b/c");
        Assert.Equal("load 2", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task PastItsLifetime_IsLoadedAgain()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached(c => c.For(TimeSpan.FromSeconds(10))));

        await app.GetAsync("/x");
        app.Time.Advance(TimeSpan.FromSeconds(9));
        var aged = await app.GetAsync("/x");
        Assert.Equal(("HIT", "9", "Freshet; hit; ttl=1; detail=fresh"), (aged.XCache(), aged.Header("Age"), aged.CacheStatus()));
        app.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("load 2", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task Head_HasTheHeadOfGet()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached());

        var head = await app.SendAsync(HttpMethod.Head, "/x");
        var get = await app.GetAsync("/x");
        var again = await app.SendAsync(HttpMethod.Head, "/x");

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(("MISS", "HIT", "HIT"), (head.XCache(), get.XCache(), again.XCache()));
        foreach (var response in new[] { head, again })
        {
            Assert.Equal(6, response.Content.Headers.ContentLength);
            Assert.Equal("", await response.TextAsync());
            Assert.Equal(get.Header("ETag"), response.Header("ETag"));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task KnownETag_Gets304(bool isHit)
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => "text").Cached());
        var tag = (await app.GetAsync("/x")).Header("ETag");
        if (!isHit)
            app.Time.Advance(TimeSpan.FromHours(1));

        var response = await app.GetAsync("/x", ("If-None-Match", $"\"other\", W/{tag}"));

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.Equal(isHit ? "HIT" : "MISS", response.XCache());
        Assert.Equal("", await response.TextAsync());
        Assert.Equal((tag, "private, no-cache"), (response.Header("ETag"), response.Header("Cache-Control")));
        Assert.Equal(("", ""), (response.Header("Content-Type"), response.Header("Content-Length")));
    }
}
