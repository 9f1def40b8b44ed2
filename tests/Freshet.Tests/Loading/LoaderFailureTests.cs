using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>Loads that fail, bring nothing that may be shared, or lose those who wait for them.</summary>
public sealed class LoaderFailureTests : LoadTests
{
    [Fact]
    public async Task UncacheableResult_ReleasesWaitersAtOnceAndIsRemembered()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var waiter = Engine.LoadAsync("k", Fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

        load.Scope.DoNotStore(CacheReason.Streamed);
        Assert.Equal("own", (await waiter).Value); // while the first load still runs
        load.End("streamed");

        Assert.Equal(CacheReason.Streamed, (await leader).NotStored);
    }

    [Fact]
    public async Task LeaderGoneAndWaitersReleased_LoadIsCancelled()
    {
        using var leaving = new CancellationTokenSource();
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        var waiter = Engine.LoadAsync("k", Fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

        await leaving.CancelAsync();
        Assert.False(load.Token.IsCancellationRequested);
        load.Scope.DoNotStore(CacheReason.Streamed);

        Assert.Equal("own", (await waiter).Value);
        Assert.True(load.Token.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
    }

    [Fact]
    public async Task LeaderFails_OneFollowerRetriesForAll()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var retries = 0;
        var followers = Enumerable.Range(0, 20).Select(_ => Engine.LoadAsync("k", Fixture.Request((_, _) =>
        {
            Interlocked.Increment(ref retries);
            return new ValueTask<Loaded>(EngineFixture.Value("second try"));
        }), default).AsTask()).ToArray();

        first.Fail(new InvalidOperationException("origin down"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => leader);
        Assert.All(await Task.WhenAll(followers), o => Assert.Equal("second try", o.Value));
        Assert.Equal(1, retries);
    }

    [Fact]
    public async Task RetryFailsToo_AllFollowersGetItsError()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var attempts = 0;
        var followers = Enumerable.Range(0, 20).Select(_ => Engine.LoadAsync("k", Fixture.Request((_, _) =>
        {
            Interlocked.Increment(ref attempts);
            throw new InvalidOperationException("still down");
        }), default).AsTask()).ToArray();

        first.Fail(new InvalidOperationException("origin down"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => leader);
        foreach (var follower in followers)
            Assert.Equal("still down", (await Assert.ThrowsAsync<InvalidOperationException>(() => follower)).Message);
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task LeaderLeavesWhileOthersWait_LoadGoesOn()
    {
        using var leaving = new CancellationTokenSource();
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        var follower = Engine.LoadAsync("k", Fixture.Request(Never), default).AsTask();

        await leaving.CancelAsync();
        Assert.False(load.Token.IsCancellationRequested);
        load.End("v1");

        Assert.Equal("v1", (await follower).Value);
        Assert.Equal("v1", (await leader).Value);
    }

    [Fact]
    public async Task EverybodyLeaves_LoadIsCancelled()
    {
        using var leaving = new CancellationTokenSource();
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        using var second = new CancellationTokenSource();
        var follower = Engine.LoadAsync("k", Fixture.Request(Never), second.Token).AsTask();

        await leaving.CancelAsync();
        await second.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        Assert.True(load.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task FollowerLeaves_OthersAreServed()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        using var leaving = new CancellationTokenSource();
        var impatient = Engine.LoadAsync("k", Fixture.Request(Never), leaving.Token).AsTask();
        var patient = Engine.LoadAsync("k", Fixture.Request(Never), default).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        load.End("v1");

        Assert.Equal("v1", (await patient).Value);
        Assert.Equal("v1", (await leader).Value);
    }
}
