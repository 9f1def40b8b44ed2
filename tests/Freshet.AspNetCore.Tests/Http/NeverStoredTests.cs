using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class NeverStoredTests
{
    public static TheoryData<string, CacheReason> Answers => new()
    {
        { "set-cookie", CacheReason.SetCookie },
        { "private", CacheReason.ResponseDirective },
        { "no-store", CacheReason.ResponseDirective },
        { "status", CacheReason.Status },
        { "vary", CacheReason.ResponseVary },
        { "declared", CacheReason.Declared },
        { "short", CacheReason.Truncated },
        { "abort", CacheReason.Truncated },
    };

    private static async Task Handle(HttpContext http, int load)
    {
        switch (http.Request.Query["as"])
        {
            case "set-cookie":
                http.Response.Cookies.Append("session", "alice");
                break;
            case "private":
                http.Response.Headers.CacheControl = "private";
                break;
            case "no-store":
                http.Response.Headers.CacheControl = "no-store";
                break;
            case "status":
                http.Response.StatusCode = 404;
                break;
            case "vary":
                http.Response.Headers.Vary = "Origin";
                break;
            case "declared":
                http.Freshet().DoNotStore();
                break;
            case "short":
                http.Response.ContentLength = 100;
                break;
            case "abort":
                http.Abort();
                break;
        }

        await http.Response.WriteAsync($"load {load}");
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task SuchAnAnswer_GoesToItsRequestAlone(string kind, CacheReason reason)
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) => Handle(http, ++loads)).Cached(c => c.Public()));

        if (kind == "short")
        {
            // The server refuses to send less than what was declared.
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => app.GetAsync("/x?as=short"));
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => app.GetAsync("/x?as=short"));
        }
        else
        {
            var first = await app.GetAsync($"/x?as={kind}");
            Assert.Equal("load 1", await first.TextAsync());
            Assert.EndsWith(Freshet.Diagnostics.CacheReasonText.Text(reason), first.CacheStatus(), StringComparison.Ordinal);
            Assert.DoesNotContain("stored", first.CacheStatus(), StringComparison.Ordinal);
            Assert.Equal("load 2", await (await app.GetAsync($"/x?as={kind}")).TextAsync());
        }

        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task SetCookie_ReachesTheOneWhoAsked()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) => Handle(http, 1)).Cached());
        Assert.Contains("session=alice", (await app.GetAsync("/x?as=set-cookie")).Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Equal("private", (await app.GetAsync("/x?as=private")).Header("Cache-Control"));
    }

    [Fact]
    public async Task HandlerException_IsNotStored_AndIsAProblem()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => ++loads == 1 ? throw new InvalidOperationException("secret") : "fine").Cached());

        var failed = await app.GetAsync("/x");
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        Assert.Equal("application/problem+json", failed.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("secret", await failed.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("no-store", failed.Header("Cache-Control"));
        Assert.Contains(app.Log.Errors, e => e.Contains("The handler of", StringComparison.Ordinal));
        Assert.Equal("fine", await (await app.GetAsync("/x")).TextAsync());
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task OtherMethods_AreNeverCached(string method)
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapMethods("/x", ["GET", method], () => $"load {++loads}").Cached());

        await app.GetAsync("/x");
        var write = await app.SendAsync(new HttpMethod(method), "/x");
        Assert.Equal("load 2", await write.TextAsync());
        Assert.Equal("load 1", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task DeclaredStatuses_AreStored()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => Results.Json(++loads, statusCode: 404)).Cached(c => c.Statuses(200, 404)));

        await app.GetAsync("/x");
        var second = await app.GetAsync("/x", ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.NotFound, second.StatusCode); // RFC 9110 §13.2.1: no 304 in place of an error
        Assert.Equal(("HIT", "1"), (second.XCache(), await second.TextAsync()));
    }

    [Fact]
    public async Task RangeRequest_GetsTheWhole_AndPoisonsNothing()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => Results.Bytes("0123456789"u8.ToArray(), "text/plain", enableRangeProcessing: true)).Cached());

        var range = await app.GetAsync("/x", ("Range", "bytes=0-1"));
        Assert.Equal((HttpStatusCode.OK, "0123456789"), (range.StatusCode, await range.TextAsync()));
        Assert.Equal("0123456789", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task RequestNoStore_TakesAHit_ButItsLoadIsNotStored()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached());

        Assert.Equal("load 1", await (await app.GetAsync("/x", ("Cache-Control", "no-store"))).TextAsync());
        Assert.Equal("load 2", await (await app.GetAsync("/x")).TextAsync());
        Assert.Equal("load 2", await (await app.GetAsync("/x", ("Cache-Control", "no-store"))).TextAsync());
    }

    [Fact]
    public async Task OnlyIfCached_DoesNotLoad()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached());

        Assert.Equal(HttpStatusCode.GatewayTimeout, (await app.GetAsync("/x", ("Cache-Control", "only-if-cached"))).StatusCode);
        Assert.Equal(0, loads);
    }

    [Fact]
    public async Task RequestNoCache_IsJudgedByTheStore_NotByTheHandler()
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => $"load {++loads}").Cached(c => c.Tag("x")));

        await app.GetAsync("/x");
        Assert.Equal("HIT", (await app.GetAsync("/x", ("Cache-Control", "no-cache"))).XCache());
        await app.TouchAsync("x");
        Assert.Equal("load 2", await (await app.GetAsync("/x", ("Cache-Control", "no-cache"))).TextAsync());
    }
}
