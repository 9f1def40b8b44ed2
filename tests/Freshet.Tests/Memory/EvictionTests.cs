using Freshet.Memory;

namespace Freshet.Tests.Memory;

public sealed class EvictionTests : MemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomOperations_NeverExceedTheCapacity_AndStayConsistent(int seed)
    {
        const int Capacity = 200_000;
        var random = new Random(seed);
        var store = NewStore(Capacity);
        var latest = new Dictionary<string, CacheEntry>(StringComparer.Ordinal);
        for (var step = 0; step < 20_000; step++)
        {
            var key = $"k{(int)Math.Pow(2, random.NextDouble() * 10)}";
            switch (random.Next(10))
            {
                case < 4:
                    var entry = Entry(key, random.Next(20), step, (long)Math.Pow(2, random.NextDouble() * 15),
                        random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(100)));
                    if (store.Put(entry) == PutVerdict.Stored)
                        latest[key] = entry;
                    break;
                case < 8:
                    if (store.TryGet(key, out var found))
                        Assert.Same(latest[key], found);
                    break;
                case 8 when latest.TryGetValue(key, out var known):
                    if (random.Next(2) == 0)
                        Touched.Add(known);
                    else
                        store.Remove(known);
                    break;
                default:
                    Time.Advance(TimeSpan.FromMilliseconds(random.Next(3000)));
                    break;
            }

            Assert.InRange(store.Bytes, 0, Capacity);
            if (step % 50 == 0)
                store.Validate();
        }

        foreach (var cause in Enum.GetValues<RemovalCause>())
            Assert.True(store.Removals(cause) > 0, $"the test must meet {cause}");
    }

    [Fact]
    public void Scan_DoesNotFlushTheHotSet()
    {
        const int Hot = 400;
        var store = NewStore(capacity: 1_000 * Entry("h000").Footprint);
        var lru = new PlainLru(1_000);
        for (var round = 0; round < 5; round++)
            UseHotSet();

        for (var i = 0; i < 10_000; i++)
            Use($"scan{i}");

        Assert.InRange(Enumerable.Range(0, Hot).Count(i => store.TryGet($"h{i:000}", out _)), Hot * 95 / 100, Hot);
        Assert.Equal(0, Enumerable.Range(0, Hot).Count(i => lru.Contains($"h{i:000}")));

        void UseHotSet()
        {
            for (var i = 0; i < Hot; i++)
                Use($"h{i:000}");
        }

        void Use(string key)
        {
            if (!store.TryGet(key, out _))
                store.Put(Entry(key));
            lru.Use(key);
        }
    }

    [Fact]
    public void ZipfWithScans_HitsMoreThanPlainLru()
    {
        const int Capacity = 500;
        var store = NewStore(capacity: Capacity * Entry("k0000").Footprint);
        var lru = new PlainLru(Capacity);
        var random = new Random(1);
        var (hits, lruHits, asked, scanned) = (0, 0, 0, 0);
        for (var i = 0; i < 100_000; i++)
        {
            // Of each 3,000 requests the last 1,000 are a scan of keys that never return.
            var isScan = i % 3_000 >= 2_000;
            var key = isScan ? $"scan{scanned++}" : $"k{(int)Math.Pow(10_000, random.NextDouble()):0000}";
            var hit = store.TryGet(key, out _);
            if (!hit)
                store.Put(Entry(key));
            var lruHit = lru.Use(key);
            if (isScan)
                continue;
            asked++;
            hits += hit ? 1 : 0;
            lruHits += lruHit ? 1 : 0;
        }

        Assert.True(hits > 1.05 * lruHits, $"{(double)hits / asked:P1} against {(double)lruHits / asked:P1}");
    }

    [Fact]
    public void DeadEntries_GoBeforeLivingOnes()
    {
        var store = NewStore(capacity: 1_000 * Entry("k000").Footprint);
        var entries = Enumerable.Range(0, 1_000).Select(i => Entry($"k{i:000}")).ToArray();
        foreach (var entry in entries)
        {
            store.Put(entry);
            store.TryGet(entry.Key, out _);
        }

        Touched.UnionWith(entries.Where((_, i) => i % 2 == 0));
        for (var i = 0; i < 500; i++)
            store.Put(Entry($"n{i:000}"));

        Assert.Equal(0, store.Removals(RemovalCause.Evicted));
        Assert.Equal(500, store.Removals(RemovalCause.Touched));
    }

    [Fact]
    public void Replacement_KeepsTheStandingOfItsKey()
    {
        var store = NewStore(capacity: 200 * Entry("scan000").Footprint);
        store.Put(Entry("hot"));
        for (var i = 0; i < 3; i++)
            store.TryGet("hot", out _);
        for (var i = 0; i < 1_000; i++)
        {
            store.Put(Entry($"scan{i:000}"));
            if (i % 200 == 0)
                Assert.Equal(PutVerdict.Stored, store.Put(Entry("hot", fence: i + 2)));
        }

        Assert.True(store.TryGet("hot", out _));
    }

    [Fact]
    public void EverythingJustUsed_OneWriteStillEvictsWithinItsPatience()
    {
        var store = NewStore(capacity: 2_000 * Entry("k0000").Footprint);
        var entries = Enumerable.Range(0, 2_000).Select(i => Entry($"k{i:0000}")).ToArray();
        foreach (var entry in entries)
        {
            store.Put(entry);
            for (var use = 0; use < EvictionPolicy.MaxFrequency; use++)
                store.TryGet(entry.Key, out _);
        }

        store.Put(Entry("n0000"));
        Assert.Equal(1, store.Removals(RemovalCause.Evicted));
        Assert.InRange(entries.Count(entry => entry.Frequency == EvictionPolicy.MaxFrequency), 1_800, 1_999);
    }

    private sealed class PlainLru(int capacity)
    {
        private readonly Dictionary<string, LinkedListNode<string>> _nodes = new(StringComparer.Ordinal);
        private readonly LinkedList<string> _order = new();

        public bool Contains(string key) => _nodes.ContainsKey(key);

        public bool Use(string key)
        {
            if (_nodes.Remove(key, out var node))
                _order.Remove(node);
            _nodes[key] = _order.AddFirst(key);
            if (_nodes.Count > capacity)
            {
                _nodes.Remove(_order.Last!.Value);
                _order.RemoveLast();
            }

            return node is not null;
        }
    }
}
