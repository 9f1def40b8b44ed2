using Freshet.AspNetCore.Tests.Testing;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>Two applications over HTTP, on a real Redis, with one database.</summary>
public class TwoApplicationsTests
{
    private sealed class Database
    {
        public volatile int Version;
    }

    private static Task<TestApp> StartAsync(RedisServer redis, Database database) => StartAsync(redis.Address, database);

    private static async Task<TestApp> StartAsync(string address, Database database)
    {
        var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/x", () => $"{database.Version}").Cached(c => c.Tag("x").For(TimeSpan.FromHours(1)));
                a.MapGet("/data", (HybridCache cache) => cache.GetOrCreateAsync("x", _ => ValueTask.FromResult($"{database.Version}"), tags: ["x"]));
                a.MapPost("/x", async (CacheInvalidationService cache) =>
                {
                    database.Version++;
                    await cache.InvalidateAsync(Tag.Of("x"));
                });
            },
            f => f.UseRedis(address, o => o.Secret = Convert.ToBase64String(new byte[32])),
            s => s.AddSingleton(TimeProvider.System)); // beats are real
        await Node.Until(() => app.Engine.InContact(Tenant.Default) && app.Engine.InContact(Tenant.Public));
        return app;
    }

    [Fact]
    public async Task C10_ClientThatWroteOnOneNode_IsNeverAnsweredFromBeforeOnTheOther()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        for (var i = 1; i <= 200; i++)
        {
            await b.GetAsync("/x"); // it keeps what was there before
            var written = await a.SendAsync(HttpMethod.Post, "/x");
            var position = written.Headers.GetValues("Freshet-Position").Single();
            var read = await b.GetAsync("/x", ("Freshet-Position", position));
            Assert.Equal($"{i}", await read.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task C10_NodeThatHasNotHeardOfTheWrite_LoadsTheDataOfAnEndpointThatIsNotCached()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var way = new TcpProxy(redis.EndPoint);
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync($"redis://127.0.0.1:{way.Port}", database);
        Assert.Equal("0", await ReadAsync(b));
        way.FreezeReplies();
        var written = await a.SendAsync(HttpMethod.Post, "/x");
        Assert.Equal("1", await ReadAsync(b, ("Freshet-Position", written.Headers.GetValues("Freshet-Position").Single())));

        static async Task<string> ReadAsync(TestApp app, params (string, string)[] headers) =>
            await (await app.GetAsync("/data", headers)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task SecondNode_AnswersFromItsOwnMemory_UntilTheFirstOneWrites()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        await b.GetAsync("/x");
        Assert.Equal("HIT", (await b.GetAsync("/x")).Headers.GetValues("X-Cache").Single());
        await a.SendAsync(HttpMethod.Post, "/x");

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await (await b.GetAsync("/x")).Content.ReadAsStringAsync(limit.Token) is "0")
            limit.Token.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task RedisIsGone_TheWriteIsAnswered_AndSaysThatItIsPending()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await StartAsync(redis, new Database());
        Assert.False((await a.SendAsync(HttpMethod.Post, "/x")).Headers.Contains("Freshet-Pending"));
        await redis.KillAsync();
        await Node.Until(() => !a.Engine.InContact(Tenant.Default));

        var written = await a.SendAsync(HttpMethod.Post, "/x");
        Assert.Equal((StatusCodes.Status200OK, "?1"), ((int)written.StatusCode, written.Headers.GetValues("Freshet-Pending").Single()));
        var read = await a.GetAsync("/x");
        Assert.Equal("2", await read.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
