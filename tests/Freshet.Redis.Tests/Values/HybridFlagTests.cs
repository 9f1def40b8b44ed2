using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.Extensions.Caching.Hybrid;

namespace Freshet.Redis.Tests.Values;

/// <summary>What callers of HybridCache say of the two tiers, and the values that they keep there.</summary>
public class HybridFlagTests
{
    private static ValueTask<string> ReadAsync(Node node, string value, HybridCacheEntryFlags flags) =>
        node.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(value), new HybridCacheEntryOptions { Flags = flags });

    [Fact]
    public async Task DisableDistributedCacheWrite_OtherNodesLoad()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Equal("a", await ReadAsync(a, "a", HybridCacheEntryFlags.DisableDistributedCacheWrite));
        Assert.Equal(["read absent"], a.Steps.All); // and holds nobody up
        Assert.Equal("a", await ReadAsync(a, "again", HybridCacheEntryFlags.None));
        Assert.Equal("b", await ReadAsync(b, "b", HybridCacheEntryFlags.None));
    }

    [Fact]
    public async Task DisableDistributedCacheRead_LoadsWhatOthersHave_AndStoresIt()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await ReadAsync(a, "a", HybridCacheEntryFlags.None);
        await a.Steps.DidAsync("write stored");
        Assert.Equal("b", await ReadAsync(b, "b", HybridCacheEntryFlags.DisableDistributedCacheRead));
        await b.Steps.DidAsync("write stored");
        Assert.Equal("b", await ReadAsync(a, "never", HybridCacheEntryFlags.DisableLocalCacheRead));
    }

    [Fact]
    public async Task DisableLocalCacheWrite_OnlyRedisKeepsIt()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await ReadAsync(a, "a", HybridCacheEntryFlags.DisableLocalCacheWrite);
        await a.Steps.DidAsync("write stored");
        Assert.Equal("a", await ReadAsync(a, "never", HybridCacheEntryFlags.DisableLocalCacheWrite));
        Assert.Equal("a", await ReadAsync(a, "never", HybridCacheEntryFlags.DisableLocalCacheWrite));
        Assert.Equal((2, 0), (a.Steps.Count("read hit"), a.Memory.Count));
    }

    [Fact]
    public async Task NoTierAtAll_IsLoadedEachTime()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        Assert.Equal("1", await ReadAsync(a, "1", HybridCacheEntryFlags.DisableLocalCacheWrite | HybridCacheEntryFlags.DisableDistributedCache));
        Assert.Equal("2", await ReadAsync(a, "2", HybridCacheEntryFlags.None));
    }

    [Fact]
    public async Task DisableUnderlyingData_GivesWhatIsStored_OrNothing()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Null(await ReadAsync(b, "never", HybridCacheEntryFlags.DisableUnderlyingData));
        await ReadAsync(a, "a", HybridCacheEntryFlags.None);
        await a.Steps.DidAsync("write stored");
        Assert.Null(await ReadAsync(b, "never", HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCacheRead));
        Assert.Equal("a", await ReadAsync(b, "never", HybridCacheEntryFlags.DisableUnderlyingData));
        Assert.Equal("a", await ReadAsync(b, "never", HybridCacheEntryFlags.DisableUnderlyingData | HybridCacheEntryFlags.DisableDistributedCacheRead)); // memory has it now
    }

    [Fact]
    public async Task Expirations_OneForRedis_OneForMemory_WhichIsNeverLonger()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        foreach (var (shared, local, expected) in new[] { (60, 5, 5), (5, 60, 5) })
        {
            var options = new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(shared), LocalCacheExpiration = TimeSpan.FromMinutes(local) };
            await a.Cache.SetAsync("k", "a", options, cancellationToken: TestContext.Current.CancellationToken);
            Assert.InRange(MinutesLeft(a), expected - 0.5, expected);
            await Node.Until(() => redis.CliAsync("KEYS", "*:E:*").GetAwaiter().GetResult().Length > 0);
            Assert.InRange(long.Parse(await redis.CliAsync("PTTL", await redis.CliAsync("KEYS", "*:E:*")), System.Globalization.CultureInfo.InvariantCulture), (shared * 60_000) - 30_000, shared * 60_000);
            await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default) && b.Engine.Applied(Tenant.Public) == a.Engine.Applied(Tenant.Public));
            Assert.Equal("a", await b.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("never"), options, cancellationToken: TestContext.Current.CancellationToken));
            Assert.InRange(MinutesLeft(b), expected - 0.5, expected);
            await redis.CliAsync("DEL", await redis.CliAsync("KEYS", "*:E:*"));
        }

        static double MinutesLeft(Node node) => node.Engine.Time.GetElapsedTime(node.Engine.Time.GetTimestamp(), node.EntryOf("k").ExpiresAt).TotalMinutes;
    }

    [Fact]
    public async Task LocalExpirationIsForEver_WhatOthersHaveStoredIsTaken()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var options = new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(5), LocalCacheExpiration = TimeSpan.MaxValue };
        await a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("a"), options, cancellationToken: TestContext.Current.CancellationToken);
        await a.Steps.DidAsync("write stored");
        Assert.Equal("a", await b.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("never"), options, cancellationToken: TestContext.Current.CancellationToken));
    }

    public sealed record Row(int Id, string Name, DateOnly Day);

    // Private state that no serializer sees.
    public readonly struct Opaque(int value)
    {
        private readonly int _value = value;

        public override string ToString() => $"{_value}";
    }

    [Fact]
    public async Task ValuesOfManyTypes_AreTheSameOnTheOtherNode()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var stored = 0;
        await RoundTripAsync("text", "zoë \u0000 \U0001F600");
        await RoundTripAsync("empty", "");
        await RoundTripAsync<string?>("null", null);
        await RoundTripAsync("number", 42);
        await RoundTripAsync("tuple", (1, 2.5, 'x'));
        await RoundTripAsync("guid", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
        await RoundTripAsync<DateTimeOffset?>("time", new DateTimeOffset(2026, 3, 4, 10, 0, 0, TimeSpan.FromHours(2)));
        await RoundTripAsync("row", new Row(1, "one", new DateOnly(2026, 3, 4)));
        await RoundTripAsync<Row?>("no row", null);

        async Task RoundTripAsync<T>(string key, T value)
        {
            await a.Cache.GetOrCreateAsync(key, _ => new ValueTask<T>(value));
            await a.Steps.DidAsync("write stored", ++stored);
            Assert.Equal(value, await b.Cache.GetOrCreateAsync<T>(key, _ => throw new InvalidOperationException("It is stored.")));
        }
    }

    [Fact]
    public async Task ValueWithoutAFormAsBytes_StaysInMemory()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Equal("7", (await a.Cache.GetOrCreateAsync("opaque", _ => new ValueTask<Opaque>(new Opaque(7)), cancellationToken: TestContext.Current.CancellationToken)).ToString());
        Assert.Equal("\uD800", await a.Cache.GetOrCreateAsync("half", _ => new ValueTask<string>("\uD800"), cancellationToken: TestContext.Current.CancellationToken));
        await a.Steps.DidAsync("write unwritable", 2);
        Assert.Equal("8", (await b.Cache.GetOrCreateAsync("opaque", _ => new ValueTask<Opaque>(new Opaque(8)), cancellationToken: TestContext.Current.CancellationToken)).ToString());
        Assert.Equal("\uD800", await a.Cache.GetOrCreateAsync("half", _ => new ValueTask<string>("never"), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("", await redis.CliAsync("KEYS", "*:R:*"));
    }
}
