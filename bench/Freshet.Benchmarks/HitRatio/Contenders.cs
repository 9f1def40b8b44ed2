using System.Globalization;
using BitFaster.Caching.Lfu;
using BitFaster.Caching.Lru;
using BitFaster.Caching.Scheduler;
using Freshet.Memory;

namespace Freshet.Benchmarks.HitRatio;

/// <summary>A cache under test: says whether the key was there, and puts it there if not.</summary>
internal delegate bool Ask(int key);

internal static class Contenders
{
    public static readonly (string Name, Func<int, Ask> Make)[] All =
    [
        ("plain LRU", PlainLru),
        ("BitFaster ConcurrentLru", ConcurrentLru),
        ("BitFaster ConcurrentLfu", ConcurrentLfu),
        ("Freshet", FreshetStore),
    ];

    private static Ask PlainLru(int capacity)
    {
        var nodes = new Dictionary<int, LinkedListNode<int>>();
        var order = new LinkedList<int>();
        return key =>
        {
            if (nodes.TryGetValue(key, out var node))
            {
                order.Remove(node);
                order.AddFirst(node);
                return true;
            }

            nodes[key] = order.AddFirst(key);
            if (nodes.Count > capacity)
            {
                nodes.Remove(order.Last!.Value);
                order.RemoveLast();
            }

            return false;
        };
    }

    private static Ask ConcurrentLru(int capacity)
    {
        var cache = new ConcurrentLru<int, object>(1, capacity, EqualityComparer<int>.Default);
        return key => Get(key, cache.TryGet(key, out _), cache.AddOrUpdate);
    }

    private static Ask ConcurrentLfu(int capacity)
    {
        var cache = new ConcurrentLfu<int, object>(1, capacity, new ForegroundScheduler(), EqualityComparer<int>.Default);
        return key => Get(key, cache.TryGet(key, out _), cache.AddOrUpdate);
    }

    private static Ask FreshetStore(int capacity)
    {
        var footprint = Entry(0).Footprint;
        var options = new MemoryOptions { CapacityBytes = capacity * footprint };
        var store = new MemoryStore(options, TimeProvider.System, static _ => false);
        return key =>
        {
            if (store.TryGet(Key(key), out _))
                return true;
            store.Put(Entry(key));
            return false;
        };

        static CacheEntry Entry(int key) => new() { Key = Key(key), Value = "", Bytes = 1024, Fence = 1, Ticket = 1 };
        static string Key(int key) => string.Create(CultureInfo.InvariantCulture, $"{key:D9}");
    }

    private static bool Get(int key, bool hit, Action<int, object> add)
    {
        if (!hit)
            add(key, "");
        return hit;
    }
}
