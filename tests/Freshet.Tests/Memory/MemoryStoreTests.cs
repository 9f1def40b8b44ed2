using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Tests.Memory;

public sealed class MemoryStoreTests : MemoryTests
{
    [Fact]
    public void Put_IsFoundUnderExactlyItsKey()
    {
        var store = NewStore();
        var entry = Entry("x/AbC");
        Assert.Equal(PutVerdict.Stored, store.Put(entry));

        Assert.True(store.TryGet("x/AbC", out var found));
        Assert.Same(entry, found);
        Assert.False(store.TryGet("x/abc", out _));
        Assert.False(store.TryGet("x/AbC ", out _));
        Assert.False(store.TryGet("", out _));
    }

    [Fact]
    public void Keys_ThatNormalisationWouldJoin_StayApart()
    {
        var store = NewStore();
        string[] keys = ["é", "e\u0301", "É", "ﬁ", "fi", "\0", "\0\0", "İ", "i", "I", "ı", "ß", "ss"];
        foreach (var key in keys)
            store.Put(Entry(key));

        Assert.Equal(keys.Length, store.Count);
        Assert.All(keys, key => Assert.True(store.TryGet(key, out var found) && (string)found.Value == key));
    }

    [Theory]
    [InlineData(4, 9, PutVerdict.NotNewer)]
    [InlineData(5, 4, PutVerdict.NotNewer)]
    [InlineData(5, 5, PutVerdict.NotNewer)]
    [InlineData(5, 6, PutVerdict.Stored)]
    [InlineData(6, 0, PutVerdict.Stored)]
    public void C11_OnlyAHigherFenceAndTicket_Replaces(long fence, long ticket, object verdict)
    {
        var store = NewStore();
        var first = Entry("k", fence: 5, ticket: 5);
        var second = Entry("k", fence, ticket, bytes: 200);
        store.Put(first);

        Assert.Equal(verdict, store.Put(second));
        Assert.True(store.TryGet("k", out var found));
        Assert.Same(verdict is PutVerdict.Stored ? second : first, found);
        Assert.Equal(1, store.Count);
        Assert.Equal(found.Footprint, store.Bytes);
    }

    [Fact]
    public void Replaced_KeepsOnlyOneKeyObject()
    {
        var store = NewStore();
        var first = Entry(new string('k', 3));
        var second = Entry(new string('k', 3), ticket: 2);
        store.Put(first);
        store.Put(second);
        Assert.Same(first.Key, second.Key);
    }

    [Fact]
    public void TooLarge_IsRefusedAndEvictsNothing()
    {
        var store = NewStore(capacity: 1 << 20, maxEntry: 1000);
        store.Put(Entry("small"));
        Assert.Equal(PutVerdict.TooLarge, store.Put(Entry("large", bytes: 1000)));
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void TooLarge_IsAtMostATenthOfTheCapacity()
    {
        var store = NewStore(capacity: 100_000, maxEntry: 1 << 20);
        Assert.Equal(PutVerdict.TooLarge, store.Put(Entry("k", bytes: 10_001)));
        Assert.Equal(PutVerdict.Stored, store.Put(Entry("k", bytes: 9_000)));
    }

    [Fact]
    public void Remove_OfAnEntryThatWasReplaced_LeavesTheNewOne()
    {
        var store = NewStore();
        var old = Entry("k");
        var current = Entry("k", ticket: 2);
        store.Put(old);
        store.Put(current);

        Assert.False(store.Remove(old));
        Assert.True(store.TryGet("k", out _));
        Assert.True(store.Remove(current));
        Assert.False(store.Remove(current));
        Assert.False(store.TryGet("k", out _));
        Assert.Equal(0, store.Bytes);
    }

    [Fact]
    public void Clear_LeavesNothing_AndTheStoreWorksOn()
    {
        var store = NewStore();
        for (var i = 0; i < 100; i++)
            store.Put(Entry($"k{i}", expiresIn: TimeSpan.FromSeconds(i + 1)));
        store.Clear();
        store.Validate();
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
        Assert.Equal(PutVerdict.Stored, store.Put(Entry("k1")));
    }

    [Fact]
    public void Hit_AllocatesNothing()
    {
        var store = NewStore();
        store.Put(Entry("tenant/key"));
        Find(store);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Find(store);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Find(MemoryStore store)
        {
            for (var i = 0; i < 100; i++)
                Assert.True(store.TryGet("tenant/key".AsSpan(), out _));
        }
    }

    [Fact]
    public void Footprint_CoversWhatAnEntryAllocates()
    {
        const int Entries = 1000;
        var read = new EntryClocks.Collector();
        new TagClocks(64).AddClocks(Tenant.Default, Tag.Of("a", "b", "c"), read);
        EntryClocks Clocks() => read.ToClocks();

        var store = NewStore(capacity: 1 << 24);
        var allocated = new long[Entries];
        for (var i = 0; i < Entries; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var key = string.Create(20, i, static (span, n) => span.Fill((char)n));
            store.Put(new CacheEntry { Key = key, Value = this, Bytes = 0, Fence = 1, Ticket = 1, Clocks = Clocks() });
            allocated[i] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Array.Sort(allocated);
        var perEntry = allocated[Entries / 2]; // the table's growth is in a few of them only
        Assert.True(store.TryGet(string.Create(20, 7, static (span, n) => span.Fill((char)n)), out var entry));
        const int BucketsAndGhost = 36;
        Assert.Equal(perEntry + BucketsAndGhost, entry.Footprint);
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryOptions { CapacityBytes = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryOptions { MaxEntryBytes = 0 });
    }
}
