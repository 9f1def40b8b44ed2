using Freshet.Coherence;
using Freshet.Storage;

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
}
