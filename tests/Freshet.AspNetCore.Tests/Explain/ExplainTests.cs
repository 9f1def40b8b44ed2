using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Explain;

public class ExplainTests
{
    private static int _loads;

    private static Task<TestApp> StartAsync(string environment = "Development") => TestApp.StartAsync(
        a =>
        {
            a.MapGet("/imports/{id}", (string id, int? page) => $"{id} {page} {++_loads}").Cached(c => c.PerTenant().Tag("import/{id}").For(TimeSpan.FromMinutes(1)));
            a.MapGet("/plain", () => "x");
            a.MapGet("/secret", () => "x").RequireAuthorization().Cached();
        },
        freshet: f => f.Tenants(t => t.FromClaim("tenant")),
        environment: environment);

    [Fact]
    public async Task Entry_IsExplained_WithoutRunningTheHandler()
    {
        await using var app = await StartAsync();
        var alice = As("alice;tenant=acme");
        await app.GetAsync("/imports/42?page=2", alice);
        var loads = _loads;

        var explained = await (await app.GetAsync("/freshet/explain?url=/imports/42?page=2&noise=1", alice)).Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal("HIT (fresh)", explained.GetProperty("verdict").GetString());
        Assert.Equal("Tenant", explained.GetProperty("policy").GetProperty("scope").GetString());
        Assert.Equal("acme: import/42", explained.GetProperty("entry").GetProperty("dependencies")[0].GetString());
        Assert.True(explained.GetProperty("entry").TryGetProperty("fence", out _));
        var parts = explained.GetProperty("key").EnumerateArray().ToDictionary(p => p.GetProperty("part").GetString()!, p => p.GetProperty("value").GetString(), StringComparer.Ordinal);
        Assert.Equal(("acme", "42", "2"), (parts["tenant"], parts["route value id"], parts["query page"]));
        Assert.Equal(loads, _loads);

        await app.TouchAsync("import/42", Tenant.Named("acme"));
        Assert.Contains("MISS (touched)", await (await app.GetAsync("/freshet/explain?url=%2Fimports%2F42%3Fpage%3D2", alice)).TextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/plain", "no-policy")]
    [InlineData("/nowhere", "No endpoint answers")]
    [InlineData("/imports/1", "scope-unknown")]
    public async Task OtherUrls_AreExplainedToo(string url, string expected)
    {
        await using var app = await StartAsync();
        Assert.Contains(expected, await (await app.GetAsync("/freshet/explain?url=" + url)).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoMayNotSeeIt_GetsNoExplanation()
    {
        await using var app = await StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/freshet/explain?url=/secret")).StatusCode);
    }

    [Fact]
    public async Task OutsideDevelopment_ThereIsNone()
    {
        await using var app = await StartAsync("Production");
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync("/freshet/explain?url=/plain")).StatusCode);
    }

    [Fact]
    public async Task Development_LogsOneLineForEachRequest()
    {
        await using var app = await StartAsync();
        await app.GetAsync("/imports/7", As("alice;tenant=acme"));
        await app.GetAsync("/imports/7", As("alice;tenant=acme"));
        Assert.Single(app.Log.Lines, l => l.Text == "GET /imports/7 200 MISS (absent)");
        Assert.Single(app.Log.Lines, l => l.Text == "GET /imports/7 200 HIT (fresh)");
    }
}
