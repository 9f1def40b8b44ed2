using Freshet.Coherence;
using Freshet.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Tests.Coherence;

public class EmbeddedStoreTests
{
    private readonly EmbeddedStore _store = new(new TagClocks(1024), 8);
    private static Tenant Acme => Tenant.Named("acme");

    [Fact]
    public async Task LogThatNobodyHasWrittenTo_StandsWhereItsFirstRecordWillFollow()
    {
        var start = _store.Applied(Acme);
        Assert.Equal(0, start.Offset);
        Assert.True(_store.Covers(Acme, start));
        Assert.Empty(_store.ReadAfter(Acme, start).Records!);

        var first = await _store.AppendAsync(Acme, [Tag.Of("x")], default);
        Assert.Equal(start with { Offset = 1 }, first);
        Assert.Single(_store.ReadAfter(Acme, start).Records!);
    }

    [Fact]
    public void C7_PositionOfAnotherLife_ReadsNothing()
    {
        var other = new EmbeddedStore(new TagClocks(1024), 8).Applied(Acme);
        Assert.Null(_store.ReadAfter(Acme, other).Records);
        Assert.False(_store.Covers(Acme, other));
    }

    [Fact]
    public void Reading_KeepsNothingOfTheTenantsThatAreNamed()
    {
        _store.Applied(Acme);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 200_000; i++)
        {
            var tenant = Tenant.Named($"made-up-{i}");
            _store.ReadAfter(tenant, _store.Applied(tenant));
        }

        // Two hundred thousand logs would take more than 40 MB; other tests run beside this one.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20 << 20);
    }

    [Fact]
    public async Task C10_C12_LogThatNobodyWritesTo_ForgetsItsRecords_AndStillKnowsWhereItStood()
    {
        var time = new FakeTimeProvider();
        var store = new EmbeddedStore(new TagClocks(1024), 1024, time);
        var start = store.Applied(Acme);
        for (var i = 0; i < 1_000; i++)
            await store.AppendAsync(Acme, [Tag.Of("row", $"{i}")], default);
        var head = store.Applied(Acme);
        await AgeAsync(store, time);
        Assert.Equal(1_000, store.ReadAfter(Acme, start).Records!.Count);

        await AgeAsync(store, time);
        Assert.Equal(head, store.Applied(Acme));
        Assert.True(store.Covers(Acme, head));
        Assert.False(store.Covers(Acme, head with { Offset = head.Offset + 1 }));
        Assert.Null(store.ReadAfter(Acme, start).Records);
        Assert.Empty(store.ReadAfter(Acme, head).Records!);
        Assert.Equal(head with { Offset = head.Offset + 1 }, await store.AppendAsync(Acme, [Tag.Of("row")], default));
    }

    [Fact]
    public async Task TenantsThatWroteOnce_TakeFewBytes()
    {
        var time = new FakeTimeProvider();
        var store = new EmbeddedStore(new TagClocks(1024), 1024, time);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        const int Count = 200;
        for (var tenant = 0; tenant < Count; tenant++)
        {
            for (var i = 0; i < 1_000; i++)
                await store.AppendAsync(Tenant.Named($"t{tenant}"), [Tag.Of("row", $"{i}")], default);
        }

        for (var i = 0; i < 2; i++)
            await AgeAsync(store, time);
        // 250 KB each, had they kept their records; other tests run beside this one.
        Assert.InRange((GC.GetTotalMemory(forceFullCollection: true) - before) / Count, long.MinValue, 100_000);
        Assert.Equal(1_000, store.Applied(Tenant.Named("t7")).Offset);
    }

    private static async Task AgeAsync(EmbeddedStore store, FakeTimeProvider time)
    {
        time.Advance(EmbeddedStore.RecordAge);
        await store.AppendAsync(Tenant.Named("another"), [Tag.Of("x")], default);
    }
}
