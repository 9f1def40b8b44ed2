using Freshet.Coherence;
using Freshet.Redis.Keys;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Logs;

/// <summary>
/// One tenant's log as this node follows it. Guarded by its own lock, but for <see cref="InContact"/>, which any thread may ask.
/// </summary>
internal sealed class FollowedLog
{
    private readonly Lock _gate = new();
    private readonly LogFollower _follower;
    private readonly Action<Tenant> _moved;
    private bool _isReading;
    private bool _isLogging;

    public FollowedLog(Tenant tenant, PhysicalKeys keys, TagClocks clocks, long maxStaleness, int capacity, Action<Tenant> moved)
    {
        Tenant = tenant;
        Name = keys.NameOf(tenant);
        Key = keys.Log(Name);
        BeatKey = keys.Beat(Name);
        Slot = HashSlot.Of(Key);
        _moved = moved;
        _follower = new LogFollower(tenant, clocks, maxStaleness, capacity);
    }

    public Tenant Tenant { get; }

    /// <summary>What the tenant is called in Redis.</summary>
    public string Name { get; }

    public byte[] Key { get; }

    public byte[] BeatKey { get; }

    public int Slot { get; }

    public Position Applied
    {
        get
        {
            lock (_gate)
                return _follower.Applied;
        }
    }

    /// <summary>Whether anything waits to be logged and nobody is about it (C14).</summary>
    public bool HasPending
    {
        get
        {
            lock (_gate)
                return _follower.Pending.Count > 0 && !_isLogging;
        }
    }

    public bool InContact(long now) => _follower.InContact(now);

    public bool Covers(Position position)
    {
        lock (_gate)
            return _follower.Covers(position);
    }

    /// <summary>What this node has applied after a position, as far as it remembers.</summary>
    public LogReading ReadAfter(Position position)
    {
        lock (_gate)
            return _follower.ReadAfter(position);
    }

    public void OnContactLost()
    {
        lock (_gate)
        {
            _follower.OnContactLost();
            _isReading = false;
        }
    }

    public void OnSubscribed()
    {
        lock (_gate)
            _follower.OnSubscribed();
    }

    public Probe MakeProbe(long now)
    {
        lock (_gate)
            return _follower.MakeProbe(now);
    }

    public FollowStep OnHead(in Probe probe, Position head)
    {
        lock (_gate)
            return Moved(_follower.Applied, _follower.OnHead(probe, head));
    }

    public FollowStep OnRecord(Epoch epoch, LogRecord record)
    {
        lock (_gate)
            return Moved(_follower.Applied, _follower.OnRecord(epoch, record));
    }

    /// <summary>What is to be read when the follower wants records.</summary>
    /// <returns>False when a reading is under way already.</returns>
    public bool TryBeginReading(long now, out Probe asked, out long upTo)
    {
        lock (_gate)
        {
            asked = _follower.MakeProbe(now);
            upTo = Math.Max(_follower.Told, asked.Applied.Offset + 1);
            if (_isReading)
                return false;
            return _isReading = true;
        }
    }

    public FollowStep OnRecords(in Probe asked, LogReading reading)
    {
        lock (_gate)
        {
            _isReading = false;
            return Moved(_follower.Applied, _follower.OnRecords(asked, reading));
        }
    }

    public void OnReadingFailed()
    {
        lock (_gate)
            _isReading = false;
    }

    public FollowStep OnAppended(Position at, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        lock (_gate)
            return Moved(_follower.Applied, _follower.OnAppended(at, tags, change));
    }

    public void OnNotLogged(IReadOnlyList<Tag> tags)
    {
        lock (_gate)
            _follower.OnNotLogged(tags);
        _moved(Tenant);
    }

    /// <summary>The oldest of the tags that wait, for one who logs them.</summary>
    public bool TryTakePending(out IReadOnlyList<Tag> tags)
    {
        lock (_gate)
        {
            tags = _follower.Pending.Count > 0 ? _follower.Pending[0] : [];
            if (_follower.Pending.Count == 0 || _isLogging)
                return false;
            return _isLogging = true;
        }
    }

    /// <param name="at">Where they stand; null: they could not be logged this time either.</param>
    public FollowStep OnPendingLogged(Position? at)
    {
        lock (_gate)
        {
            _isLogging = false;
            return at is { } position ? Moved(_follower.Applied, _follower.OnPendingLogged(position)) : FollowStep.Done;
        }
    }

    private FollowStep Moved(Position before, FollowStep step)
    {
        if (_follower.Applied != before)
            _moved(Tenant);
        return step;
    }
}
