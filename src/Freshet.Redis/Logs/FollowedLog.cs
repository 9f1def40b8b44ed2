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
    private readonly int _capacity;
    private readonly Action<Tenant> _moved;
    private InvalidationLog _recent;
    private long _pushed = -1; // the highest offset that was told of in the follower's epoch
    private bool _isReading;
    private bool _isLogging;

    public FollowedLog(Tenant tenant, PhysicalKeys keys, TagClocks clocks, long maxStaleness, int capacity, Action<Tenant> moved)
    {
        Tenant = tenant;
        Name = keys.NameOf(tenant);
        Key = keys.Log(Name);
        BeatKey = keys.Beat(Name);
        Slot = HashSlot.Of(Key);
        _capacity = capacity;
        _moved = moved;
        _recent = new InvalidationLog(default, capacity);
        _follower = new LogFollower(tenant, clocks, maxStaleness, record => _recent.Append(record.Tags, record.Change));
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
            return _recent.ReadAfter(position);
    }

    public void OnContactLost()
    {
        lock (_gate)
        {
            _follower.OnContactLost();
            (_pushed, _isReading) = (-1, false);
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
        {
            if (epoch == _follower.Applied.Epoch)
                _pushed = Math.Max(_pushed, record.Offset);
            return Moved(_follower.Applied, _follower.OnRecord(epoch, record));
        }
    }

    /// <summary>What is to be read when the follower wants records.</summary>
    /// <returns>False when a reading is under way already.</returns>
    public bool TryBeginReading(long now, out Probe asked, out long upTo)
    {
        lock (_gate)
        {
            asked = _follower.MakeProbe(now);
            upTo = Math.Max(_pushed, asked.Applied.Offset + 1);
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
        {
            if (at.Epoch == _follower.Applied.Epoch)
                _pushed = Math.Max(_pushed, at.Offset);
            return Moved(_follower.Applied, _follower.OnAppended(at, tags, change));
        }
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

    // The copy for events goes where the follower goes.
    private FollowStep Moved(Position before, FollowStep step)
    {
        var now = _follower.Applied;
        if (now == before)
            return step;
        if (now != _recent.Head)
        {
            _recent = new InvalidationLog(now.Epoch, _capacity, now.Offset);
            if (now.Epoch != before.Epoch)
                _pushed = -1;
        }

        _moved(Tenant);
        return step;
    }
}
