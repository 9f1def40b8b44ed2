using System.Collections.Concurrent;
using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The logs of all tenants in this process. The node and the store are one, so contact is never lost, nothing is ever
/// pending, and a restart begins a new epoch, of one name, for every tenant.
/// </summary>
internal sealed class EmbeddedStore(TagClocks clocks, int logCapacity) : IInvalidationStore
{
    private readonly ConcurrentDictionary<Tenant, InvalidationLog> _logs = new();
    private readonly Epoch _epoch = Epoch.Random();
    private Action<Tenant>? _moved;

    public bool IsShared => false;

    private int Capacity => logCapacity;

    public void OnMoved(Action<Tenant> takeNote) => _moved += takeNote;

    public ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        if (!tenant.IsValid)
            throw new ArgumentException("No tenant is set.", nameof(tenant));
        var log = _logs.GetOrAdd(tenant, static (_, store) => new InvalidationLog(store._epoch, store.Capacity), this);
        Position position;
        lock (log)
        {
            position = log.Append(tags, change);
            // C9: touched before the append returns. Under the log's lock, so that a position is never ahead of the clocks.
            clocks.Touch(tenant, tags);
        }

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

    // Where every log begins: reading makes none, or whoever can name tenants could fill the memory with empty ones.
    private Position Start => new(_epoch, 0);
}
