using System.Text;
using Freshet.Redis.Logs;
using Freshet.Resp.Protocol;

namespace Freshet.Redis.Agreements;

/// <summary>
/// Whether this node agrees with the others that are alive, as one key in Redis tells (R9). Without that no log is in contact, and no write
/// counts as acknowledged. Guarded by its own lock, but for <see cref="Holds"/>, which any thread may ask.
/// </summary>
/// <remarks>
/// An answer is good for as long as the key keeps the node's terms, counted from before it was asked, so nobody who disagrees can join
/// before it ends here. On the connection of a log the question goes ahead of the first beat: a server that took over, or lost the key, has
/// said whether the nodes agree before the log is in contact (C6).
/// </remarks>
internal sealed class Agreement(byte[] key, int slot, NodeTerms own, bool hasDatabases, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _life = LifeOf(own.MaxStaleness);
    private LogSession? _session;
    private string _judged = ""; // the terms of others with whom this node agrees
    private TimeSpan _longest = own.MaxStaleness;
    private long _askedAt;
    private bool _isAsking;
    private long _until = long.MinValue;
    private Disagreement? _disagreement;

    /// <summary>The slot of its key.</summary>
    public int Slot => slot;

    /// <summary>In what this node differs from another one; null for nothing, or when that is not known yet.</summary>
    public Disagreement? Disagreement => Volatile.Read(ref _disagreement);

    /// <summary>The longest time for which contact lasts on any node that was alive when this node asked last.</summary>
    public TimeSpan LongestStaleness
    {
        get
        {
            lock (_gate)
                return _longest;
        }
    }

    /// <summary>For how long nodes count as alive after they have asked.</summary>
    public static TimeSpan LifeOf(TimeSpan maxStaleness)
    {
        // At most 30 s where a beat comes often enough; never less for a longer MaxStaleness, for who has the longest waits for the others.
        var most = maxStaleness > TimeSpan.FromSeconds(30) ? maxStaleness : TimeSpan.FromSeconds(30);
        return maxStaleness * 10 < most ? maxStaleness * 10 : most;
    }

    /// <summary>Whether this node agrees with all that are alive at that time.</summary>
    public bool Holds(long now) => now < Volatile.Read(ref _until);

    /// <summary>The question, when it is due: on another connection, or a quarter of its life after the last one.</summary>
    public bool TryAsk(LogSession session, out AgreeCall call)
    {
        lock (_gate)
        {
            call = default;
            var now = time.GetTimestamp();
            if (ReferenceEquals(_session, session) && (_isAsking || time.GetElapsedTime(_askedAt, now) < _life / 4))
                return false;
            _session = session;
            call = Ask(now);
            return true;
        }
    }

    /// <summary>Takes an answer, inside the read loop.</summary>
    /// <returns>Whether to ask again at once, and with what.</returns>
    /// <exception cref="RespProtocolException">It is something else.</exception>
    public bool TakeAnswer(LogSession session, RespReader reply, out AgreeCall again)
    {
        again = default;
        if (reply.ReadAggregate() != 3)
            throw new RespProtocolException("The server's reply has something else where an agreement belongs.");
        var hasJoined = reply.ReadInt64() == 1;
        var others = Encoding.UTF8.GetString(reply.ReadBytes());
        var joinedFor = TimeSpan.FromMilliseconds(reply.ReadInt64());
        var texts = others.Length == 0 ? [] : others.Split('\n');
        lock (_gate)
        {
            if (!ReferenceEquals(_session, session))
                return false;
            _isAsking = false;
            if (!hasJoined)
            {
                _disagreement = texts.Select(own.With).FirstOrDefault(d => d is not null);
                if (_disagreement is not null)
                {
                    Volatile.Write(ref _until, long.MinValue);
                    return false;
                }

                // Others than before, and this node agrees with them: it joins, unless they have changed again.
                _judged = others;
                again = Ask(time.GetTimestamp());
                return true;
            }

            _disagreement = null;
            Join(texts, joinedFor);
            return false;
        }
    }

    /// <summary>There will be no answer.</summary>
    public void OnFailed(LogSession session)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_session, session))
                (_session, _isAsking) = (null, false); // the next tick asks again
        }
    }

    private void Join(string[] others, TimeSpan joinedFor)
    {
        var longest = TimeSpan.Zero;
        foreach (var text in others)
        {
            if (NodeTerms.TryRead(text, out var other) && other.IsBeside(own) && other.MaxStaleness > longest)
                longest = other.MaxStaleness;
        }

        _longest = longest > own.MaxStaleness ? longest : own.MaxStaleness;
        // A writer may hold its answer until all nodes have heard or lost contact. One whose contact lasts longer than that of all others
        // has contact once all of them know of it: they ask more often than their own lives last, which are no longer than this node's.
        if (longest > TimeSpan.Zero && own.MaxStaleness > longest && joinedFor < _life)
            return;
        Volatile.Write(ref _until, _askedAt + (long)(_life.TotalSeconds * time.TimestampFrequency));
    }

    private AgreeCall Ask(long now)
    {
        (_isAsking, _askedAt) = (true, now);
        return new AgreeCall(key, own.Text, _life, _judged, hasDatabases);
    }
}
