using System.Collections.Concurrent;
using System.Text;
using Freshet.Coherence;
using Freshet.Redis.Keys;
using Freshet.Redis.Scripts;
using Freshet.Resp;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Logs;

/// <summary>
/// What keeps the followed logs in contact: it subscribes, beats, reads heads and records, and hands each to its log, all on the
/// ordered connection, so that what was told before an answer is applied before it.
/// </summary>
/// <remarks>
/// Everything that comes in runs inside the connection's read loop, one thing at a time; the timer and those who begin to follow a log
/// only send. The decisions are those of <see cref="LogFollower"/>.
/// </remarks>
internal sealed class LogLink : IShardUser, IDisposable
{
    private const int MaxRecords = InvalidationLog.DefaultCapacity;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<RespShard, Session> _sessions = new();
    private readonly RedisLogs _logs;
    private readonly PhysicalKeys _keys;
    private readonly TimeProvider _time;
    private readonly TimeSpan _maxStaleness;
    private readonly TimeSpan _period;
    private readonly ITimer _timer;
    private int _isHurrying;

    public LogLink(RedisLogs logs, PhysicalKeys keys, TimeSpan maxStaleness, TimeProvider time)
    {
        _logs = logs;
        _keys = keys;
        _time = time;
        _maxStaleness = maxStaleness;
        _period = maxStaleness / 4;
        _timer = time.CreateTimer(static link => ((LogLink)link!).Tick(), this, _period, _period);
    }

    /// <summary>A log is followed from now on.</summary>
    public void Follow(FollowedLog log)
    {
        foreach (var session in _sessions.Values)
        {
            if (!session.IsSubscribed)
                continue; // the confirmation will find it
            log.OnSubscribed();
            Beat(session, [log]);
        }
    }

    /// <summary>Beats before the next one is due.</summary>
    public void Hurry()
    {
        if (Interlocked.Exchange(ref _isHurrying, 1) == 0)
            _timer.Change(Soon, _period);
    }

    /// <summary>Does what a follower asks for.</summary>
    public void Do(FollowedLog log, FollowStep step)
    {
        switch (step)
        {
            case FollowStep.ReadRecords:
                foreach (var session in _sessions.Values)
                    ReadRecords(session, log);
                break;
            case FollowStep.Probe:
                Hurry();
                break;
            case FollowStep.StartEpoch:
                foreach (var session in _sessions.Values)
                    StartEpoch(session, log, LogText.OfEpoch(log.Applied.Epoch));
                break;
        }
    }

    /// <inheritdoc/>
    public void OnUp(RespShard shard, RespConnection ordered)
    {
        var session = new Session(ordered);
        _sessions[shard] = session;
        ordered.Send(new RespCommand("SCRIPT", "LOAD", Encoding.UTF8.GetString(LogScripts.Beat.Text)), Ignored.Instance);
        _ = SubscribeAsync(session);
    }

    /// <inheritdoc/>
    public void OnDown(RespShard shard, Exception why)
    {
        _sessions.TryRemove(shard, out _);
        foreach (var log in _logs.Followed)
            log.OnContactLost();
    }

    /// <inheritdoc/>
    public void OnPush(RespShard shard, RespReader push)
    {
        if (push.ReadAggregate() != 3 || !push.ReadBytes().SequenceEqual("message"u8) || !push.ReadBytes().SequenceEqual(_keys.Channel))
            return;
        if (!LogText.TryReadMessage(push.ReadBytes(), out var name, out var epoch, out var record))
        {
            // Whom it concerns cannot be known. After a new connection the heads show what is missing.
            if (_sessions.TryGetValue(shard, out var session))
                Drop(session, new RespProtocolException("A record could not be read."));
            return;
        }

        if (_logs.Find(name) is { } log)
            Do(log, log.OnRecord(epoch, record));
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private async Task SubscribeAsync(Session session)
    {
        try
        {
            await session.Connection.SubscribeAsync(new RespChannel(_keys.Channel)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RespException or RespProtocolException)
        {
            Drop(session, e);
            return;
        }

        // C7: subscribe, then read the head. Who begins to follow a log from here on beats for it himself.
        session.IsSubscribed = true;
        foreach (var log in _logs.Followed)
            log.OnSubscribed();
        Beat(session, [.. _logs.Followed]);
    }

    private void Tick()
    {
        Volatile.Write(ref _isHurrying, 0);
        foreach (var session in _sessions.Values)
        {
            if (session.AwaitedSince is { } since && _time.GetElapsedTime(since) > _maxStaleness)
                Drop(session, new TimeoutException("Redis does not answer the beat."));
            else if (session.IsSubscribed)
                Beat(session, [.. _logs.Followed]);
        }

        foreach (var log in _logs.Followed)
        {
            if (log.HasPending)
                _ = _logs.LogPendingAsync(log);
        }
    }

    private void Beat(Session session, FollowedLog[] logs)
    {
        if (logs.Length == 0)
            return;
        // C6: what the answers are worth is counted from before they were asked for.
        var now = _time.GetTimestamp();
        session.AwaitedSince ??= now;
        session.Connection.Send(new RunScript<BeatCall>(new BeatCall(logs[0].BeatKey), session.ScriptIsMissing), new Sink(
            reply =>
            {
                reply.Read();
                session.Incarnation = Encoding.ASCII.GetString(reply.Bytes);
                session.AwaitedSince = null;
            },
            e =>
            {
                session.Incarnation = null;
                session.ScriptIsMissing = e is RespServerException { Code: "NOSCRIPT" };
                if (session.ScriptIsMissing)
                    Hurry();
                else
                    Drop(session, e); // it does not lead, or refuses to write
            }));
        foreach (var log in logs)
        {
            var probe = log.MakeProbe(now);
            session.Connection.Send(new HeadCommand(log.Key), new Sink(reply => OnHead(session, log, probe, reply), _ => { }));
        }
    }

    private void OnHead(Session session, FollowedLog log, in Probe probe, RespReader reply)
    {
        // Its beat failed: then nothing shows that this server leads.
        if (session.Incarnation is not { } incarnation || reply.ReadAggregate() != 3)
            return;
        var name = reply.ReadBytes().ToArray();
        var isEpoch = LogText.TryEpoch(name, out var epoch);
        reply.Read();
        var isOffset = System.Buffers.Text.Utf8Parser.TryParse(reply.Bytes, out long offset, out _);
        // C13: no log, or one of another incarnation: it may have lost its tail.
        if (!isEpoch || !isOffset || !reply.ReadBytes().SequenceEqual(Encoding.ASCII.GetBytes(incarnation)))
            StartEpoch(session, log, name);
        else
            Do(log, log.OnHead(probe, new Position(epoch, offset)));
    }

    private void StartEpoch(Session session, FollowedLog log, byte[] expected) => session.Connection.Send(
        new RunScript<EpochCall>(new EpochCall(log.Key, expected, LogText.OfEpoch(Epoch.Random())), withText: true), new Sink(_ => Hurry(), _ => { }));

    private void ReadRecords(Session session, FollowedLog log)
    {
        if (!session.IsSubscribed || !log.TryBeginReading(_time.GetTimestamp(), out var asked, out var upTo))
            return;
        var first = asked.Applied.Offset + 1;
        var count = (int)Math.Min(upTo - first + 1, MaxRecords);
        session.Connection.Send(new RecordsCommand(log.Key, first, count), new Sink(
            reply => Do(log, log.OnRecords(asked, ReadRecords(reply, first, asked.Applied))),
            _ => log.OnReadingFailed()));
    }

    private static LogReading ReadRecords(RespReader reply, long first, Position asked)
    {
        var count = reply.ReadAggregate() - 2;
        if (!LogText.TryEpoch(reply.ReadBytes(), out var epoch) || !reply.Read() || !System.Buffers.Text.Utf8Parser.TryParse(reply.Bytes, out long head, out _))
            return new LogReading(asked, []); // no log: the next head tells
        var records = new List<LogRecord>(count);
        for (var offset = first; offset < first + count && offset <= head; offset++)
        {
            // A place of the ring holds what was written last: something else means trimmed.
            if (LogText.ReadRecord(reply.ReadBytes()) is not { } record || record.Offset != offset)
                return new LogReading(new Position(epoch, head), null);
            records.Add(record);
        }

        return new LogReading(new Position(epoch, head), records);
    }

    private static void Drop(Session session, Exception why)
    {
        session.IsSubscribed = false;
        session.Why = why;
        _ = RespLink.DropAsync(session.Connection).AsTask();
    }

    /// <summary>One ordered connection. Written inside its read loop but for <see cref="AwaitedSince"/>, where a lost update costs one beat.</summary>
    private sealed class Session(RespConnection connection)
    {
        public RespConnection Connection => connection;

        public volatile bool IsSubscribed;

        public bool ScriptIsMissing { get; set; }

        public string? Incarnation { get; set; }

        public long? AwaitedSince { get; set; }

        public Exception? Why { get; set; }
    }

    private delegate void Take(RespReader reply);

    private sealed class Sink(Take take, Action<Exception> fail) : IReplySink
    {
        public void OnReply(RespReader reply) => take(reply);

        public void OnFailed(Exception fault) => fail(fault);
    }

    private sealed class Ignored : IReplySink
    {
        public static Ignored Instance { get; } = new();

        public void OnReply(RespReader reply)
        {
        }

        public void OnFailed(Exception fault)
        {
        }
    }

    private readonly struct HeadCommand(byte[] log) : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(5);
            writer.Add("HMGET"u8);
            writer.Add(log);
            writer.Add("e"u8);
            writer.Add("o"u8);
            writer.Add("i"u8);
        }
    }

    private readonly struct RecordsCommand(byte[] log, long first, int count) : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(4 + count);
            writer.Add("HMGET"u8);
            writer.Add(log);
            writer.Add("e"u8);
            writer.Add("o"u8);
            for (var offset = first; offset < first + count; offset++)
                writer.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"r{offset % MaxRecords}"));
        }
    }
}
