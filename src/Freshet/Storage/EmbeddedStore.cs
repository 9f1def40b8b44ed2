using System.Collections.Concurrent;
using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The logs of all tenants in this process. The node and the store are one, so contact is never lost, nothing is ever
/// pending, and a restart begins a new epoch, of one name, for every tenant.
/// </summary>
/// <remarks>
/// A record is kept for ten minutes at least and, where anybody writes, twenty at most. A log without records is a head, by which positions are judged as before
/// (C10): who was away for longer takes all that he kept as touched, and nobody reads less than was touched (C7).
/// </remarks>
internal sealed class EmbeddedStore : IInvalidationStore
{
    /// <summary>For how long a record is kept at least, unless newer ones need its place.</summary>
    public static readonly TimeSpan RecordAge = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Tenant, InvalidationLog> _logs = new();
    private readonly Epoch _epoch = Epoch.Random();
    private readonly TagClocks _clocks;
    private readonly int _capacity;
    private readonly TimeProvider? _time;
    private long _agedAt;
    private Action<Tenant>? _moved;

    /// <param name="clocks">The node's clocks.</param>
    /// <param name="logCapacity">How many records each log keeps at most.</param>
    /// <param name="time">By which records age; null: they do not.</param>
    public EmbeddedStore(TagClocks clocks, int logCapacity, TimeProvider? time = null)
    {
        (_clocks, _capacity, _time) = (clocks, logCapacity, time);
        _agedAt = time?.GetTimestamp() ?? 0;
    }

    public bool IsShared => false;

    public void OnMoved(Action<Tenant> takeNote) => _moved += takeNote;

    public ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        if (!tenant.IsValid)
            throw new ArgumentException("No tenant is set.", nameof(tenant));
        var log = _logs.GetOrAdd(tenant, static (_, store) => new InvalidationLog(store._epoch, store._capacity), this);
        Position position;
        lock (log)
        {
            position = log.Append(tags, change);
            // C9: touched before the append returns. Under the log's lock, so that a position is never ahead of the clocks.
            _clocks.Touch(tenant, tags);
        }

        Age();
        _moved?.Invoke(tenant);
        return new ValueTask<Position?>(position);
    }

    public LogReading ReadAfter(Tenant tenant, Position position)
    {
        if (!_logs.TryGetValue(tenant, out var log))
            return new LogReading(Start, position == Start ? [] : null);
        lock (log)
            return log.ReadAfter(position);
    }

    public Position Applied(Tenant tenant)
    {
        if (!_logs.TryGetValue(tenant, out var log))
            return Start;
        lock (log)
            return log.Head;
    }

    // C10: a position of another epoch means: load. It cannot lie ahead, since this process is the only one that appends.
    public bool Covers(Tenant tenant, Position position)
    {
        var applied = Applied(tenant);
        return position.Epoch == applied.Epoch && position.Offset <= applied.Offset;
    }

    public bool IsInContact(long now) => true;

    public bool InContact(Tenant tenant, long now) => true;

    public bool InContact(CacheEntry entry, long now) => true;

    // Whoever writes does it, now and then: where nobody writes at all, nothing grows.
    private void Age()
    {
        if (_time is null)
            return;
        var (agedAt, now) = (Volatile.Read(ref _agedAt), _time.GetTimestamp());
        if (_time.GetElapsedTime(agedAt, now) < RecordAge || Interlocked.CompareExchange(ref _agedAt, now, agedAt) != agedAt)
            return;
        foreach (var (_, log) in _logs)
        {
            lock (log)
                log.Age();
        }
    }

    // Where every log begins: reading makes none, or whoever can name tenants could fill the memory with empty ones.
    private Position Start => new(_epoch, 0);
}
