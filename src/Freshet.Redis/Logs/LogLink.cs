using System.Collections.Concurrent;
using Freshet.Coherence;
using Freshet.Resp;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Logs;

/// <summary>
/// Keeps the followed logs in contact: places each on the session of the server that owns it, has the sessions beat, and hands on
/// what comes in. The decisions are those of <see cref="LogFollower"/>.
/// </summary>
/// <remarks>
/// What comes in runs inside the read loops of the connections; the timer and those who begin to follow a log only send. A log whose
/// place is lost is placed again by the next tick, so no failure in between leaves it without one for long.
/// </remarks>
internal sealed class LogLink : IShardUser, IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<RespShard, LogSession> _sessions = new();
    private readonly ConcurrentDictionary<RespShard, Exception> _ended = new(); // why the last connection ended
    private readonly RedisLogs _logs;
    private readonly LinkReport _report;
    private readonly TimeProvider _time;
    private readonly TimeSpan _period;
    private readonly bool _isCluster;
    private readonly TimeSpan _logLifetime;
    private readonly ITimer _timer;
    private volatile RespClient? _client;
    private int _isHurrying;
    private int _isTicking;
    private volatile bool _isClosed;

    public LogLink(RedisLogs logs, LinkReport report, TimeSpan maxStaleness, TimeSpan logLifetime, bool isCluster, TimeProvider time)
    {
        _logs = logs;
        _report = report;
        _time = time;
        _isCluster = isCluster;
        _logLifetime = logLifetime;
        MaxStaleness = maxStaleness;
        _period = maxStaleness / 4;
        _timer = time.CreateTimer(static link => ((LogLink)link!).Tick(), this, _period, _period);
    }

    public TimeSpan MaxStaleness { get; }

    /// <summary>Who knows which server owns what. Called once.</summary>
    public void Begin(RespClient client)
    {
        _client = client;
        AskAgreements();
        PlaceAll();
    }

    /// <summary>Follows a log on the server that owns it now.</summary>
    public void Place(FollowedLog log)
    {
        var session = SessionOf(log.Slot);
        if (ReferenceEquals(log.Session, session) || !log.TryMove(session, out var from))
            return;
        from?.Unfollow(log);
        session?.Follow(log);
        // Its connection ended in between: nobody else would notice.
        if (session is { HasEnded: true })
            log.TryLeave(session);
    }

    /// <summary>The session on which a log's owner is reached; null for none.</summary>
    public LogSession? SessionOf(int slot) => _client?.ShardOf(slot) is { } shard ? _sessions.GetValueOrDefault(shard) : null;

    /// <summary>Beats before the next one is due.</summary>
    public void Hurry()
    {
        if (!_isClosed && Interlocked.Exchange(ref _isHurrying, 1) == 0)
            _timer.Change(Soon, _period);
    }

    /// <summary>Does what a follower asks for.</summary>
    public void Do(FollowedLog log, FollowStep step) => Do(log.Session, log, step);

    /// <inheritdoc cref="Do(FollowedLog, FollowStep)"/>
    public void Do(LogSession? session, FollowedLog log, FollowStep step)
    {
        switch (step)
        {
            case FollowStep.ReadRecords:
                session?.ReadRecords(log);
                break;
            case FollowStep.Probe:
                log.WantHead();
                Hurry();
                break;
            case FollowStep.StartEpoch:
                session?.StartEpoch(log, LogText.OfEpoch(log.Applied.Epoch));
                break;
        }

        // C13: another epoch was adopted, and all are to be told of it before contact returns.
        if (log.TryNotePending())
            Hurry();
    }

    /// <summary>A server refused a log: contact ends, and if somebody else owns it, it goes there.</summary>
    /// <returns>Where to go with a command that was refused; null for nowhere.</returns>
    public LogSession? Redirect(LogSession session, FollowedLog log, RespServerException answer)
    {
        var owner = _client?.Redirect(answer, session.Shard);
        Leave(session, log, answer.Code is "MOVED" or "ASK" ? ContactEnd.Moved : ContactEnd.Refused);
        // While a slot moves (ASK) the log has no place where it can be followed: the importing server takes no subscriptions yet.
        // The next ticks try again where it was, until the slot has moved.
        if (answer.Code is "MOVED")
            Place(log);
        return owner is null ? null : _sessions.GetValueOrDefault(owner);
    }

    /// <summary>A session's first beat was answered.</summary>
    public void Found(LogSession session)
    {
        _report.Found(session.Shard);
        Hurry(); // what waits to be logged need not wait for the next beat
    }

    /// <summary>A session is of no more use: none of its logs is in contact (C6).</summary>
    public void Abandon(LogSession session)
    {
        foreach (var log in _logs.Followed)
            log.TryLeave(session);
    }

    /// <inheritdoc/>
    public void OnUp(RespShard shard, RespConnection ordered)
    {
        _sessions[shard] = new LogSession(this, shard, ordered, _isCluster, _logLifetime, _time);
        AskAgreements(); // ahead of the first beat
        PlaceAll();
    }

    /// <summary>It was answered whether nodes agree.</summary>
    public void OnAgreement() => _report.Agree(_logs.Agreements.Disagreement);

    /// <summary>It could not be asked whether nodes agree.</summary>
    public void OnAgreementFailed(LogSession session, Exception why)
    {
        if (why is not RespServerException e)
            return; // the beat fails as well
        if (e.Code is "MOVED" or "ASK")
            _client?.Redirect(e, session.Shard);
        else if (e.Code is "OOM")
            _report.Lost(session.Shard, ContactEnd.Refused, e, wasInContact: false);
        else
            session.Drop(e.Code is "READONLY" ? ContactEnd.NotLeading : ContactEnd.Refused, e);
    }

    /// <inheritdoc/>
    public void OnDown(RespShard shard, Exception why)
    {
        if (!_sessions.TryRemove(shard, out var session))
            return;
        _ended[shard] = why;
        session.Drop(ContactEnd.Connection, why);
        Abandon(session); // what was placed there since
        if (_isClosed)
            return;
        _report.Lost(shard, session.End!.End, session.End.Why, session.WasInContact);
        _client?.LookAgain();
    }

    /// <inheritdoc/>
    public void OnPush(RespShard shard, RespReader push)
    {
        if (push.ReadAggregate() != 3)
            return;
        var kind = push.ReadBytes();
        var channel = push.ReadBytes();
        if (!_sessions.TryGetValue(shard, out var session))
            return;
        var log = _logs.Find(channel);
        if (kind.SequenceEqual("subscribe"u8) || kind.SequenceEqual("ssubscribe"u8))
        {
            // It may have left since it was asked for, and the word of that have gone ahead.
            if (log?.Session == session)
                log.OnSubscribed(session, _time.GetTimestamp());
            else
                session.Unfollow(channel.ToArray());
        }
        else if (log is null)
        {
            return;
        }
        else if (kind.SequenceEqual("message"u8) || kind.SequenceEqual("smessage"u8))
        {
            OnMessage(session, log, push.ReadBytes());
        }
        else if ((kind.SequenceEqual("unsubscribe"u8) || kind.SequenceEqual("sunsubscribe"u8)) && log.IsSubscribed(session))
        {
            OnUnsubscribed(session, log);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isClosed = true;
        _timer.Dispose();
    }

    private void OnMessage(LogSession session, FollowedLog log, ReadOnlySpan<byte> message)
    {
        if (LogText.TryReadMessage(message, out var epoch, out var record))
        {
            Do(session, log, log.OnRecord(session, epoch, record));
        }
        else if (Leave(session, log, ContactEnd.Unreadable))
        {
            Place(log); // something was logged, or somebody else speaks here: the head shows what is missing
        }
    }

    // Nobody here asked for it: the slot has gone elsewhere.
    private void OnUnsubscribed(LogSession session, FollowedLog log)
    {
        if (!Leave(session, log, ContactEnd.Moved))
            return;
        _client?.LookAgain();
        if (!session.HasEnded)
            Hurry();
    }

    // Only contact can be lost: a log that cannot be followed for now is placed again and again.
    private bool Leave(LogSession session, FollowedLog log, ContactEnd end)
    {
        var wasInContact = log.IsFoundInContact(_time.GetTimestamp());
        if (!log.TryLeave(session))
            return false;
        if (wasInContact)
            _report.Lost(end);
        return true;
    }

    private void AskAgreements()
    {
        foreach (var agreement in _logs.Agreements.All)
            SessionOf(agreement.Slot)?.Agreements.Ask(agreement);
    }

    private void PlaceAll()
    {
        foreach (var log in _logs.Followed)
            Place(log);
    }

    private void Tick()
    {
        Volatile.Write(ref _isHurrying, 0);
        // A tick that takes long is not overtaken by the next, which comes again.
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
        {
            Hurry();
            return;
        }

        try
        {
            _logs.DropUnused();
            AskAgreements();
            PlaceAll();
            var placed = _logs.Followed.ToLookup(l => l.Session);
            foreach (var session in _sessions.Values)
                session.Beat([.. placed[session].Where(l => l.IsSubscribed(session))]);
            _logs.LogAllPending();
            if (_client is { } client)
                ReportUnreachable(client);
        }
        finally
        {
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private void ReportUnreachable(RespClient client)
    {
        if (client.Fault is { } unknown)
            _report.Lost(null, ContactEnd.Unreachable, unknown, wasInContact: false);
        foreach (var shard in client.Shards)
        {
            // How the last connection ended has been said; this is about the attempts since.
            if (!_sessions.ContainsKey(shard) && shard.Ordered?.Fault is { } fault && fault != _ended.GetValueOrDefault(shard))
                _report.Lost(shard, ContactEnd.Unreachable, fault, wasInContact: false);
        }

        var shards = client.Shards;
        _report.Keep(shards);
        foreach (var (shard, _) in _ended)
        {
            if (!shards.Contains(shard))
                _ended.TryRemove(shard, out _);
        }
    }
}
