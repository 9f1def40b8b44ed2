using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Freshet.AspNetCore.Tests.Http;

public class StreamingTests
{
    private static readonly TimeSpan Grace = new FreshetHttpOptions().StreamingAfter;

    private static async Task<string> ReadAsync(Stream body, int length)
    {
        var buffer = new byte[length];
        await body.ReadExactlyAsync(buffer);
        return System.Text.Encoding.ASCII.GetString(buffer);
    }

    private static Task<HttpResponseMessage> OpenAsync(TestApp app, string path) =>
        app.Client.GetAsync(new Uri(app.Address, path), HttpCompletionOption.ResponseHeadersRead);

    [Theory]
    [InlineData("sse", true)]
    [InlineData("unbuffered", true)]
    [InlineData("sse", false)]
    [InlineData("unbuffered", false)]
    public async Task DeclaredStream_IsPassedOnAtOnce(string kind, bool isCached)
    {
        using var goOn = new SemaphoreSlim(0);
        await using var app = await TestApp.StartAsync(a =>
        {
            var endpoint = a.MapGet("/x", async (HttpContext http) =>
            {
                if (kind == "sse")
                    http.Response.ContentType = "text/event-stream";
                else
                    http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
                await http.Response.WriteAsync("first");
                await http.Response.Body.FlushAsync();
                await goOn.WaitAsync();
                await http.Response.WriteAsync("second");
            });
            if (isCached)
                endpoint.Cached(c => c.Public());
        });

        using var response = await OpenAsync(app, "/x");
        await using var body = await response.Content.ReadAsStreamAsync();
        Assert.Equal("first", await ReadAsync(body, 5));
        goOn.Release();
        Assert.Equal("second", await ReadAsync(body, 6));
        Assert.Equal("", response.Header("ETag"));
        if (isCached)
            Assert.Equal("Freshet; fwd=uri-miss; fwd-status=200; detail=streamed", response.CacheStatus());
    }

    [Fact]
    public async Task FlushThatIsNotTheEnd_Streams_AndReleasesWhoWaits()
    {
        using var goOn = new SemaphoreSlim(0);
        using var flushed = new SemaphoreSlim(0);
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("first");
            await http.Response.Body.FlushAsync();
            flushed.Release();
            await goOn.WaitAsync();
        }).Cached(c => c.Public()));

        var leader = OpenAsync(app, "/x");
        await flushed.WaitAsync();
        var follower = OpenAsync(app, "/x");
        Assert.False(leader.IsCompleted);

        app.Time.Advance(Grace);
        using var streamed = await leader;
        Assert.Contains("detail=streamed", streamed.CacheStatus(), StringComparison.Ordinal);
        // Released while the leader still streams: it runs the handler itself.
        await flushed.WaitAsync();
        app.Time.Advance(Grace);
        using var released = await follower;
        Assert.Contains("detail=streamed", released.CacheStatus(), StringComparison.Ordinal);
        goOn.Release(2);
        Assert.Equal("first", await released.Content.ReadAsStringAsync());
        Assert.Equal("first", await streamed.Content.ReadAsStringAsync());

        // Remembered: nobody waits for anybody on this key.
        goOn.Release();
        Assert.Equal("BYPASS", (await app.GetAsync("/x")).XCache());
    }

    [Fact]
    public async Task FlushAtTheEnd_IsNoStream()
    {
        // Serializers flush as a matter of course, large answers several times.
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => Results.Json(Enumerable.Range(0, 20_000))).Cached());
        var first = await app.GetAsync("/x");
        Assert.True(first.Content.Headers.ContentLength > 100_000);
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TooLarge_IsPassedOn_AndTheKeyRemembered(bool isCached)
    {
        var text = new string('a', 3000);
        await using var app = await TestApp.StartAsync(a =>
        {
            var endpoint = a.MapGet("/x", () => isCached ? text : string.Concat(Enumerable.Repeat(text, 400)));
            if (isCached)
                endpoint.Cached(c => c.MaxBody(2999));
        });

        var first = await app.GetAsync("/x");
        var second = await app.GetAsync("/x");
        Assert.StartsWith(text, await first.TextAsync(), StringComparison.Ordinal);
        Assert.StartsWith(text, await second.TextAsync(), StringComparison.Ordinal);
        Assert.Equal(("", ""), (first.Header("ETag"), second.Header("ETag")));
        if (isCached)
        {
            Assert.Contains("detail=too-large", first.CacheStatus(), StringComparison.Ordinal);
            Assert.Contains("detail=too-large", second.CacheStatus(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task File_IsCachedLikeAnythingElse()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "0123456789");
            await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) => http.Response.SendFileAsync(path, 2, 5)).Cached());
            Assert.Equal("23456", await (await app.GetAsync("/x")).TextAsync());
            var hit = await app.GetAsync("/x");
            Assert.Equal(("HIT", "23456"), (hit.XCache(), await hit.TextAsync()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task OnStarting_RunsBeforeTheHeadIsKept()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) =>
        {
            http.Response.OnStarting(() =>
            {
                http.Response.Headers["X-Late"] = "here";
                return Task.CompletedTask;
            });
            return "x";
        }).Cached());
        await app.GetAsync("/x");
        Assert.Equal("here", (await app.GetAsync("/x")).Header("X-Late"));
    }
}
