using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

/// <summary>Clocks that grow, are given back, and begin anew.</summary>
public class TenantClocksLifeTests
{
    private static readonly Tenant Owner = Tenant.Named("a");
    private static readonly Tag Row = Tag.Of("row", "1");

    private readonly TagClocks _clocks = new();

    [Fact]
    public void C12_ClocksWereGivenBack_WhatWasMadeFromThemIsInvalidForEver()
    {
        var entry = _clocks.ClocksOf(Owner, Row);
        _clocks.Drop(Owner);

        Assert.False(entry.Untouched(_clocks.Now));
        Assert.False(entry.Untouched(long.MaxValue - 1));
        Assert.True(_clocks.ClocksOf(Owner, Row).Untouched(_clocks.Now));
    }

    [Fact]
    public void C12_TouchBeforeTheClocksWereGivenBack_IsNotMissedByALoadThatBeganBeforeIt()
    {
        var fence = _clocks.Now; // the load begins, and reads the row
        _clocks.Touch(Owner, [Row]);
        _clocks.Drop(Owner);
        var entry = _clocks.ClocksOf(Owner, Row); // only now it says what it has read

        Assert.False(entry.Untouched(fence));
        Assert.True(entry.Untouched(_clocks.Now));
    }

    [Fact]
    public void C12_OtherTenantsClocksWereGivenBack_EntriesStay()
    {
        var entry = _clocks.ClocksOf(Owner, Row);
        var fence = _clocks.Now;
        _clocks.Touch(Tenant.Named("b"), [Row]);
        _clocks.Drop(Tenant.Named("b"));

        Assert.True(entry.Untouched(fence));
    }

    [Fact]
    public void C12_EntryOfTwoTenants_IsInvalidWithEither()
    {
        var read = new EntryClocks.Collector();
        _clocks.AddClocks(Owner, Row, read);
        _clocks.AddClocks(Tenant.Public, Row, read);
        var entry = read.ToClocks();
        Assert.True(entry.Untouched(_clocks.Now));
        _clocks.Drop(Owner);

        Assert.False(entry.Untouched(_clocks.Now));
    }

    [Fact]
    public void C3_JoinedClocks_AreJudgedWithTheOthers()
    {
        var nested = new EntryClocks.Collector();
        _clocks.AddClocks(Tenant.Public, Row.Subtree, nested);
        _clocks.AddClocks(Owner, Tag.Root.Subtree, nested);
        var outer = new EntryClocks.Collector();
        _clocks.AddClocks(Tenant.Named("b"), Row, outer);
        outer.Add(nested.ToClocks());
        var entry = outer.ToClocks();

        foreach (var (tenant, touched) in new[] { (Tenant.Public, Row.Child("x")), (Owner, Tag.Of("y")), (Tenant.Named("b"), Row) })
        {
            var fence = _clocks.Now;
            Assert.True(entry.Untouched(fence));
            _clocks.Touch(tenant, [touched]);
            Assert.False(entry.Untouched(fence));
        }
    }

    [Fact]
    public void TenantsThatNobodyUsesAnyMore_AreForgotten_AndThoseInUseStay()
    {
        var used = _clocks.ClocksOf(Owner, Row);
        var shared = _clocks.ClocksOf(Tenant.Public, Row);
        var fence = _clocks.Now;
        for (var i = 0; i < 20 * TagClocks.FirstTenants; i++)
        {
            _clocks.Touch(Tenant.Named($"{i}"), [Row]);
            if (i % 1000 == 0)
                Assert.True(used.Untouched(fence));
        }

        Assert.InRange(_clocks.Tenants, 2, 3 * TagClocks.FirstTenants);
        Assert.True(used.Untouched(fence));
        Assert.True(shared.Untouched(fence)); // the public log is always followed
    }

    [Fact]
    public void IdleTenant_TakesLittleMemory()
    {
        var clocks = new TagClocks();
        var tenants = Enumerable.Range(0, 3000).Select(i => Tenant.Named($"{i}")).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var tenant in tenants)
            clocks.Touch(tenant, [Row]);

        // All that was ever allocated, what the list of tenants has outgrown included.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / tenants.Length, 1, 1024);
    }

    /// <summary>As <c>C1_C9_TouchAcknowledgedBeforeAnArrival_IsSeenByIt</c>, while the tables below grow, are halved and are given back.</summary>
    [Theory]
    [InlineData(1 << 16, false)]
    [InlineData(256, false)]
    [InlineData(1 << 12, true)]
    public void C1_C9_TablesChangeBelowReadersAndWriters_NoTouchIsLost(int size, bool drops)
    {
        const int Kinds = 8;
        const int Rounds = 30_000;
        var clocks = new TagClocks(size);
        var tenants = new[] { Owner, Tenant.Named("b") };
        var tags = Enumerable.Range(0, Kinds).Select(i => (IReadOnlyList<Tag>)[Tag.Of("row", $"{i}")]).ToArray();
        var values = new long[Kinds];
        var acknowledged = new long[Kinds];
        var (broken, hits) = (0, 0L);
        using var start = new Barrier(4);

        void Write(int seed)
        {
            start.SignalAndWait();
            for (var i = 0; i < Rounds; i++)
            {
                // Each writer has tags of its own, so that the version it acknowledges is the one it wrote; and wears the tables.
                var kind = (((i * 7) + seed) % (Kinds / 2) * 2) + (seed & 1);
                var version = Volatile.Read(ref values[kind]) + 1;
                Volatile.Write(ref values[kind], version);
                clocks.Touch(tenants[kind / 4], tags[kind]);
                Volatile.Write(ref acknowledged[kind], version);
                clocks.Touch(tenants[i & 1], [Tag.Of("other", $"{seed}-{i}")]);
                if (drops && i % 100 == seed)
                    clocks.Drop(tenants[i / 100 & 1]);
            }
        }

        void Read(int seed)
        {
            var kept = new (EntryClocks Clocks, long Fence, long Value)[Kinds];
            for (var kind = 0; kind < Kinds; kind++)
                kept[kind] = (clocks.ClocksOf(tenants[kind / 4], tags[kind][0]), -1, 0);
            start.SignalAndWait();
            for (var i = 0; i < Rounds * 4; i++)
            {
                var kind = ((i * 5) + seed) % Kinds;
                var required = Volatile.Read(ref acknowledged[kind]);
                var arrival = clocks.Now;
                if (kept[kind].Clocks.Untouched(kept[kind].Fence))
                {
                    Interlocked.Increment(ref hits);
                    if (kept[kind].Value < required)
                        Interlocked.Increment(ref broken);
                }
                else
                {
                    var value = Volatile.Read(ref values[kind]);
                    kept[kind] = (clocks.ClocksOf(tenants[kind / 4], tags[kind][0]), arrival, value);
                }
            }
        }

        var threads = new[] { new Thread(() => Write(0)), new Thread(() => Write(1)), new Thread(() => Read(2)), new Thread(() => Read(3)) };
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        Assert.Equal(0, broken);
        Assert.True(hits > 0);
    }
}
