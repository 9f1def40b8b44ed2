using System.Globalization;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Redis.Agreements;
using Freshet.Redis.Keys;
using Freshet.Redis.Logs;
using Freshet.Redis.Tests.Testing;
using Freshet.Resp.Addresses;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>One tenant's bulk writes take little of Redis, of the nodes, and of the line between them.</summary>
public class BulkWriteTests
{
    private static readonly TimeSpan Staleness = TimeSpan.FromMilliseconds(400);
    private static readonly Tenant Acme = Tenant.Named("acme");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Through(TcpProxy proxy) => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{proxy.Port}");

    private static Tag[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i => Tag.Of("mapping", Text(i)))];

    // As large as a record may become: just below what is made coarser.
    private static Tag[] Large(int number) =>
        [.. Enumerable.Range(0, 60).Select(i => Tag.Of("document", new string('x', 500) + Text((60L * number) + i)))];

    private static async Task AppendLargeAsync(Node node, Tenant tenant, int count)
    {
        for (var i = 0; i < count; i++)
            Assert.NotNull(await node.Engine.InvalidateAsync(tenant, Large(i)));
    }

    [Fact]
    public async Task C17_ManyWritesOfTenThousandRows_TakeLittleInRedis_AndReachTheOtherNode()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "mapping/7"));
        value = "new";
        var rows = Rows(10_000);
        for (var i = 0; i < 64; i++)
            Assert.NotNull(await a.Engine.InvalidateAsync(Tenant.Default, rows));

        Assert.InRange(int.Parse(await redis.CliAsync("MEMORY", "USAGE", Node.Log(Tenant.Default), "SAMPLES", "0"), CultureInfo.InvariantCulture), 1, 100_000);
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "mapping/7"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C7_NodeThatWasCutOffBehindManyBulkWrites_IsInContactAgain(bool areLarge)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = new TcpProxy(redis.EndPoint);
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(Through(proxy), Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "mapping/7", "document/**"));
        proxy.Cut();
        await Node.Until(() => !b.InContact);
        value = "new";
        var rows = Rows(10_000);
        for (var i = 0; i < 200; i++)
            Assert.NotNull(await a.Engine.InvalidateAsync(Tenant.Default, areLarge ? Large(i) : rows));

        proxy.Restore();
        await Node.Until(() => b.InContact && b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "mapping/7", "document/**"));
    }

    [Theory]
    [InlineData(0xD800, 1)] // half of a character
    [InlineData('x', 100_000)]
    [InlineData('x', 513)]
    public async Task C9_C17_RowIsNamedByTextThatNoRecordHolds_IsLoggedAndShows_AndNothingElseGoes(int unit, int times)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var id = new string((char)unit, times);
        var (value, other) = ("old", "kept");
        Assert.Equal("old", await b.ReadAsync("k", () => value, Tag.Of("note", id).ToString()));
        Assert.Equal("kept", await b.ReadAsync("other", () => other, "import/1"));
        (value, other) = ("new", "gone");

        Assert.NotNull(await a.Engine.InvalidateAsync(Tenant.Default, [Tag.Of("note", id)], new ChangeSummary(ChangeAction.Updated, "note", id)));
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, Tag.Of("note", id).ToString()));
        Assert.Equal("kept", await b.ReadAsync("other", () => other, "import/1"));
    }

    [Fact]
    public async Task C7_Log_KeepsNoMoreBytesThanItMay_AndItsOwnAccountIsTrue()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        for (var i = 0; i < 1_500; i++)
            Assert.NotNull(await a.TouchAsync($"import/{i}"));
        await IsTrueAsync(1_024);
        await AppendLargeAsync(a, Tenant.Default, 20);
        await IsTrueAsync(null);
        await AppendLargeAsync(a, Tenant.Default, 60);
        await IsTrueAsync(null);

        // As a log of an earlier release: it knows nothing of its bytes, and counts from now on.
        await redis.CliAsync("HDEL", Node.Log(Tenant.Default), "t", "b");
        Assert.NotNull(await a.TouchAsync("import/1"));
        await AppendLargeAsync(a, Tenant.Default, 60);
        for (var i = 0; i < 1_100; i++)
            Assert.NotNull(await a.TouchAsync($"import/{i}"));
        await IsTrueAsync(1_024);

        async Task IsTrueAsync(int? records)
        {
            var fields = (await redis.CliAsync("HGETALL", Node.Log(Tenant.Default))).Split('\n');
            var (bytes, count, offsets) = (0, 0, new List<long>());
            for (var i = 0; i < fields.Length - 1; i++)
            {
                if (fields[i].Length < 2 || fields[i][0] != 'r' || !int.TryParse(fields[i].AsSpan(1), CultureInfo.InvariantCulture, out _))
                    continue;
                count++;
                bytes += int.Parse(await redis.CliAsync("HSTRLEN", Node.Log(Tenant.Default), fields[i]), CultureInfo.InvariantCulture);
                offsets.Add(long.Parse(fields[i + 1].Split(' ')[0], CultureInfo.InvariantCulture));
            }

            var head = (await redis.CliAsync("HMGET", Node.Log(Tenant.Default), "o", "t", "b")).Split('\n');
            Assert.Equal([Text(offsets.Max()), Text(offsets.Min() - 1), Text(bytes)], head);
            Assert.Equal(count, offsets.Max() - offsets.Min() + 1);
            Assert.InRange(bytes, 1, 1 << 20);
            Assert.Equal(records ?? count, count);
        }
    }

    [Fact]
    public async Task C6_RedisEndsTheConnectionsBehindABurst_TheNodesComeBack()
    {
        await using var redis = await RedisServer.StartAsync("--client-output-buffer-limit", "pubsub", "4mb", "2mb", "1");
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(redis.Address, Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "document/**"));
        var ended = redis.SaidAsync("for overcoming of output buffer limits", redis.LogLength);
        // One script: meanwhile Redis sends nothing, so all of it waits.
        await redis.CliAsync("EVAL", "for i = 1, 200 do redis.call('PUBLISH', ARGV[1], string.rep('x', 32768)) end", "0", Node.Channel(Tenant.Default));
        await ended;
        value = "new";
        await a.Engine.InvalidateAsync(Tenant.Default, Large(1));

        await Node.Until(() => a.InContact && b.InContact && b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "document/**"));
    }

    [Fact]
    public async Task C7_ManyLogsWithLargeGaps_AreReadAFewAtOnce_SoTheirNodeComesBack()
    {
        const int Logs = 30;
        await using var redis = await RedisServer.StartAsync("--client-output-buffer-limit", "pubsub", "4mb", "0", "0");
        await using var proxy = new TcpProxy(redis.EndPoint);
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(Through(proxy), Staleness);
        var tenants = Enumerable.Range(0, Logs).Select(i => Tenant.Named($"t{i}")).ToArray();
        await Node.Until(() => tenants.All(b.Engine.InContact));
        var before = tenants.ToDictionary(t => t, b.Engine.Applied);
        proxy.Cut();
        await Node.Until(() => !b.InContact);
        // What a log holds in all: each gap can be read, and all of them are more than Redis would hold ready.
        await Task.WhenAll(tenants.Select(t => AppendLargeAsync(a, t, 30)));

        var from = redis.LogLength;
        var ended = redis.SaidAsync("for overcoming of output buffer limits", from);
        proxy.Restore();
        await Node.Until(() => tenants.All(t => b.Engine.InContact(t) && b.Engine.Applied(t) == a.Engine.Applied(t)));
        Assert.False(ended.IsCompleted);
        // In order and without a gap: nothing was forgotten.
        Assert.All(tenants, t => Assert.Equal(30, b.Engine.Applied(t).Offset - before[t].Offset));
    }

    [Fact]
    public async Task C7_GapThatIsTrimmedWhileItIsRead_IsForgotten()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = new TcpProxy(redis.EndPoint);
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(Through(proxy), Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/0"));
        proxy.Cut();
        await Node.Until(() => !b.InContact);
        value = "new";
        for (var i = 0; i < 900; i++)
            Assert.NotNull(await a.TouchAsync($"import/{i}"));
        proxy.Restore();
        // The pieces are on their way while the log moves on.
        await AppendLargeAsync(a, Tenant.Default, 80);
        await Node.Until(() => b.InContact && b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "import/0"));
    }

    [Fact]
    public async Task C12_LogThatIsFollowed_IsKeptBeyondItsLifetime_AndGoesWhenNobodyUsesIt()
    {
        await using var redis = await RedisServer.StartAsync();
        using var metrics = new CacheMetrics();
        using var lines = new LogLines();
        var lifetime = TimeSpan.FromSeconds(1);
        await using var logs = new RedisLogs(
            RedisAddress.Parse(redis.Address), new PhysicalKeys("freshet", new byte[32]), new TagClocks(), new NodeTerms("freshet", 0, Staleness, []), 1024, TimeProvider.System, metrics, lines,
            logLifetime: lifetime);
        await Node.Until(() => logs.InContact(Acme, TimeProvider.System.GetTimestamp()));
        var at = (await logs.AppendAsync(Acme, [Tag.Of("x")], default))!.Value;
        Assert.InRange(int.Parse(await redis.CliAsync("PTTL", Node.Log(Acme)), CultureInfo.InvariantCulture), 1, (int)lifetime.TotalMilliseconds);

        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < 2 * lifetime)
            await Task.Yield();
        Assert.Equal(at.Epoch.ToString(), await redis.CliAsync("HGET", Node.Log(Acme), "e"));
        Assert.True(logs.InContact(Acme, TimeProvider.System.GetTimestamp()));

        await logs.DisposeAsync();
        while (await redis.CliAsync("EXISTS", Node.Log(Acme)) != "0")
            await Task.Yield();
    }

    [Fact]
    public async Task C12_LogHasExpired_WhatWasStoredUnderItIsAMiss_AndANewEpochBegins()
    {
        await using var redis = await RedisServer.StartAsync();
        Epoch epoch;
        await using (var a = await Node.StartAsync(redis.Address))
        {
            Assert.Equal("stored", await a.ReadAsync("k", () => "stored", "import/1"));
            await a.Steps.DidAsync("write stored");
            epoch = a.Engine.Applied(Tenant.Default).Epoch;
            Assert.InRange(int.Parse(await redis.CliAsync("TTL", Node.Log(Tenant.Default)), CultureInfo.InvariantCulture), 86_300, 86_400);
        }

        await redis.CliAsync("PEXPIRE", Node.Log(Tenant.Default), "0");
        await using var b = await Node.StartAsync(redis.Address);
        Assert.NotEqual(epoch, b.Engine.Applied(Tenant.Default).Epoch);
        Assert.Equal("loaded", await b.ReadAsync("k", () => "loaded", "import/1"));
    }

    [Fact]
    public async Task C13_LogThatExpiredUnderItsFollowers_BeginsAnEpoch_AndWritesShow()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(redis.Address, Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/1"));
        var epoch = a.Engine.Applied(Tenant.Default).Epoch;
        await redis.CliAsync("PEXPIRE", Node.Log(Tenant.Default), "0");
        value = "new";
        await a.TouchAsync("import/1");
        await Node.Until(() => a.InContact && b.InContact && a.Engine.Applied(Tenant.Default) == b.Engine.Applied(Tenant.Default)
            && a.Engine.Applied(Tenant.Default).Epoch != epoch);
        Assert.Equal("new", await b.ReadAsync("k", () => value, "import/1"));
    }
}
