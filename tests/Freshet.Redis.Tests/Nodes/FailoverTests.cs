using System.Globalization;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>Nodes whose primary changes.</summary>
public class FailoverTests
{
    private static readonly TimeSpan Staleness = TimeSpan.FromMilliseconds(400);

    // As applications name two servers of which one leads.
    private static string Both(RedisReplicas redis) =>
        string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{redis.Primary.Port},127.0.0.1:{redis.Replica.Port}");

    // From now on the replica hears nothing of its primary, and stays connected to nobody.
    private static async Task CutOffAsync(RedisReplicas redis)
    {
        await redis.Primary.CliAsync("ACL", "SETUSER", "default", "-psync", "-replconf");
        await redis.Primary.CliAsync("CLIENT", "KILL", "TYPE", "replica");
    }

    [Fact]
    public async Task C13_SentinelsFailOver_TheWriterSawTheLostRecord_AllAreToldToForget()
    {
        await using var redis = await RedisReplicas.StartAsync(sentinels: 3, downAfter: 500);
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(redis.Address, Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/1"));
        await CutOffAsync(redis);
        value = "new";
        var lost = (await a.TouchAsync("import/1"))!.Value;
        await Node.Until(() => b.Covers(lost, Tenant.Default));
        await redis.Primary.KillAsync();

        await Node.Until(() => a.InContact && b.InContact && b.Engine.Applied(Tenant.Default).Epoch != lost.Epoch);
        var now = a.Engine.Applied(Tenant.Default);
        Assert.True(now.Offset > 0); // the writer has touched the root: it cannot know who has heard of what was lost
        await Node.Until(() => b.Covers(now, Tenant.Default));
        Assert.Equal("new", await b.ReadAsync("k", () => value, "import/1"));
        Assert.False(a.Covers(lost, Tenant.Default) || b.Covers(lost, Tenant.Default));
        Assert.True(a.Lines.Has("Contact with Redis is lost"));
        Assert.True(a.Lines.Has("Contact with Redis stands."));
    }

    [Fact]
    public async Task C13_FailoverLosesARecord_ThatNobodySawAnswered_ItIsLoggedAtTheNewPrimary()
    {
        await using var redis = await RedisReplicas.StartAsync();
        await using var a = await Node.StartAsync(Both(redis), Staleness);
        await using var b = await Node.StartAsync(Both(redis), Staleness);
        var value = "old";
        Assert.Equal("old", await b.ReadAsync("k", () => value, "import/1"));
        await redis.Replica.CliAsync("REPLICAOF", "NO", "ONE");
        await redis.Primary.PauseAsync();
        value = "new";
        Assert.Null(await a.TouchAsync("import/1"));
        Assert.Equal("new", await a.ReadAsync("k", () => value, "import/1")); // C14
        await redis.Primary.KillAsync();

        await Node.Until(() => a.InContact && b.InContact);
        await Node.Until(() => b.ReadAsync("k", () => value, "import/1").AsTask().GetAwaiter().GetResult() is "new");
        await Node.Until(() => a.Lines.Has("Writes are logged in Redis again; 1 had to wait."));
        Assert.Equal(1, a.Lines.Count("could not be logged"));
    }

    [Fact]
    public async Task C13_ServerFollowedInBetweenAndLeadsAgain_IsAnotherIncarnation()
    {
        await using var redis = await RedisReplicas.StartAsync();
        await using var a = await Node.StartAsync(redis.Primary.Address, TimeSpan.FromSeconds(2));
        var loads = 0;
        await a.ReadAsync("k", () => $"{++loads}", "import/1");
        var before = (await a.TouchAsync("import/2"))!.Value;
        await redis.Replica.CliAsync("REPLICAOF", "NO", "ONE");
        // The server leads, follows and leads again between two beats, and its connections stay.
        await redis.Primary.CliAsync("REPLICAOF", "127.0.0.1", redis.Replica.Port.ToString(CultureInfo.InvariantCulture));
        await redis.Primary.CliAsync("REPLICAOF", "NO", "ONE");

        await Node.Until(() => a.InContact && a.Engine.Applied(Tenant.Default).Epoch != before.Epoch);
        Assert.Equal("2", await a.ReadAsync("k", () => $"{++loads}", "import/1"));
        Assert.False(a.Covers(before, Tenant.Default));
    }

    [Fact]
    public async Task C13_AppendToAnotherIncarnation_BeginsAnEpoch_AndContactWaitsForIt()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromMinutes(1)); // no beat comes in between
        var before = (await a.TouchAsync("import/1"))!.Value;
        await redis.CliAsync("DEBUG", "CHANGE-REPL-ID");
        var after = (await a.TouchAsync("import/1"))!.Value;
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.Equal(1, after.Offset);
        // The beat that is sent to find the epoch finds the incarnation.
        await Node.Until(() => a.InContact && a.Covers(after, Tenant.Default));
        Assert.True(a.Lines.Has("Contact with Redis is lost (incarnation)"));
    }

    [Fact]
    public async Task C13_PromotedThereAndBack_WhatWasWrittenInBetween_ShowsEverywhere()
    {
        await using var redis = await RedisReplicas.StartAsync();
        var (first, second) = (redis.Primary, redis.Replica);
        await using var a = await Node.StartAsync(Both(redis), Staleness);
        await using var b = await Node.StartAsync(Both(redis), Staleness);
        var value = "1";
        Assert.Equal("1", await b.ReadAsync("k", () => value, "import/1"));
        async Task SwapAsync(RedisServer to, RedisServer from)
        {
            await to.CliAsync("REPLICAOF", "NO", "ONE");
            await from.CliAsync("REPLICAOF", "127.0.0.1", to.Port.ToString(CultureInfo.InvariantCulture));
            await Node.Until(() => a.InContact && b.InContact);
        }

        foreach (var (to, from) in new[] { (second, first), (first, second) })
        {
            var epoch = a.Engine.Applied(Tenant.Default).Epoch;
            await SwapAsync(to, from);
            await Node.Until(() => a.InContact && b.InContact && a.Engine.Applied(Tenant.Default).Epoch != epoch);
            value += "1";
            Assert.NotNull(await a.TouchAsync("import/1"));
            Assert.Equal(value, await a.ReadAsync("k", () => value, "import/1"));
            await Node.Until(() => b.ReadAsync("k", () => value, "import/1").AsTask().GetAwaiter().GetResult() == value);
        }
    }

    [Fact]
    public async Task C6_ReplicaThatTakesWrites_GivesNoContact_AndLogsNothing()
    {
        await using var redis = await RedisReplicas.StartAsync();
        await using var a = await Node.StartAsync(redis.Primary.Address, Staleness);
        Assert.NotNull(await a.TouchAsync("import/1"));
        await redis.Primary.CliAsync("CONFIG", "SET", "replica-read-only", "no");
        await redis.Replica.CliAsync("REPLICAOF", "NO", "ONE");
        await redis.Primary.CliAsync("REPLICAOF", "127.0.0.1", redis.Replica.Port.ToString(CultureInfo.InvariantCulture));

        await Node.Until(() => !a.InContact);
        Assert.Null(await a.TouchAsync("import/1"));
        Assert.False(a.InContact);
        await Node.Until(() => a.Lines.Has("not_leading") && a.Lines.Has("is a replica; Freshet needs the primary."));
        await redis.Primary.CliAsync("REPLICAOF", "NO", "ONE");
        await Node.Until(() => a.InContact);
    }
}
