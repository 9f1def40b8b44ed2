using Freshet.Coherence;
using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>Requests that must load, on a node that shares its logs with others.</summary>
public sealed class MustLoadTests : IDisposable
{
    private static readonly Position Unknown = new(new Epoch(7), 0);
    private readonly EngineFixture _fixture = new(isShared: true);

    private CacheEngine Engine => _fixture.Engine;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void C5_WhoMayHaveToLoad_StartsATickAtItsEntry()
    {
        var ordinary = Engine.Arrive();
        var first = Engine.Arrive(carriesPosition: true);
        var second = Engine.Arrive(carriesPosition: true);
        Assert.False(ordinary.IsOwnTick);
        Assert.True(first.IsOwnTick && second.IsOwnTick && ordinary.Tick < first.Tick && first.Tick < second.Tick);

        _fixture.Logs.IsCut = true;
        Assert.True(Engine.Arrive() is { IsOwnTick: true } without && without.Tick > second.Tick);
    }

    [Fact]
    public void OneProcess_ArrivalsCostNoTick()
    {
        using var fixture = new EngineFixture();
        var before = fixture.Clocks.Now;
        Assert.Equal(new Arrival(before), fixture.Engine.Arrive(carriesPosition: true));
        Assert.Equal(before, fixture.Clocks.Now);
    }

    [Fact]
    public async Task C1_MustLoadFoundAfterTheEntry_TheFenceIsThatOfTheEntry()
    {
        var entry = Engine.Arrive(carriesPosition: true);
        await _fixture.TouchAsync("import/42"); // authentication has read what was before
        var arrival = Engine.WithSession(entry, Tenant.Default, Unknown);

        var outcome = await Engine.LoadAsync("k", _fixture.Request(Load, arrival), default);

        Assert.Equal(entry with { MustLoad = true }, arrival);
        Assert.Equal(CacheReason.TouchedDuringLoad, outcome.NotStored);

        static ValueTask<Loaded> Load(LoadScope scope, CancellationToken cancel)
        {
            scope.DependsOn(Tag.Parse("import/42"));
            return new(EngineFixture.Value("from what was before"));
        }
    }

    [Fact]
    public async Task C1_ContactLostSinceTheEntry_TheFenceIsThatOfTheEntry_AndTheLoadIsItsOwn()
    {
        var first = new GatedLoad();
        var running = Engine.LoadAsync("k", _fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var arrival = Engine.Arrive();
        await _fixture.TouchAsync("import/42");

        _fixture.Logs.IsCut = true;
        var own = new GatedLoad();
        var alone = Engine.LoadAsync("k", _fixture.Request(own.RunAsync, arrival), default).AsTask();
        await own.Started.WaitAsync(TimeSpan.FromSeconds(20));
        // Nobody follows it either: who comes now gets the next load, and takes what that brings.
        var next = new GatedLoad();
        var later = Engine.LoadAsync("k", _fixture.Request(next.RunAsync), default).AsTask();
        await next.Started.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(arrival.Tick, own.Scope.Fence);
        Assert.True(own.Scope.MustLoad && next.Scope.MustLoad);
        _fixture.Logs.IsCut = false;
        own.End("own");
        next.End("next");
        first.End("first");
        Assert.Equal(("own", CacheReason.TouchedDuringLoad), ((string?)(await alone).Value, (await alone).NotStored));
        Assert.Equal("next", (await later).Value);
        Assert.Equal("first", (await running).Value);
    }

    [Fact]
    public async Task C10_SeveralMustLoad_TheYoungestLoadsForAll()
    {
        var running = new GatedLoad();
        var first = LoadAsync(running);
        await running.Started;
        var next = new GatedLoad();
        var second = LoadAsync(next);
        await next.Started.WaitAsync(TimeSpan.FromSeconds(20));
        // Neither of the two began after these; the load that does serves both.
        var third = LoadAsync(null);
        var last = new GatedLoad();
        var fourth = LoadAsync(last);

        running.End("1");
        next.End("2");
        await last.Started.WaitAsync(TimeSpan.FromSeconds(20));
        last.End("3");
        Assert.Equal("1 2 3 3", string.Join(" ", await Task.WhenAll(first, second, third, fourth)));
    }

    [Fact]
    public async Task C1_OthersHaveStartedTicksSince_NothingWasTouched()
    {
        var arrival = Engine.Arrive();
        Engine.Arrive(carriesPosition: true);
        Assert.True(Engine.IsNow(arrival));
        await _fixture.TouchAsync("import/42");
        Assert.False(Engine.IsNow(arrival));
    }

    private async Task<string?> LoadAsync(GatedLoad? load)
    {
        var arrival = Engine.WithSession(Engine.Arrive(carriesPosition: true), Tenant.Default, Unknown);
        var outcome = await Engine.LoadAsync("k", _fixture.Request(load is null ? LoadTests.Never : load.RunAsync, arrival), default);
        return (string?)outcome.Value;
    }
}
