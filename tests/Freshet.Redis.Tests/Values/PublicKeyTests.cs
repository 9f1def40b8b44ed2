using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.Extensions.Caching.Hybrid;

namespace Freshet.Redis.Tests.Values;

/// <summary>R10: a key that is set or removed in a tenant reaches public data on every node, and wakes nobody where there is none.</summary>
public class PublicKeyTests
{
    private static readonly TimeSpan Staleness = TimeSpan.FromMilliseconds(400);

    private static readonly Tenant Acme = Tenant.Named("acme");

    public static TheoryData<string> Ways => ["set", "remove"];

    private static async Task WriteAsync(Node node, string way, string key)
    {
        using var acme = node.Tenants.Enter(Acme);
        await (way is "set" ? node.Cache.SetAsync(key, "own") : node.Cache.RemoveAsync(key));
    }

    private static async Task<string> ReadPublicAsync(Node node, string key, Func<string> load)
    {
        using var everyone = node.Tenants.Enter(Tenant.Public);
        return await node.Cache.GetOrCreateAsync(key, _ => new ValueTask<string>(load()));
    }

    [Fact]
    public async Task SetAndRemoveInATenant_LeaveThePublicLogAlone()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        Assert.Equal("public", await ReadPublicAsync(a, "public", () => "public"));
        var before = a.Engine.Applied(Tenant.Public);
        for (var i = 0; i < 50; i++)
        {
            await WriteAsync(a, "set", $"k{i}");
            await WriteAsync(a, "remove", $"k{i}");
        }

        Assert.Equal(before, a.Engine.Applied(Tenant.Public));
        Assert.Equal(100, a.Engine.Applied(Acme).Offset);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task PublicDataOfAnotherNode_IsReachedByASetInATenant(string way)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var value = "old";
        Assert.Equal("old", await ReadPublicAsync(a, "k", () => value));
        value = "new";
        await WriteAsync(b, way, "k");
        await Node.Until(() => a.Engine.Applied(Tenant.Public) == b.Engine.Applied(Tenant.Public));
        Assert.Equal("new", await ReadPublicAsync(a, "k", () => value));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task LogIsGone_KeysAreMarkedAgain(string way)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(redis.Address, Staleness);
        var value = "old";
        Assert.Equal("old", await ReadPublicAsync(a, "k", () => value));
        await redis.CliAsync("FLUSHALL");
        // The log begins anew with any append.
        Assert.NotNull(await b.TouchAsync("other", Tenant.Public));
        await Node.Until(() => a.InContact && b.InContact && a.Engine.Applied(Tenant.Public) == b.Engine.Applied(Tenant.Public));

        value = "newer";
        Assert.Equal("newer", await ReadPublicAsync(a, "k", () => value));
        value = "newest";
        await WriteAsync(b, way, "k");
        await Node.Until(() => a.Engine.Applied(Tenant.Public) == b.Engine.Applied(Tenant.Public));
        Assert.Equal("newest", await ReadPublicAsync(a, "k", () => value));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task LogVanishedUnnoticed_IsTouchedAllTheSame(string way)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var value = "old";
        Assert.Equal("old", await ReadPublicAsync(a, "k", () => value));
        await redis.CliAsync("DEL", Node.Log(Tenant.Public));
        value = "new";
        await WriteAsync(b, way, "k");
        await Node.Until(() => a.InContact && b.InContact && a.Engine.Applied(Tenant.Public) == b.Engine.Applied(Tenant.Public));
        Assert.Equal("new", await ReadPublicAsync(a, "k", () => value));
    }

    [Fact]
    public async Task KeyCannotBeMarked_WhatIsLoadedIsNotStored()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var calls = 0;
        Assert.Equal("1", await ReadPublicAsync(a, "other", () => $"{++calls}"));
        // A full server refuses what takes memory: new marks, but neither beats nor readings.
        await redis.CliAsync("CONFIG", "SET", "maxmemory", "1");
        await ReadPublicAsync(a, "k", () => $"{++calls}");
        await ReadPublicAsync(a, "k", () => $"{++calls}");
        await ReadPublicAsync(a, "other", () => $"{++calls}");
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task MarkedKey_CostsOneRoundTripForTheNode()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        for (var i = 0; i < 20; i++)
        {
            using var everyone = a.Tenants.Enter(Tenant.Public);
            await a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("x"), new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCacheRead | HybridCacheEntryFlags.DisableDistributedCacheRead });
        }

        var marks = (await redis.CliAsync("HKEYS", Node.Log(Tenant.Public))).Split('\n').Count(f => f.StartsWith('p'));
        Assert.Equal(1, marks);
    }
}
