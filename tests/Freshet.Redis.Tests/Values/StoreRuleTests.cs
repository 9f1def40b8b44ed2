using System.Text;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Redis.Tests.Testing;
using Freshet.Storage;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Values;

/// <summary>What may be stored, and what may not: the rules of the script, one by one.</summary>
public class StoreRuleTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TextCodec Codec = new();

    private static CacheEntry Entry(Node node, string value, long fence, params Dependency[] dependencies) => new()
    {
        Key = "k",
        Value = value,
        Bytes = value.Length,
        Fence = fence,
        Ticket = 0,
        Tenant = Tenant.Default,
        Dependencies = EntryDependencies.Of([.. dependencies.Select(d => new EntryDependency(Tenant.Default, d))]),
        CreatedAt = node.Engine.Time.GetTimestamp(),
    };

    private static IEntrySlot Open(Node node) => node.Logs.Entries!.Open(Tenant.Default, "k", Codec, null);

    private static async Task<EntryReading> ReadAsync(Node node) => await Open(node).ReadAsync(1, TestContext.Current.CancellationToken);

    private static async Task StoreAsync(Node node, IEntrySlot slot, CacheEntry entry, string outcome)
    {
        var before = node.Steps.Count(outcome);
        slot.Store(entry, Lifetime, TimeSpan.Zero);
        await node.Steps.DidAsync(outcome, before + 1);
    }

    [Theory]
    [InlineData("import/1", "import/1", true)]
    [InlineData("import", "import/1", true)]
    [InlineData("/", "import/1", true)]
    [InlineData("import/1/rows", "import/1", false)]
    [InlineData("import/1/rows", "import/1/**", true)]
    [InlineData("import/2", "import/1/**", false)]
    [InlineData("import/1", "**", true)]
    [InlineData("elsewhere", "import/1", false)]
    public async Task C4_LoadThatWasTouchedMeanwhile_IsNotStored(string touched, string dependency, bool isHit)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var fence = a.Engine.Arrive().Tick;
        await a.TouchAsync(touched);
        await StoreAsync(a, Open(a), Entry(a, "old", fence, Dependency.Parse(dependency)), isHit ? "write touched" : "write stored");
        Assert.Equal(isHit ? null : "old", (await ReadAsync(a)).Entry?.Value);
    }

    [Fact]
    public async Task C4_TouchByAnotherNodeThatThisOneHasNotHeardOf_IsSeenByTheScript()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await redis.CliAsync("HSET", await LogAsync(redis), "o", "7", $"c{Freshet.Redis.Logs.StoreClocks.Of([Tag.Parse("import/1")])[^1]}", "7");
        await StoreAsync(a, Open(a), Entry(a, "old", a.Engine.Arrive().Tick, Tag.Parse("import/1")), "write touched");
    }

    [Fact]
    public async Task C4_LogThatIsFollowedNoMore_MakesNoPositionATick()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var log = a.Logs.LogOf(Tenant.Default);
        var stored = log.Applied;
        Assert.NotNull(log.FenceOf(stored));
        Assert.True(log.TryDrop(out _));
        // Whoever follows the log by now may have applied what this one will never hear of, at a tick before this.
        a.Engine.Advance();
        Assert.Null(log.FenceOf(stored));
    }

    [Fact]
    public async Task C11_OnlyAHigherFenceOrTicket_Replaces()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var before = a.Engine.Arrive().Tick;
        var (first, second) = (Open(a), Open(a));
        Assert.Equal(StoreOutcome.Granted, (await first.LeaseAsync(a.Engine.Arrive().Tick)).Outcome);
        first.Release();
        await Node.Until(() => redis.CliAsync("KEYS", "*:R:*").GetAwaiter().GetResult().Length == 0);
        Assert.Equal(StoreOutcome.Granted, (await second.LeaseAsync(a.Engine.Arrive().Tick)).Outcome);

        await StoreAsync(a, second, Entry(a, "second", before), "write stored");
        await StoreAsync(a, first, Entry(a, "first", before), "write superseded"); // its ticket is lower
        Assert.Equal("second", (await ReadAsync(a)).Entry!.Value);

        await a.TouchAsync("elsewhere");
        await StoreAsync(a, Open(a), Entry(a, "third", a.Engine.Arrive().Tick), "write stored");
        await StoreAsync(a, Open(a), Entry(a, "late", before), "write superseded"); // its ticket is higher, its fence is not
        Assert.Equal("third", (await ReadAsync(a)).Entry!.Value);
    }

    [Fact]
    public async Task C13_LogIsOfAnotherEpoch_NothingIsStored_AndWhatIsThereIsReplacedByTheNewOnes()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        for (var i = 0; i < 5; i++)
            await a.TouchAsync("elsewhere");
        await StoreAsync(a, Open(a), Entry(a, "old", a.Engine.Arrive().Tick), "write stored");
        var (fence, epoch) = (a.Engine.Arrive().Tick, a.Engine.Applied(Tenant.Default).Epoch);
        await redis.CliAsync("DEL", await LogAsync(redis));

        await StoreAsync(a, Open(a), Entry(a, "of no log", fence), "write no-log");
        await Node.Until(() => a.Engine.Applied(Tenant.Default).Epoch != epoch && a.InContact);
        Assert.Equal(StoreOutcome.Unknown, (await ReadAsync(a)).Outcome); // C12
        await StoreAsync(a, Open(a), Entry(a, "from before the epoch", fence), "write no-position");
        await StoreAsync(a, Open(a), Entry(a, "new", a.Engine.Arrive().Tick), "write stored"); // its fence is lower, its epoch another one
        Assert.Equal("new", (await ReadAsync(a)).Entry!.Value);
    }

    [Fact]
    public async Task C13_LogIsOfAnotherIncarnation_NothingIsStored_AndNobodyGetsTheRightToLoad()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMinutes(1));
        await redis.CliAsync("HSET", await LogAsync(redis), "i", new string('0', 40));
        Assert.Equal(StoreOutcome.NoLog, (await Open(a).LeaseAsync(a.Engine.Arrive().Tick)).Outcome);
        await StoreAsync(a, Open(a), Entry(a, "old", a.Engine.Arrive().Tick), "write no-log");
    }

    [Fact]
    public async Task RightToLoad_IsNotGivenWhenSomethingWasStoredSinceTheKeyWasRead()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var slot = Open(a);
        await slot.ReadAsync(1, TestContext.Current.CancellationToken);
        await StoreAsync(a, Open(a), Entry(a, "meanwhile", a.Engine.Arrive().Tick), "write stored");
        Assert.Equal(StoreOutcome.Changed, (await slot.LeaseAsync(a.Engine.Arrive().Tick)).Outcome);
        Assert.Equal("meanwhile", (await slot.ReadAsync(1, TestContext.Current.CancellationToken)).Entry!.Value);
        Assert.Equal(StoreOutcome.Granted, (await slot.LeaseAsync(a.Engine.Arrive().Tick)).Outcome);
    }

    [Fact]
    public async Task EntryWithoutATimeToLive_IsDamaged_AndRemoved()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await StoreAsync(a, Open(a), Entry(a, "old", a.Engine.Arrive().Tick), "write stored");
        await redis.CliAsync("PERSIST", await redis.CliAsync("KEYS", "*:E:*"));
        Assert.Equal(StoreOutcome.Damaged, (await ReadAsync(a)).Outcome);
        Assert.Equal("", await redis.CliAsync("KEYS", "*:E:*"));
    }

    [Fact]
    public async Task EntryOfOneKeyUnderAnother_IsDamaged_AndRemoved()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await StoreAsync(a, Open(a), Entry(a, "mine", a.Engine.Arrive().Tick), "write stored");
        var other = Encoding.ASCII.GetString(new Freshet.Redis.Keys.PhysicalKeys("freshet", new byte[32]).Entry(
            new Freshet.Redis.Keys.PhysicalKeys("freshet", new byte[32]).NameOf(Tenant.Default), "other").Entry);
        await redis.CliAsync("RENAME", await redis.CliAsync("KEYS", "*:E:*"), other);
        var reading = await a.Logs.Entries!.Open(Tenant.Default, "other", Codec, null).ReadAsync(1, TestContext.Current.CancellationToken);
        Assert.Equal(StoreOutcome.Damaged, reading.Outcome);
        Assert.Equal("", await redis.CliAsync("KEYS", "*:E:*"));
    }

    private static async Task<string> LogAsync(RedisServer redis)
    {
        var name = new Freshet.Redis.Keys.PhysicalKeys("freshet", new byte[32]).NameOf(Tenant.Default);
        var log = $"freshet:{{{name}}}:L";
        Assert.Equal("1", await redis.CliAsync("EXISTS", log));
        return log;
    }
}
