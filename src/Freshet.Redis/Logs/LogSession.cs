using System.Buffers.Text;
using System.Text;
using Freshet.Coherence;
using Freshet.Redis.Agreements;
using Freshet.Redis.Scripts;
using Freshet.Resp;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;
using Freshet.Resp.Topology;

namespace Freshet.Redis.Logs;

/// <summary>
/// One ordered connection to one server that leads, and all that is asked on it: subscriptions, beats, heads, records and appends.
/// What was told before an answer is applied before it, because both run in the connection's read loop, one thing at a time.
/// </summary>
internal sealed class LogSession
{
    /// <summary>What waits in line together, so that following many logs at once neither fills the line nor holds up beats.</summary>
    public const int Batch = 512;

    // With each beat of a server alone the heads of so many logs in turn: what only it knows, such as that it has evicted a log, is found.
    private const int InTurn = 64;

    private readonly LogLink _link;
    private readonly RespConnection _connection;
    private readonly bool _isCluster;
    private readonly TimeProvider _time;
    private readonly LogSubscriptions _subscriptions;
    private readonly LogReadings _readings;
    private readonly TimeSpan _lifetime;
    private readonly List<FollowedLog> _begun = []; // whose epochs have begun, and whose heads are to be read; guarded by itself
    private volatile bool _withText = true; // the first beat brings its script along
    private int _isEpochSent; // and so does the first epoch
    private int _beginning; // how many epochs are under way; guarded by _begun
    private int _turn;
    private volatile Round? _round; // of the last beat that asked for heads
    private volatile bool _isPassedOver; // heads were due while it ran
    private string? _incarnation;
    private long _awaitedSince = long.MaxValue;
    private Ending? _end;

    /// <param name="link">Where logs are placed, and what followers ask for is done.</param>
    /// <param name="shard">Whose connection it is.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="isCluster">Whether there is a cluster.</param>
    /// <param name="lifetime">For how long a log is kept that nobody follows or appends to.</param>
    /// <param name="time">The clock.</param>
    public LogSession(LogLink link, RespShard shard, RespConnection connection, bool isCluster, TimeSpan lifetime, TimeProvider time)
    {
        _lifetime = lifetime;
        Shard = shard;
        _link = link;
        _connection = connection;
        _isCluster = isCluster;
        _time = time;
        _subscriptions = new LogSubscriptions(this, connection);
        Agreements = new SessionAgreements(link, this, connection);
        _readings = new LogReadings(this, link, connection, time);
        IsSharded = isCluster && int.TryParse(connection.Greeting.Version.Split('.')[0], out var major) && major >= 7;
    }

    public RespShard Shard { get; }

    /// <summary>Asks whether nodes agree.</summary>
    public SessionAgreements Agreements { get; }

    /// <summary>Whether channels belong to slots: in a cluster, from Redis 7 on. Told by the server itself, so all nodes agree.</summary>
    public bool IsSharded { get; }

    /// <summary>Why it was ended here; null when it was not.</summary>
    public Ending? End => Volatile.Read(ref _end);

    public bool HasEnded => End is not null;

    /// <summary>Whether a beat was ever answered.</summary>
    public bool WasInContact => Volatile.Read(ref _incarnation) is not null;

    /// <summary>Ends it: the connection is of no more use.</summary>
    public void Drop(ContactEnd end, Exception why)
    {
        if (Interlocked.CompareExchange(ref _end, new Ending(end, why), null) is not null)
            return;
        _link.Abandon(this); // C6: at once
        _ = RespLink.DropAsync(_connection).AsTask();
    }

    /// <summary>Follows a log that was placed here.</summary>
    public void Follow(FollowedLog log) => _subscriptions.Follow(log);

    /// <summary>Wants to hear no more of a log.</summary>
    public void Unfollow(FollowedLog log) => _subscriptions.Unfollow(log.Channel);

    /// <summary>Wants to hear no more of a channel.</summary>
    public void Unfollow(byte[] channel) => _subscriptions.Unfollow(channel);

    /// <summary>Beats for the logs that are followed here.</summary>
    public void Beat(FollowedLog[] logs)
    {
        if (Volatile.Read(ref _awaitedSince) is not long.MaxValue and var since && _time.GetElapsedTime(since) > _link.MaxStaleness)
        {
            Drop(ContactEnd.Silent, new TimeoutException("Redis does not answer the beat."));
            return;
        }

        if (logs.Length == 0)
            return;
        var now = _time.GetTimestamp();
        foreach (var log in logs.Where(l => l.TryKeep(this, now)).Take(Batch))
            Keep(log);
        // In a cluster a subscriber hears nothing of a slot that went elsewhere; only the log itself shows whether it is here. With beats
        // each quarter of MaxStaleness, what was asked for three eighths ago is asked for by every second one: an answer has as long
        // again to come before contact ends, and there is half as much to ask as with each beat.
        var others = _isCluster ? [] : logs;
        var before = _isCluster ? now - (long)(_link.MaxStaleness.TotalSeconds * _time.TimestampFrequency * 3 / 8) : long.MinValue;
        var heads = logs.Where(l => l.IsHeadDue(before)).ToHashSet();
        if (!_isCluster)
        {
            for (var i = 0; i < Math.Min(InTurn, logs.Length); i++)
            {
                _turn = (_turn + 1) % logs.Length;
                heads.Add(logs[_turn]);
            }
        }

        // One round at a time: a server that is slow is not asked for more than it can answer. That it leads is asked each time.
        if (_round is { IsOver: false })
        {
            _isPassedOver = heads.Count > 0;
            Ask(logs[0], [], others);
        }
        else
        {
            _isPassedOver = false;
            _round = Ask(heads.FirstOrDefault() ?? logs[0], [.. heads], others);
        }
    }

    /// <summary>Appends a record.</summary>
    /// <exception cref="RespException">It was not logged, or nobody knows.</exception>
    /// <exception cref="RespProtocolException">The reply is none.</exception>
    public async ValueTask<Position> AppendAsync(FollowedLog log, byte[] record, int[] clocks, bool isAsking = false)
    {
        var call = new AppendCall(log.Key, LogText.OfEpoch(Epoch.Random()), IsSharded, log.Channel, record, (long)_lifetime.TotalMilliseconds, clocks);
        try
        {
            return await RunAsync(call, withText: false, isAsking).ConfigureAwait(false);
        }
        catch (RespServerException e) when (e.Code is "NOSCRIPT")
        {
            return await RunAsync(call, withText: true, isAsking).ConfigureAwait(false);
        }
    }

    /// <summary>Marks a key of public data in the log (R10), or asks for its mark.</summary>
    /// <returns>1 when it is marked now, 0 when it is not, -1 when the log has another epoch.</returns>
    /// <exception cref="RespException">It was not marked, or nobody knows.</exception>
    public async ValueTask<long> MarkAsync(FollowedLog log, Epoch epoch, int place, bool set)
    {
        var call = new MarkCall(log.Key, LogText.OfEpoch(epoch), place, set);
        try
        {
            using var reply = await _connection.SendAsync(new RunScript<MarkCall>(call, withText: false)).ConfigureAwait(false);
            return reply.Reader.ReadInt64();
        }
        catch (RespServerException e) when (e.Code is "NOSCRIPT")
        {
            using var reply = await _connection.SendAsync(new RunScript<MarkCall>(call, withText: true)).ConfigureAwait(false);
            return reply.Reader.ReadInt64();
        }
    }

    /// <summary>Begins an epoch, unless the log is another one than was seen; then reads its head, with those of all that began meanwhile.</summary>
    public void StartEpoch(FollowedLog log, byte[] expected)
    {
        lock (_begun)
            _beginning++;
        StartEpoch(log, expected, Interlocked.Exchange(ref _isEpochSent, 1) == 0);
    }

    private void StartEpoch(FollowedLog log, byte[] expected, bool withText) => _connection.Send(
        new RunScript<EpochCall>(new EpochCall(log.Key, expected, LogText.OfEpoch(Epoch.Random()), (long)_lifetime.TotalMilliseconds), withText),
        new LogSink(
            _ =>
            {
                log.WantHead();
                OnBegun(log);
            },
            e =>
            {
                if (!withText && e is RespServerException { Code: "NOSCRIPT" })
                {
                    StartEpoch(log, expected, withText: true);
                    return;
                }

                OnRefused(log, e);
                OnBegun(null);
            }));

    // After a failover all logs begin anew: the last of those under way has the heads read, so that there is one beat for many.
    private void OnBegun(FollowedLog? log)
    {
        FollowedLog[] begun;
        lock (_begun)
        {
            if (log is not null)
                _begun.Add(log);
            if (--_beginning > 0 && _begun.Count < Batch)
                return;
            begun = [.. _begun];
            _begun.Clear();
        }

        AskHeads(begun);
    }

    /// <summary>Reads the records that the follower misses.</summary>
    public void ReadRecords(FollowedLog log) => _readings.Read(log);

    // A log that nobody follows or appends to goes after its lifetime (C12).
    private void Keep(FollowedLog log) => _connection.Send(new KeepCommand(log.Key, (long)_lifetime.TotalMilliseconds), new LogSink(
        reply =>
        {
            // It has gone already: its head shows it, and a new epoch begins (C13).
            if (reply.ReadInt64() == 0)
                _link.Do(this, log, FollowStep.Probe);
        },
        e =>
        {
            if (e is RespServerException { Code: "NOPERM" })
                Drop(ContactEnd.Refused, e);
            else
                OnRefused(log, e);
        }));

    private async ValueTask<Position> RunAsync(AppendCall call, bool withText, bool isAsking)
    {
        var command = new RunScript<AppendCall>(call, withText);
        using var reply = isAsking
            ? await _connection.SendAskingAsync(command).ConfigureAwait(false)
            : await _connection.SendAsync(command).ConfigureAwait(false);
        return LogText.ReadPosition(reply.Reader);
    }

    /// <summary>A beat, and behind it the heads of logs that have just been subscribed to.</summary>
    internal void AskHeads(FollowedLog[] heads)
    {
        if (heads.Length > 0)
            Ask(heads[0], heads, []);
    }

    /// <summary>A beat, and the heads behind it.</summary>
    /// <param name="log">On whose key it beats.</param>
    /// <param name="heads">Whose heads are to be read.</param>
    /// <param name="others">For whom the beat will do.</param>
    private Round? Ask(FollowedLog log, FollowedLog[] heads, FollowedLog[] others)
    {
        if (HasEnded)
            return null;
        // C6: what the answers are worth is counted from before they were asked for.
        var round = new Round(_time.GetTimestamp(), heads);
        Interlocked.CompareExchange(ref _awaitedSince, round.SentAt, long.MaxValue);
        _connection.Send(new RunScript<BeatCall>(new BeatCall(log.Key), _withText), new LogSink(
            reply => OnBeat(round, others, reply), e => OnBeatFailed(log, e)));
        AskHeads(round);
        return round;
    }

    private void OnBeat(Round round, FollowedLog[] others, RespReader reply)
    {
        Volatile.Write(ref _awaitedSince, long.MaxValue);
        _withText = false;
        reply.Read();
        var incarnation = Encoding.ASCII.GetString(reply.Bytes);
        if (_incarnation is null)
        {
            Volatile.Write(ref _incarnation, incarnation);
            _link.Found(this);
        }
        else if (!string.Equals(_incarnation, incarnation, StringComparison.Ordinal))
        {
            // It has led, followed, and leads again: what it told meanwhile nobody knows.
            Drop(ContactEnd.Incarnation, new RespConnectionException("The server's data are of another incarnation than before.", mayHaveRun: true));
            return;
        }

        round.IsAnswered = true;
        foreach (var log in others)
            _link.Do(this, log, log.OnBeat(this, round.SentAt));
    }

    private void OnBeatFailed(FollowedLog log, Exception why)
    {
        Volatile.Write(ref _awaitedSince, long.MaxValue);
        switch (why)
        {
            case RespServerException { Code: "NOSCRIPT" }:
                _withText = true;
                _link.Hurry();
                break;
            case RespServerException { Code: "MOVED" or "ASK" }:
                OnRefused(log, why);
                _link.Hurry(); // with another log
                break;
            case RespServerException e:
                Drop(e.Code is "READONLY" ? ContactEnd.NotLeading : ContactEnd.Refused, why);
                break;
            default:
                Drop(why is RespTimeoutException ? ContactEnd.Silent : ContactEnd.Connection, why);
                break;
        }
    }

    // In batches: the last head of one sends the next. It is over when all are sent, or there is no sense in more.
    private void AskHeads(Round round)
    {
        for (var inBatch = 0; round.Asked < round.Heads.Length;)
        {
            var log = round.Heads[round.Asked++];
            if (!log.TryAskHead(this, round.SentAt, out var probe))
                continue;
            var isLast = ++inBatch == Batch;
            _connection.Send(new HeadCommand(log.Key), new LogSink(
                reply =>
                {
                    OnHead(round, log, probe, reply);
                    if (isLast)
                        AskOn(round);
                },
                e =>
                {
                    OnHeadFailed(round, log, e);
                    if (!isLast)
                        return;
                    // No room in line, or no connection: the next beat asks. An answer that is an error leaves room.
                    if (e is RespServerException)
                        AskOn(round);
                    else
                        Finish(round);
                }));
            if (isLast)
                return; // from here on the round is the read loop's
        }

        Finish(round);
    }

    private void AskOn(Round round)
    {
        // Its beat failed: no answer would count. The others are still due.
        if (round.IsAnswered)
            AskHeads(round);
        else
            Finish(round);
    }

    private void Finish(Round round)
    {
        round.IsOver = true;
        if (ReferenceEquals(round, _round) && _isPassedOver)
            _link.Hurry();
    }

    private void OnHead(Round round, FollowedLog log, in Probe probe, RespReader reply)
    {
        // Its beat failed: then nothing shows that this server leads.
        if (!round.IsAnswered || reply.ReadAggregate() != 3)
        {
            log.WantHead();
            return;
        }

        var name = reply.ReadBytes().ToArray();
        var isEpoch = LogText.TryEpoch(name, out var epoch);
        reply.Read();
        var isOffset = Utf8Parser.TryParse(reply.Bytes, out long offset, out _);
        // C13: no log, or one of another incarnation: it may have lost its tail.
        if (!isEpoch || !isOffset || !reply.ReadBytes().SequenceEqual(Encoding.ASCII.GetBytes(_incarnation!)))
            StartEpoch(log, name);
        else
            _link.Do(this, log, log.OnHead(this, probe, new Position(epoch, offset)));
    }

    private void OnHeadFailed(Round round, FollowedLog log, Exception why)
    {
        log.WantHead();
        if (why is RespServerException { Code: "WRONGTYPE" } && round.IsAnswered)
            StartEpoch(log, []); // what lies there is no log
        else
            OnRefused(log, why);
    }

    // C6: an error ends contact. What was not answered at all is asked again.
    internal void OnRefused(FollowedLog log, Exception why)
    {
        log.WantHead();
        if (why is RespServerException { Code: not "NOSCRIPT" } e)
            _link.Redirect(this, log, e);
    }

    /// <summary>How it ended.</summary>
    internal sealed record Ending(ContactEnd End, Exception Why);

    /// <summary>One beat and what was asked behind it. Only for the read loop, once the first batch is sent.</summary>
    private sealed class Round(long sentAt, FollowedLog[] heads)
    {
        private bool _isOver;

        public long SentAt => sentAt;

        public FollowedLog[] Heads => heads;

        public int Asked { get; set; }

        public bool IsAnswered { get; set; }

        /// <summary>Any thread may ask.</summary>
        public bool IsOver
        {
            get => Volatile.Read(ref _isOver);
            set => Volatile.Write(ref _isOver, value);
        }
    }
}
