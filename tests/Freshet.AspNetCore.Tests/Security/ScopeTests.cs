using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Security;

public class ScopeTests
{
    private static readonly Func<HttpContext, TenantContext, string> WhoAmI = (http, tenants) =>
        $"{tenants.Current}/{http.User.FindFirst("sub")?.Value ?? "-"}/{http.User.Identity!.IsAuthenticated}/{http.User.IsInRole("admin")}";

    private static Task<TestApp> StartAsync(Action<CachePolicyBuilder> policy, Action<IServiceCollection>? services = null) => TestApp.StartAsync(
        a => a.MapGet("/x", WhoAmI).Cached(policy), freshet: f => f.Tenants(t => t.FromClaim("tenant")), services: services);

    private static async Task<(string XCache, string Text)> AskAsync(TestApp app, string user)
    {
        var response = await app.GetAsync("/x", As(user));
        return (response.XCache(), await response.TextAsync());
    }

    [Fact]
    public async Task ByDefault_EachUserHasHisOwn()
    {
        await using var app = await StartAsync(_ => { });
        Assert.Equal(("MISS", "acme/alice/True/False"), await AskAsync(app, "alice;tenant=acme;role=admin"));
        Assert.Equal(("MISS", "acme/bob/True/False"), await AskAsync(app, "bob;tenant=acme"));
        Assert.Equal(("MISS", "globex/alice/True/False"), await AskAsync(app, "alice;tenant=globex"));
        Assert.Equal(("HIT", "acme/alice/True/False"), await AskAsync(app, "alice;tenant=acme"));
    }

    [Fact]
    public async Task PerTenant_UsersShareAndAreUnseen()
    {
        await using var app = await StartAsync(c => c.PerTenant());
        Assert.Equal(("MISS", "acme/-/True/False"), await AskAsync(app, "alice;tenant=acme"));
        Assert.Equal(("HIT", "acme/-/True/False"), await AskAsync(app, "bob;tenant=acme"));
        Assert.Equal(("MISS", "globex/-/True/False"), await AskAsync(app, "bob;tenant=globex"));
    }

    [Fact]
    public async Task PerTenantByRole_RolesDiffer()
    {
        await using var app = await StartAsync(c => c.PerTenant().VaryByClaim("role"));
        Assert.Equal(("MISS", "acme/-/True/True"), await AskAsync(app, "alice;tenant=acme;role=admin"));
        Assert.Equal(("MISS", "acme/-/True/False"), await AskAsync(app, "bob;tenant=acme;role=viewer"));
        Assert.Equal(("HIT", "acme/-/True/True"), await AskAsync(app, "carol;tenant=acme;role=admin"));
    }

    [Fact]
    public async Task PerTenantByRole_RoleClaimInAnotherCase_RolesDiffer()
    {
        await using var app = await StartAsync(c => c.PerTenant().VaryByClaim("role"));
        Assert.Equal(("MISS", "acme/-/True/True"), await AskAsync(app, "alice;tenant=acme;Role=admin"));
        Assert.Equal(("MISS", "acme/-/True/False"), await AskAsync(app, "bob;tenant=acme;Role=viewer"));
    }

    [Fact]
    public async Task PublicTaggedByHand_TagInvalidatedInATenant_IsDropped()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/rate/{id}", (string id) => id).Cached(c => c.Public().Tag("rate/{id}")),
            freshet: f => f.Tenants(t => t.FromClaim("tenant")));
        await app.GetAsync("/rate/7");
        Assert.Equal("HIT", (await app.GetAsync("/rate/7")).XCache());

        using (app.Services.GetRequiredService<TenantContext>().Enter("acme"))
            await app.Services.GetRequiredService<CacheInvalidationService>().InvalidateAsync(Tag.Parse("rate/7"));

        Assert.Equal("MISS", (await app.GetAsync("/rate/7")).XCache());
    }

    [Fact]
    public async Task Public_EveryoneShares()
    {
        await using var app = await StartAsync(c => c.Public());
        Assert.Equal(("MISS", "(public)/-/False/False"), await AskAsync(app, "alice;tenant=acme;role=admin"));
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Fact]
    public async Task NoTenant_FailsClosed()
    {
        await using var app = await StartAsync(c => c.PerTenant());
        // Not cached, and not some tenant by default: the handler that asks for one is told so.
        foreach (var user in new[] { "mallory", "mallory;tenant=" })
            Assert.Equal(HttpStatusCode.InternalServerError, (await app.GetAsync("/x", As(user))).StatusCode);
        Assert.Contains(app.Log.Errors, e => e.Contains("unhandled exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task InventedTenantNames_DoNotMeet()
    {
        await using var app = await StartAsync(c => c.PerTenant());
        await AskAsync(app, "a;tenant=acme");
        foreach (var other in new[] { "Acme", "acme ", "acme/x", "acmé" })
            Assert.Equal("MISS", (await AskAsync(app, $"a;tenant={Uri.EscapeDataString(other)}")).XCache);
    }

    [Fact]
    public async Task UserWithoutId_IsNotCached()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(), freshet: f => f.Http(o =>
            {
                o.UserClaims.Clear();
                o.UserClaims.Add("uid");
            }));
        var nameless = await app.GetAsync("/x", As("alice"));
        Assert.Equal("BYPASS", nameless.XCache());
        Assert.Contains("detail=scope-unknown", nameless.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal("MISS", (await app.GetAsync("/x", As("alice;uid=1"))).XCache());
    }

    [Fact]
    public async Task TouchInOneTenant_LeavesTheOtherAlone()
    {
        await using var app = await StartAsync(c => c.PerTenant().Tag("x"));
        await AskAsync(app, "a;tenant=acme");
        await AskAsync(app, "a;tenant=globex");
        await app.TouchAsync("x", Tenant.Named("acme"));
        Assert.Equal("MISS", (await AskAsync(app, "a;tenant=acme")).XCache);
        Assert.Equal("HIT", (await AskAsync(app, "a;tenant=globex")).XCache);
    }

    [Fact]
    public async Task AuthorizationNotRun_IsBypassedWithOneError()
    {
        // UseFreshet stands before authorization: a stored answer would reach whoever asks.
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "secret").RequireAuthorization().Cached(c => c.Public()),
            pipeline: a => a.UseAuthentication(), behind: a => a.UseAuthorization());

        for (var i = 0; i < 3; i++)
            Assert.Equal("secret", await (await app.GetAsync("/x", As("alice"))).TextAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/x")).StatusCode);
        var error = Assert.Single(app.Log.Errors);
        Assert.Contains("Call app.UseFreshet() after", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FallbackPolicyNotRun_IsBypassedToo()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "secret").Cached(c => c.Public()),
            services: s => s.AddAuthorization(o => o.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()),
            pipeline: a => a.UseAuthentication(), behind: a => a.UseAuthorization());
        await app.GetAsync("/x", As("alice"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/x")).StatusCode);
    }

    [Fact]
    public async Task WhoMayNotSeeIt_GetsNoHit()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "secret").RequireAuthorization(p => p.RequireClaim("role", "admin")).Cached(c => c.Public()));
        Assert.Equal("MISS", (await app.GetAsync("/x", As("alice;role=admin"))).XCache());
        Assert.Equal("HIT", (await app.GetAsync("/x", As("carol;role=admin"))).XCache());
        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetAsync("/x", As("bob;role=viewer"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/x")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/x", ("If-None-Match", "*"))).StatusCode);
    }
}
