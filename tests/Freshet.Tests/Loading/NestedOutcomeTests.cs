using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.Extensions.Caching.Hybrid;

namespace Freshet.Tests.Loading;

/// <summary>C3: whatever way a cached read inside a load ends, the load depends on what the read was made from.</summary>
public sealed class NestedOutcomeTests : LoadTests
{
    private static readonly HybridCacheEntryOptions OnlyWhatIsThere = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    [Fact]
    public async Task C3_InnerFails_WhatItReadJoins()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", cancel =>
        {
            LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
            throw new InvalidOperationException("no such row");
        }));

        Assert.Equal(("fallback", CacheReason.None), (outcome.Value, outcome.NotStored));
        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_InnerFailsTwoLevelsDown_WhatItReadJoins()
    {
        await OuterAsync(() => ReadAsync("middle", async _ => await ReadAsync("inner", _ =>
        {
            LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
            throw new InvalidOperationException("no such row");
        })));

        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_InnerFails_ItsTagsJoin()
    {
        await OuterAsync(() => ReadAsync("inner", _ => throw new InvalidOperationException("no such row"), tags: ["user/7"]));

        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_InnerFailedAndItsKeyIsSet_OuterIsTouched()
    {
        await OuterAsync(() => ReadAsync("inner", _ => throw new InvalidOperationException("no such row"), tags: ["user/7"]));
        Assert.Equal(CacheReason.Fresh, Look());
        await Fixture.Cache.SetAsync("inner", "there");

        Assert.NotEqual(CacheReason.Fresh, Look());
    }

    [Fact]
    public async Task C3_ValueOfTheInnerCannotBeWritten_WhatItReadJoins()
    {
        await OuterAsync(async () => (await Fixture.Cache.GetOrCreateAsync("inner", _ =>
        {
            LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
            return new ValueTask<Unwritable>(new Unwritable());
        })).Text);

        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_InnerFailsBeforeItReadsAnything_OuterIsNotStored()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", _ => throw new InvalidOperationException("no connection")));

        Assert.Equal(("fallback", CacheReason.NestedUnknown), (outcome.Value, outcome.NotStored));
        Assert.Equal(CacheReason.Absent, Look()); // and the next one need not load alone
    }

    [Fact]
    public async Task C3_NothingIsThere_OuterDependsOnTheKey()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", _ => new("never"), OnlyWhatIsThere));
        Assert.Equal(("none", CacheReason.None), (outcome.Value, outcome.NotStored));
        Assert.Equal(CacheReason.Fresh, Look());

        await Fixture.Cache.SetAsync("inner", "there");

        Assert.NotEqual(CacheReason.Fresh, Look());
    }

    [Fact]
    public async Task C3_NothingIsThereForWhoMustLoad_OuterIsNotStored()
    {
        await ReadAsync("inner", _ => new("there"));
        var arrival = Engine.WithSession(Engine.Arrive(), Tenant.Default, new Position(new Epoch(7), 0));

        var outcome = await OuterAsync(() => ReadAsync("inner", _ => new("never"), OnlyWhatIsThere), arrival);

        // Others would find it there.
        Assert.Equal(("none", CacheReason.NestedUnknown), (outcome.Value, outcome.NotStored));
    }

    [Fact]
    public async Task C3_FollowerTakesAnError_WhatTheLeaderReadJoins()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("inner", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var retry = Engine.LoadAsync("inner", Fixture.Request((scope, _) =>
        {
            scope.DependsOn(Tag.Parse("user/7"));
            throw new InvalidOperationException("no such row");
        }), default).AsTask();
        var outer = OuterAsync(async () => (string?)(await Engine.LoadAsync("inner", Fixture.Request(Never), default)).Value);

        first.Fail(new InvalidOperationException("try again"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => leader);
        await Assert.ThrowsAsync<InvalidOperationException>(() => retry);

        Assert.Equal(("fallback", CacheReason.None), ((await outer).Value, (await outer).NotStored));
        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_FollowerTakesAnErrorOfWhatReadNothing_OuterIsNotStored()
    {
        var first = new GatedLoad();
        var leader = Engine.LoadAsync("inner", Fixture.Request(first.RunAsync), default).AsTask();
        await first.Started;
        var retry = Engine.LoadAsync("inner", Fixture.Request((_, _) => throw new InvalidOperationException("no connection")), default).AsTask();
        var outer = OuterAsync(async () => (string?)(await Engine.LoadAsync("inner", Fixture.Request(Never), default)).Value);

        first.Fail(new InvalidOperationException("try again"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => leader);
        await Assert.ThrowsAsync<InvalidOperationException>(() => retry);

        Assert.Equal(CacheReason.NestedUnknown, (await outer).NotStored);
    }

    [Fact]
    public async Task C3_CallerLeavesTheInner_OuterIsNotStored()
    {
        var go = new TaskCompletionSource<string>();
        using var patience = new CancellationTokenSource();
        var outcome = await OuterAsync(async () =>
        {
            var read = Fixture.Cache.GetOrCreateAsync("inner", async _ =>
            {
                LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
                return await go.Task;
            }, cancellationToken: patience.Token).AsTask();
            await patience.CancelAsync();
            return await read;
        });

        Assert.Equal(("fallback", CacheReason.NestedUnknown), (outcome.Value, outcome.NotStored));
        go.SetResult("late");
        while (Fixture.Loader.KeysLoading > 0)
            await Task.Yield();
    }

    [Fact]
    public async Task C3_InnerIsCancelled_OuterIsNotStored()
    {
        using var patience = new CancellationTokenSource();

        var outcome = await OuterAsync(async () => (string?)(await Engine.LoadAsync("inner", Fixture.Request(async (scope, cancel) =>
        {
            scope.DependsOn(Tag.Parse("user/7"));
            await patience.CancelAsync();
            cancel.ThrowIfCancellationRequested();
            return EngineFixture.Value("never");
        }), patience.Token)).Value);

        Assert.Equal(("fallback", CacheReason.NestedUnknown), (outcome.Value, outcome.NotStored));
    }

    [Fact]
    public async Task C3_InnerGivesUpByItself_OuterIsNotStored()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", _ =>
        {
            LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
            throw new TaskCanceledException("a time limit of the code's own");
        }));

        Assert.Equal(("fallback", CacheReason.NestedUnknown), (outcome.Value, outcome.NotStored));
    }

    [Fact]
    public async Task C3_FollowerLeaves_OuterIsNotStored()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("inner", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        using var patience = new CancellationTokenSource();

        var outer = OuterAsync(async () =>
        {
            var read = Engine.LoadAsync("inner", Fixture.Request(Never), patience.Token).AsTask();
            await patience.CancelAsync();
            return (string?)(await read).Value;
        });

        Assert.Equal(("fallback", CacheReason.NestedUnknown), ((await outer).Value, (await outer).NotStored));
        load.End("v1");
        await leader;
    }

    [Fact]
    public async Task C3_FollowerWaitsTooLong_WhatItLoadsAloneJoins()
    {
        var load = new GatedLoad();
        var leader = Engine.LoadAsync("inner", Fixture.Request(load.RunAsync), default).AsTask();
        await load.Started;
        var outer = OuterAsync(async () => (string?)(await Engine.LoadAsync("inner", Fixture.Request((scope, _) =>
        {
            scope.DependsOn(Tag.Parse("user/7"));
            throw new InvalidOperationException("no such row");
        }), default)).Value);

        while (!outer.IsCompleted)
        {
            Fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await AssertTouchedByAsync("user/7");
        load.End("v1");
        await leader;
    }

    [Fact]
    public async Task C3_InnerOfItsOwnKeyFails_WhatItReadJoins()
    {
        await OuterAsync(async () => (string?)(await Engine.LoadAsync("outer", Fixture.Request((scope, _) =>
        {
            scope.DependsOn(Tag.Parse("user/7"));
            throw new InvalidOperationException("no such row");
        }), default)).Value);

        await AssertTouchedByAsync("user/7");
    }

    [Fact]
    public async Task C3_InnerStillRunsWhenTheOuterEnds_WhatItReadSoFarJoins()
    {
        var go = new TaskCompletionSource();
        Task inner = Task.CompletedTask;
        await OuterAsync(() =>
        {
            string? seen = null;
            inner = ReadAsync("inner", async _ =>
            {
                LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
                seen = "what user 7 was";
                await go.Task;
                return seen;
            });
            return Task.FromResult(seen);
        });

        await AssertTouchedByAsync("user/7");
        go.SetResult();
        await inner;
    }

    [Fact]
    public async Task C3_InnerReadsOnAfterTheOuterEnded_OuterIsLeftAlone()
    {
        var go = new TaskCompletionSource();
        Task inner = Task.CompletedTask;
        var outcome = await OuterAsync(() =>
        {
            inner = ReadAsync("inner", async _ =>
            {
                await go.Task;
                LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
                LoadScope.Current.DoNotStore(CacheReason.UnknownSource);
                return "unused";
            });
            return Task.FromResult<string?>("used");
        });
        go.SetResult();
        await inner;
        await Fixture.TouchAsync("user/7");

        Assert.Equal(CacheReason.None, outcome.NotStored);
        Assert.Equal(CacheReason.Fresh, Look());
    }

    [Fact]
    public async Task C2_DoubtfulSourceInANestedLoadThatFails_MakesTheOuterUnstorable()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", _ =>
        {
            LoadScope.Current!.DependsOn(Tag.Parse("user/7"));
            LoadScope.Current.DoNotStore(CacheReason.AmbientTransaction);
            throw new InvalidOperationException("no such row");
        }));

        Assert.Equal(CacheReason.AmbientTransaction, outcome.NotStored);
    }

    [Fact]
    public async Task C2_DoubtfulSourceAfterAnotherRefusal_MakesTheOuterUnstorable()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", _ =>
        {
            LoadScope.Current!.DoNotStore(CacheReason.Declared);
            LoadScope.Current.DoNotStore(CacheReason.AmbientTransaction);
            return new("inner");
        }));

        Assert.Equal(("inner", CacheReason.AmbientTransaction), (outcome.Value, outcome.NotStored));
    }

    [Fact]
    public async Task InnerWritesAndFails_OuterIsNotStored()
    {
        var outcome = await OuterAsync(() => ReadAsync("inner", async _ =>
        {
            await Fixture.TouchAsync("other/1");
            throw new InvalidOperationException("after it wrote");
        }));

        Assert.Equal(CacheReason.WroteDuringLoad, outcome.NotStored);
    }

    private async Task<string?> ReadAsync(
        string key, Func<CancellationToken, ValueTask<string?>> factory, HybridCacheEntryOptions? options = null, string[]? tags = null) =>
        await Fixture.Cache.GetOrCreateAsync(key, factory, options, tags);

    // A handler that answers something else when what it reads fails.
    private async Task<LoadOutcome> OuterAsync(Func<Task<string?>> read, Arrival? arrival = null) => await Engine.LoadAsync("outer", Fixture.Request(async (_, _) =>
    {
        try
        {
            return EngineFixture.Value(await read() ?? "none");
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            return EngineFixture.Value("fallback");
        }
    }, arrival), default);

    private async Task AssertTouchedByAsync(string tag)
    {
        Assert.Equal(CacheReason.Fresh, Look());
        await Fixture.TouchAsync(tag);
        Assert.Equal(CacheReason.Touched, Look());
    }

    private CacheReason Look() => Engine.Look("outer", Engine.Arrive(), out _);

    internal sealed class Unwritable
    {
        public string Text => throw new InvalidOperationException("This cannot be written.");
    }
}
