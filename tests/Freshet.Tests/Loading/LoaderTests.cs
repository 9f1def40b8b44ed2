using Freshet.Loading;

namespace Freshet.Tests.Loading;

public sealed class LoaderTests : IDisposable
{
    private readonly EngineFixture _fixture = new();

    private CacheEngine Engine => _fixture.Engine;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Load_Ends_IsStoredAndFoundFresh()
    {
        var outcome = await LoadAsync(new GatedLoad(), "v1");

        Assert.Equal(CacheReason.None, outcome.NotStored);
        Assert.Equal(CacheReason.Fresh, Engine.Look("k", Engine.Arrive(), out var entry));
        Assert.Equal("v1", entry!.Value);
    }

    [Fact]
    public async Task C1_TagTouchedDuringLoad_IsNotStored()
    {
        var load = new GatedLoad();
        var running = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default);
        await load.Started;
        await _fixture.TouchAsync("import/42");
        load.End("old");

        var outcome = await running;

        Assert.Equal(CacheReason.TouchedDuringLoad, outcome.NotStored);
        Assert.Equal(CacheReason.Absent, Engine.Look("k", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C1_FenceIsTheArrivalNotTheStartOfTheLoad()
    {
        var arrival = Engine.Arrive();
        await _fixture.TouchAsync("import/42");
        var load = new GatedLoad();
        var running = Engine.LoadAsync("k", _fixture.Request(load.RunAsync, arrival), default);
        await load.Started;
        load.End("made from claims read before the touch");

        Assert.Equal(CacheReason.TouchedDuringLoad, (await running).NotStored);
    }

    [Fact]
    public async Task C7_TenantForgotten_DropsWhatIsMadeOfPublicDataAlone()
    {
        await Engine.LoadAsync("k", _fixture.Request((scope, _) =>
        {
            scope.DependsOn(Tenant.Public, Tag.Parse("country/sk"));
            return new ValueTask<Loaded>(EngineFixture.Value("v1"));
        }), default);
        await Engine.InvalidateAsync(Tenant.Default, [Tag.Root]);

        Assert.Equal(CacheReason.Touched, Engine.Look("k", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C5_FollowerBeforeInvalidation_SharesTheLoad()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var followers = Enumerable.Range(0, 100).Select(_ => Engine.LoadAsync("k", _fixture.Request(Never), default).AsTask()).ToArray();
        load.End("v1");

        Assert.Equal("v1", (await leader).Value);
        Assert.All(await Task.WhenAll(followers), o => Assert.Equal(("v1", CacheReason.Coalesced), ((string)o.Value!, o.Reason)));
    }

    [Fact]
    public async Task C5_FollowerAfterInvalidation_Waits()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        await _fixture.TouchAsync("import/42");
        var second = new GatedLoad();
        var late = Engine.LoadAsync("k", _fixture.Request(second.RunAsync), default).AsTask();
        Assert.False(second.Started.IsCompleted);

        first.End("old");
        Assert.Equal("old", (await leader).Value);
        await second.Started;
        second.End("new");

        var outcome = await late;
        Assert.Equal("new", outcome.Value);
        Assert.Equal(CacheReason.None, outcome.NotStored);
    }

    [Fact]
    public async Task C5_KeyKnownToBeTouched_NextLoadRunsBesideTheFirst()
    {
        await LoadAsync(new GatedLoad(), "v1");
        await _fixture.TouchAsync("import/42");
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        await _fixture.TouchAsync("import/42");
        var second = new GatedLoad();
        var late = Engine.LoadAsync("k", _fixture.Request(second.RunAsync), default).AsTask();

        // The first still runs: what the key was made from before tells that it cannot serve the late one.
        await second.Started;
        var third = Engine.LoadAsync("k", _fixture.Request(Never), default).AsTask();
        second.End("v3");
        Assert.Equal("v3", (await late).Value);
        Assert.Equal("v3", (await third).Value);

        first.End("v2");
        Assert.Equal("v2", (await leader).Value);
        Assert.Equal(CacheReason.Fresh, Engine.Look("k", Engine.Arrive(), out var entry));
        Assert.Equal("v3", entry!.Value);
    }

    [Fact]
    public async Task C5_ManyLateFollowers_OneOfThemLoadsForAll()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var loads = 0;
        var late = new List<Task<LoadOutcome>>();
        for (var i = 0; i < 50; i++)
        {
            await _fixture.TouchAsync("import/42");
            late.Add(Engine.LoadAsync("k", _fixture.Request((scope, _) =>
            {
                scope.DependsOn(Tag.Parse("import/42"));
                Interlocked.Increment(ref loads);
                return new ValueTask<Loaded>(EngineFixture.Value("new"));
            }), default).AsTask());
        }

        first.End("old");
        await leader;

        Assert.All(await Task.WhenAll(late), o => Assert.Equal("new", o.Value));
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task C10_PositionOfUnknownEpoch_Loads()
    {
        await LoadAsync(new GatedLoad(), "v1");
        var unknown = new Position(new Epoch(7), 0);

        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, unknown);

        Assert.True(arrival.MustLoad);
        await _fixture.TouchAsync("other/1");
        arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, unknown);
        Assert.Equal(CacheReason.Session, Engine.Look("k", arrival, out _));
    }

    [Fact]
    public async Task C10_LoadOfTheSameTickBeganBefore_IsNotFollowed()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, new Position(new Epoch(7), 0));

        var outcome = await Engine.LoadAsync("k", _fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own")), arrival), default);

        Assert.Equal("own", outcome.Value);
        first.End("old");
        await leader;
    }

    [Fact]
    public async Task C10_NestedReadOfALoadThatMustLoad_LoadsToo()
    {
        await _fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("stored before"));
        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, new Position(new Epoch(7), 0));

        var outcome = await Engine.LoadAsync("outer", _fixture.Request(async (_, cancel) =>
            EngineFixture.Value(await _fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("loaded"), cancellationToken: cancel)), arrival), default);

        Assert.Equal("loaded", outcome.Value);
    }

    [Fact]
    public async Task C10_OwnAcknowledgedPosition_IsServedFromMemory()
    {
        var position = await _fixture.TouchAsync("import/7");
        await LoadAsync(new GatedLoad(), "v1");

        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, position);

        Assert.Equal(CacheReason.Fresh, Engine.Look("k", arrival, out _));
    }

    [Fact]
    public async Task C11_OlderLoadEndsLast_DoesNotReplaceTheNewer()
    {
        var old = new GatedLoad();
        var slow = Engine.LoadAsync("k", _fixture.Request(old.RunAsync) with { Why = CacheReason.HitForPass }, default).AsTask();
        await old.Started;
        await _fixture.TouchAsync("other/1");
        await LoadAsync(new GatedLoad(), "new");
        old.End("old");

        Assert.Equal(CacheReason.Superseded, (await slow).NotStored);
        Engine.Look("k", Engine.Arrive(), out var entry);
        Assert.Equal("new", entry!.Value);
    }

    [Fact]
    public async Task C3_NestedLoad_DependenciesJoinTheOuterEntry()
    {
        await Engine.LoadAsync("outer", _fixture.Request(async (_, cancel) =>
        {
            await _fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("x"), tags: ["user/7"], cancellationToken: cancel);
            return EngineFixture.Value("outer");
        }), default);
        await _fixture.TouchAsync("user/7");

        Assert.Equal(CacheReason.Touched, Engine.Look("outer", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C3_CachedInsideALoad_DependenciesJoinTheOuterEntry()
    {
        await _fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("x"), tags: ["user/7"]);
        await Engine.LoadAsync("outer", _fixture.Request(async (_, cancel) =>
        {
            await _fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("never"), cancellationToken: cancel);
            return EngineFixture.Value("outer");
        }), default);
        await _fixture.TouchAsync("user/7");

        Assert.Equal(CacheReason.Touched, Engine.Look("outer", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C2_DoubtfulSourceInNestedLoad_MakesTheOuterUnstorable()
    {
        var outcome = await Engine.LoadAsync("outer", _fixture.Request(async (_, _) =>
        {
            await Engine.LoadAsync("inner", _fixture.Request((scope, _) =>
            {
                scope.DoNotStore(CacheReason.AmbientTransaction);
                return new ValueTask<Loaded>(EngineFixture.Value("inner"));
            }), default);
            return EngineFixture.Value("outer");
        }), default);

        Assert.Equal(CacheReason.AmbientTransaction, outcome.NotStored);
    }

    [Fact]
    public async Task LoadThatAsksForItsOwnKey_LoadsAloneInsteadOfWaitingForItself()
    {
        var outcome = await Engine.LoadAsync("k", _fixture.Request(async (_, _) =>
        {
            var inner = await Engine.LoadAsync("k", _fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("inner"))), default);
            return EngineFixture.Value("outer of " + inner.Value);
        }), default);

        Assert.Equal("outer of inner", outcome.Value);
    }

    [Fact]
    public async Task UncacheableResult_ReleasesWaitersAtOnceAndIsRemembered()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var waiter = Engine.LoadAsync("k", _fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

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
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        var waiter = Engine.LoadAsync("k", _fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

        await leaving.CancelAsync();
        Assert.False(load.Token.IsCancellationRequested);
        load.Scope.DoNotStore(CacheReason.Streamed);

        Assert.Equal("own", (await waiter).Value);
        Assert.True(load.Token.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
    }

    [Fact]
    public async Task UncacheableResult_KeyIsHitForPassUntilItLapses()
    {
        await Engine.LoadAsync("k", _fixture.Request((scope, _) =>
        {
            scope.DoNotStore(CacheReason.SetCookie);
            return new ValueTask<Loaded>(new Loaded(null, 0, default));
        }), default);

        Assert.Equal(CacheReason.HitForPass, Engine.Look("k", Engine.Arrive(), out _));
        _fixture.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.NotEqual(CacheReason.HitForPass, Engine.Look("k", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task LeaderFails_OneFollowerRetriesForAll()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var retries = 0;
        var followers = Enumerable.Range(0, 20).Select(_ => Engine.LoadAsync("k", _fixture.Request((_, _) =>
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
        var leader = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var attempts = 0;
        var followers = Enumerable.Range(0, 20).Select(_ => Engine.LoadAsync("k", _fixture.Request((_, _) =>
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
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        var follower = Engine.LoadAsync("k", _fixture.Request(Never), default).AsTask();

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
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), leaving.Token).AsTask();
        await load.Started;
        using var second = new CancellationTokenSource();
        var follower = Engine.LoadAsync("k", _fixture.Request(Never), second.Token).AsTask();

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
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        using var leaving = new CancellationTokenSource();
        var impatient = Engine.LoadAsync("k", _fixture.Request(Never), leaving.Token).AsTask();
        var patient = Engine.LoadAsync("k", _fixture.Request(Never), default).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        load.End("v1");

        Assert.Equal("v1", (await patient).Value);
        Assert.Equal("v1", (await leader).Value);
    }

    [Fact]
    public async Task FollowerWaitsTooLong_LoadsForItself()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var follower = Engine.LoadAsync("k", _fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

        _fixture.Time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal("own", (await follower).Value);
        load.End("v1");
        await leader;
    }

    [Fact]
    public async Task MoreLoadsThanPlaces_WaitForOne()
    {
        using var fixture = new EngineFixture(o => o.MaxConcurrentLoads = 1);
        var first = new GatedLoad();
        var a = fixture.Engine.LoadAsync("a", fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var second = new GatedLoad();
        var b = fixture.Engine.LoadAsync("b", fixture.Request(second.RunAsync), default).AsTask();
        Assert.False(second.Started.IsCompleted);

        first.End("a");
        await second.Started;
        second.End("b");

        Assert.Equal("a", (await a).Value);
        Assert.Equal("b", (await b).Value);
    }

    [Fact]
    public async Task NoPlaceForTooLong_GoesAheadAnyway()
    {
        using var fixture = new EngineFixture(o => o.MaxConcurrentLoads = 1);
        var first = new GatedLoad();
        var a = fixture.Engine.LoadAsync("a", fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var second = new GatedLoad();
        var b = fixture.Engine.LoadAsync("b", fixture.Request(second.RunAsync), default).AsTask();

        fixture.Time.Advance(TimeSpan.FromSeconds(11));

        await second.Started;
        second.End("b");
        first.End("a");
        await a;
        await b;
    }

    private static ValueTask<Loaded> Never(LoadScope scope, CancellationToken cancel) =>
        throw new InvalidOperationException("This request should not have loaded.");

    private async Task<LoadOutcome> LoadAsync(GatedLoad load, string value)
    {
        var running = Engine.LoadAsync("k", _fixture.Request(load.RunAsync), default);
        await load.Started;
        load.End(value);
        return await running;
    }
}
