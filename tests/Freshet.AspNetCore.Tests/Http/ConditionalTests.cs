using System.IO.Compression;
using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class ConditionalTests
{
    [Fact]
    public async Task UncachedGet_IsAnsweredConditionally()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => new { id = 1 }));
        var first = await app.GetAsync("/x");
        Assert.Equal(("{\"id\":1}", "private, no-cache", ""), (await first.TextAsync(), first.Header("Cache-Control"), first.XCache()));

        var second = await app.GetAsync("/x", ("If-None-Match", first.Header("ETag")));
        Assert.Equal((HttpStatusCode.NotModified, ""), (second.StatusCode, await second.TextAsync()));
        Assert.Equal(first.Header("ETag"), second.Header("ETag"));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await app.GetAsync("/x", ("If-Match", "\"other\""))).StatusCode);
    }

    [Fact]
    public async Task UncachedGetOfOtherStatus_IsLeftAlone()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => Results.NotFound()));
        var response = await app.GetAsync("/x", ("If-None-Match", "*"));
        Assert.Equal((HttpStatusCode.NotFound, "", ""), (response.StatusCode, response.Header("ETag"), response.Header("Cache-Control")));
    }

    [Fact]
    public async Task OwnETag_IsLeftAlone()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) =>
        {
            http.Response.Headers.ETag = "\"own\"";
            return "x";
        }));
        var response = await app.GetAsync("/x", ("If-None-Match", "\"own\""));
        Assert.Equal((HttpStatusCode.OK, "\"own\""), (response.StatusCode, response.Header("ETag")));
    }

    [Fact]
    public async Task OwnETagOfACachedEndpoint_IsKept()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpContext http) =>
        {
            http.Response.Headers.ETag = "\"own\"";
            http.Response.Headers.LastModified = "Wed, 04 Mar 2026 10:00:00 GMT";
            return "x";
        }).Cached());
        Assert.Equal(HttpStatusCode.NotModified, (await app.GetAsync("/x", ("If-None-Match", "\"own\""))).StatusCode);
        var since = await app.GetAsync("/x", ("If-Modified-Since", "Wed, 04 Mar 2026 10:00:00 GMT"));
        Assert.Equal((HttpStatusCode.NotModified, "HIT"), (since.StatusCode, since.XCache()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EachEncoding_HasItsOwnTag_WhereverCompressionStands(bool isOutside)
    {
        var text = new string('a', 5000);
        var loads = 0;
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () =>
            {
                loads++;
                return text;
            }).Cached(),
            services: s => s.AddResponseCompression(),
            pipeline: isOutside ? a => a.UseResponseCompression() : null,
            behind: isOutside ? null : a => a.UseResponseCompression());

        var tags = new List<string>();
        foreach (var round in new[] { "MISS", "HIT" })
        {
            foreach (var coding in new[] { "identity", "gzip", "br" })
            {
                var response = await app.GetAsync("/x", ("Accept-Encoding", coding));
                Assert.Equal(loads == 1 && tags.Count > 0 ? "HIT" : round, response.XCache());
                Assert.Equal("Accept-Encoding", response.Header("Vary"));
                Assert.Equal(coding == "identity" ? "" : coding, response.Header("Content-Encoding"));
                Assert.Equal(text, await DecodeAsync(response, coding));
                tags.Add(response.Header("ETag"));

                var again = await app.GetAsync("/x", ("Accept-Encoding", coding), ("If-None-Match", tags[^1]));
                Assert.Equal((HttpStatusCode.NotModified, tags[^1], "Accept-Encoding"), (again.StatusCode, again.Header("ETag"), again.Header("Vary")));
            }
        }

        Assert.Equal(1, loads);
        Assert.Equal(3, tags.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync("/x", ("Accept-Encoding", "gzip"), ("If-None-Match", tags[0]))).StatusCode);
    }

    [Fact]
    public async Task TinyAnswer_IsNotSentEncodedUnderTheTagOfIdentity()
    {
        // Compression further out encodes whatever it finds not encoded.
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(), services: s => s.AddResponseCompression(), pipeline: a => a.UseResponseCompression());
        var identity = (await app.GetAsync("/x")).Header("ETag");
        var encoded = await app.GetAsync("/x", ("Accept-Encoding", "br"));
        Assert.Equal(("br", "x"), (encoded.Header("Content-Encoding"), await DecodeAsync(encoded, "br")));
        Assert.NotEqual(identity, encoded.Header("ETag"), StringComparer.Ordinal);
    }

    [Fact]
    public async Task UncachedGetUnderCompression_HasAWeakTag()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => new string('a', 5000)), services: s => s.AddResponseCompression(), pipeline: a => a.UseResponseCompression());
        var response = await app.GetAsync("/x", ("Accept-Encoding", "gzip"));
        Assert.Equal("gzip", response.Header("Content-Encoding"));
        Assert.StartsWith("W/\"", response.Header("ETag"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotModified, (await app.GetAsync("/x", ("Accept-Encoding", "gzip"), ("If-None-Match", response.Header("ETag")))).StatusCode);
    }

    [Fact]
    public async Task OuterVary_IsKept()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(c => c.VaryByHeader("Accept-Language")),
            pipeline: a => a.Use((context, next) =>
            {
                context.Response.Headers.Vary = "Origin";
                return next(context);
            }));
        await app.GetAsync("/x");
        Assert.Equal("Origin, Accept-Language", (await app.GetAsync("/x")).Header("Vary").Replace(",A", ", A", StringComparison.Ordinal));
    }

    private static async Task<string> DecodeAsync(HttpResponseMessage response, string coding)
    {
        await using var body = await response.Content.ReadAsStreamAsync();
        await using Stream decoded = coding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(decoded);
        return await reader.ReadToEndAsync();
    }
}
