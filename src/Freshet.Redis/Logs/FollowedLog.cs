using Freshet.Coherence;
using Freshet.Redis.Agreements;
using Freshet.Redis.Keys;
using Freshet.Resp.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Logs;

/// <summary>
/// One tenant's log as this node follows it, and the session on which it does. Guarded by its own lock, but for
/// <see cref="InContact"/>, which any thread may ask.
/// </summary>
/// <remarks>
/// What comes in names the session that it came on: of a session that the log has left it says nothing. A log that was dropped is
/// out of contact for ever, whoever still holds it; who asks for the tenant again gets another one.
/// </remarks>
internal sealed class FollowedLog
{
    // A gap is read in pieces: few records at first, more while they are small. So no answer is larger than some records may be, and what
    // Redis holds ready for this node stays far below what it ends a connection for.
    private const int LeastPiece = 8;
    private const int MostPiece = 256;
    private const int SmallPiece = 64 << 10;
    private const int LargePiece = 256 << 10;

    private readonly Lock _gate = new();
    private readonly LogFollower _follower;
    private readonly Action<Tenant> _moved;
    private readonly FollowSettings _settings;
    private readonly Agreement _agreement;
    private volatile LogSession? _session;
    private long _subscribedAt = long.MaxValue;
    private long _askedAt;
    private Head _head;
    private bool _isReading;
    private int _piece = LeastPiece;
    private long _keptAt = long.MinValue;
    private bool _isLogging;
    private bool _isPendingNoted;
    private int _writers;
    private volatile bool _isDropped;
    private long _used;

    private enum Head : byte
    {
        Known,
        Wanted,
        Asked,
    }

    /// <param name="tenant">Whose log it is.</param>
    /// <param name="keys">What it is called in Redis.</param>
    /// <param name="clocks">The node's clocks.</param>
    /// <param name="settings">How logs are followed.</param>
    /// <param name="appendedIn">In which epoch this node last appended to it, when it followed it before (C13).</param>
    /// <param name="moved">Told when something was applied or forgotten.</param>
    public FollowedLog(Tenant tenant, PhysicalKeys keys, TagClocks clocks, FollowSettings settings, Epoch? appendedIn, Action<Tenant> moved)
    {
        Tenant = tenant;
        Name = keys.NameOf(tenant);
        Key = keys.Log(Name);
        Channel = keys.Channel(Name);
        Slot = HashSlot.Of(Key);
        _moved = moved;
        _settings = settings;
        _agreement = settings.Agreements.Of(Slot);
        _used = FollowedSince = settings.Time.GetTimestamp();
        _follower = new LogFollower(tenant, clocks, settings.MaxStaleness, settings.Capacity, appendedIn);
    }

    public Tenant Tenant { get; }

    /// <summary>The list of this log alone, shared by the entries that were made from it alone.</summary>
    public object[] Alone => field ??= [this];

    /// <summary>When this node began to follow it.</summary>
    public long FollowedSince { get; }

    /// <summary>What the tenant is called in Redis.</summary>
    public string Name { get; }

    public byte[] Key { get; }

    public byte[] Channel { get; }

    public int Slot { get; }

    /// <summary>Where it is followed; null for nowhere.</summary>
    public LogSession? Session => _session;

    public bool IsDropped => _isDropped;

    /// <summary>When somebody last asked for it, to a second.</summary>
    public long Used => Volatile.Read(ref _used);

    public Position Applied
    {
        get
        {
            lock (_gate)
                return _follower.Applied;
        }
    }

    /// <summary>The furthest place that this node has heard of: an answer from before it is of a server that has lost records (C13).</summary>
    public Position Known
    {
        get
        {
            lock (_gate)
                return _follower.Applied with { Offset = _follower.Told };
        }
    }

    /// <summary>How many writes wait to be logged (C14).</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
                return _follower.Pending.Count;
        }
    }

    /// <summary>In which epoch this node last appended; null for never.</summary>
    public Epoch? AppendedIn
    {
        get
        {
            lock (_gate)
                return _follower.AppendedIn;
        }
    }

    /// <summary>Whether its head is to be read: it is wanted, or was last asked for before a time.</summary>
    /// <remarks>Not while the answer to one question is still to come: whoever waits long for it would only wait longer.</remarks>
    public bool IsHeadDue(long before)
    {
        lock (_gate)
            return _head is Head.Wanted || (_head is Head.Known && _askedAt <= before);
    }

    public bool InContact(long now)
    {
        Use(now);
        return IsFoundInContact(now);
    }

    /// <summary>Whether this node agrees with all that are alive (R9).</summary>
    public bool Agrees(long now) => _agreement.Holds(now);

    /// <summary>Whether it is in contact, asked by somebody who looks at all logs: that is no use of it.</summary>
    public bool IsFoundInContact(long now) => _follower.InContact(now) && _agreement.Holds(now);

    /// <summary>Somebody asks for it; only each second, for many do at once.</summary>
    public void Use(long now)
    {
        if (now - Volatile.Read(ref _used) > _settings.Time.TimestampFrequency)
            Volatile.Write(ref _used, now);
    }

    public bool Covers(Position position)
    {
        lock (_gate)
            return _follower.Covers(position);
    }

    /// <inheritdoc cref="InvalidationLog.Age"/>
    public void Age()
    {
        lock (_gate)
            _follower.Age();
    }

    /// <summary>What this node has applied after a position, as far as it remembers.</summary>
    public LogReading ReadAfter(Position position)
    {
        lock (_gate)
            return _follower.ReadAfter(position);
    }

    /// <inheritdoc cref="LogFollower.FenceOf"/>
    /// <remarks>Nor when it was dropped: the tick now may be from after what another one that follows the same log has applied (C4).</remarks>
    public long? FenceOf(Position stored)
    {
        lock (_gate)
            return _isDropped ? null : _follower.FenceOf(stored);
    }

    /// <inheritdoc cref="LogFollower.PositionAt"/>
    public Position? PositionAt(long tick)
    {
        lock (_gate)
            return _follower.PositionAt(tick);
    }

    /// <summary>From now on it is followed there.</summary>
    /// <param name="to">Where; null for nowhere.</param>
    /// <param name="from">Where it was followed until now.</param>
    /// <returns>False when it is already, or will never be again.</returns>
    public bool TryMove(LogSession? to, out LogSession? from)
    {
        lock (_gate)
        {
            from = _session;
            if (_isDropped || ReferenceEquals(from, to))
                return false;
            Lose();
            _session = to;
            return true;
        }
    }

    /// <summary>The session no longer tells what is logged (C6).</summary>
    /// <returns>False when the log is not followed there.</returns>
    public bool TryLeave(LogSession session)
    {
        lock (_gate)
        {
            if (_session != session)
                return false;
            Lose();
            _session = null;
            return true;
        }
    }

    /// <summary>
    /// From now on nobody follows it, unless somebody is writing to it, or this node has appended to it and is out of contact: then it
    /// may be up to this node alone to see that all must be told to forget (C13).
    /// </summary>
    public bool TryDrop(out LogSession? from)
    {
        lock (_gate)
        {
            from = _session;
            if (_isDropped || _writers > 0 || _follower.Pending.Count > 0)
                return false;
            if (_follower.AppendedIn is not null && !_follower.InContact(_settings.Time.GetTimestamp()))
                return false;
            _isDropped = true;
            Lose();
            _session = null;
            return true;
        }
    }

    /// <summary>Somebody begins to write, and keeps it from being dropped.</summary>
    public bool TryBeginWriting()
    {
        lock (_gate)
        {
            if (_isDropped)
                return false;
            _writers++;
            return true;
        }
    }

    public void EndWriting()
    {
        lock (_gate)
            _writers--;
    }

    /// <summary>What to subscribe to on that session; null when it is subscribed, or followed elsewhere.</summary>
    public RespChannel? ToSubscribe(LogSession session)
    {
        lock (_gate)
            return _session == session && _subscribedAt == long.MaxValue ? new RespChannel(Channel, session.IsSharded) : null;
    }

    public void OnSubscribed(LogSession session, long now)
    {
        lock (_gate)
        {
            if (_session != session)
                return;
            _follower.OnSubscribed();
            (_subscribedAt, _head) = (now, Head.Wanted);
        }
    }

    /// <summary>Whether Redis is to be asked again to keep it: once it is followed there, then four times in each lifetime.</summary>
    public bool TryKeep(LogSession session, long now)
    {
        lock (_gate)
        {
            if (_session != session || (_keptAt != long.MinValue && _settings.Time.GetElapsedTime(_keptAt, now) < _settings.LogLifetime / 4))
                return false;
            _keptAt = now;
            return true;
        }
    }

    public bool IsSubscribed(LogSession session)
    {
        lock (_gate)
            return _session == session && _subscribedAt != long.MaxValue;
    }

    public void WantHead()
    {
        lock (_gate)
            _head = Head.Wanted;
    }

    /// <summary>The question for its head, when the session tells what is logged.</summary>
    public bool TryAskHead(LogSession session, long sentAt, out Probe probe)
    {
        lock (_gate)
        {
            probe = _follower.MakeProbe(sentAt);
            if (_session != session || _subscribedAt > sentAt || _head is Head.Asked)
                return false;
            (_head, _askedAt) = (Head.Asked, sentAt);
            return true;
        }
    }

    public FollowStep OnHead(LogSession session, in Probe probe, Position head)
    {
        lock (_gate)
        {
            if (_session != session)
                return FollowStep.Done;
            // One that was wanted since is still to be read.
            if (_head is Head.Asked)
                _head = Head.Known;
            return Moved(_follower.Applied, _follower.OnHead(probe, head));
        }
    }

    /// <summary>A beat was answered that had been sent at that time.</summary>
    public FollowStep OnBeat(LogSession session, long sentAt)
    {
        lock (_gate)
        {
            // Who waits for a head needs it.
            if (_session != session || _subscribedAt > sentAt || _head is not Head.Known)
                return FollowStep.Done;
            return Moved(_follower.Applied, _follower.OnBeat(_follower.MakeProbe(sentAt)));
        }
    }

    public FollowStep OnRecord(LogSession session, Epoch epoch, LogRecord record)
    {
        lock (_gate)
            return _session == session ? Moved(_follower.Applied, _follower.OnRecord(epoch, record)) : FollowStep.Done;
    }

    /// <summary>What is to be read when the follower wants records.</summary>
    /// <param name="session">On which connection.</param>
    /// <param name="now">The time.</param>
    /// <param name="asked">What is applied now.</param>
    /// <param name="count">How many records after that to read now; there may be more.</param>
    /// <returns>False when a reading is under way already.</returns>
    public bool TryBeginReading(LogSession session, long now, out Probe asked, out int count)
    {
        lock (_gate)
        {
            asked = _follower.MakeProbe(now);
            count = (int)Math.Clamp(_follower.Told - asked.Applied.Offset, 1, _piece);
            if (_isReading || _session != session)
                return false;
            return _isReading = true;
        }
    }

    /// <summary>Some of the records that the follower wanted have come.</summary>
    /// <param name="session">On which connection.</param>
    /// <param name="asked">What was applied when they were asked for.</param>
    /// <param name="reading">The records.</param>
    /// <param name="bytes">How many bytes they had.</param>
    public FollowStep OnRecords(LogSession session, in Probe asked, LogReading reading, int bytes)
    {
        lock (_gate)
        {
            if (_session != session)
                return FollowStep.Done;
            _isReading = false;
            _piece = bytes switch
            {
                <= SmallPiece => Math.Min(2 * _piece, MostPiece),
                > LargePiece => Math.Max(_piece / 2, 1),
                _ => _piece,
            };
            var before = _follower.Applied;
            var step = Moved(before, _follower.OnRecords(asked, reading));
            // What was told while it was read could not be applied then.
            return step is FollowStep.Done && _follower.Applied != before && _follower.Told > _follower.Applied.Offset ? FollowStep.ReadRecords : step;
        }
    }

    public void OnReadingFailed(LogSession session)
    {
        lock (_gate)
        {
            if (_session == session)
                (_isReading, _head) = (false, Head.Wanted);
        }
    }

    public FollowStep OnAppended(Position at, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        lock (_gate)
            return Moved(_follower.Applied, _follower.OnAppended(at, tags, change));
    }

    /// <inheritdoc cref="LogFollower.OnAskedFor"/>
    public FollowStep OnAskedFor(Epoch epoch)
    {
        lock (_gate)
            return _follower.OnAskedFor(epoch);
    }

    public void OnNotLogged(IReadOnlyList<Tag> tags)
    {
        lock (_gate)
            _follower.OnNotLogged(tags);
        _moved(Tenant);
    }

    /// <summary>Whether something has begun to wait to be logged since this was last asked.</summary>
    public bool TryNotePending()
    {
        lock (_gate)
        {
            var wasNoted = _isPendingNoted;
            _isPendingNoted = _follower.Pending.Count > 0;
            return _isPendingNoted && !wasNoted;
        }
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

    private void Lose()
    {
        _follower.OnContactLost();
        (_subscribedAt, _head, _isReading, _piece, _keptAt) = (long.MaxValue, Head.Known, false, LeastPiece, long.MinValue);
    }

    private FollowStep Moved(Position before, FollowStep step)
    {
        if (_follower.Applied != before)
            _moved(Tenant);
        return step;
    }
}
