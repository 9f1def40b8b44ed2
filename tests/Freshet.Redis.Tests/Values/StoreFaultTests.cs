using System.Collections.Concurrent;
using Freshet.Redis.Tests.Testing;
using Freshet.Storage;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Values;

/// <summary>Values while Redis fails: nothing stale is served, and whoever asks gets an answer.</summary>
public class StoreFaultTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task C12_LogVanishes_WhatIsStoredServesNobody()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Short);
        await using var b = await Node.StartAsync(redis.Address, Short);
        await a.ReadAsync("k", () => "old", "import/1");
        await a.Steps.DidAsync("write stored");
        var epoch = a.Engine.Applied(Tenant.Default).Epoch;
        await redis.CliAsync("DEL", "freshet:{" + new Freshet.Redis.Keys.PhysicalKeys("freshet", new byte[32]).NameOf(Tenant.Default) + "}:L");
        await Node.Until(() => b.Engine.Applied(Tenant.Default).Epoch != epoch && b.InContact && a.Engine.Applied(Tenant.Default) == b.Engine.Applied(Tenant.Default));

        Assert.True((await redis.CliAsync("KEYS", "*:E:*")).Length > 0);
        Assert.Equal("new", await b.ReadAsync("k", () => "new", "import/1"));
        Assert.Equal(1, b.Steps.Count("read unknown"));
        await b.Steps.DidAsync("write stored"); // and it takes the place of the old one, whatever its fence was
        await Node.Until(() => a.ReadAsync("k", () => "never", "import/1").AsTask().GetAwaiter().GetResult() is "new");
    }

    [Fact]
    public async Task C13_RedisComesBackFromAnOldSnapshot_WhatItHasStoredServesNobody()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Short);
        await a.ReadAsync("k", () => "old", "import/1");
        await a.Steps.DidAsync("write stored");
        await redis.CliAsync("SAVE");
        var epoch = a.Engine.Applied(Tenant.Default).Epoch;
        await a.TouchAsync("import/1"); // lost
        await redis.KillAsync();
        await redis.RestartAsync();
        Assert.True((await redis.CliAsync("KEYS", "*:E:*")).Length > 0);

        await using var b = await Node.StartAsync(redis.Address, Short);
        Assert.True(b.Engine.Applied(Tenant.Default).Epoch != epoch);
        Assert.Equal("new", await b.ReadAsync("k", () => "new", "import/1"));
        await Node.Until(() => a.InContact);
        Assert.True(await a.ReadAsync("k", () => "new", "import/1") is "new");
    }

    [Fact]
    public async Task C14_RedisStandsStill_EveryoneIsAnsweredByLoads()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Short);
        await a.ReadAsync("k", () => "stored", "import/1");
        await a.Steps.DidAsync("write stored");
        await a.TouchAsync("import/1");
        await redis.PauseAsync();
        var loads = 0;
        var reads = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => a.ReadAsync($"{i}", () => $"{Interlocked.Increment(ref loads)}").AsTask()));
        Assert.Equal(20, loads);
        Assert.Equal(20, reads.Distinct(StringComparer.Ordinal).Count());

        await redis.ContinueAsync();
        await Node.Until(() => a.InContact);
        var (stored, before) = (a.Steps.Count("write stored"), 0);
        await Node.Until(() =>
        {
            a.ReadAsync($"after {before++}", () => "value").AsTask().GetAwaiter().GetResult();
            return a.Steps.Count("write stored") > stored;
        });
    }

    [Fact]
    public async Task C14_RedisIsGone_EveryoneIsAnsweredByLoads()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Short);
        await redis.KillAsync();
        for (var i = 0; i < 100; i++)
            Assert.Equal($"{i}", await a.ReadAsync($"k{i}", () => $"{i}"));
    }

    [Fact]
    public async Task RedisIsGoneWhileAnotherNodeIsWaitedFor_NoFailureIsLeftUnobserved()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Short);
        await redis.KillAsync();
        await Node.Until(() => !Node.AreValuesUp(a.Logs));
        var unobserved = new ConcurrentQueue<string>();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, e) => unobserved.Enqueue(e.Exception.ToString());
        TaskScheduler.UnobservedTaskException += note;
        try
        {
            Assert.Equal(StoreOutcome.Failed, await PollAsync(a));
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= note;
        }

        Assert.DoesNotContain(unobserved, e => e.Contains("EntrySlot", StringComparison.Ordinal));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static async Task<StoreOutcome> PollAsync(Node node) =>
            (await node.Logs.Entries!.Open(Tenant.Default, "k", new TextCodec(), null).PollAsync(1, TestContext.Current.CancellationToken)).Outcome;
    }

    [Fact]
    public async Task C13_FullMemoryWithoutEviction_ValuesStayHere_AndTheApiAnswers()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory", "4mb", "--maxmemory-policy", "noeviction");
        await using var a = await Node.StartAsync(redis.Address, Short);
        await redis.CliAsync("EVAL", "for i=1,100000 do redis.call('SET','fill'..i,string.rep('x',1000)) end", "0");
        await Node.Until(() => a.InContact); // beats need no memory
        Assert.Equal("loaded", await a.ReadAsync("k", () => "loaded", "import/1"));
        await a.Steps.DidAsync("write failed");
        Assert.Equal(1, a.Steps.Count("lease failed"));
        Assert.Equal("loaded", await a.ReadAsync("k", () => "never", "import/1"));

        await redis.CliAsync("FLUSHALL");
        await Node.Until(() => a.InContact);
        await a.TouchAsync("import/1");
        await Node.Until(() => a.ReadAsync("k", () => "again", "import/1").AsTask().GetAwaiter().GetResult() is "again" && a.Steps.Count("write stored") > 0);
    }

    [Fact]
    public async Task C12_FullMemoryWithEviction_WhateverIsEvicted_NothingStaleIsServed()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru", "--maxmemory-samples", "10");
        await using var a = await Node.StartAsync(redis.Address, Short);
        await using var b = await Node.StartAsync(redis.Address, Short);
        var body = new string('x', 8000);
        var versions = new int[20];
        var (hits, evicted) = (0, 0L);
        for (var round = 0; round < 60; round++)
        {
            for (var i = 0; i < versions.Length; i++)
            {
                var (key, tag, version) = ($"k{i}", $"import/{i}", versions[i]);
                await a.ReadAsync(key, () => $"{version} {body}", tag);
                if (i % 5 != 0)
                    continue;
                // Others fill the memory, and the log is among what is used least.
                await redis.CliAsync("EVAL", "for i=1,160 do redis.call('SET','fill'..ARGV[1]..':'..i,string.rep('x',4000)) end", "0", $"{round % 8}");
            }

            var written = round % versions.Length;
            versions[written]++;
            var at = await a.TouchAsync($"import/{written}");
            for (var i = 0; i < versions.Length; i++)
            {
                // C9: on the writing node at once; elsewhere as soon as it has heard of it, and here it is asked as a client that wrote (C10).
                var (key, tag, version) = ($"k{i}", $"import/{i}", versions[i]);
                Assert.Equal($"{version} {body}", await a.ReadAsync(key, () => $"{version} {body}", tag));
                if (at is { } position && b.Engine.WithSession(b.Engine.Arrive(), Tenant.Default, position) is { MustLoad: false })
                    Assert.Equal($"{version} {body}", await b.ReadAsync(key, () => $"{version} {body}", tag));
            }
        }

        hits = b.Steps.Count("read hit") + b.Steps.Count("wait hit");
        evicted = long.Parse((await redis.CliAsync("INFO", "stats")).Split('\n').Single(l => l.StartsWith("evicted_keys:", StringComparison.Ordinal)).Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(evicted > 100 && hits > 0, $"{evicted} evicted, {hits} hits");
    }

    [Fact]
    public async Task SomethingElseUnderTheLogsName_ValuesAreLoaded()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, TimeSpan.FromSeconds(20));
        var log = "freshet:{" + new Freshet.Redis.Keys.PhysicalKeys("freshet", new byte[32]).NameOf(Tenant.Default) + "}:L";
        // Whenever the node looks at its log, it begins a new one in its place.
        var keys = 0;
        await Node.Until(() =>
        {
            redis.CliAsync("SET", log, "is no log").GetAwaiter().GetResult();
            Assert.Equal("loaded", a.ReadAsync($"k{keys++}", () => "loaded").AsTask().GetAwaiter().GetResult());
            return a.Steps.Count("write failed") > 0;
        });
    }
}
