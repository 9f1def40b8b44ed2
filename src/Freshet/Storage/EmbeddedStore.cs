using System.Collections.Concurrent;
using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The logs of all tenants in this process. The node and the store are one, so contact is never lost, nothing is ever
/// pending, and a restart begins a new epoch for every tenant.
/// </summary>
internal sealed class EmbeddedStore(TagClocks clocks, int logCapacity) : IInvalidationStore
{
    private readonly ConcurrentDictionary<Tenant, InvalidationLog> _logs = new();
    private Action<Tenant>? _moved;

    public bool IsShared => false;

    public void OnMoved(Action<Tenant> takeNote) => _moved += takeNote;

    public ValueTask<Position> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        var log = LogOf(tenant);
        Position position;
        lock (log)
        {
            position = log.Append(tags, change);
            // C9: touched before the append returns. Under the log's lock, so that a position is never ahead of the clocks.
            clocks.Touch(tenant, tags);
        }

        _moved?.Invoke(tenant);
        return new ValueTask<Position>(position);
    }

    public LogReading ReadAfter(Tenant tenant, Position position)
    {
        var log = LogOf(tenant);
        lock (log)
            return log.ReadAfter(position);
    }

    public Position Applied(Tenant tenant)
    {
        var log = LogOf(tenant);
        lock (log)
            return log.Head;
    }

    // C10: a position of another epoch means: load. It cannot lie ahead, since this process is the only one that appends.
    public bool Covers(Tenant tenant, Position position)
    {
        var applied = Applied(tenant);
        return position.Epoch == applied.Epoch && position.Offset <= applied.Offset;
    }

    public bool InContact(CacheEntry entry, long now) => true;

    private InvalidationLog LogOf(Tenant tenant)
    {
        if (!tenant.IsValid)
            throw new ArgumentException("No tenant is set.", nameof(tenant));
        return _logs.GetOrAdd(tenant, static (_, capacity) => new InvalidationLog(Epoch.Random(), capacity), logCapacity);
    }
}
