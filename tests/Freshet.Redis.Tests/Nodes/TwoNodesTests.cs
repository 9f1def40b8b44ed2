using System.Globalization;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>Two nodes on a real Redis.</summary>
public class TwoNodesTests
{
    [Fact]
    public async Task C9_Write_ShowsOnItsNodeAtOnce_AndOnTheOtherSoon()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var value = "old";
        Assert.Equal(("old", "old"), (await a.ReadAsync("k", () => value, "import/1"), await b.ReadAsync("k", () => value, "import/1")));

        value = "new";
        Assert.Equal(("old", "old"), (await a.ReadAsync("k", () => value, "import/1"), await b.ReadAsync("k", () => value, "import/1")));
        Assert.NotNull(await a.TouchAsync("import/1"));
        Assert.Equal("new", await a.ReadAsync("k", () => value, "import/1"));
        await Node.Until(() => b.ReadAsync("k", () => value, "import/1").AsTask().GetAwaiter().GetResult() is "new");
    }

    [Fact]
    public async Task C10_PositionOfAWriteElsewhere_IsNeverAnsweredFromBefore()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        for (var version = 1; version <= 500; version++)
        {
            var at = (await a.TouchAsync("import/1"))!.Value;
            // The other node may not have heard of it yet: then the session says so, and it loads.
            var arrival = b.Engine.WithSession(b.Engine.Arrive(), Tenant.Default, at);
            Assert.True(arrival.MustLoad || b.Engine.Applied(Tenant.Default).Offset >= version);
        }

        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
    }

    [Fact]
    public async Task C7_ManyWritersAtOnce_BothNodesApplyEveryRecordInOrder()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        const int Each = 400;
        var start = a.Engine.Applied(Tenant.Default);
        await Task.WhenAll(new[] { a, b, a, b }.Select((node, writer) => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
                Assert.NotNull(await node.TouchAsync(string.Create(CultureInfo.InvariantCulture, $"w{writer}/{i}")));
        })));

        foreach (var node in new[] { a, b })
        {
            await Node.Until(() => node.Engine.Applied(Tenant.Default).Offset == start.Offset + (4 * Each));
            var last = node.Logs.ReadAfter(Tenant.Default, start with { Offset = start.Offset + (4 * Each) - 500 }).Records!;
            Assert.Equal(Enumerable.Range(0, 500).Select(i => start.Offset + (4 * Each) - 499 + i), last.Select(r => r.Offset));
        }
    }

    [Fact]
    public async Task WriteOfThousandsOfRows_IsLogged()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var tags = Enumerable.Range(0, 9_000).Select(i => Tag.Of("row", i.ToString(CultureInfo.InvariantCulture))).ToArray();
        var at = await a.Engine.InvalidateAsync(Tenant.Default, tags);
        Assert.NotNull(at);
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == at);
    }

    [Fact]
    public async Task C17_WriteOfMoreRowsThanARecordHolds_TouchesTheirTypeAndNothingElse()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "elsewhere");
        await a.ReadAsync("row", () => $"{++loads}", "row/69999");
        var tags = Enumerable.Range(0, 70_000).Select(i => Tag.Of("row", i.ToString(CultureInfo.InvariantCulture))).ToArray();
        Assert.NotNull(await a.Engine.InvalidateAsync(Tenant.Default, tags));
        Assert.Equal("1", await a.ReadAsync("k", () => $"{++loads}", "elsewhere"));
        Assert.Equal("3", await a.ReadAsync("row", () => $"{++loads}", "row/69999"));
    }

    [Fact]
    public async Task ValueThatMayNotBeKept_IsLoadedEachTime()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal($"{i}", await a.ReadAsync("k", () =>
            {
                LoadScope.Current!.DoNotStore(CacheReason.UnknownSource);
                return $"{i}";
            }));
        }
    }

    [Fact]
    public async Task C12_LogVanishes_EverythingOfTheTenantIsInvalid()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "import/1");
        var epoch = a.Engine.Applied(Tenant.Default).Epoch;
        await redis.CliAsync("FLUSHALL");

        await Node.Until(() => a.Engine.Applied(Tenant.Default).Epoch != epoch && b.Engine.Applied(Tenant.Default).Epoch == a.Engine.Applied(Tenant.Default).Epoch);
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
    }

    [Fact]
    public async Task C13_RedisComesBackEmpty_ANewEpochBegins_AndContactReturns()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMilliseconds(400));
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "import/1");
        var before = (await a.TouchAsync("import/2"))!.Value;
        await redis.KillAsync();
        await redis.RestartAsync();

        await Node.Until(() => a.Engine.Applied(Tenant.Default).Epoch != before.Epoch && a.InContact);
        Assert.False(a.Engine.WithSession(a.Engine.Arrive(), Tenant.Default, before) is { MustLoad: false });
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
    }

    [Fact]
    public async Task C6_C14_RedisStandsStill_MemoryStopsAnswering_AndWritesArePendingUntilItGoesOn()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMilliseconds(300));
        await using var b = await Node.StartAsync(redis.Address, TimeSpan.FromMilliseconds(300));
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "import/1");
        await b.ReadAsync("other", () => "old", "import/1");
        await redis.PauseAsync();

        await Node.Until(() => !a.InContact && !b.InContact);
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
        Assert.Equal("3", await a.ReadAsync("k", () => $"{++loads}", "import/1")); // nothing is stored
        Assert.Null(await a.TouchAsync("import/1"));

        await redis.ContinueAsync();
        await Node.Until(() => a.InContact && b.InContact);
        await Node.Until(() => b.ReadAsync("other", () => "new", "import/1").AsTask().GetAwaiter().GetResult() is "new");
        var stored = await a.ReadAsync("k", () => $"{++loads}", "import/1");
        Assert.Equal(stored, await a.ReadAsync("k", () => $"{++loads}", "import/1"));
    }

    [Fact]
    public async Task RedisIsNotThereAtAll_EverythingIsLoaded_AndOneThatComesLaterIsUsed()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        await using var a = new Node(redis.Address, TimeSpan.FromMilliseconds(400));
        var loads = 0;
        Assert.Equal("1", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
        Assert.Null(await a.TouchAsync("import/1"));

        await redis.RestartAsync();
        await Node.Until(() => a.InContact);
        var stored = await a.ReadAsync("k", () => $"{++loads}", "import/1");
        Assert.Equal(stored, await a.ReadAsync("k", () => $"{++loads}", "import/1"));
    }

    [Fact]
    public async Task C13_FullMemory_TakesTheLogAlong_AndNothingIsAnsweredFromBefore()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory", "4mb", "--maxmemory-policy", "noeviction");
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMilliseconds(400));
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "import/1");
        await redis.CliAsync("EVAL", "for i=1,100000 do redis.call('SET','fill'..i,string.rep('x',1000)) end", "0");

        Assert.Null(await a.TouchAsync("import/1")); // pending: it could not be logged
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));

        await redis.CliAsync("FLUSHALL");
        await Node.Until(() => a.InContact);
        var stored = await a.ReadAsync("k", () => $"{++loads}", "import/1");
        Assert.Equal(stored, await a.ReadAsync("k", () => $"{++loads}", "import/1"));
    }

    [Theory]
    [InlineData("SET", "is no log")]
    [InlineData("HSET", "e", "nonsense", "o", "many", "i", "x")]
    public async Task SomethingElseUnderTheLogsName_IsReplaced(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        var key = Node.Log(Tenant.Default);
        await redis.CliAsync([command[0], key, .. command[1..]]);
        await using var a = new Node(redis.Address, TimeSpan.FromMilliseconds(400));
        Assert.Equal("loaded", await a.ReadAsync("k", () => "loaded", "import/1"));
        await Node.Until(() => a.InContact);
    }

    [Theory]
    [InlineData("SET", "is no log")]
    [InlineData("HSET", "e", "nonsense", "o", "many")]
    [InlineData("HSET", "o", "7x")]
    public async Task SomethingElseUnderTheLogsName_IsReplacedByAnAppend(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        var key = Node.Log(Tenant.Default);
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMinutes(1)); // no beat comes in between
        if (command[0] is "SET")
            await redis.CliAsync("DEL", key);
        await redis.CliAsync([command[0], key, .. command[1..]]);
        Assert.Equal(1, (await a.TouchAsync("import/1"))!.Value.Offset);
        await Node.Until(() => a.InContact);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("")]
    public async Task NonsenseOnTheChannel_CostsALookAtTheHead(string message)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMilliseconds(400));
        await redis.CliAsync("PUBLISH", Node.Channel(Tenant.Default), message);
        await Node.Until(() => a.InContact);
        Assert.NotNull(await a.TouchAsync("import/1"));
    }
}
