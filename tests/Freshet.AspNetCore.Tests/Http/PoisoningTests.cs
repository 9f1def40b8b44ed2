using System.Globalization;
using System.Text.Json;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Http;

/// <summary>A load sees only what is in its key: each kind of input, seen when it is declared, absent when it is not.</summary>
public class PoisoningTests
{
    private static readonly AsyncLocal<string?> Ambient = new();

    // Answers with everything that a handler can get hold of.
    private static readonly Func<HttpContext, string> Reflect = http => JsonSerializer.Serialize(new
    {
        http.Request.Method,
        Headers = http.Request.Headers.Select(h => $"{h.Key}={h.Value}"),
        Query = http.Request.Query.Select(q => $"{q.Key}={q.Value}"),
        RawQuery = http.Request.QueryString.Value,
        RawTarget = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
        Cookies = http.Request.Cookies.Select(c => $"{c.Key}={c.Value}"),
        Claims = http.User.Claims.Select(c => $"{c.Type}={c.Value}"),
        Items = http.Items.Select(i => $"{i.Key}"),
        Remote = http.Connection.RemoteIpAddress?.ToString(),
        Flow = Ambient.Value,
        Accessor = http.RequestServices.GetRequiredService<IHttpContextAccessor>().HttpContext == http,
    });

    private static Task<TestApp> StartAsync(Action<CachePolicyBuilder> policy) => TestApp.StartAsync(
        a => a.MapGet("/x/{id}", Reflect).Cached(policy),
        services: s => s.AddHttpContextAccessor(),
        pipeline: a => a.UseAuthentication().UseAuthorization().Use((context, next) =>
        {
            context.Items["secret"] = "of one request";
            Ambient.Value = "of one flow";
            return next(context);
        }));

    private static readonly (string, string)[] Everything =
    [
        ("Cookie", "session=alice; theme=dark"), ("X-Forwarded-Host", "evil.example"), ("X-Custom", "poison"), ("User-Agent", "poison"),
        ("Accept-Language", "sk"), ("Referer", "http://poison/"), ("Origin", "http://poison"), ("Range", "bytes=0-1"),
        ("Accept-Encoding", "gzip"), ("If-None-Match", "\"x\""), TestApp.As("alice;role=admin;tenant=acme;email=alice@acme"),
    ];

    [Fact]
    public async Task UndeclaredInput_DoesNotReachTheHandler()
    {
        await using var app = await StartAsync(c => c.Public().Query());
        var seen = await (await app.GetAsync("/x/1?debug=poison&callback=poison", Everything)).TextAsync();

        foreach (var poison in new[] { "poison", "evil", "alice", "acme", "admin", "dark", "secret", "flow", "127.0.0.1\"", "gzip", "bytes", "sk" })
            Assert.DoesNotContain(poison, seen, StringComparison.Ordinal);
        Assert.Contains("\"Accessor\":true", seen, StringComparison.Ordinal);

        var clean = await app.GetAsync("/x/1");
        Assert.Equal("HIT", clean.XCache());
        Assert.Equal(seen, await clean.TextAsync());
    }

    [Fact]
    public async Task DeclaredQuery_IsSeenAndKeyed()
    {
        await using var app = await StartAsync(c => c.Public().Query("page", "sort"));

        var seen = await (await app.GetAsync("/x/1?sort=b&utm=poison&PAGE=1&page=2%26")).TextAsync();
        Assert.Contains("\"Query\":[\"page=1,2\\u0026\",\"sort=b\"]", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("poison", seen, StringComparison.Ordinal);

        Assert.Equal("HIT", (await app.GetAsync("/x/1?page=1&page=2%26&sort=b")).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1?page=2%26&page=1&sort=b")).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1?page=1,2%26&sort=b")).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1?page=1&page=2%26")).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1?page=1&page=2%26&sort=")).XCache());
    }

    [Fact]
    public async Task WholeQuery_IsKeyedExactly()
    {
        await using var app = await StartAsync(c => c.Public());

        await app.GetAsync("/x/1?a=1&b=2");
        Assert.Equal("HIT", (await app.GetAsync("/x/1?a=1&b=2")).XCache());
        foreach (var other in new[] { "?b=2&a=1", "?a=1&b=2&b=2", "?A=1&b=2", "?a=1&b=2&", "", "?" })
            Assert.Equal("MISS", (await app.GetAsync("/x/1" + other)).XCache());
    }

    [Fact]
    public async Task DeclaredHeader_IsSeenKeyedAndInVary()
    {
        await using var app = await StartAsync(c => c.Public().VaryByHeader("Accept-Language"));

        var sk = await app.GetAsync("/x/1", ("Accept-Language", "sk"), ("X-Custom", "poison"));
        var en = await app.GetAsync("/x/1", ("Accept-Language", "en"));
        Assert.Contains("Accept-Language=sk", await sk.TextAsync(), StringComparison.Ordinal);
        Assert.Contains("Accept-Language=en", await en.TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("poison", await sk.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("Accept-Language", sk.Header("Vary"));
        Assert.Equal("HIT", (await app.GetAsync("/x/1", ("accept-language", "sk"))).XCache());
    }

    [Fact]
    public async Task DeclaredCookie_IsSeenAndKeyed()
    {
        await using var app = await StartAsync(c => c.Public().VaryByCookie("theme"));

        var dark = await app.GetAsync("/x/1", ("Cookie", "session=poison; theme=dark"));
        Assert.Contains("\"Cookies\":[\"theme=dark\"]", await dark.TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("poison", await dark.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("HIT", (await app.GetAsync("/x/1", ("Cookie", "theme=dark; session=other"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1", ("Cookie", "theme=light"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1")).XCache());
    }

    [Fact]
    public async Task DeclaredClaim_IsSeenAndKeyed()
    {
        await using var app = await StartAsync(c => c.Public().VaryByClaim("role"));

        var admin = await app.GetAsync("/x/1", TestApp.As("alice;role=admin;email=poison"));
        Assert.Contains("\"Claims\":[\"role=admin\"]", await admin.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("HIT", (await app.GetAsync("/x/1", TestApp.As("bob;role=admin"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1", TestApp.As("carol;role=viewer"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1", TestApp.As("dave;role=viewer;role=admin"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1")).XCache());
    }

    [Fact]
    public async Task ComputedPart_IsKeyed()
    {
        await using var app = await StartAsync(c => c.Public().VaryBy(http => http.Request.Headers["X-Plan"]));

        await app.GetAsync("/x/1", ("X-Plan", "gold"));
        Assert.Equal("HIT", (await app.GetAsync("/x/1", ("X-Plan", "gold"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1", ("X-Plan", "basic"))).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x/1")).XCache());
    }

    [Fact]
    public async Task TraceHeaders_AreSeenAndNotKeyed()
    {
        await using var app = await StartAsync(c => c.Public());
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Assert.Contains(Trace, await (await app.GetAsync("/x/1", ("traceparent", Trace))).TextAsync(), StringComparison.Ordinal);
        Assert.Equal("HIT", (await app.GetAsync("/x/1")).XCache());
    }

    [Theory]
    [InlineData("/x/AbC", "/x/abc")]
    [InlineData("/x/abc", "/X/abc")]
    [InlineData("/x/abc", "/x/abc/")]
    [InlineData("/x/a%2Fb", "/x/a%2fb")]
    [InlineData("/x/é", "/x/e%CC%81")] // composed and decomposed: never normalised
    public async Task PathVariants_ShareNothing(string first, string second)
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{id}", (string id, HttpRequest request) => $"{request.Path} {id}").Cached(c => c.Public()));
        await app.GetAsync(first);
        var other = await app.GetAsync(second);
        Assert.Equal("MISS", other.XCache());
    }

    [Fact]
    public async Task Host_IsKeyed()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", (HttpRequest r) => $"https://{r.Host}/reset").Cached(c => c.Public()));

        Assert.Contains("evil.example", await (await app.GetAsync("/x", ("Host", "evil.example"))).TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", await (await app.GetAsync("/x")).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForwardedHost_IsKeyedWhereItIsBelieved_AndUnseenWhereNot()
    {
        Action<WebApplication> map = a => a.MapGet("/x", (HttpRequest r) => $"{r.Scheme}://{r.Host}{r.PathBase} {r.Headers["X-Forwarded-Host"]}").Cached(c => c.Public());
        (string, string)[] forwarded = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/evil")];

        await using var unaware = await TestApp.StartAsync(map);
        Assert.DoesNotContain("evil", await (await unaware.GetAsync("/x", forwarded)).TextAsync(), StringComparison.Ordinal);

        await using var behindProxy = await TestApp.StartAsync(map, pipeline: a => a.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All }));
        Assert.Contains("https://evil.example/evil", await (await behindProxy.GetAsync("/x", forwarded)).TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", await (await behindProxy.GetAsync("/x")).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Culture_IsKeyedAndGivenToTheHandler()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => 1.5.ToString(CultureInfo.CurrentCulture)).Cached(c => c.Public()),
            pipeline: a => a.UseRequestLocalization("en-US", "sk-SK"));

        Assert.Equal("1,5", await (await app.GetAsync("/x", ("Accept-Language", "sk-SK"))).TextAsync());
        Assert.Equal("1.5", await (await app.GetAsync("/x", ("Accept-Language", "en-US"))).TextAsync());
    }

    [Fact]
    public async Task ScopedServices_AreTheLoadsOwn()
    {
        // What a middleware left in the services of one request is that request's.
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", (ScopedNote note) => note.Text).Cached(c => c.Public()),
            services: s => s.AddScoped<ScopedNote>(),
            pipeline: a => a.Use((context, next) =>
            {
                context.RequestServices.GetRequiredService<ScopedNote>().Text = "of one request";
                return next(context);
            }));
        Assert.Equal("nothing", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task AmbientAccessor_IsGivenBackToTheRequest()
    {
        HttpContext? after = null;
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(),
            services: s => s.AddHttpContextAccessor(),
            pipeline: a => a.Use(async (context, next) =>
            {
                await next(context);
                after = context.RequestServices.GetRequiredService<IHttpContextAccessor>().HttpContext;
                Assert.Same(context, after);
            }));
        await app.GetAsync("/x");
        Assert.NotNull(after);
    }

    private sealed class ScopedNote
    {
        public string Text { get; set; } = "nothing";
    }
}
