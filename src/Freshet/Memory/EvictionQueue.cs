namespace Freshet.Memory;

/// <summary>A first-in-first-out queue of entries, linked through the entries themselves and measured in bytes.</summary>
internal sealed class EvictionQueue
{
    public CacheEntry? Oldest { get; private set; }

    public long Bytes { get; private set; }

    public int Count { get; private set; }

    private CacheEntry? _newest;

    public void Enqueue(CacheEntry entry)
    {
        entry.Queue = this;
        entry.Older = _newest;
        if (_newest is null)
            Oldest = entry;
        else
            _newest.Newer = entry;
        _newest = entry;
        Bytes += entry.Footprint;
        Count++;
    }

    public void Unlink(CacheEntry entry)
    {
        if (entry.Older is null)
            Oldest = entry.Newer;
        else
            entry.Older.Newer = entry.Newer;
        if (entry.Newer is null)
            _newest = entry.Older;
        else
            entry.Newer.Older = entry.Older;
        entry.Queue = null;
        entry.Newer = entry.Older = null; // an entry that a reader still holds must not keep its old neighbours alive
        Bytes -= entry.Footprint;
        Count--;
    }

    /// <summary>Throws when links and sums disagree.</summary>
    public void Validate()
    {
        var (count, bytes) = (0, 0L);
        CacheEntry? older = null;
        for (var entry = Oldest; entry is not null; older = entry, entry = entry.Newer)
        {
            Corruption.Unless(entry.Queue == this, "an entry is linked into a queue that it does not name");
            Corruption.Unless(entry.Older == older, "a queue's links disagree");
            Corruption.Unless(entry.Frequency <= EvictionPolicy.MaxFrequency, "a frequency is above its cap");
            count++;
            bytes += entry.Footprint;
        }

        Corruption.Unless(older == _newest && count == Count && bytes == Bytes, "a queue's sums disagree with its links");
    }
}
