using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Freshet.Coherence;

namespace Freshet.Memory;

/// <summary>
/// The memory tier: entries by key, bounded in bytes. It knows nothing of validity; the engine judges what it gets, and says
/// through <c>isTouched</c> what nobody may be given any more.
/// </summary>
/// <remarks>
/// <para>Readers take no lock, allocate nothing, and write at most one byte of the entry. Writers take one lock; each does a
/// bounded amount of housekeeping (<see cref="StepsPerWrite"/>): timers that are due (<see cref="ExpiryWheel"/>), and dead
/// entries under the sweeping hand (<see cref="EvictionPolicy"/>, which says what goes when room is needed). A slow timer
/// does the same when nobody writes. <see cref="Bytes"/> never exceeds the capacity, not even for a moment: room is made
/// before an entry is linked.</para>
/// <para>Keys are compared exactly. The table starts with a fast hash and changes to a seeded one when a bucket grows long,
/// so clients that choose keys cannot make it slow.</para>
/// </remarks>
internal sealed class MemoryStore : IDisposable
{
    private const int StepsPerWrite = 4;
    private const int StepsPerLock = 256;
    private const int IdleSweeps = 16; // an idle store has swept everything after so many periods
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, CacheEntry> _table = new(concurrencyLevel: 1, capacity: 1024, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CacheEntry>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Lock _lock = new();
    private readonly EvictionPolicy _policy;
    private readonly ExpiryWheel _wheel;
    private readonly TimeProvider _time;
    private readonly ITimer _idle;
    private readonly long _capacity;
    private readonly long _maxEntryBytes;
    private readonly long[] _removals = new long[Enum.GetValues<RemovalCause>().Length];
    private long _now; // when the writer that has the lock began
    private long _bytes;
    private int _count;

    /// <param name="options">Bounds; read once.</param>
    /// <param name="time">The clock of the entries' timestamps.</param>
    /// <param name="isTouched">
    /// True when nobody may ever be given the entry again, whatever its age. Called under the store's lock: it must be quick,
    /// and not call back.
    /// </param>
    public MemoryStore(MemoryOptions options, TimeProvider time, Func<CacheEntry, bool> isTouched)
    {
        _capacity = options.CapacityBytes;
        _maxEntryBytes = Math.Min(options.MaxEntryBytes, _capacity / 10);
        _time = time;
        _now = time.GetTimestamp();
        _policy = new EvictionPolicy(_capacity, entry => entry.UselessAt <= _now || isTouched(entry));
        _wheel = new ExpiryWheel(_now, time.TimestampFrequency);
        _bySpan = _table.GetAlternateLookup<ReadOnlySpan<char>>();
        _idle = time.CreateTimer(static store => ((MemoryStore)store!).KeepHouseWhenIdle(), this, IdlePeriod, IdlePeriod);
    }

    /// <summary>Bytes of all entries: values, keys and bookkeeping.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => Volatile.Read(ref _count);

    /// <summary>How many entries have left for <paramref name="cause"/> since the store was made.</summary>
    public long Removals(RemovalCause cause) => Volatile.Read(ref _removals[(int)cause]);

    /// <summary>Finds the entry of a key, valid or not, and marks it as used.</summary>
    public bool TryGet(ReadOnlySpan<char> key, [MaybeNullWhen(false)] out CacheEntry entry)
    {
        if (!_bySpan.TryGetValue(key, out entry))
            return false;
        if (entry.Frequency is var uses and < EvictionPolicy.MaxFrequency)
            entry.Frequency = (byte)(uses + 1);
        return true;
    }

    /// <summary>Stores an entry, unless what is there is as new (C11) or it is too large.</summary>
    public PutVerdict Put(CacheEntry entry)
    {
        var footprint = entry.Footprint;
        if (footprint > _maxEntryBytes)
            return PutVerdict.TooLarge;
        lock (_lock)
        {
            KeepHouse_NeedsLock(StepsPerWrite);
            if (!_table.TryGetValue(entry.Key, out var present))
            {
                MakeRoom_NeedsLock(footprint);
                _policy.Add(entry);
            }
            else if (Validity.Replaces(entry.Fence, entry.Ticket, present.Fence, present.Ticket)) // C11
            {
                // Readers find the old entry until the table is written below.
                var earned = _policy.Unlink(present);
                Discount_NeedsLock(present, RemovalCause.Replaced);
                MakeRoom_NeedsLock(footprint);
                _policy.Add(entry, earned);
                entry.ShareKeyOf(present);
            }
            else
            {
                return PutVerdict.NotNewer;
            }

            _table[entry.Key] = entry;
            _wheel.Set(entry);
            _count++;
            Volatile.Write(ref _bytes, _bytes + footprint);
            return PutVerdict.Stored;
        }
    }

    /// <summary>Removes this entry; false when its key holds another one, or none.</summary>
    public bool Remove(CacheEntry entry)
    {
        lock (_lock)
        {
            if (_table.GetValueOrDefault(entry.Key) != entry)
                return false;
            _policy.Unlink(entry);
            Drop_NeedsLock(entry, RemovalCause.Removed);
            return true;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            foreach (var entry in _table.Values)
                Drop_NeedsLock(entry, RemovalCause.Removed);
            _policy.Clear();
        }
    }

    public void Dispose() => _idle.Dispose();

    /// <summary>Checks that table, queues, wheel and sums agree; tests call it after every test.</summary>
    /// <exception cref="InvalidOperationException">They do not.</exception>
    public void Validate()
    {
        lock (_lock)
        {
            _policy.Validate();
            _wheel.Validate();
            var timed = 0;
            foreach (var (key, entry) in _table)
            {
                Corruption.Unless(ReferenceEquals(key, entry.Key), "an entry does not share the key it is filed under");
                Corruption.Unless(entry.Queue is not null, "an entry in the table is in no queue");
                Corruption.Unless(entry.NextTimer is not null == entry.UselessAt < long.MaxValue, "a timer is missing or left over");
                timed += entry.NextTimer is null ? 0 : 1;
            }

            Corruption.Unless(_table.Count == _count && _count == _policy.Count && timed == _wheel.Count, "the counts disagree");
            Corruption.Unless(_bytes == _policy.Bytes && _bytes <= _capacity, "the bytes disagree or exceed the capacity");
        }
    }

    private void MakeRoom_NeedsLock(long footprint)
    {
        while (_bytes + footprint > _capacity)
        {
            var victim = _policy.Evict(out var wasDead);
            Drop_NeedsLock(victim, wasDead ? CauseOfDeath(victim) : RemovalCause.Evicted);
        }
    }

    private void KeepHouse_NeedsLock(int steps)
    {
        _now = _time.GetTimestamp();
        var budget = steps;
        while (_wheel.TakeExpired(_now, ref budget) is { } expired)
        {
            _policy.Unlink(expired);
            Drop_NeedsLock(expired, RemovalCause.Expired);
        }

        for (var i = 0; i < steps; i++)
        {
            if (_policy.SweepOne() is { } dead)
                Drop_NeedsLock(dead, CauseOfDeath(dead));
        }
    }

    private void KeepHouseWhenIdle()
    {
        for (var left = Count / IdleSweeps + 1; left > 0; left -= StepsPerLock)
        {
            lock (_lock)
                KeepHouse_NeedsLock(StepsPerLock);
        }
    }

    private RemovalCause CauseOfDeath(CacheEntry entry) =>
        entry.UselessAt <= _now ? RemovalCause.Expired : RemovalCause.Touched;

    private void Drop_NeedsLock(CacheEntry entry, RemovalCause cause)
    {
        _table.TryRemove(entry.Key, out _);
        Discount_NeedsLock(entry, cause);
    }

    private void Discount_NeedsLock(CacheEntry entry, RemovalCause cause)
    {
        _wheel.Unset(entry);
        _count--;
        Volatile.Write(ref _bytes, _bytes - entry.Footprint);
        _removals[(int)cause]++;
    }
}
