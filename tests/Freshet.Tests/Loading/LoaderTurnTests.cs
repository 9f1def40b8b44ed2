using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>Who loads when many ask at once, and who waits for a place.</summary>
public sealed class LoaderTurnTests : LoadTests
{
    [Fact]
    public async Task C5_FollowerBeforeInvalidation_SharesTheLoad()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var followers = Enumerable.Range(0, 100).Select(_ => Engine.LoadAsync("k", Fixture.Request(Never), default).AsTask()).ToArray();
        load.End("v1");

        Assert.Equal("v1", (await leader).Value);
        Assert.All(await Task.WhenAll(followers), o => Assert.Equal(("v1", CacheReason.Coalesced), ((string)o.Value!, o.Reason)));
    }

    [Fact]
    public async Task C5_FollowerAfterInvalidation_Waits()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        await Fixture.TouchAsync("import/42");
        var second = new GatedLoad();
        var late = Engine.LoadAsync("k", Fixture.Request(second.RunAsync), default).AsTask();
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
        await Fixture.TouchAsync("import/42");
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        await Fixture.TouchAsync("import/42");
        var second = new GatedLoad();
        var late = Engine.LoadAsync("k", Fixture.Request(second.RunAsync), default).AsTask();

        // The first still runs: what the key was made from before tells that it cannot serve the late one.
        await second.Started;
        var third = Engine.LoadAsync("k", Fixture.Request(Never), default).AsTask();
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
        var leader = Engine.LoadAsync("k", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var loads = 0;
        var late = new List<Task<LoadOutcome>>();
        for (var i = 0; i < 50; i++)
        {
            await Fixture.TouchAsync("import/42");
            late.Add(Engine.LoadAsync("k", Fixture.Request((scope, _) =>
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
    public async Task LoadThatAsksForItsOwnKey_LoadsAloneInsteadOfWaitingForItself()
    {
        var outcome = await Engine.LoadAsync("k", Fixture.Request(async (_, _) =>
        {
            var inner = await Engine.LoadAsync("k", Fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("inner"))), default);
            return EngineFixture.Value("outer of " + inner.Value);
        }), default);

        Assert.Equal("outer of inner", outcome.Value);
    }

    [Fact]
    public async Task FollowerWaitsTooLong_LoadsForItself()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var follower = Engine.LoadAsync("k", Fixture.Request((_, _) => new ValueTask<Loaded>(EngineFixture.Value("own"))), default).AsTask();

        Fixture.Time.Advance(TimeSpan.FromSeconds(11));

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
}
