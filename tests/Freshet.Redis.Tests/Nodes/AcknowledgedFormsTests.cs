using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Loading;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>
/// A client writes on one node, in every form that a write can have, and reads on another one that has not heard of it: its own write
/// is not undone (C9, C10).
/// </summary>
public class AcknowledgedFormsTests
{
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(2);

    /// <summary>Two nodes of one database; the second one stops hearing from Redis when it is told to.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly RedisServer _redis;
        private readonly TcpProxy _way;
        private int _version;

        private Rig(RedisServer redis)
        {
            _redis = redis;
            _way = new TcpProxy(redis.EndPoint);
        }

        public TestApp A { get; private set; } = null!;

        public TestApp B { get; private set; } = null!;

        public static async Task<Rig> StartAsync(bool isEnabled = true)
        {
            var rig = new Rig(await RedisServer.StartAsync());
            rig.A = await rig.StartAsync(rig._redis.Address, isEnabled);
            rig.B = await rig.StartAsync($"redis://127.0.0.1:{rig._way.Port}", isEnabled);
            return rig;
        }

        /// <summary>The second node keeps what there is now, and hears of nothing from then on.</summary>
        public async Task FreezeAsync(string log)
        {
            // A burst of beats: contact is as young as can be.
            await Node.Until(() => Read() is "HIT");
            _way.FreezeReplies();
            Assert.Equal("HIT", (await B.GetAsync($"/of/{log}")).XCache());

            string Read() => B.GetAsync($"/of/{log}").GetAwaiter().GetResult().XCache();
        }

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
            await _way.DisposeAsync();
            await _redis.DisposeAsync();
        }

        private async Task<TestApp> StartAsync(string address, bool isEnabled)
        {
            var app = await TestApp.StartAsync(
                Map,
                f => f.UseRedis(address, o => o.Secret = Convert.ToBase64String(new byte[32])).Tenants(t => t.FromClaim("tenant")),
                s => s.AddSingleton(TimeProvider.System).AddExceptionHandler(_ => { })
                    .Configure<FreshetOptions>(o => (o.MaxStaleness, o.Enabled) = (MaxStaleness, isEnabled)),
                pipeline: a =>
                {
                    a.UseExceptionHandler(e => e.Run(context => context.Response.WriteAsync("failed")));
                    a.UseAuthentication().UseAuthorization();
                    a.Use(async (context, next) =>
                    {
                        if (context.Request.Path == "/before")
                            await WriteAsync(context, "acme");
                        await next(context);
                        if (context.Request.Path == "/behind")
                            await WriteAsync(context, "acme");
                    });
                });
            await Node.Until(() => app.Engine.InContact(Tenant.Public) && app.Engine.InContact(Tenant.Named("acme")) && app.Engine.InContact(Tenant.Named("globex")));
            return app;
        }

        private void Map(WebApplication app)
        {
            app.MapGet("/of/{log}", (string log) =>
            {
                LoadScope.Current?.DependsOn(Log(log), Tag.Of("x"));
                return $"{_version}";
            }).Cached(c => c.Public().For(TimeSpan.FromHours(1)));

            app.MapPost("/write/{log}", (HttpContext http, string log) => WriteAsync(http, log));
            app.MapPost("/writes/{count:int}", async (HttpContext http, int count) =>
            {
                for (var i = 0; i < count; i++)
                    await http.RequestServices.GetRequiredService<CacheEngine>().InvalidateAsync(Tenant.Named($"other{i}"), [Tag.Of("x")]);
                await WriteAsync(http, "globex");
            });
            app.MapPost("/nothing", (HttpContext http) => WriteAsync(http, "acme", StatusCodes.Status204NoContent));
            // Without a location, or the test's client would follow it.
            app.MapPost("/elsewhere", (HttpContext http) => WriteAsync(http, "acme", StatusCodes.Status303SeeOther));
            app.MapPost("/moved", async (HttpContext http) =>
            {
                await WriteAsync(http, "acme", StatusCodes.Status303SeeOther);
                http.Response.Headers.Location = "/of/globex";
            });
            app.MapPost("/fails", async (HttpContext http) =>
            {
                await WriteAsync(http, "acme");
                throw new InvalidOperationException("After the write.");
            });
            app.MapPost("/before", () => "written in front of the handler");
            app.MapPost("/behind", () => "written behind the handler");
            app.MapPost("/late", LateAsync);
            app.MapGet("/late", LateAsync);
            app.MapPost("/late/length", async (HttpContext http) =>
            {
                http.Response.ContentLength = 4;
                await http.Response.WriteAsync("be");
                await http.Response.Body.FlushAsync();
                await WriteAsync(http, "acme");
                await http.Response.WriteAsync("en");
            });
            app.MapPost("/late/fails", async (HttpContext http) =>
            {
                await http.Response.WriteAsync("begun");
                await http.Response.Body.FlushAsync();
                await WriteAsync(http, "acme");
                throw new InvalidOperationException("After the head.");
            });
            app.MapPost("/late/stream", () => Results.Stream(async body =>
            {
                await body.WriteAsync("begun"u8.ToArray());
                await body.FlushAsync();
                await WriteAsync(null, "acme");
            }));
            app.MapGet("/cached", (HttpContext http) => WriteAsync(http, "acme")).Cached();
            app.MapGet("/cached/globex", (HttpContext http) => WriteAsync(http, "globex")).Cached();
            app.MapGet("/cached/fails", async (HttpContext http) =>
            {
                await WriteAsync(http, "acme");
                throw new InvalidOperationException("After the write.");
            }).Cached();
            app.MapGet("/cached/late", LateAsync).Cached();

            Task LateAsync(HttpContext http) => Late(http, () => WriteAsync(http, "acme"));
            static async Task Late(HttpContext http, Func<Task> write)
            {
                http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseBodyFeature>()!.DisableBuffering();
                await http.Response.WriteAsync("begun");
                await http.Response.Body.FlushAsync();
                await write();
                await http.Response.WriteAsync(" and done");
            }
        }

        private async Task WriteAsync(HttpContext? context, string log, int status = 200)
        {
            var services = context?.RequestServices ?? A.Services;
            Interlocked.Increment(ref _version);
            await services.GetRequiredService<CacheEngine>().InvalidateAsync(Log(log), [Tag.Of("x")]);
            if (context is { Response.HasStarted: false })
                context.Response.StatusCode = status;
        }

        private static Tenant Log(string name) => name is "public" ? Tenant.Public : Tenant.Named(name);
    }

    private static (string, string) As(string tenant) => TestApp.As($"a;tenant={tenant}");

    private static (string Name, string Value)[] Carried(HttpResponseMessage written, bool byCookie)
    {
        var value = byCookie
            ? written.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.Single().Split(';')[0] : ""
            : written.Header("Freshet-Position");
        return value.Length == 0 ? [] : [(byCookie ? "Cookie" : "Freshet-Position", value)];
    }

    [Theory]
    [InlineData("acme", "/write/acme", "acme")] // its tenant's rows
    [InlineData("acme", "/write/globex", "globex")] // an administrator's, of another tenant
    [InlineData("ACME", "/write/acme", "acme")] // a claim that is spelled otherwise than the row's key
    [InlineData("acme", "/write/public", "public")]
    [InlineData(null, "/write/public", "public")] // nobody's
    [InlineData(null, "/write/acme", "acme")]
    [InlineData("acme", "/writes/3", "globex")] // several logs
    [InlineData("acme", "/nothing", "acme")]
    [InlineData("acme", "/elsewhere", "acme")]
    [InlineData("acme", "/fails", "acme")]
    [InlineData("acme", "/before", "acme")]
    [InlineData("acme", "/behind", "acme")]
    [InlineData("acme", "/late", "acme")]
    [InlineData("acme", "/late/length", "acme")]
    [InlineData("acme", "/late/fails", "acme")]
    [InlineData("acme", "/late/stream", "acme")]
    [InlineData("acme", "/writes/12", "globex")] // more logs than an answer tells
    [InlineData("acme", "GET /late", "acme")]
    [InlineData("acme", "GET /cached", "acme")]
    [InlineData("acme", "HEAD /cached", "acme")]
    [InlineData("acme", "GET /cached/fails", "acme")]
    [InlineData("acme", "GET /cached/late", "acme")]
    public async Task C10_WriteOfAnyForm_IsNotUndoneOnTheOtherNode(string? writer, string request, string log)
    {
        foreach (var byCookie in new[] { false, true })
        {
            await using var rig = await Rig.StartAsync();
            await rig.FreezeAsync(log);
            (string, string)[] user = writer is null ? [] : [As(writer)];
            var (method, path) = request.Split(' ') is [var m, var p] ? (new HttpMethod(m), p) : (HttpMethod.Post, request);
            (string, string)[] carried = [];
            try
            {
                var written = await rig.A.SendAsync(method, path, user);
                carried = Carried(written, byCookie);
            }
            catch (HttpRequestException) when (path is "/late/fails")
            {
                // The answer was cut off, and told nothing. It has not ended too early all the same.
            }

            var read = await rig.B.GetAsync($"/of/{log}", [.. user, .. carried]);
            Assert.Equal("1", await read.TextAsync());
        }
    }

    [Fact]
    public async Task C10_FreshetIsDisabled_WritesAreAcknowledgedAllTheSame()
    {
        await using var rig = await Rig.StartAsync(isEnabled: false);
        Assert.NotEmpty(Carried(await rig.A.SendAsync(HttpMethod.Post, "/write/globex", As("acme")), byCookie: false));
    }

    [Theory]
    [InlineData(null, "globex")] // it signs in after the write
    [InlineData("acme", null)] // it signs out
    [InlineData("acme", "globex")] // it changes its tenant
    public async Task C10_BrowserWhoseTenantChanges_KeepsWhatItCarries(string? writer, string? reader)
    {
        await using var rig = await Rig.StartAsync();
        await rig.FreezeAsync("acme");
        var cookie = Carried(await rig.A.SendAsync(HttpMethod.Post, "/write/acme", writer is null ? [] : [As(writer)]), byCookie: true);
        // A write under the new identity sets the cookie anew.
        (string, string)[] user = reader is null ? [] : [As(reader)];
        cookie = Carried(await rig.A.SendAsync(HttpMethod.Post, "/write/public", [.. user, .. cookie]), byCookie: true);
        Assert.Equal("2", await (await rig.B.GetAsync("/of/acme", [.. user, .. cookie])).TextAsync());
    }

    [Fact]
    public async Task C10_AnswerIsWrittenForAsLongAsAnotherNodeMayNotShowTheWrite_AndNoLonger()
    {
        await using var rig = await Rig.StartAsync();
        var began = TimeProvider.System.GetTimestamp();
        await rig.A.SendAsync(HttpMethod.Post, "/write/globex", As("acme"));
        Assert.True(TimeProvider.System.GetElapsedTime(began) < MaxStaleness);
        began = TimeProvider.System.GetTimestamp();
        var late = await rig.A.SendAsync(HttpMethod.Post, "/late", As("acme"));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= MaxStaleness);
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        Assert.Single(rig.A.Log.Lines, l => l.Text.Contains("wrote after its answer had begun", StringComparison.Ordinal));
    }

    // The client's HTTP stack follows a redirection by itself, and its caller sees nothing of the head that tells the position. A client
    // whose writes are on their way together has no room for all that they may tell.
    [Theory]
    [InlineData("/moved", "?4", "acme", true)]
    [InlineData("/write/globex", "?0", "globex", true)]
    [InlineData("/writes/1", "?1", "globex", true)]
    [InlineData("/write/globex", "?1", "globex", false)]
    [InlineData("GET /cached/globex", "?", "globex", true)]
    [InlineData("GET /cached", "?", "acme", false)]
    [InlineData("/write/acme", "?0", "acme", false)]
    [InlineData("/write/public", "?0", "public", false)]
    public async Task C9_PositionThatTheClientCannotTake_IsWaitedFor(string request, string carries, string log, bool isHeld)
    {
        await using var rig = await Rig.StartAsync();
        await rig.FreezeAsync(log);
        var began = TimeProvider.System.GetTimestamp();
        var (method, path) = request.Split(' ') is [var m, var p] ? (new HttpMethod(m), p) : (HttpMethod.Post, request);
        var written = await rig.A.SendAsync(method, path, As("acme"), ("Freshet-Position", carries));
        Assert.Equal(isHeld, TimeProvider.System.GetElapsedTime(began) >= MaxStaleness);
        Assert.Equal("1", await (await rig.B.GetAsync($"/of/{log}", [As("acme"), .. Carried(written, byCookie: false)])).TextAsync());
    }

    // Another answer may have told the client a later position in a log that it carries: it must not be told that it need not carry it.
    [Fact]
    public async Task C10_ClientHasNoRoom_WhatItCarriesKeepsItsPlace_AndTheNewWriteIsWaitedFor()
    {
        await using var rig = await Rig.StartAsync();
        var eight = (await rig.A.SendAsync(HttpMethod.Post, "/writes/7", As("acme"))).Header("Freshet-Position");
        Assert.Equal(8, eight.Split('.').Length);
        var began = TimeProvider.System.GetTimestamp();
        var ninth = await rig.A.SendAsync(HttpMethod.Post, "/write/initech", As("acme"), ("Freshet-Position", eight));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= MaxStaleness);
        Assert.Equal(eight, ninth.Header("Freshet-Position"));
    }
}
