using System.Globalization;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Redis.Agreements;
using Freshet.Redis.Keys;
using Freshet.Redis.Logs;
using Freshet.Redis.Tests.Testing;
using Freshet.Resp.Addresses;
using Freshet.TestServers;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>How logs are followed on a real Redis: what is refused, what is missed, what nobody uses.</summary>
public class FollowingTests
{
    private static readonly TimeSpan Staleness = TimeSpan.FromMilliseconds(400);
    private static readonly Tenant Acme = Tenant.Named("acme");

    private static string As(string user, RedisServer redis) => string.Create(CultureInfo.InvariantCulture, $"redis://{user}:pw@127.0.0.1:{redis.Port}");

    [Fact]
    public async Task C14_UserMayNotPublish_WritesArePending_OneLineSaysWhatToDo_AndNothingWasWritten()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CliAsync("ACL", "SETUSER", "app", "on", ">pw", "~*", "&*", "+@all");
        await using var a = await Node.StartAsync(As("app", redis), Staleness);
        await using var b = await Node.StartAsync(As("app", redis), Staleness);
        var at = (await a.TouchAsync("import/1"))!.Value;
        await redis.CliAsync("ACL", "SETUSER", "app", "-publish");

        for (var i = 0; i < 3; i++)
            Assert.Null(await a.TouchAsync("import/1"));
        Assert.False(a.InContact);
        Assert.Equal(at.Offset.ToString(CultureInfo.InvariantCulture), await redis.CliAsync("HGET", Node.Log(Tenant.Default), "o"));
        Assert.Equal(1, a.Lines.Count("could not be logged in Redis and waits (pending): The server answered: "));
        Assert.Equal(1, a.Lines.Count("Give the user of Freshet:Redis:Address the commands"));

        await redis.CliAsync("ACL", "SETUSER", "app", "+publish");
        await Node.Until(() => a.InContact && b.Engine.Applied(Tenant.Default).Offset == at.Offset + 3);
        await Node.Until(() => a.Lines.Has("Writes are logged in Redis again; 3 had to wait."));
    }

    [Fact]
    public async Task C7_ManyRecordsMissed_AreReadAtOnce()
    {
        await using var redis = await RedisServer.StartAsync();
        foreach (var user in new[] { "a", "b" })
            await redis.CliAsync("ACL", "SETUSER", user, "on", ">pw", "~*", "&*", "+@all");
        await using var a = await Node.StartAsync(As("a", redis), Staleness);
        await using var b = await Node.StartAsync(As("b", redis), Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/1"));
        await redis.CliAsync("ACL", "SETUSER", "b", "resetchannels");
        await Node.Until(() => !b.InContact);
        value = "new";
        for (var i = 0; i < 700; i++)
            Assert.NotNull(await a.TouchAsync(string.Create(CultureInfo.InvariantCulture, $"import/{i}")));
        var last = a.Engine.Applied(Tenant.Default);
        await Node.Until(() => b.Lines.Has("Contact with Redis is lost (refused)"));

        await redis.CliAsync("CONFIG", "RESETSTAT");
        await redis.CliAsync("ACL", "SETUSER", "b", "allchannels");
        await Node.Until(() => b.InContact && b.Covers(last, Tenant.Default));
        Assert.InRange(await redis.CallsAsync("hmget"), 1, 100);
        // They were applied one by one: nothing was forgotten.
        Assert.Equal(700, b.Logs.ReadAfter(Tenant.Default, last with { Offset = last.Offset - 700 }).Records!.Count);
        Assert.Equal("new", await b.ReadAsync("k", () => value, "import/1"));
    }

    [Fact]
    public async Task C6_BeatsOfAServerAlone_ReadNoHeads_AndKeepManyLogsInContact()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var tenants = Enumerable.Range(0, 1_000).Select(i => Tenant.Named(string.Create(CultureInfo.InvariantCulture, $"t{i}"))).ToArray();
        await Node.Until(() => tenants.All(a.Engine.InContact));
        await redis.CliAsync("CONFIG", "RESETSTAT");
        while (await redis.CallsAsync("evalsha") < 6)
            await Task.Yield();
        // The few heads that are read in turn with each beat could not keep so many.
        await Node.Until(() => tenants.All(a.Engine.InContact));
        var heads = await redis.CallsAsync("hmget");
        Assert.InRange(heads, 0, 64 * (await redis.CallsAsync("evalsha") + 1)); // those of a beat from before may be counted
    }

    [Fact]
    public async Task MoreLogsNamedThanAreFollowed_TheLongestUnusedAreDropped_AndTheRestIsInContact()
    {
        await using var redis = await RedisServer.StartAsync();
        using var metrics = new CacheMetrics();
        using var lines = new LogLines();
        const int Most = 500;
        await using var logs = new RedisLogs(
            RedisAddress.Parse(redis.Address), new PhysicalKeys("freshet", new byte[32]), new TagClocks(), new NodeTerms("freshet", 0, TimeSpan.FromSeconds(4), []), 1024, TimeProvider.System, metrics, lines, Most);
        var tenants = Enumerable.Range(0, 3 * Most).Select(i => Tenant.Named(string.Create(CultureInfo.InvariantCulture, $"t{i}"))).ToArray();
        foreach (var tenant in tenants)
            logs.Applied(tenant);
        await Node.Until(() => logs.Followed.Count() <= Most);
        Assert.Contains(logs.Followed, l => l.Tenant.IsPublic);
        await Node.Until(() => logs.Followed.All(l => l.InContact(TimeProvider.System.GetTimestamp())));
        Assert.True(logs.Followed.Sum(l => Array.IndexOf(tenants, l.Tenant)) > Most * Most); // rather the later ones
        // The server is told, too.
        while ((await redis.CliAsync("PUBSUB", "CHANNELS")).Split('\n').Length > Most)
            await Task.Yield();
        await Node.Until(() => logs.InContact(tenants[0], TimeProvider.System.GetTimestamp()));
        Assert.NotNull(await logs.AppendAsync(tenants[0], [Tag.Root], default));
    }

    [Fact]
    public async Task LogThatNobodyUses_IsDropped_StaysOutOfContact_AndIsFollowedAnewByWhoAsks()
    {
        await using var redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var a = new Node(redis.Address, time: time);
        var yields = 0;
        async Task UntilAsync(Func<bool> holds)
        {
            await Node.Until(() =>
            {
                // Time waits for the answers: what this node has appended to is not dropped while it is out of contact (C13).
                if (a.Logs.Followed.All(l => l.IsFoundInContact(time.GetTimestamp())) || ++yields % 1_000 == 0)
                    time.Advance(TimeSpan.FromMilliseconds(20));
                return holds();
            });
        }

        await UntilAsync(() => a.Engine.InContact(Acme) && a.InContact);
        Assert.NotNull(await a.TouchAsync("import/1", Acme));
        var dropped = a.Logs.LogOf(Acme);
        Assert.Contains(Node.Channel(Acme), await redis.CliAsync("PUBSUB", "CHANNELS"), StringComparison.Ordinal);

        await UntilAsync(() => !a.Logs.Followed.Contains(dropped));
        Assert.Contains(a.Logs.Followed, l => l.Tenant.IsPublic);
        while ((await redis.CliAsync("PUBSUB", "CHANNELS")).Contains(Node.Channel(Acme), StringComparison.Ordinal))
            time.Advance(TimeSpan.FromMilliseconds(20));

        await UntilAsync(() => a.Engine.InContact(Acme) && a.InContact);
        Assert.NotSame(dropped, a.Logs.LogOf(Acme));
        Assert.False(dropped.InContact(time.GetTimestamp()));
        Assert.Equal(dropped.AppendedIn, a.Logs.LogOf(Acme).AppendedIn); // C13: it remembers that it has appended
        Assert.Equal(0, a.Logs.LogOf(Acme).Pending);
    }

    [Fact]
    public async Task LogThatNobodyUses_IsDropped_ThoughEachRequestAsksWhetherAllLogsAreInContact()
    {
        await using var redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var a = new Node(redis.Address, time: time);
        _ = a.Engine.InContact(Acme);
        var unused = a.Logs.LogOf(Acme);
        var yields = 0;
        await Node.Until(() =>
        {
            // Time waits for the answers, so that contact stands; else nobody would look at the log.
            if (a.InContact || ++yields % 1_000 == 0)
                time.Advance(TimeSpan.FromMilliseconds(20));
            _ = a.Engine.Arrive();
            return time.GetElapsedTime(unused.FollowedSince) > 2 * RedisLogs.Unused;
        });
        Assert.DoesNotContain(unused, a.Logs.Followed);
    }

    [Fact]
    public async Task C7_ForsakenAndFollowedAnewAtOnce_IsInContactOnlyWhereTheServerTells()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        var tenants = Enumerable.Range(0, 20).Select(i => Tenant.Named(string.Create(CultureInfo.InvariantCulture, $"t{i}"))).ToArray();
        await Node.Until(() => tenants.All(a.Engine.InContact));
        foreach (var tenant in tenants)
        {
            // Somebody asks for the log between its end and the word to the server, whose answers to both come at once.
            var dropped = a.Logs.LogOf(tenant);
            await redis.PauseAsync();
            Assert.True(dropped.TryDrop(out var from));
            Assert.NotSame(dropped, a.Logs.LogOf(tenant));
            from!.Unfollow(dropped);
            await redis.ContinueAsync();
            await Node.Until(() => a.Engine.InContact(tenant));
        }

        string told;
        do
        {
            await Node.Until(() => tenants.All(a.Engine.InContact));
            told = await redis.CliAsync(["PUBSUB", "NUMSUB", .. tenants.Select(Node.Channel)]);
        }
        while (!tenants.All(a.Engine.InContact));
        Assert.DoesNotContain("0", told.Split('\n'), StringComparer.Ordinal);
    }

    [Fact]
    public async Task C9_AppendThatTheServerDoesNotStore_IsToldToNobody_SoItsPlaceIsFree()
    {
        await using var redis = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var a = new Node(redis.Address, time: time);
        await using var b = new Node(redis.Address, time: time);
        await Node.Until(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            return a.InContact && b.InContact;
        });
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/3"));
        var first = (await a.TouchAsync("import/1"))!.Value;
        await Node.Until(() => b.Covers(first, Tenant.Default));

        // Neither the record can be stored then, nor the log be taken away.
        await redis.CliAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        Assert.Null(await a.TouchAsync("import/2"));
        await redis.CliAsync("CONFIG", "SET", "min-replicas-to-write", "0");
        value = "new";
        var second = (await a.TouchAsync("import/3"))!.Value;
        Assert.Equal(first with { Offset = first.Offset + 1 }, second);
        await Node.Until(() => b.Covers(second, Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "import/3"));
    }

    [Fact]
    public async Task C13_LogThatThisNodeAppendedTo_IsNotDroppedOutOfContact()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        Assert.NotNull(await a.TouchAsync("import/1", Acme));
        await Node.Until(() => a.Engine.InContact(Acme));
        var log = a.Logs.LogOf(Acme);
        await redis.KillAsync();
        await Node.Until(() => !a.Engine.InContact(Acme));
        Assert.False(log.TryDrop(out _));
        await redis.RestartAsync();
        await Node.Until(() => a.Engine.InContact(Acme));
        Assert.True(log.TryDrop(out _));
    }

    [Fact]
    public async Task LogDroppedBeforeItsSubscriptionIsConfirmed_IsNotTold()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await redis.PauseAsync();
        var log = a.Logs.LogOf(Acme); // asks to be told
        Assert.True(log.TryDrop(out _)); // and the word to the server went ahead
        await redis.ContinueAsync();
        while (await redis.CallsAsync("subscribe") < 3)
            await Task.Yield();
        while ((await redis.CliAsync("PUBSUB", "CHANNELS")).Contains(Node.Channel(Acme), StringComparison.Ordinal))
            await Task.Yield();
    }

    [Fact]
    public async Task C14_LogWithPendingWrites_IsNotDropped()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.KillAsync();
        var time = new FakeTimeProvider();
        await using var a = new Node(redis.Address, time: time);
        Assert.Null(await a.TouchAsync("import/1", Acme));
        var waiting = a.Logs.LogOf(Acme);
        for (var minute = 0; minute < 30; minute++)
            time.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(waiting, a.Logs.LogOf(Acme));
        Assert.Equal(1, waiting.Pending);
    }
}
