using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Values;

/// <summary>The right to load: of all nodes one loads, and nobody waits for a node that brings nothing.</summary>
public class LeaseTests
{
    [Fact]
    public async Task C5_FiftyRequestsOnThreeNodes_OneLoad()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await using var c = await Node.StartAsync(redis.Address);
        Node[] nodes = [a, b, c];
        for (var round = 0; round < 5; round++)
        {
            var (loads, held) = (0, nodes.Sum(n => n.Steps.Count("lease held")));
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var reads = Enumerable.Range(0, 50).Select(i => nodes[i % 3].Cache.GetOrCreateAsync($"k{round}", async _ =>
            {
                Interlocked.Increment(ref loads);
                await gate.Task;
                return $"of {round}";
            }).AsTask()).ToArray();
            // Two nodes have been told to wait, once each: of a node only one asks.
            await Node.Until(() => nodes.Sum(n => n.Steps.Count("lease held")) == held + 2);
            gate.SetResult();

            Assert.All(await Task.WhenAll(reads), value => Assert.Equal($"of {round}", value));
            Assert.Equal(1, loads);
        }

        Assert.Equal(10, nodes.Sum(n => n.Steps.Count("wait hit")));
    }

    [Fact]
    public async Task C5_LoadsThatEndAsTheOthersCome_AreNotRepeated()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await using var b = await Node.StartAsync(redis.Address);
        await using var c = await Node.StartAsync(redis.Address);
        var loads = 0;
        for (var round = 1; round <= 200; round++)
        {
            // No gate: reads, rights and stores of the three run into one another.
            await Task.WhenAll(new[] { a, b, c }.Select(node => node.ReadAsync($"k{round}", () => $"{Interlocked.Increment(ref loads)}").AsTask()));
            Assert.Equal(round, loads);
        }
    }

    [Fact]
    public async Task HolderIsGone_TheOthersWaitUntilItsRightLapses_ThenOneOfThemLoads()
    {
        await using var redis = await RedisServer.StartAsync();
        var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMilliseconds(500));
        await using var b = await Node.StartAsync(redis.Address);
        await using var c = await Node.StartAsync(redis.Address);
        var never = new TaskCompletionSource<string>();
        _ = a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(never.Task), cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await a.Steps.DidAsync("lease granted");
        await a.DisposeAsync(); // it says nothing to anybody any more

        var loads = 0;
        var reads = await Task.WhenAll(new[] { b, c }.Select(n => n.ReadAsync("k", () => $"{Interlocked.Increment(ref loads)}").AsTask()));
        Assert.InRange(loads, 1, 2); // the second one may have waited as long as it waits for anything
        Assert.True(b.Steps.Count("lease held") + c.Steps.Count("lease held") >= 2);
        Assert.True(b.Steps.Count("lease granted") + c.Steps.Count("lease granted") == 1);
        Assert.All(reads, value => Assert.True(value is "1" or "2"));
    }

    public static TheoryData<string> Ends => ["fails", "is refused", "is touched", "is cancelled"];

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task LoadThatBringsNothing_GivesItsRightBackAtOnce(string end)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMinutes(1));
        await using var b = await Node.StartAsync(redis.Address);
        using var leaving = new CancellationTokenSource();
        var loading = a.Cache.GetOrCreateAsync("k", async cancel =>
        {
            LoadScope.Current!.DependsOn(Tag.Of("import"));
            Assert.True((await redis.CliAsync("KEYS", "*:R:*")).Length > 0);
            switch (end)
            {
                case "fails":
                    throw new InvalidDataException();
                case "is refused":
                    LoadScope.Current!.DoNotStore(CacheReason.UnknownSource);
                    break;
                case "is touched":
                    await b.TouchAsync("import");
                    await Node.Until(() => a.Engine.Applied(Tenant.Default) == b.Engine.Applied(Tenant.Default));
                    break;
                default:
                    await leaving.CancelAsync();
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
                    break;
            }

            return "old";
        }, cancellationToken: leaving.Token).AsTask();
        try
        {
            await loading;
        }
        catch (Exception e) when (e is InvalidDataException or OperationCanceledException)
        {
            // as it should
        }

        Assert.Equal("new", await b.ReadAsync("k", () => "new"));
        await b.Steps.DidAsync("write stored");
        Assert.Equal("", await redis.CliAsync("KEYS", "*:R:*"));
    }

    [Fact]
    public async Task LoadThatFailsElsewhere_IsNotWaitedForUntilItsRightLapses()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMinutes(1));
        await using var b = await Node.StartAsync(redis.Address);
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var failing = a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task), cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await a.Steps.DidAsync("lease granted");
        var waiting = b.ReadAsync("k", () => "loaded").AsTask();
        await b.Steps.DidAsync("lease held");
        gate.SetException(new InvalidDataException());
        await Assert.ThrowsAsync<InvalidDataException>(() => failing);
        Assert.Equal("loaded", await waiting);
        Assert.Equal(1, b.Steps.Count("lease granted"));
    }

    [Fact]
    public async Task C5_SlowLoadBeganBeforeTheWrite_WhoComesAfterItDoesNotWait_OnAnyNode()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMinutes(1));
        await using var b = await Node.StartAsync(redis.Address);
        foreach (var node in new[] { a, b })
            Assert.Equal("1", await node.ReadAsync("k", () => "1", "import/1"));
        await a.TouchAsync("import/1");
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));

        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var granted = a.Steps.Count("lease granted");
        var slow = a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task), tags: ["import/1"], cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await a.Steps.DidAsync("lease granted", granted + 1);
        await a.TouchAsync("import/1");
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));

        Assert.Equal("3", await b.ReadAsync("k", () => "3", "import/1"));
        await b.TouchAsync("import/1");
        await Node.Until(() => b.Engine.Applied(Tenant.Default) == a.Engine.Applied(Tenant.Default));
        Assert.Equal("4", await a.ReadAsync("k", () => "4", "import/1"));
        gate.SetResult("2");
        Assert.Equal("2", await slow);
        Assert.Equal("4", await a.ReadAsync("k", () => "unused", "import/1"));
    }

    [Fact]
    public async Task WhoWaitsForAnotherNode_MayLeave()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMinutes(1));
        await using var b = await Node.StartAsync(redis.Address);
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var loading = a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task), cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await a.Steps.DidAsync("lease granted");
        using var leaving = new CancellationTokenSource();
        var waiting = b.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("never"), cancellationToken: leaving.Token).AsTask();
        await b.Steps.DidAsync("lease held");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        gate.SetResult("loaded");
        Assert.Equal("loaded", await loading);
        await a.Steps.DidAsync("write stored");
        Assert.Equal("loaded", await b.ReadAsync("k", () => "never"));
    }

    [Fact]
    public async Task OtherNodesLoadTakesLongerThanAnybodyWaits_TheWaitingOneLoads()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, redis: o => o.LeaseTime = TimeSpan.FromMinutes(1));
        await using var b = await Node.StartAsync(redis.Address, freshet: o => o.LoadWait = TimeSpan.FromMilliseconds(50));
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = a.Cache.GetOrCreateAsync("k", _ => new ValueTask<string>(gate.Task), cancellationToken: TestContext.Current.CancellationToken).AsTask();
        await a.Steps.DidAsync("lease granted");
        Assert.Equal("own", await b.ReadAsync("k", () => "own"));
        Assert.Equal(1, b.Steps.Count("wait waited-in-vain"));
        await b.Steps.DidAsync("write stored");
        gate.SetResult("slow");
        await slow;
        // C11: its ticket is lower, though it ended last.
        await a.Steps.DidAsync("write superseded");
        Assert.Equal("", await redis.CliAsync("KEYS", "*:R:*"));
    }

    [Theory]
    [InlineData("SET", "somebody")]
    [InlineData("HSET", "a", "b")]
    public async Task SomethingElseUnderTheLeasesName_HoldsNobodyUp(params string[] command)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address);
        await a.ReadAsync("k", () => "old", "import/1");
        await a.Steps.DidAsync("write stored");
        var name = (await redis.CliAsync("KEYS", "*:E:*")).Replace(":E:", ":R:", StringComparison.Ordinal);
        await redis.CliAsync([command[0], name, .. command[1..]]);
        await a.TouchAsync("import/1");

        Assert.Equal("new", await a.ReadAsync("k", () => "new", "import/1"));
        await a.Steps.DidAsync("write stored", 2);
        Assert.Equal("", await redis.CliAsync("KEYS", "*:R:*"));
    }
}
