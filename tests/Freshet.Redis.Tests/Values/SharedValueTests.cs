using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;
using Microsoft.Extensions.Caching.Hybrid;

namespace Freshet.Redis.Tests.Values;

/// <summary>What one node has loaded, on another one, on a real Redis.</summary>
public class SharedValueTests
{
    [Fact]
    public async Task WhatOneNodeHasLoaded_AnotherOneTakes_AndKeeps()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Equal("loaded", await a.ReadAsync("k", () => "loaded", "import/1"));
        await a.Steps.DidAsync("write stored");

        Assert.Equal("loaded", await b.ReadAsync("k", () => "never", "import/1"));
        Assert.Equal(["read hit"], b.Steps.All);
        Assert.Equal("loaded", await b.ReadAsync("k", () => "never", "import/1"));
        Assert.Equal(["read hit"], b.Steps.All); // from memory
    }

    [Fact]
    public async Task C4_TouchedOnOneNode_TheStoredValueServesNobodyAnyMore()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "old", "import/1");
        await a.ReadAsync("other", () => "old", "import/2");
        await a.Steps.DidAsync("write stored", 2);
        var at = (await a.TouchAsync("import/1"))!.Value;

        // C10: whoever has seen the write is not answered from before it, here or there.
        Assert.True(b.Engine.WithSession(b.Engine.Arrive(), Tenant.Default, at).MustLoad || b.Engine.Applied(Tenant.Default).Offset >= at.Offset);
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == at);
        Assert.Equal("new", await b.ReadAsync("k", () => "new", "import/1"));
        Assert.Equal("read touched", b.Steps.All[0]);
        Assert.Equal("old", await b.ReadAsync("other", () => "new", "import/2"));
        await b.Steps.DidAsync("write stored");
        Assert.Equal("new", await a.ReadAsync("k", () => "never", "import/1"));
    }

    [Fact]
    public async Task C4_EntryOlderThanWhatTheNodeRemembers_IsJudgedByTheClocksInRedis()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "old", "import/1");
        await a.ReadAsync("touched", () => "old", "import/2");
        await a.ReadAsync("below", () => "old", "import/**");
        await a.ReadAsync("above", () => "old", "import/2/mappings");
        await a.Steps.DidAsync("write stored", 4);
        var at = (await a.TouchAsync("import/2"))!.Value;

        // It knows nothing of what was before it came.
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Equal(at, b.Engine.Applied(Tenant.Default));
        Assert.Equal("old", await b.ReadAsync("k", () => "new", "import/1"));
        Assert.Equal("new", await b.ReadAsync("touched", () => "new", "import/2"));
        Assert.Equal("new", await b.ReadAsync("below", () => "new", "import/**"));
        Assert.Equal("new", await b.ReadAsync("above", () => "new", "import/2/mappings"));
        Assert.Equal((1, 3), (b.Steps.Count("read hit"), b.Steps.Count("read touched")));

        // And from then on it is judged like any other.
        await a.TouchAsync("import/1");
        await Node.Until(() => b.ReadAsync("k", () => "newer", "import/1").AsTask().GetAwaiter().GetResult() is "newer");
    }

    [Fact]
    public async Task C4_TenantForgotten_AllThatIsStoredOfItIsInvalid_AlsoWhereNothingIsRemembered()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "old");
        await a.Steps.DidAsync("write stored");
        await a.TouchAsync("/");
        await using var b = await Node.StartAsync(redis.Address);
        Assert.Equal("new", await b.ReadAsync("k", () => "new"));
    }

    [Fact]
    public async Task C4_EntryOfTwoLogs_IsInvalidWhenEitherIsTouched()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        foreach (var (tenant, key) in new[] { (Tenant.Public, "public"), (Tenant.Named("elsewhere"), "other"), (Tenant.Default, "own") })
        {
            await Node.Until(() => a.Engine.InContact(tenant) && b.Engine.InContact(tenant));
            Assert.Equal("old", await LoadAsync(a, "old"));
            await Node.Until(() => a.Steps.Count("write stored") > 0);
            Assert.Equal("old", await LoadAsync(b, "old"));
            Assert.True(b.Steps.Count("read hit") > 0);
            Assert.NotNull(await a.Engine.InvalidateAsync(tenant, [Tag.Of("shared")]));
            await Node.Until(() => b.Engine.Applied(tenant) == a.Engine.Applied(tenant));
            Assert.Equal("new", await LoadAsync(b, "new"));

            ValueTask<string> LoadAsync(Node node, string value) => node.ReadAsync(key, () =>
            {
                LoadScope.Current!.DependsOn(tenant, Tag.Of("shared"));
                return value;
            });
        }
    }

    [Fact]
    public async Task C3_StoredValueInsideALoad_ItsDependenciesJoinTheOuterOne()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await a.ReadAsync("inner", () => "old", "import/1");
        await a.Steps.DidAsync("write stored");
        Assert.Equal("outer old", await OuterAsync("never"));
        await b.TouchAsync("import/1");
        Assert.Equal("outer new", await OuterAsync("new"));

        ValueTask<string> OuterAsync(string inner) =>
            b.Cache.GetOrCreateAsync("outer", async _ => "outer " + await b.ReadAsync("inner", () => inner, "import/1"));
    }

    [Fact]
    public async Task C9_WriterReadsAtOnce_NeverWhatIsStoredFromBefore()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var value = 0;
        for (var i = 1; i <= 200; i++)
        {
            await b.ReadAsync("k", () => $"{Volatile.Read(ref value)}", "import/1"); // and stores it, at some time
            Volatile.Write(ref value, i);
            Assert.NotNull(await a.TouchAsync("import/1"));
            Assert.Equal($"{i}", await a.ReadAsync("k", () => $"{Volatile.Read(ref value)}", "import/1"));
        }
    }

    [Fact]
    public async Task C10_WhoMustLoad_TakesNothingThatIsStored_AndWaitsForNobody()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "stored", "import/1");
        await a.Steps.DidAsync("write stored");

        var ahead = b.Engine.Applied(Tenant.Default) with { Offset = 1000 };
        var arrival = b.Engine.WithSession(b.Engine.Arrive(), Tenant.Default, ahead);
        var form = new TextCodec();
        var outcome = await b.Engine.LoadAsync(
            "some key", new(Tenant.Default, arrival, CacheReason.Session, (_, _) => new(new Freshet.Loading.Loaded("loaded", 6, TimeSpan.FromHours(1))), form),
            TestContext.Current.CancellationToken);
        Assert.Equal(("loaded", CacheReason.Session), (outcome.Value, outcome.Reason));
        await b.Steps.DidAsync("write stored"); // with a ticket of its own
        Assert.Equal(["write stored"], b.Steps.All);
    }

    [Theory]
    [InlineData("SET", "something")]
    [InlineData("HSET", "a", "b")]
    [InlineData("SADD", "a")]
    public async Task SomethingElseUnderAnEntrysName_IsAMiss_AndReplaced(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "old");
        await a.Steps.DidAsync("write stored");
        var name = (await redis.CliAsync("KEYS", "*:E:*")).Trim();
        await redis.CliAsync("DEL", name);
        await redis.CliAsync([command[0], name, .. command[1..]]);

        Assert.Equal("new", await b.ReadAsync("k", () => "new"));
        await b.Steps.DidAsync("write stored");
        await using var c = await Node.StartAsync(redis.Address);
        Assert.Equal("new", await c.ReadAsync("k", () => "never"));
    }

    [Fact]
    public async Task Age_IsWhatHasPassedSinceTheLoad_OnWhateverNode()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var options = new HybridCacheEntryOptions { Expiration = TimeSpan.FromHours(1) };
        await a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("loaded"), options, cancellationToken: TestContext.Current.CancellationToken);
        await a.Steps.DidAsync("write stored");
        var name = (await redis.CliAsync("KEYS", "*:E:*")).Trim();
        await redis.CliAsync("PEXPIRE", name, "600000");

        await b.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("never"), options, cancellationToken: TestContext.Current.CancellationToken);
        var entry = b.EntryOf("k");
        Assert.InRange(b.Engine.AgeOf(entry), TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(50.5));
        Assert.InRange(b.Engine.Time.GetElapsedTime(b.Engine.Time.GetTimestamp(), entry.ExpiresAt), TimeSpan.FromMinutes(9.5), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task EntryLargerThanAllowed_StaysInMemory()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.MaxEntryBytes = 2000);
        await a.ReadAsync("small", () => new string('x', 1700));
        await a.ReadAsync("large", () => new string('x', 1990));
        await a.Steps.DidAsync("write stored");
        await a.Steps.DidAsync("write too-large");
        Assert.Equal(new string('x', 1990), await a.ReadAsync("large", () => "never"));
        Assert.Equal("", await redis.CliAsync("KEYS", "*:R:*"));
    }

    [Fact]
    public async Task ValuesSwitchedOff_NothingButLogsIsInRedis()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.Values = false);
        await a.ReadAsync("k", () => "loaded");
        Assert.Empty(a.Steps.All);
        Assert.Equal("", await redis.CliAsync("KEYS", "*:E:*"));
    }

    [Fact]
    public async Task Tenants_NeverSeeEachOthers_EvenUnderOneKey()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        var stored = 0;
        foreach (var node in new[] { a, b })
        {
            foreach (var name in new[] { "one", "two", "public", "" })
            {
                using var tenant = node.Tenants.Enter(name switch { "" => Tenant.Default, "public" => Tenant.Public, _ => Tenant.Named(name) });
                Assert.Equal($"of {name}", await node.ReadAsync("k", () => $"of {name}"));
                if (node != a)
                    continue;
                // The one that makes a log began before it, so it is not stored.
                await node.ReadAsync("k", () => $"of {name}");
                await node.Steps.DidAsync("write stored", ++stored);
            }
        }

        Assert.Equal(4, b.Steps.Count("read hit"));
    }

    [Fact]
    public async Task FirstRequestOfATenant_WaitsForItsLog_AndTakesWhatIsStored()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        using (a.Tenants.Enter(Tenant.Named("new")))
        {
            // C1: what makes a node follow a log began before it knew where the log stands, so it is not kept; the next one is.
            Assert.Equal("first", await a.ReadAsync("k", () => "first"));
            Assert.Equal("loaded", await a.ReadAsync("k", () => "loaded"));
            await a.Steps.DidAsync("write stored");
        }

        using (b.Tenants.Enter(Tenant.Named("new")))
            Assert.Equal("loaded", await b.ReadAsync("k", () => "never"));
    }
}
