using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>What a load brings, and whether it is stored.</summary>
public sealed class LoaderTests : LoadTests
{
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
        var running = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default);
        await load.Started;
        await Fixture.TouchAsync("import/42");
        load.End("old");

        var outcome = await running;

        Assert.Equal(CacheReason.TouchedDuringLoad, outcome.NotStored);
        Assert.Equal(CacheReason.Absent, Engine.Look("k", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C1_FenceIsTheArrivalNotTheStartOfTheLoad()
    {
        var arrival = Engine.Arrive();
        await Fixture.TouchAsync("import/42");
        var load = new GatedLoad();
        var running = Engine.LoadAsync("k", Fixture.Request(load.RunAsync, arrival), default);
        await load.Started;
        load.End("made from claims read before the touch");

        Assert.Equal(CacheReason.TouchedDuringLoad, (await running).NotStored);
    }

    [Fact]
    public async Task C7_TenantForgotten_DropsWhatIsMadeOfPublicDataAlone()
    {
        await Engine.LoadAsync("k", Fixture.Request((scope, _) =>
        {
            scope.DependsOn(Tenant.Public, Tag.Parse("country/sk"));
            return new ValueTask<Loaded>(EngineFixture.Value("v1"));
        }), default);
        await Engine.InvalidateAsync(Tenant.Default, [Tag.Root]);

        Assert.Equal(CacheReason.Touched, Engine.Look("k", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C10_PositionOfUnknownEpoch_Loads()
    {
        await LoadAsync(new GatedLoad(), "v1");
        var unknown = new Position(new Epoch(7), 0);

        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, unknown);

        Assert.True(arrival.MustLoad);
        await Fixture.TouchAsync("other/1");
        arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, unknown);
        Assert.Equal(CacheReason.Session, Engine.Look("k", arrival, out _));
    }

    [Fact]
    public async Task C10_LoadOfTheSameTickBeganBefore_IsNotFollowed()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, new Position(new Epoch(7), 0));

        var outcome = await Engine.LoadAsync("k", Fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own")), arrival), default);

        Assert.Equal("own", outcome.Value);
        first.End("old");
        await leader;
    }

    [Fact]
    public async Task C10_NestedReadOfALoadThatMustLoad_LoadsToo()
    {
        await Fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("stored before"));
        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, new Position(new Epoch(7), 0));

        var outcome = await Engine.LoadAsync("outer", Fixture.Request(async (_, cancel) =>
            EngineFixture.Value(await Fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("loaded"), cancellationToken: cancel)), arrival), default);

        Assert.Equal("loaded", outcome.Value);
    }

    [Fact]
    public async Task C10_OwnAcknowledgedPosition_IsServedFromMemory()
    {
        var position = await Fixture.TouchAsync("import/7");
        await LoadAsync(new GatedLoad(), "v1");

        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, position);

        Assert.Equal(CacheReason.Fresh, Engine.Look("k", arrival, out _));
    }

    [Fact]
    public async Task C11_OlderLoadEndsLast_DoesNotReplaceTheNewer()
    {
        var old = new GatedLoad();
        var slow = Engine.LoadAsync("k", Fixture.Request(old.RunAsync) with { Why = CacheReason.HitForPass }, default).AsTask();
        await old.Started;
        await Fixture.TouchAsync("other/1");
        await LoadAsync(new GatedLoad(), "new");
        old.End("old");

        Assert.Equal(CacheReason.Superseded, (await slow).NotStored);
        Engine.Look("k", Engine.Arrive(), out var entry);
        Assert.Equal("new", entry!.Value);
    }

    [Fact]
    public async Task C3_NestedLoad_DependenciesJoinTheOuterEntry()
    {
        await Engine.LoadAsync("outer", Fixture.Request(async (_, cancel) =>
        {
            await Fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("x"), tags: ["user/7"], cancellationToken: cancel);
            return EngineFixture.Value("outer");
        }), default);
        await Fixture.TouchAsync("user/7");

        Assert.Equal(CacheReason.Touched, Engine.Look("outer", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C3_CachedInsideALoad_DependenciesJoinTheOuterEntry()
    {
        await Fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("x"), tags: ["user/7"]);
        await Engine.LoadAsync("outer", Fixture.Request(async (_, cancel) =>
        {
            await Fixture.Cache.GetOrCreateAsync("inner", _ => new ValueTask<string>("never"), cancellationToken: cancel);
            return EngineFixture.Value("outer");
        }), default);
        await Fixture.TouchAsync("user/7");

        Assert.Equal(CacheReason.Touched, Engine.Look("outer", Engine.Arrive(), out _));
    }

    [Fact]
    public async Task C2_DoubtfulSourceInNestedLoad_MakesTheOuterUnstorable()
    {
        var outcome = await Engine.LoadAsync("outer", Fixture.Request(async (_, _) =>
        {
            await Engine.LoadAsync("inner", Fixture.Request((scope, _) =>
            {
                scope.DoNotStore(CacheReason.AmbientTransaction);
                return new ValueTask<Loaded>(EngineFixture.Value("inner"));
            }), default);
            return EngineFixture.Value("outer");
        }), default);

        Assert.Equal(CacheReason.AmbientTransaction, outcome.NotStored);
    }

    [Fact]
    public async Task UncacheableResult_KeyIsHitForPassUntilItLapses()
    {
        await Engine.LoadAsync("k", Fixture.Request((scope, _) =>
        {
            scope.DoNotStore(CacheReason.SetCookie);
            return new ValueTask<Loaded>(new Loaded(null, 0, default));
        }), default);

        Assert.Equal(CacheReason.HitForPass, Engine.Look("k", Engine.Arrive(), out _));
        Fixture.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.NotEqual(CacheReason.HitForPass, Engine.Look("k", Engine.Arrive(), out _));
    }
}
