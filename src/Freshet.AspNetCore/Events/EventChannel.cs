using Freshet.Coherence;
using Freshet.Events;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// The connections of one tenant. It reads the logs once for all that stand at the same place, and wakes them when a log has
/// moved: on a thread of the pool, so that who writes never waits for who listens. Safe for concurrent use.
/// </summary>
internal sealed class EventChannel(InvalidationFeed feed, Func<Tenant, SessionPositions, string> write, EventClock clock) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly List<EventConnection> _connections = [];
    private volatile EventReading? _last;
    private OneAtATime _waker;

    /// <summary>How many clients have entered; guarded by the manager.</summary>
    public int Clients { get; set; }

    public void Add(EventConnection connection)
    {
        lock (_gate)
        {
            connection.Index = _connections.Count;
            _connections.Add(connection);
        }
    }

    public void Remove(EventConnection connection)
    {
        lock (_gate)
        {
            // The last one takes its place: nothing is moved but that.
            var last = _connections[^1];
            _connections[connection.Index] = last;
            last.Index = connection.Index;
            _connections.RemoveAt(_connections.Count - 1);
            connection.Index = -1;
        }
    }

    public EventConnection[] Snapshot()
    {
        lock (_gate)
            return [.. _connections];
    }

    /// <summary>Whether what is told here is all there is to tell (C6).</summary>
    public bool InContact(Tenant tenant) => feed.InContact(tenant, clock.Now);

    /// <summary>What lies after that place, for all who stand there; null when it is nothing.</summary>
    public EventReading? Read(Tenant tenant, SessionPositions from)
    {
        if (_last is { } last && last.From == from)
            return last;
        if (feed.Head(tenant) == from)
            return null;
        var reading = feed.Read(tenant, from);
        var to = write(tenant, reading.To);
        return _last = new EventReading(from, reading, to, clock.UtcNow);
    }

    /// <summary>A log has moved.</summary>
    public void Signal()
    {
        if (_waker.TryStart())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var connection in Snapshot())
            connection.Wake();
        // Something moved meanwhile: once more, after others had their turn.
        if (!_waker.TryStop())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
