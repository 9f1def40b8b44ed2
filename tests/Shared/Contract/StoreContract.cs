using Freshet.Coherence;
using Freshet.Loading;
using Freshet.Storage;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Contract;

/// <summary>
/// What any store of the invalidation logs owes the engine. The embedded store and Redis run the same tests; what only one of them
/// can do is tested apart.
/// </summary>
public abstract class StoreContract : IAsyncLifetime
{
    private static readonly Tenant Acme = Tenant.Named("acme");
    private static readonly Tenant Other = Tenant.Named("other");
    private static readonly Tag Row = Tag.Of("row", "1");

    private ServiceProvider _services = null!;

    private IInvalidationStore Store => _services.GetRequiredService<IInvalidationStore>();

    private TagClocks Clocks => _services.GetRequiredService<TagClocks>();

    private CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

    private HybridCache Cache => _services.GetRequiredService<HybridCache>();

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        await UseAsync(services.AddFreshetCore());
        _services = services.BuildServiceProvider();
        // A store that others share is used once contact stands.
        foreach (var tenant in new[] { Tenant.Default, Tenant.Public, Acme, Other })
            await Until(() => Engine.InContact(tenant));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await EndAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Chooses the store.</summary>
    protected abstract Task UseAsync(FreshetBuilder freshet);

    /// <summary>Ends what the store needed.</summary>
    protected virtual Task EndAsync() => Task.CompletedTask;

    [Fact]
    public async Task C9_Append_SaysWhereTheRecordStands_OneAfterTheOther()
    {
        var start = Store.Applied(Acme);
        var first = await Store.AppendAsync(Acme, [Row], default);
        var second = await Store.AppendAsync(Acme, [Row], default);

        Assert.Equal(start with { Offset = start.Offset + 1 }, first);
        Assert.Equal(start with { Offset = start.Offset + 2 }, second);
        Assert.Equal(second, Store.Applied(Acme));
    }

    [Fact]
    public async Task C9_Appended_IsTouchedHereBeforeTheAppendReturns()
    {
        var clocks = new EntryClocks.Collector();
        Clocks.AddClocks(Acme, Row, clocks);
        var fence = Clocks.Now;
        await Store.AppendAsync(Acme, [Row], default);
        Assert.False(clocks.ToClocks().Untouched(fence));
    }

    [Fact]
    public async Task C10_WhatWasAppendedHere_IsCovered_AndWhatLiesAheadOrInAnotherEpochIsNot()
    {
        var at = (await Store.AppendAsync(Acme, [Row], default))!.Value;
        Assert.True(Store.Covers(Acme, at));
        Assert.False(Store.Covers(Acme, at with { Offset = at.Offset + 1 }));
        Assert.False(Store.Covers(Acme, at with { Epoch = Epoch.Random() }));
    }

    [Fact]
    public async Task LogsOfTwoTenants_KnowNothingOfEachOther()
    {
        var before = Store.Applied(Other);
        await Store.AppendAsync(Acme, [Row], default);
        Assert.Equal(before, Store.Applied(Other));
        Assert.Empty(Store.ReadAfter(Other, before).Records!);
    }

    [Fact]
    public async Task Records_AreReadAsTheyWereAppended()
    {
        var start = Store.Applied(Acme);
        var change = new ChangeSummary(ChangeAction.Updated, "Straße", "7/ü");
        Tag[] tags = [Row, Tag.Of("straße", "7/ü", "\u0001"), Tag.Root];
        await Store.AppendAsync(Acme, tags, change);
        await Store.AppendAsync(Acme, [Tag.Of("x")], default);

        var records = Store.ReadAfter(Acme, start).Records!;
        Assert.Equal([start.Offset + 1, start.Offset + 2], records.Select(r => r.Offset));
        Assert.Equal(tags, records[0].Tags);
        Assert.Equal(change, records[0].Change);
        Assert.Equal(default, records[1].Change);
    }

    [Fact]
    public async Task C7_PlaceThatTheLogDoesNotReach_HasNoRecords()
    {
        var start = Store.Applied(Acme);
        Assert.Null(Store.ReadAfter(Acme, start with { Epoch = Epoch.Random() }).Records);
        Assert.Null(Store.ReadAfter(Acme, start with { Offset = start.Offset + 5 }).Records);
        for (var i = 0; i <= InvalidationLog.DefaultCapacity; i++)
            await Store.AppendAsync(Acme, [Row], default);
        Assert.Null(Store.ReadAfter(Acme, start).Records);
        Assert.Equal(InvalidationLog.DefaultCapacity, Store.ReadAfter(Acme, start with { Offset = start.Offset + 1 }).Records!.Count);
    }

    [Fact]
    public async Task WhoWantsToKnow_IsToldOfEachMove()
    {
        var moved = new HashSet<Tenant>();
        Store.OnMoved(tenant =>
        {
            lock (moved)
                moved.Add(tenant);
        });
        await Store.AppendAsync(Acme, [Row], default);
        await Until(() =>
        {
            lock (moved)
                return moved.Contains(Acme);
        });
    }

    [Fact]
    public async Task ManyAppendAtOnce_EachHasAPlaceOfItsOwn()
    {
        var start = Store.Applied(Acme);
        const int Count = 500;
        var places = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(() => Store.AppendAsync(Acme, [Row], default).AsTask())));
        Assert.Equal(Enumerable.Range(1, Count).Select(i => start.Offset + i), places.Select(p => p!.Value.Offset).Order());
        Assert.All(places, p => Assert.Equal(start.Epoch, p!.Value.Epoch));
        await Until(() => Store.Applied(Acme).Offset == start.Offset + Count);
    }

    [Fact]
    public async Task NoTenant_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AppendAsync(default, [Row], default));

    [Fact]
    public async Task C4_Value_IsKeptUntilOneOfItsTagsIsTouched()
    {
        var loads = 0;
        Assert.Equal(1, await ReadAsync());
        Assert.Equal(1, await ReadAsync());
        await Engine.InvalidateAsync(Tenant.Default, [Tag.Of("row", "2")]);
        Assert.Equal(1, await ReadAsync());
        await Engine.InvalidateAsync(Tenant.Default, [Tag.Of("row")]);
        Assert.Equal(2, await ReadAsync());
        await Cache.RemoveAsync("k");
        Assert.Equal(3, await ReadAsync());
        await Cache.RemoveByTagAsync("*");
        Assert.Equal(4, await ReadAsync());

        ValueTask<int> ReadAsync() => Cache.GetOrCreateAsync("k", _ => new ValueTask<int>(++loads), tags: ["row/1"]);
    }

    [Fact]
    public async Task C5_LoadThatBeganBeforeAWrite_IsNeitherKeptNorHandedToWhoComesAfterIt()
    {
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = Cache.GetOrCreateAsync("k", _ =>
        {
            started.SetResult();
            return new ValueTask<string>(gate.Task);
        }, tags: ["row/1"]).AsTask();
        await started.Task;
        await Engine.InvalidateAsync(Tenant.Default, [Row]);
        var late = Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("new"), tags: ["row/1"]).AsTask();
        gate.SetResult("old");

        Assert.Equal("old", await slow);
        Assert.Equal("new", await late);
        Assert.Equal("new", await Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("unused"), tags: ["row/1"]));
    }

    [Fact]
    public async Task SetValue_TakesThePlaceOfEveryEarlierOne()
    {
        await Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("loaded"));
        await Cache.SetAsync("k", "set");
        Assert.Equal("set", await Cache.GetOrCreateAsync("k", _ => new ValueTask<string>("unused")));
    }

    /// <summary>Waits for something that other threads bring about.</summary>
    private static async Task Until(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
