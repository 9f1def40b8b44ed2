namespace Freshet.Simulation;

/// <summary>What a client carries of one log.</summary>
/// <param name="Log">Whose.</param>
/// <param name="Change">Which change of it that was; a later one is another.</param>
internal readonly record struct CarriedLog(int Log, long Change);

/// <summary>A client: whose data it reads, what it has seen acknowledged, and the positions it carries (C10).</summary>
internal sealed class Client(int index, int tenantsLog)
{
    /// <summary>The log of those without a tenant.</summary>
    public const int NoLog = -1;

    // Few, so that it is often too few: there are two other logs to a client without a tenant.
    private const int MostOtherLogs = 1;

    // Of other logs than its own and the public one, the one that was heard of last at the end.
    private readonly List<CarriedLog> _others = [];
    private readonly List<Write> _onTheWay = [];
    private long _changes;

    public int Index { get; } = index;

    /// <summary>The log of its tenant.</summary>
    public int Log { get; } = tenantsLog;

    /// <summary>The newest version of each row whose write it saw acknowledged.</summary>
    public int[] Seen { get; } = new int[World.Instance.RowCount];

    /// <summary>The same of writes whose positions it was not told: every node shows them, or is out of contact.</summary>
    public int[] SeenUntold { get; } = new int[World.Instance.RowCount];

    /// <summary>The positions it carries, by log: the highest of each epoch (C10). One is carried until its write shows on all
    /// other nodes (<see cref="Profile.SessionLife"/>).</summary>
    public List<(Position At, long Until)>[] Session { get; } = Sessions();

    /// <summary>A write is sent: what it carries of other logs, and how much of the room for more of them is its own.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="isRead">Whether it is the handler of a GET that writes, for which no room was kept.</param>
    /// <param name="now">When.</param>
    public (CarriedLog[] Carried, int Room) Depart(Rules rules, bool isRead, long now)
    {
        Forget(now);
        if (isRead)
            return ([.. _others], 0);
        var taken = _others.Select(o => o.Log);
        if (rules.WritesKeepWhatTheyCarry)
            taken = taken.Concat(_onTheWay.SelectMany(w => w.Carried).Select(c => c.Log));
        var granted = rules.WritesShareRoom ? _onTheWay.Sum(w => w.Room) : 0;
        var left = Math.Max(0, MostOtherLogs - taken.Distinct().Count() - granted);
        return ([.. _others], left - (left / 2));
    }

    /// <summary>A write is on its way from now on.</summary>
    public void Sent(Write write) => _onTheWay.Add(write);

    /// <summary>A write is over, in whatever way.</summary>
    public void Land(Write write) => _onTheWay.Remove(write);

    /// <summary>No answer comes any more to some of its writes.</summary>
    public void LandAll(Predicate<Write> isLost) => _onTheWay.RemoveAll(isLost);

    /// <summary>What the answer to a write tells is carried from now on.</summary>
    /// <returns>Whether all of it could be told.</returns>
    public bool Take(Write write, Rules rules, long until)
    {
        var named = write.Carried.Select(c => c.Log).ToList();
        var most = Math.Min(MostOtherLogs, named.Count + write.Room);
        var isTold = true;
        for (var touch = 0; touch < write.Change.Touches.Length; touch++)
        {
            var log = write.Change.Touches[touch].Log;
            if (write.Positions[touch].Offset == 0 || !IsOther(log))
                continue;
            if (!named.Remove(log) && named.Count == most)
                isTold = false;
            else
                named.Add(log);
        }

        // What it carried and is no longer named shows everywhere; what it has heard since stays.
        foreach (var carried in write.Carried.Where(c => !named.Contains(c.Log) && _others.Contains(c)))
            Drop(carried.Log);
        for (var touch = 0; touch < write.Change.Touches.Length; touch++)
        {
            var log = write.Change.Touches[touch].Log;
            if (write.Positions[touch].Offset > 0 && (!IsOther(log) || named.Contains(log)) && rules.Tells(write, touch))
                Carry(log, write.Positions[touch], until);
        }

        while (_others.Count > MostOtherLogs)
            Drop(_others[0].Log);
        return isTold;
    }

    /// <summary>Forgets the positions that are not needed any longer.</summary>
    public void Forget(long now)
    {
        foreach (var session in Session)
        {
            for (var i = session.Count - 1; i >= 0; i--)
            {
                if (session[i].Until <= now)
                    session.RemoveAt(i);
            }
        }

        _others.RemoveAll(o => Session[o.Log].Count == 0);
    }

    /// <summary>What kept a position beyond its time has ended.</summary>
    public void Limit(int log, long until)
    {
        for (var i = 0; i < Session[log].Count; i++)
        {
            if (Session[log][i].Until == long.MaxValue)
                Session[log][i] = (Session[log][i].At, until);
        }
    }

    private static List<(Position At, long Until)>[] Sessions()
    {
        var sessions = new List<(Position At, long Until)>[World.Instance.LogCount];
        for (var log = 0; log < sessions.Length; log++)
            sessions[log] = [];
        return sessions;
    }

    private void Carry(int log, Position at, long until)
    {
        if (IsOther(log))
        {
            _others.RemoveAll(o => o.Log == log);
            _others.Add(new CarriedLog(log, ++_changes));
        }

        var session = Session[log];
        for (var i = 0; i < session.Count; i++)
        {
            var (held, heldUntil) = session[i];
            if (held.Epoch != at.Epoch)
                continue;
            session[i] = (held.Offset > at.Offset ? held : at, Math.Max(heldUntil, until));
            return;
        }

        session.Add((at, until));
    }

    private void Drop(int log)
    {
        _others.RemoveAll(o => o.Log == log);
        Session[log].Clear();
    }

    private bool IsOther(int log) => log != Log && log != World.Public;
}
