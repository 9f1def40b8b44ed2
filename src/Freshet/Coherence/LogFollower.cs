namespace Freshet.Coherence;

/// <summary>What the node has to do next for a log it follows.</summary>
internal enum FollowStep : byte
{
    /// <summary>Nothing: the record or the answer was applied, or was known already.</summary>
    Done,

    /// <summary>Read the records after <see cref="LogFollower.Applied"/> (C7).</summary>
    ReadRecords,

    /// <summary>Send a probe: only the log's head can tell what this means (C7, C13).</summary>
    Probe,

    /// <summary>The log lost its tail: start a new epoch by compare-and-swap, then probe (C13).</summary>
    StartEpoch,
}

/// <summary>A question to the log on its way: what the node knew when it asked.</summary>
/// <param name="Connection">The connection it was sent on.</param>
/// <param name="SentAt">The time before it was sent, in the node's timestamps.</param>
/// <param name="Applied">What the node had applied then.</param>
internal readonly record struct Probe(int Connection, long SentAt, Position Applied);

/// <summary>
/// A node's copy of one tenant's log: applies its records in order to the node's clocks, and knows for how long it may be
/// trusted. Pure: the caller does the I/O, names the time, and makes one call at a time. <see cref="InContact"/> may be
/// read by any thread.
/// </summary>
internal sealed class LogFollower
{
    /// <summary>Beyond so many writes that wait to be logged, all but the oldest become one that touches everything.</summary>
    public const int MostPending = 1024;

    /// <summary>And beyond so many tags that wait.</summary>
    public const int MostPendingTags = 1 << 14;

    private static readonly IReadOnlyList<Tag> Everything = [Tag.Root];

    private readonly Tenant _tenant;
    private readonly TagClocks _clocks;
    private readonly long _maxStaleness;
    private readonly int _capacity;
    private readonly List<IReadOnlyList<Tag>> _pending = [];
    private InvalidationLog _recent; // what was applied here since the log was last adopted
    private Probe _answered;
    private long _answeredOffset = -1; // of the head that was read last; -1: none of this epoch on this connection
    private long _told; // the highest offset of this epoch in a push, a head, or the answer to an append
    private long _since; // the tick at which the log was last adopted
    private int _connection;
    private bool _subscribed;
    private Epoch? _appendedIn; // the epoch of this node's last append
    private long _contact = long.MinValue;

    /// <param name="tenant">Whose log it is.</param>
    /// <param name="clocks">The node's clocks.</param>
    /// <param name="maxStaleness">How long an answered probe is good for, in the node's timestamps.</param>
    /// <param name="capacity">How many applied records it remembers.</param>
    /// <param name="appendedIn">In which epoch this node last appended, when it has followed the log before (C13).</param>
    public LogFollower(Tenant tenant, TagClocks clocks, long maxStaleness, int capacity = InvalidationLog.DefaultCapacity, Epoch? appendedIn = null)
    {
        _appendedIn = appendedIn;
        _tenant = tenant;
        _clocks = clocks;
        _maxStaleness = maxStaleness;
        _capacity = capacity;
        _recent = new InvalidationLog(default, capacity);
    }

    /// <summary>Everything up to here is in the node's clocks. The epoch is zero before the first contact.</summary>
    public Position Applied => _recent.Head;

    /// <summary>The epoch of this node's last append; null for none.</summary>
    public Epoch? AppendedIn => _appendedIn;

    /// <summary>The highest offset of this epoch that the node has heard of.</summary>
    public long Told => Math.Max(_told, Applied.Offset);

    /// <summary>What waits to be logged, oldest first (C14).</summary>
    public IReadOnlyList<IReadOnlyList<Tag>> Pending => _pending;

    // C6: the age of contact is counted from when the probe was sent, not from when its answer came.
    public bool InContact(long now)
    {
        var contact = Volatile.Read(ref _contact);
        return contact != long.MinValue && now - contact < _maxStaleness;
    }

    /// <inheritdoc cref="InvalidationLog.Age"/>
    public void Age() => _recent.Age();

    /// <summary>What this node has applied after a position, as far as it remembers.</summary>
    public LogReading ReadAfter(Position position) => _recent.ReadAfter(position);

    /// <summary>Whether the node has applied everything up to a position that a client carries (C10).</summary>
    public bool Covers(Position position) => position.Epoch == Applied.Epoch && position.Offset <= Applied.Offset;

    /// <summary>
    /// This node's fence for an entry that was stored with a fence in this log: the last tick at which no record after that
    /// position was applied here. From then on the entry is judged like any other (C4).
    /// </summary>
    /// <returns>Null when it cannot be told: another epoch, or a position from before what is remembered.</returns>
    /// <remarks>
    /// Every record after the position is applied here at a later tick, those that are still to come as well. So the fence is never
    /// too late. Contact is judged apart from it.
    /// </remarks>
    public long? FenceOf(Position stored)
    {
        if (stored.Epoch != Applied.Epoch || stored.Epoch == default)
            return null;
        // C9: an own record ahead of what is applied touched its tags at an earlier tick than the one it will be applied at.
        if (stored.Offset < _told && Applied.Offset < _told)
            return null;
        if (stored.Offset >= Applied.Offset)
            return _clocks.Now;
        return _recent.Find(stored.Offset + 1)?.Tick - 1;
    }

    /// <summary>The position that this node had applied at a tick: the fence under which others may judge what was loaded then.</summary>
    /// <returns>Null when it cannot be told: from before the log was adopted, or before what is remembered.</returns>
    public Position? PositionAt(long tick)
    {
        if (Applied.Epoch == default || tick < _since)
            return null;
        return tick < _recent.TrimmedTick ? null : Applied with { Offset = _recent.OffsetAt(tick) };
    }

    /// <summary>The subscription stands; only now a probe may be sent (C7: subscribe, then read the head).</summary>
    public FollowStep OnSubscribed()
    {
        _connection++;
        _subscribed = true;
        return FollowStep.Probe;
    }

    /// <summary>A reconnect, an unsubscribe, a redirection or an error ends contact at once (C6).</summary>
    public void OnContactLost()
    {
        _subscribed = false;
        EndContact();
    }

    public Probe MakeProbe(long now) => new(_connection, now, Applied);

    /// <summary>The answer to a probe: the head of the log, after a write has shown that the server leads (C6).</summary>
    public FollowStep OnHead(in Probe probe, Position head)
    {
        // An answer from before a reconnect says nothing about the subscription that stands now.
        if (!_subscribed || probe.Connection != _connection)
            return FollowStep.Done;
        // Nor does one that was asked before this node came to know another epoch.
        if (probe.Applied.Epoch != Applied.Epoch)
            return FollowStep.Probe;

        if (head.Epoch != Applied.Epoch)
            Adopt(head);
        // C13: a log that answers from before what this node had applied when it asked has lost records.
        else if (head.Offset < probe.Applied.Offset)
            return FollowStep.StartEpoch;

        // C13: an append may have been answered by the server of an epoch that this node had left already.
        TellOfTheLost(head.Epoch);
        _told = Math.Max(_told, head.Offset);
        if (_answeredOffset < 0 || probe.SentAt >= _answered.SentAt)
        {
            _answered = probe;
            _answeredOffset = head.Offset;
        }

        return Settle();
    }

    /// <summary>
    /// The answer to a probe that read no head. It stands for one where pushes and answers come in order on one connection to one
    /// incarnation of the server: then every record from before the answer has been told, and the highest that was told is the head.
    /// </summary>
    public FollowStep OnBeat(in Probe probe)
    {
        if (!_subscribed || probe.Connection != _connection)
            return FollowStep.Done;
        // C7: the first head after the subscription must be read, and so must the one after anything of another epoch.
        return _answeredOffset < 0 ? FollowStep.Probe : OnHead(probe, Applied with { Offset = Told });
    }

    /// <summary>A record was pushed.</summary>
    public FollowStep OnRecord(Epoch epoch, LogRecord record)
    {
        // A late record of an old epoch and an early one of a new epoch look alike; the head decides.
        if (epoch != Applied.Epoch)
        {
            _answeredOffset = -1;
            return FollowStep.Probe;
        }

        _told = Math.Max(_told, record.Offset);
        if (record.Offset <= Applied.Offset)
            return FollowStep.Done;
        if (record.Offset > Applied.Offset + 1)
            return FollowStep.ReadRecords; // C7: records apply in order; the gap is read from the log
        Apply(record);
        return Settle();
    }

    /// <summary>The answer to <see cref="FollowStep.ReadRecords"/>; <paramref name="asked"/> was made before it was sent.</summary>
    public FollowStep OnRecords(in Probe asked, LogReading reading)
    {
        if (!_subscribed || asked.Connection != _connection || asked.Applied.Epoch != Applied.Epoch)
            return FollowStep.Done;

        if (reading.Records is null || reading.Head.Epoch != Applied.Epoch)
        {
            // C7: trimmed, or another epoch: what lies between cannot be known.
            if (reading.Head.Epoch == Applied.Epoch && reading.Head.Offset <= Applied.Offset)
                return Settle();
            Adopt(reading.Head);
            return FollowStep.Probe;
        }

        var before = Applied;
        foreach (var record in reading.Records)
        {
            if (record.Offset == Applied.Offset + 1)
                Apply(record);
        }

        if (Applied == before && Applied.Offset < _told)
        {
            // The log does not hold what it told: it has vanished meanwhile, and only its head can show that (C12).
            _answeredOffset = -1;
            return FollowStep.Probe;
        }

        return Settle();
    }

    /// <summary>An append of this node was answered: from now on the node judges by it (C9).</summary>
    public FollowStep OnAppended(Position at, IReadOnlyList<Tag> tags, ChangeSummary change = default)
    {
        TellOfTheLost(at.Epoch);
        _appendedIn = at.Epoch;
        if (at.Epoch != Applied.Epoch)
        {
            // C6, C13: the epoch that is followed has ended, or begun elsewhere; only a head can tell.
            _clocks.Touch(_tenant, tags);
            EndContact();
            return FollowStep.Probe;
        }

        _told = Math.Max(_told, at.Offset);
        if (at.Offset > Applied.Offset + 1)
        {
            // Records of others lie between: the tags count here at once, the position follows.
            _clocks.Touch(_tenant, tags);
            return FollowStep.ReadRecords;
        }

        // Else its push came first.
        if (at.Offset == Applied.Offset + 1)
            Apply(new LogRecord(at.Offset, tags, change));
        return Settle();
    }

    /// <summary>An append could not be made or its outcome is not known: the tags are invalid here, and contact waits for them (C14).</summary>
    public void OnNotLogged(IReadOnlyList<Tag> tags)
    {
        _clocks.Touch(_tenant, tags);
        // The oldest may be on its way, and then it tells nothing of what came after it.
        if (_pending.Count >= MostPending || _pending.Sum(static p => p.Count) >= MostPendingTags) // more: all were told to forget meanwhile (C13)
        {
            _pending.RemoveRange(1, _pending.Count - 1);
            _pending.Add(Everything);
        }

        _pending.Add(tags);
        Volatile.Write(ref _contact, long.MinValue);
    }

    /// <summary>The oldest pending tags have been logged.</summary>
    public FollowStep OnPendingLogged(Position at)
    {
        var tags = _pending[0];
        _pending.RemoveAt(0);
        if (ReferenceEquals(tags, Everything))
            _appendedIn = at.Epoch; // with this all are told of whatever was lost before
        return OnAppended(at, tags);
    }

    /// <summary>
    /// C13: this node has read in that epoch that something is not there, and acted on it. When the epoch is lost in a failover, so may be what
    /// it should have read: all are told to forget, as after an append.
    /// </summary>
    public FollowStep OnAskedFor(Epoch epoch)
    {
        TellOfTheLost(epoch);
        _appendedIn = epoch;
        if (epoch == Applied.Epoch)
            return FollowStep.Done;
        // The log has begun anew meanwhile; its head shows what is to be told.
        EndContact();
        return FollowStep.Probe;
    }

    private void Apply(LogRecord record)
    {
        var tick = _clocks.Touch(_tenant, record.Tags);
        _recent.Append(record.Tags, record.Change, tick);
    }

    private void Adopt(Position head)
    {
        if (head.Epoch != Applied.Epoch)
        {
            TellOfTheLost(head.Epoch);
            Volatile.Write(ref _contact, long.MinValue);
        }

        _since = _clocks.Touch(_tenant, Everything);
        _recent = new InvalidationLog(head.Epoch, _capacity, head.Offset);
        _told = head.Offset;
        _answeredOffset = -1;
    }

    // C13: what this node logged in an epoch that ended may have reached only a server that no longer led, and then nobody else
    // has heard of it: before trust returns, all are told to forget.
    private void TellOfTheLost(Epoch epoch)
    {
        if (_appendedIn is { } earlier && earlier != epoch && !_pending.Contains(Everything))
            _pending.Add(Everything);
    }

    private void EndContact()
    {
        _answeredOffset = -1;
        Volatile.Write(ref _contact, long.MinValue);
    }

    // C6: contact counts from the send time of the answered probe once every record before its answer is applied.
    private FollowStep Settle()
    {
        if (_answeredOffset < 0 || _pending.Count > 0 || !_subscribed)
            return FollowStep.Done;
        if (Applied.Offset < _answeredOffset)
            return FollowStep.ReadRecords;
        if (_answered.SentAt > Volatile.Read(ref _contact))
            Volatile.Write(ref _contact, _answered.SentAt);
        return FollowStep.Done;
    }
}
