using System.Numerics;

namespace Freshet.Memory;

/// <summary>
/// A hierarchical timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): five wheels of 64
/// slots whose slots last 1 s, 64 s, 68 min, 3 days and 194 days. Setting and removing a timer is O(1). When a wheel turns,
/// its slot is spliced whole onto the list of due entries, and the caller takes those one by one: an entry that was due is
/// returned, one that was only nearer moves to a finer wheel. So a million entries that expire together cost no single
/// caller more than it chooses to pay. Not thread-safe; its owner locks.
/// </summary>
internal sealed class ExpiryWheel
{
    private const int Levels = 5;
    private const int SlotBits = 6;
    private const int Slots = 1 << SlotBits;
    private const long FurthestSeconds = 1L << (SlotBits * Levels - 1); // 17 years: what is later is looked at again then

    private readonly TimerLink[] _slots = new TimerLink[Levels * Slots];
    private readonly TimerLink _due = Ring();
    private readonly long _frequency;
    private long _second;

    public ExpiryWheel(long timestamp, long timestampFrequency)
    {
        for (var i = 0; i < _slots.Length; i++)
            _slots[i] = Ring();
        _frequency = timestampFrequency;
        _second = timestamp / timestampFrequency;
    }

    /// <summary>How many entries hang in the wheel.</summary>
    public int Count { get; private set; }

    public void Set(CacheEntry entry)
    {
        if (entry.UselessAt == long.MaxValue)
            return;
        Count++;
        Hang(entry);
    }

    public void Unset(CacheEntry entry)
    {
        if (entry.NextTimer is null)
            return;
        Count--;
        Unlink(entry);
    }

    /// <summary>
    /// Turns the wheels to <paramref name="timestamp"/> and takes one entry that has expired by then, or null when there is
    /// none or <paramref name="budget"/>, the number of entries to look at, is used up.
    /// </summary>
    public CacheEntry? TakeExpired(long timestamp, ref int budget)
    {
        Turn(timestamp / _frequency);
        while (budget > 0 && _due.NextTimer is CacheEntry entry)
        {
            budget--;
            Unlink(entry);
            if (DueSecond(entry) <= _second)
            {
                Count--;
                return entry;
            }

            Hang(entry);
        }

        return null;
    }

    /// <summary>Throws when a ring is broken, or the number of entries is not the one remembered.</summary>
    public void Validate()
    {
        var count = 0;
        foreach (var ring in _slots.Append(_due))
        {
            for (var link = ring; link.NextTimer != ring; link = link.NextTimer)
            {
                Corruption.Unless(link.NextTimer is CacheEntry && link.NextTimer.PreviousTimer == link, "a timer ring is broken");
                count++;
            }
        }

        Corruption.Unless(count == Count, "the number of timers disagrees with the wheel");
    }

    // The first whole second at which the entry has certainly expired.
    private long DueSecond(CacheEntry entry) => entry.UselessAt / _frequency + 1;

    private void Hang(CacheEntry entry)
    {
        var due = Math.Clamp(DueSecond(entry), _second + 1, _second + FurthestSeconds);

        // The coarsest group of six bits in which the two differ says which wheel must turn first.
        var level = Math.Min(Levels - 1, BitOperations.Log2((ulong)(due ^ _second)) / SlotBits);
        InsertBefore(Slot(level, due >> (level * SlotBits)), entry);
    }

    private void Turn(long second)
    {
        if (second <= _second)
            return;
        for (var level = 0; level < Levels; level++)
        {
            var (from, to) = (_second >> (level * SlotBits), second >> (level * SlotBits));
            if (from == to)
                break;
            for (var turn = Math.Max(from, to - Slots) + 1; turn <= to; turn++)
                MoveToDue(Slot(level, turn));
        }

        _second = second;
    }

    private TimerLink Slot(int level, long turn) => _slots[level * Slots + (int)(turn & (Slots - 1))];

    private void MoveToDue(TimerLink ring)
    {
        if (ring.NextTimer == ring)
            return;
        var (first, last) = (ring.NextTimer!, ring.PreviousTimer!);
        ring.NextTimer = ring.PreviousTimer = ring;
        var tail = _due.PreviousTimer!;
        (tail.NextTimer, first.PreviousTimer) = (first, tail);
        (last.NextTimer, _due.PreviousTimer) = (_due, last);
    }

    private static TimerLink Ring()
    {
        var ring = new TimerLink();
        ring.NextTimer = ring.PreviousTimer = ring;
        return ring;
    }

    private static void InsertBefore(TimerLink ring, TimerLink link)
    {
        (link.PreviousTimer, link.NextTimer) = (ring.PreviousTimer, ring);
        ring.PreviousTimer!.NextTimer = link;
        ring.PreviousTimer = link;
    }

    private static void Unlink(TimerLink link)
    {
        link.PreviousTimer!.NextTimer = link.NextTimer;
        link.NextTimer!.PreviousTimer = link.PreviousTimer;
        link.NextTimer = link.PreviousTimer = null;
    }
}
