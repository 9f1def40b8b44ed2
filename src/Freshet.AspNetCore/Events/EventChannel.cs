using Freshet.Coherence;
using Freshet.Events;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// The connections of one tenant. It reads the logs once for all that stand at the same place, and wakes them when a log has
/// moved: on a thread of the pool, so that who writes never waits for who listens. Safe for concurrent use.
/// </summary>
internal sealed class EventChannel(InvalidationFeed feed, Func<Tenant, SessionPositions, string> write, EventClock clock) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndNoted = 2;

    private readonly Lock _gate = new();
    private readonly List<EventConnection> _connections = [];
    private volatile EventReading? _last;
    private int _state;

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
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state is BusyAndNoted || (state is Busy && Interlocked.CompareExchange(ref _state, BusyAndNoted, Busy) is Busy))
                return;
            if (state is Idle && Interlocked.CompareExchange(ref _state, Busy, Idle) is Idle)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var connection in Snapshot())
            connection.Wake();
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) is Busy)
            return;
        // Something moved meanwhile: once more, after others had their turn.
        Volatile.Write(ref _state, Busy);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
