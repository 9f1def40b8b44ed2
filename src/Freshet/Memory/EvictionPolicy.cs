namespace Freshet.Memory;

/// <summary>
/// Which entry goes when room is needed. Policy only: it orders entries, it neither holds a lock nor the table.
/// </summary>
/// <remarks>
/// <para>S3-FIFO (Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023), counted in
/// bytes. Most keys of a real workload are used once before they would be evicted, and they are what flushes an LRU. So a new
/// entry enters a <em>small</em> queue of a tenth of the bytes. If nobody used it by the time it is the oldest there, it
/// leaves, and only the hash of its key stays behind as a <em>ghost</em>; used, it moves to the <em>main</em> queue, which
/// is a clock (Corbató 1968): its oldest entry goes back to the young end, once for each use up to three, and leaves when
/// there is none. A key whose ghost is met again enters main at once. A scan of any length passes through the small queue
/// and leaves main alone.</para>
/// <para>Why not W-TinyLFU (Einziger, Friedman and Manes, ACM ToS 2017): its hits must be recorded in buffers and replayed,
/// while here a hit writes one byte at most three times between two looks of the eviction. docs/benchmarks.md has the hit
/// ratios of both beside plain LRU.</para>
/// <para>Two additions. <em>Dead</em> entries (expired, or touched so that nobody may have them again) go first, whatever
/// their frequency: at a queue's end, and by a hand that walks over both queues a few entries with each write, so that one
/// touch that kills half of the cache does not push out the other half. A dead entry that had been used leaves a ghost:
/// its key was wanted. And a call gives at most <see cref="Patience"/> second chances: without it one write could walk over
/// all of a cache in which everything was just used.</para>
/// </remarks>
internal sealed class EvictionPolicy(long capacity, Func<CacheEntry, bool> isDead)
{
    public const byte MaxFrequency = 3;
    private const int Patience = 128;
    private const int SmallShare = 10;

    private readonly EvictionQueue _small = new();
    private readonly EvictionQueue _main = new();
    private readonly GhostTable _ghosts = new();
    private EvictionQueue? _swept;
    private CacheEntry? _hand;

    public int Count => _small.Count + _main.Count;

    public long Bytes => _small.Bytes + _main.Bytes;

    /// <summary>Queues an entry whose key is new here.</summary>
    public void Add(CacheEntry entry)
    {
        entry.Frequency = 0;
        var queue = _ghosts.Contains(HashOf(entry), Remembered) ? _main : _small;
        queue.Enqueue(entry);
    }

    /// <summary>Queues an entry that takes the place of another of its key, with the standing that one had earned.</summary>
    public void Add(CacheEntry entry, (EvictionQueue Queue, byte Frequency) earned)
    {
        entry.Frequency = earned.Frequency;
        earned.Queue.Enqueue(entry);
    }

    /// <summary>Takes an entry out; returns its standing.</summary>
    public (EvictionQueue Queue, byte Frequency) Unlink(CacheEntry entry)
    {
        if (_hand == entry)
            _hand = entry.Newer;
        var queue = entry.Queue!;
        queue.Unlink(entry);
        return (queue, entry.Frequency);
    }

    /// <summary>Unlinks and returns the entry to evict; the queues must not be empty.</summary>
    public CacheEntry Evict(out bool wasDead)
    {
        for (var patience = Patience; ; patience--)
        {
            var fromSmall = _main.Count == 0 || (_small.Count > 0 && _small.Bytes >= capacity / SmallShare);
            var entry = (fromSmall ? _small : _main).Oldest!;
            wasDead = isDead(entry);
            if (wasDead)
            {
                UnlinkDead(entry);
                return entry;
            }

            if (entry.Frequency == 0 || patience == 0)
            {
                Unlink(entry);
                if (fromSmall)
                    _ghosts.Add(HashOf(entry), Remembered);
                return entry;
            }

            Unlink(entry);
            entry.Frequency = fromSmall ? (byte)0 : (byte)(entry.Frequency - 1);
            _main.Enqueue(entry);
        }
    }

    /// <summary>Moves the hand on by one entry: unlinks and returns it when it is dead.</summary>
    public CacheEntry? SweepOne()
    {
        if (_hand is null)
        {
            _swept = _swept == _main ? _small : _main;
            _hand = _swept.Oldest;
        }

        if (_hand is not { } entry)
            return null;
        _hand = entry.Newer;
        if (!isDead(entry))
            return null;
        UnlinkDead(entry);
        return entry;
    }

    public void Clear()
    {
        while ((_small.Oldest ?? _main.Oldest) is { } entry)
            Unlink(entry);
        _ghosts.Clear();
    }

    public void Validate()
    {
        _small.Validate();
        _main.Validate();
        Corruption.Unless(_hand is null || _hand.Queue is not null, "the hand points at an entry that has left");
    }

    // As many ghosts as main can hold entries, judged by the sizes met so far.
    private int Remembered => Math.Max(_main.Count, Count - Count / SmallShare);

    private void UnlinkDead(CacheEntry entry)
    {
        if (entry.Queue == _main || entry.Frequency > 0)
            _ghosts.Add(HashOf(entry), Remembered);
        Unlink(entry);
    }

    private static int HashOf(CacheEntry entry) => entry.Key.GetHashCode(StringComparison.Ordinal);
}
