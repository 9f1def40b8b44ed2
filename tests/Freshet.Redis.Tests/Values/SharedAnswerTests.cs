using System.IO.Compression;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Redis.Logs;
using Freshet.Redis.Tests.Testing;
using Freshet.Storage;
using Freshet.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Redis.Tests.Values;

/// <summary>Answers over HTTP of two applications that share a Redis.</summary>
public class SharedAnswerTests
{
    private sealed class Database
    {
        public int Loads;
    }

    private static async Task<TestApp> StartAsync(RedisServer redis, Database database, Action<FreshetRedisOptions>? configure = null)
    {
        var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/x", (HttpContext context) =>
                {
                    context.Response.Headers["X-Own"] = new(["one", "two"]);
                    context.Response.ContentType = "text/plain; charset=utf-8";
                    return context.Response.WriteAsync($"{Interlocked.Increment(ref database.Loads)} {new string('x', 4000)}");
                }).Cached(c => c.Tag("x").Public().For(TimeSpan.FromHours(1)));
                a.MapGet("/mine", (HttpContext context) => $"{context.User.FindFirst("sub")?.Value} {Interlocked.Increment(ref database.Loads)}")
                    .Cached(c => c.Tag("x").For(TimeSpan.FromHours(1)));
                a.MapGet("/refused", (HttpContext context) =>
                {
                    context.Response.Headers.CacheControl = "no-store";
                    return $"{Interlocked.Increment(ref database.Loads)}";
                }).Cached(c => c.For(TimeSpan.FromHours(1)));
                a.MapPost("/x", async (CacheInvalidationService cache) => await cache.InvalidateAsync(Tag.Of("x")));
            },
            f => f.UseRedis(redis.Address, o =>
            {
                o.Secret = Convert.ToBase64String(new byte[32]);
                configure?.Invoke(o);
            }),
            s =>
            {
                s.AddSingleton(TimeProvider.System); // beats are real
                s.AddResponseCompression(o => o.Providers.Add<GzipCompressionProvider>());
            },
            a => a.UseResponseCompression().UseAuthentication().UseAuthorization());
        var logs = (RedisLogs)app.Services.GetRequiredService<IInvalidationStore>();
        await Node.Until(() => app.Engine.InContact(Tenant.Default) && app.Engine.InContact(Tenant.Public) && Node.AreValuesUp(logs));
        return app;
    }

    // The host is a part of the key, and both stand behind one.
    private static Task<HttpResponseMessage> GetAsync(TestApp app, string path, params (string Name, string Value)[] headers) =>
        app.GetAsync(path, [("Host", "shop.example"), .. headers]);

    private static async Task StoredAsync(RedisServer redis, int entries) =>
        await Node.Until(() => redis.CliAsync("KEYS", "*:E:*").GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == entries);

    private static async Task<string> BodyAsync(HttpResponseMessage response) => await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task AnswerOfOneNode_IsAHitOnTheOther_IdenticalInAllThatClientsSee()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        var loaded = await GetAsync(a, "/x");
        Assert.Equal("MISS", loaded.Headers.GetValues("X-Cache").Single());
        await StoredAsync(redis, 1);

        var hit = await GetAsync(b, "/x");
        Assert.Equal("HIT", hit.Headers.GetValues("X-Cache").Single());
        Assert.StartsWith("Freshet; hit; ttl=", hit.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.EndsWith("; detail=fresh-in-store", hit.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.Equal((1, await BodyAsync(loaded)), (database.Loads, await BodyAsync(hit)));
        Assert.Equal(loaded.Headers.ETag, hit.Headers.ETag);
        Assert.Equal("one, two", string.Join(", ", hit.Headers.GetValues("X-Own")));
        Assert.Equal(loaded.Content.Headers.ContentType, hit.Content.Headers.ContentType);
        Assert.Equal(loaded.Headers.Vary.ToString(), hit.Headers.Vary.ToString());
        Assert.Equal(loaded.Headers.CacheControl, hit.Headers.CacheControl);
        Assert.NotNull(hit.Headers.Age);

        Assert.EndsWith("; detail=fresh", (await GetAsync(b, "/x")).Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status304NotModified, (int)(await GetAsync(b, "/x", ("If-None-Match", loaded.Headers.ETag!.Tag))).StatusCode);
    }

    [Fact]
    public async Task EncodedVariants_HaveTheSameTagsOnBothNodes()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        var loaded = await GetAsync(a, "/x", ("Accept-Encoding", "gzip"));
        await StoredAsync(redis, 1);
        var hit = await GetAsync(b, "/x", ("Accept-Encoding", "gzip"));
        Assert.Equal((1, loaded.Headers.ETag), (database.Loads, hit.Headers.ETag));
        Assert.Equal("gzip", hit.Content.Headers.ContentEncoding.Single());
        await using var gzip = new GZipStream(await hit.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        Assert.Equal(await BodyAsync(await GetAsync(a, "/x")), await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task C10_WriteOnOneNode_IsSeenByItsClientOnTheOther_WhateverIsStored()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        for (var i = 1; i <= 50; i++)
        {
            var before = await BodyAsync(await GetAsync(b, "/mine"));
            var written = await a.SendAsync(HttpMethod.Post, "/x");
            var read = await GetAsync(b, "/mine", ("Freshet-Position", written.Headers.GetValues("Freshet-Position").Single()));
            Assert.False(before == await BodyAsync(read));
        }
    }

    [Fact]
    public async Task Users_NeverSeeEachOthersAnswers()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        var users = new[] { "ann", "bob", "Ann" };
        var bodies = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var user in users)
            bodies[user] = await BodyAsync(await GetAsync(a, "/mine", ("Authorization", $"Test {user}")));
        Assert.Equal(3, bodies.Values.Distinct(StringComparer.Ordinal).Count());
        await StoredAsync(redis, 3);
        foreach (var user in users)
            Assert.Equal(bodies[user], await BodyAsync(await GetAsync(b, "/mine", ("Authorization", $"Test {user}"))));
        Assert.Equal(3, database.Loads);
    }

    [Fact]
    public async Task AnswerThatMayNotBeStored_IsNotInRedis()
    {
        await using var redis = await RedisServer.StartAsync();
        var database = new Database();
        await using var a = await StartAsync(redis, database);
        await using var b = await StartAsync(redis, database);
        Assert.False(await BodyAsync(await GetAsync(a, "/refused")) == await BodyAsync(await GetAsync(b, "/refused")));
        await GetAsync(a, "/x");
        await StoredAsync(redis, 1);
    }
}
