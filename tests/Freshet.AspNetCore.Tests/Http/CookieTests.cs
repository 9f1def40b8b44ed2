using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Freshet.AspNetCore.Tests.Http;

/// <summary>The cookies of the application's own middleware stand beside those of handlers and of the cache.</summary>
public class CookieTests
{
    private static Task<TestApp> StartAsync(Delegate handler, Action<FreshetBuilder>? freshet = null) => TestApp.StartAsync(
        a => a.MapGet("/x", handler).Cached(c => c.Tag("x")),
        freshet: freshet,
        pipeline: a => a.UseAuthentication().UseAuthorization().Use((context, next) =>
        {
            context.Response.Cookies.Append("own", "1");
            return next(context);
        }));

    private static string[] Names(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("Set-Cookie", out var values) ? [.. values.Select(v => v.Split('=')[0])] : [];

    [Fact]
    public async Task Hit_KeepsTheCookiesOfTheApplication()
    {
        await using var app = await StartAsync(() => "x");
        Assert.Equal(["own"], Names(await app.GetAsync("/x")));
        var hit = await app.GetAsync("/x");
        Assert.Equal("HIT", hit.XCache());
        Assert.Equal(["own"], Names(hit));
    }

    [Fact]
    public async Task HandlersCookies_AreAddedToThoseOfTheApplication()
    {
        await using var app = await StartAsync((HttpContext http) =>
        {
            http.Response.Cookies.Append("first", "1");
            http.Response.Cookies.Append("second", "1");
            return "x";
        });
        Assert.Equal(["own", "first", "second"], Names(await app.GetAsync("/x")));
    }

    [Fact]
    public async Task StreamsCookies_AreAddedToThoseOfTheApplication()
    {
        await using var app = await StartAsync((HttpContext http) =>
        {
            http.Response.Cookies.Append("first", "1");
            http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
            return "x";
        });
        Assert.Equal(["own", "first"], Names(await app.GetAsync("/x")));
    }
}
