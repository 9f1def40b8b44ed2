using Freshet.AspNetCore.Security;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Coherence;
using Freshet.Loading;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Security;

public class SessionTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        a =>
        {
            var loads = 0;
            a.MapGet("/x", () => $"load {++loads}").Cached(c => c.PerTenant().Tag("x"));
            a.MapPost("/x", async (TestEngine engine, TenantContext tenants) => await engine.Engine.InvalidateAsync(tenants.Current, [Tag.Of("x")]));
            a.MapPost("/nothing", () => "x");
        },
        freshet: f => f.Tenants(t => t.FromClaim("tenant")).Http(o => o.SessionKey = Key),
        services: TestEngine.Add);

    private static Position Unknown => new(new Epoch(42), 1);

    private static string Token(string tenant, byte[]? key = null) =>
        SessionToken.Create(key ?? Key, Tenant.Named(tenant), new SessionPositions(Unknown, null));

    [Fact]
    public void C10_LogThatTheNodeHasNotSeenYet_IsNoPlace()
    {
        Assert.Equal("", SessionToken.Create(Key, Tenant.Default, new SessionPositions(default(Position), null)));
        var text = SessionToken.Create(Key, Tenant.Default, new SessionPositions(default(Position), Unknown));
        Assert.Equal(new CarriedPositions(default, LogPositions.Of(Unknown)), SessionToken.Read(Key, Tenant.Default, text));
    }

    [Fact]
    public async Task C10_Write_AnswersWithItsPosition()
    {
        await using var app = await StartAsync();
        var write = await app.SendAsync(HttpMethod.Post, "/x", As("a;tenant=acme"));
        var token = write.Header("Freshet-Position");

        Assert.True(SessionToken.TryRead(Key, Tenant.Named("acme"), token, out var positions));
        Assert.Equal(app.Engine.Applied(Tenant.Named("acme")), positions.Own);
        Assert.Matches("^Freshet-Position=[\\w-]+; path=/; samesite=lax; httponly$", write.Header("Set-Cookie"));
        var cookie = write.Header("Set-Cookie").Split(';', '=')[1];
        Assert.Equal(positions.Own, SessionToken.Read(Key, Tenant.Named("acme"), cookie).Own.Latest);
        // A browser may send it for another user, and for none.
        foreach (var other in new[] { Tenant.Named("globex"), default })
            Assert.Equal(Tenant.Named("acme"), Assert.Single(SessionToken.Read(Key, other, cookie).Others.All.ToArray()).Key);
        Assert.Equal("", (await app.SendAsync(HttpMethod.Post, "/nothing", As("a;tenant=acme"))).Header("Freshet-Position"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C10_KnownPosition_IsServedFromTheCache(bool byCookie)
    {
        await using var app = await StartAsync();
        var token = (await app.SendAsync(HttpMethod.Post, "/x", As("a;tenant=acme"))).Header("Freshet-Position");
        var carried = byCookie ? ("Cookie", $"a=b; Freshet-Position={token}") : ("Freshet-Position", token);
        await app.GetAsync("/x", As("a;tenant=acme"), carried);
        Assert.Equal("HIT", (await app.GetAsync("/x", As("a;tenant=acme"), carried)).XCache());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C10_UnknownEpoch_MeansLoad_AndIsRenewed(bool byCookie)
    {
        await using var app = await StartAsync();
        await app.GetAsync("/x", As("a;tenant=acme"));
        var carried = byCookie ? ("Cookie", $"Freshet-Position={Token("acme")}") : ("Freshet-Position", Token("acme"));
        await app.TouchAsync("other", Tenant.Named("acme"));

        var loaded = await app.GetAsync("/x", As("a;tenant=acme"), carried);
        Assert.Equal(("MISS", "load 2"), (loaded.XCache(), await loaded.TextAsync()));
        Assert.Contains("detail=session", loaded.CacheStatus(), StringComparison.Ordinal);

        var renewed = loaded.Header("Freshet-Position");
        Assert.Equal("HIT", (await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", renewed))).XCache());
    }

    [Fact]
    public async Task C10_HeaderSentTwice_IsReadAsOne()
    {
        await using var app = await StartAsync();
        await app.GetAsync("/x", As("a;tenant=acme"));
        var known = (await app.SendAsync(HttpMethod.Post, "/x", As("a;tenant=acme"))).Header("Freshet-Position");
        await app.GetAsync("/x", As("a;tenant=acme"));

        foreach (var both in new[] { $"{known}, {Token("acme")}", $"{known},{Token("acme")}" })
            Assert.Equal("MISS", (await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", both))).XCache());
    }

    [Fact]
    public async Task PlaceAskedFor_IsToldWithEachAnswer_ToWhoAsksAlone()
    {
        await using var app = await StartAsync();
        await app.TouchAsync("other", Tenant.Named("acme"));
        var here = SessionToken.Create(
            Key, Tenant.Named("acme"), new SessionPositions(app.Engine.Applied(Tenant.Named("acme")), app.Engine.Applied(Tenant.Public)));

        var miss = await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", "?"));
        var hit = await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", "?"));
        var unchanged = await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", "?"), ("If-None-Match", hit.Header("ETag")));
        Assert.Equal(("MISS", "HIT", 304), (miss.XCache(), hit.XCache(), (int)unchanged.StatusCode));
        foreach (var answer in new[] { miss, hit, unchanged })
        {
            Assert.Equal(here, answer.Header("Freshet-Position"));
            Assert.Equal("", answer.Header("Set-Cookie"));
        }

        Assert.Equal("", (await app.GetAsync("/x", As("a;tenant=acme"))).Header("Freshet-Position"));
        Assert.Equal("", (await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", here))).Header("Freshet-Position"));
    }

    [Fact]
    public async Task C1_TouchedSinceTheRequestCameIn_NoPlaceIsTold()
    {
        // What authentication has read may be from before the touch, and the client would never hear of it.
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(),
            services: TestEngine.Add,
            pipeline: a => a.Use(async (context, next) =>
            {
                await context.RequestServices.GetRequiredService<TestEngine>().Engine.InvalidateAsync(Tenant.Default, [Tag.Of("role")]);
                await next(context);
            }));
        Assert.Equal("", (await app.GetAsync("/x", ("Freshet-Position", "?"))).Header("Freshet-Position"));
    }

    [Fact]
    public async Task C10_PlaceAskedForWithTheCookieOfALostEpoch_IsFromBeforeTheLoad_AndTheCookieIsRenewed()
    {
        var tenant = Tenant.Named("acme");
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async (TestEngine engine) =>
            {
                // Somebody else's: the answer does not show it, and its client must hear of it.
                AcknowledgedWrites.Current = null;
                await engine.Engine.InvalidateAsync(tenant, [Tag.Of("other")]);
                return "x";
            }).Cached(c => c.PerTenant()),
            freshet: f => f.Tenants(t => t.FromClaim("tenant")).Http(o => o.SessionKey = Key),
            services: TestEngine.Add);
        await app.TouchAsync("other", tenant);
        string Here() => SessionToken.Create(Key, tenant, new SessionPositions(app.Engine.Applied(tenant), app.Engine.Applied(Tenant.Public)));
        var here = Here();

        var loaded = await app.GetAsync("/x", As("a;tenant=acme"), ("Cookie", $"Freshet-Position={Token("acme")}"), ("Freshet-Position", "?"));
        Assert.NotEqual(here, Here(), StringComparer.Ordinal);
        Assert.Equal(here, loaded.Header("Freshet-Position"));
        Assert.StartsWith("Freshet-Position=", loaded.Header("Set-Cookie"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C10_UnknownEpochAndTheAnswerHasBegun_TheClientKeepsItsPosition()
    {
        // A streamed answer's head is gone when its load has ended: the next answer with a head to write renews the position.
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/stream", async (HttpContext http) =>
                {
                    http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
                    await http.Response.WriteAsync("all ");
                    await http.Response.Body.FlushAsync();
                    await http.Response.WriteAsync("of it");
                }).Cached();
                a.MapGet("/x", () => "x").Cached();
            },
            freshet: f => f.Tenants(t => t.FromClaim("tenant")).Http(o => o.SessionKey = Key));
        await app.TouchAsync("other", Tenant.Named("acme"));
        var user = As("a;tenant=acme");
        var carried = ("Cookie", $"Freshet-Position={Token("acme")}");

        var streamed = await app.GetAsync("/stream", user, carried);
        Assert.Equal("all of it", await streamed.TextAsync());
        Assert.Equal(("", ""), (streamed.Header("Freshet-Position"), streamed.Header("Set-Cookie")));
        Assert.Contains("detail=streamed", streamed.CacheStatus(), StringComparison.Ordinal);

        var next = await app.GetAsync("/x", user, carried);
        Assert.NotEmpty(next.Header("Freshet-Position"));
        Assert.StartsWith("Freshet-Position=", next.Header("Set-Cookie"), StringComparison.Ordinal);
        Assert.Empty(app.Log.Errors);
    }

    [Fact]
    public async Task C10_PositionsCookie_StandsBesideThoseOfTheApplication()
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/x", (HttpContext http) =>
                {
                    http.Response.Cookies.Append("handler", "1");
                    return "x";
                }).Cached();
                a.MapPost("/x", async (HttpContext http, TestEngine engine, TenantContext tenants) =>
                {
                    http.Response.Cookies.Append("handler", "1");
                    await engine.Engine.InvalidateAsync(tenants.Current, [Tag.Of("x")]);
                });
            },
            freshet: f => f.Tenants(t => t.FromClaim("tenant")).Http(o => o.SessionKey = Key),
            services: TestEngine.Add,
            pipeline: a => a.UseAuthentication().UseAuthorization().Use((context, next) =>
            {
                context.Response.Cookies.Append("own", "1");
                return next(context);
            }));

        var write = await app.SendAsync(HttpMethod.Post, "/x", As("a;tenant=acme"));
        var renewed = await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", Token("acme")));

        foreach (var answer in new[] { write, renewed })
        {
            var names = answer.Headers.GetValues("Set-Cookie").Select(c => c.Split('=')[0]).Order(StringComparer.Ordinal);
            Assert.Equal("Freshet-Position handler own", string.Join(' ', names));
        }
    }

    [Fact]
    public async Task C10_ForgedForeignOrDamaged_IsIgnored()
    {
        await using var app = await StartAsync();
        await app.GetAsync("/x", As("a;tenant=acme"));
        await app.TouchAsync("other", Tenant.Named("acme"));
        var good = Token("acme");
        foreach (var bad in new[] { Token("acme", key: new byte[32]), Token("globex"), good[..^1], good + "A", good.ToUpperInvariant(), "x", "", new string('A', 5000) })
            Assert.Equal("HIT", (await app.GetAsync("/x", As("a;tenant=acme"), ("Freshet-Position", bad))).XCache());
    }

    [Fact]
    public void Token_SurvivesItsRoundTrip_AndNoChangedCharacter()
    {
        var positions = Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(-1, 1000), (e, o) => o < 0 ? (Position?)null : new Position(new Epoch((UInt128)e << 64), o));
        var cases = positions.Zip(positions, (own, shared) => new SessionPositions(own, shared)).Zip(Gen.Choose(0, 200)).ToArbitrary();
        Prop.ForAll(cases, c =>
        {
            var (carried, at) = c;
            var text = SessionToken.Create(Key, Tenant.Named("acme"), carried);
            if (carried.IsEmpty)
                return text.Length == 0;
            var isBack = SessionToken.TryRead(Key, Tenant.Named("acme"), text, out var read) && read == carried;
            var changed = text.ToCharArray();
            changed[at % text.Length] = changed[at % text.Length] == 'A' ? 'B' : 'A';
            // The token that was changed is none; the other one stands.
            SessionToken.TryRead(Key, Tenant.Named("acme"), changed, out var other);
            var isRefused = other != carried && (other.Own is null || other.Own == carried.Own) && (other.Public is null || other.Public == carried.Public);
            return isBack && isRefused && !SessionToken.TryRead(Key, Tenant.Default, text, out _);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void SeveralTokens_TheLaterOfEachLogCounts()
    {
        Position At(long offset) => new(new Epoch(1), offset);
        string Token(Position? own, Position? shared) => SessionToken.Create(Key, Tenant.Named("acme"), new SessionPositions(own, shared));
        var text = string.Join('.', Token(At(7), null), "forged", Token(At(5), At(2)), Token(null, At(3)));
        Assert.True(SessionToken.TryRead(Key, Tenant.Named("acme"), text, out var positions));
        Assert.Equal(new SessionPositions(At(7), At(3)), positions);
        SessionToken.TryRead(Key, Tenant.Named("acme"), string.Join('.', Enumerable.Repeat(Token(At(1), null), SessionToken.MaxTokens).Append(Token(At(2), null))), out positions);
        Assert.Equal(At(1), positions.Own);
    }

    [Fact]
    public void Positions_OfSeveralEpochs_SurviveTheirRoundTrip()
    {
        var own = LogPositions.Of(At(1, 5)).With(At(2, 3)).With(At(3, 1));
        var carried = new CarriedPositions(own, own);
        var text = SessionToken.Create(Key, Tenant.Named("acme"), carried);
        Assert.Equal(carried, SessionToken.Read(Key, Tenant.Named("acme"), text));
        Assert.True(text.Length <= 342, $"{text.Length}");
        SessionToken.TryRead(Key, Tenant.Named("acme"), text, out var place);
        Assert.Equal(new SessionPositions(At(3, 1), At(3, 1)), place);

        static Position At(int epoch, long offset) => new(new Epoch((UInt128)epoch), offset);
    }
}
