using Freshet.AspNetCore.Tests.Testing;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>The rotation of a secret as the guide has it: in no step is anybody answered from before a write.</summary>
public class RotationTests
{
    private static readonly string Former = Convert.ToBase64String(new byte[32]);
    private static readonly string Next = Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]);

    /// <summary>The pairs of steps that meet in a rolling deployment.</summary>
    public static TheoryData<int, int> Pairs => new() { { 0, 1 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 }, { 2, 3 }, { 3, 2 }, { 3, 3 } };

    private static void Configure(FreshetRedisOptions options, int step)
    {
        options.Secret = step < 2 ? Former : Next;
        if (step is 1 or 2)
            options.AcceptedSecrets.Add(step is 1 ? Next : Former);
    }

    private sealed class Database
    {
        public volatile int Version;
    }

    private static async Task<TestApp> StartAsync(string address, int step, Database database)
    {
        var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/x", () => $"{database.Version}").Cached(c => c.Tag("x").For(TimeSpan.FromHours(1)));
                a.MapPost("/x", async (CacheInvalidationService cache) =>
                {
                    database.Version++;
                    await cache.InvalidateAsync(Tag.Of("x"));
                });
                a.MapCacheEvents("/events");
            },
            f => f.UseRedis(address, o => Configure(o, step)),
            s => s.AddSingleton(TimeProvider.System));
        await Node.Until(() => app.Engine.InContact(Tenant.Default) && app.Engine.InContact(Tenant.Public));
        return app;
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer) => await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static string PositionOf(HttpResponseMessage answer)
    {
        Assert.False(answer.Headers.Contains("Freshet-Pending"));
        return answer.Headers.GetValues("Freshet-Position").Single();
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task C10_WriteOnOneNode_IsNeverOverlookedOnTheOther_ThatHasNotHeardOfIt(int writer, int reader)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var way = new TcpProxy(redis.EndPoint);
        var database = new Database();
        await using var a = await StartAsync(redis.Address, writer, database);
        await using var b = await StartAsync($"redis://127.0.0.1:{way.Port}", reader, database);
        Assert.Equal("0", await TextAsync(await b.GetAsync("/x")));
        way.FreezeReplies();
        var position = PositionOf(await a.SendAsync(HttpMethod.Post, "/x"));
        Assert.Equal("1", await TextAsync(await b.GetAsync("/x", ("Freshet-Position", position))));
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task WritesOnEachNode_ShowOnTheOther_AndConcernTheAnswersThatItsClientsKeep(int one, int other)
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis.Address, one, database);
        await using var b = await StartAsync(redis.Address, other, database);
        for (var i = 1; i <= 20; i++)
        {
            var (writer, reader) = i % 2 == 0 ? (a, b) : (b, a);
            var groups = (await reader.GetAsync("/x")).Headers.GetValues("Cache-Groups").Single().Split(", ");
            var written = await writer.SendAsync(HttpMethod.Post, "/x");
            Assert.NotEmpty(written.Headers.GetValues("Cache-Group-Invalidation").Single().Split(", ").Intersect(groups, StringComparer.Ordinal));
            Assert.Equal($"{i}", await TextAsync(await reader.GetAsync("/x", ("Freshet-Position", PositionOf(written)))));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (await TextAsync(await reader.GetAsync("/x")) != $"{i}")
                limit.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task C10_RollingDeploymentOverAllSteps_TheClientIsNeverAnsweredFromBeforeItsWrite()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        var nodes = new[] { await StartAsync(redis.Address, 0, database), await StartAsync(redis.Address, 0, database) };
        var position = "";
        try
        {
            for (var step = 1; step <= 3; step++)
            {
                for (var i = 0; i < nodes.Length; i++)
                {
                    var replaced = nodes[i];
                    nodes[i] = await StartAsync(redis.Address, step, database);
                    await replaced.DisposeAsync();
                    for (var n = 0; n < 6; n++)
                    {
                        position = PositionOf(await nodes[n % 2].SendAsync(HttpMethod.Post, "/x", ("Freshet-Position", position)));
                        Assert.Equal($"{database.Version}", await TextAsync(await nodes[(n + 1) % 2].GetAsync("/x", ("Freshet-Position", position))));
                    }
                }
            }
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 3)]
    [InlineData(0, 3)]
    public async Task StepIsLeftOut_TheSecondNodeIsFound(int first, int second)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => Configure(o, first));
        await using var b = new Node(redis.Address, redis: o => Configure(o, second));
        await Node.Until(() => b.Lines.Has("This node differs from another one in Freshet:Redis:Secret"));
        Assert.False(b.InContact);
        Assert.Null(await b.TouchAsync("x"));
        Assert.True(a.InContact);
    }
}
