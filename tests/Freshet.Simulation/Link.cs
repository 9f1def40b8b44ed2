using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>A node's side of the store: the connection, the followers of the logs, and probes.</summary>
internal sealed class Link
{
    private readonly Scheduler _simulation;
    private readonly SimNode _node;
    private readonly Rules _rules;
    private readonly World _world = World.Instance;
    private readonly LogFollower[] _followers = new LogFollower[World.Instance.LogCount];
    private readonly bool[] _reading = new bool[World.Instance.LogCount];
    private long _beatAt;
    private long _downUntil;
    private bool _beatAwaited;
    private bool _probeWanted;

    public Link(Scheduler simulation, SimNode node)
    {
        _simulation = simulation;
        _node = node;
        _rules = simulation.Rules;
        Appends = new Appends(simulation, node, this);
        for (var log = 0; log < _followers.Length; log++)
            _followers[log] = new LogFollower(_world.Tenants[log], node.Clocks, simulation.Profile.MaxStaleness, simulation.Profile.LogCapacity);
    }

    /// <summary>The server it is connected to; null while it is not.</summary>
    public Server? Server { get; private set; }

    /// <summary>The server on which it reads and stores entries, by a connection of their own: not always the same one.</summary>
    public Server? Values { get; private set; }

    public Appends Appends { get; }

    public int Connection { get; private set; }

    public bool IsSubscribed { get; private set; }

    /// <summary>Whether it reaches only a primary that has been replaced and that still accepted writes lately.</summary>
    public bool IsIsolated => Server is { IsDeposed: true } old && _simulation.Now < old.RefusesFrom + _simulation.Profile.MaxStaleness;

    public LogFollower Follower(int log) => _followers[log];

    /// <summary>The highest position of each log that the node has heard of.</summary>
    public Position[] Heard() => [.. _followers.Select(f => f.Applied with { Offset = f.Told })];

    public bool InContact(int log) => _rules.InContact(_followers[log], _node.Now);

    public void Lose()
    {
        if (Server is null)
            return;
        Note(Event.ContactEnded, 0);
        if (Server.IsDeposed)
            _simulation.Promise.Isolated(_node.Index, Math.Min(_simulation.Now, Server.RefusesFrom + _simulation.Profile.MaxStaleness));
        if (Server.Subscribers[_node.Index] == Connection)
            Server.Subscribers[_node.Index] = 0;
        Server = null;
        IsSubscribed = false;
        foreach (var follower in _followers)
            follower.OnContactLost();
    }

    /// <summary>The connection breaks, and no new one stands for a while.</summary>
    public void GoDown(long time)
    {
        Lose();
        _downUntil = _simulation.Now + time;
    }

    /// <summary>What a node does by itself from time to time.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool Maintain()
    {
        var now = _node.Now;
        var maxStaleness = _simulation.Profile.MaxStaleness;
        if (Server is null)
        {
            if (_simulation.Now < _downUntil)
                return false;
            Connect();
            return true;
        }

        if (_beatAwaited && now - _beatAt > maxStaleness)
        {
            Lose();
            return true;
        }

        if (!IsSubscribed)
        {
            // The request or its answer may have been lost.
            if (now - _beatAt <= maxStaleness)
                return false;
            Subscribe();
            return true;
        }

        if (Values != Server && _simulation.Random.Below(32) == 0)
            Values = Server;
        var isBeatDue = _probeWanted || now - _beatAt >= maxStaleness / 4;
        if (isBeatDue)
            Beat(withHeads: _probeWanted || !_rules.BeatsWithoutHeads(_simulation.Profile));
        for (var log = 0; log < _followers.Length; log++)
            Appends.LogPending(log);
        return isBeatDue;
    }

    public void Receive(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Subscribed:
                if (message.Connection != Connection || Server is null || IsSubscribed)
                    break;
                IsSubscribed = true;
                foreach (var follower in _followers)
                    follower.OnSubscribed();
                Beat(withHeads: true);
                break;
            case MessageKind.Heads:
                OnHeads(message);
                break;
            case MessageKind.Push:
                OnPush(message);
                break;
            case MessageKind.Records:
                if (message.Connection == Connection)
                    _reading[message.Log] = false;
                OnRecords(message);
                break;
            case MessageKind.Appended:
                if (message.Write is { } write)
                    Appends.OnAppended(message, write);
                else
                    Appends.OnPendingAppended(message);
                break;
            case MessageKind.EpochStarted:
                _probeWanted = true;
                break;
        }
    }

    /// <summary>Does what a follower asks for.</summary>
    public void Do(FollowStep step, int log)
    {
        switch (step)
        {
            case FollowStep.ReadRecords when IsSubscribed && !_reading[log]:
                _reading[log] = true;
                var message = Rent(MessageKind.ReadRecords, log);
                message.Probes[0] = _followers[log].MakeProbe(_node.Now);
                _simulation.Network.Send(message);
                break;
            case FollowStep.Probe:
                _probeWanted = true;
                break;
            case FollowStep.StartEpoch:
                StartEpoch(log, _followers[log].Applied.Epoch);
                break;
        }
    }

    /// <summary>Asks for a new epoch in place of the expected one (C13).</summary>
    public void StartEpoch(int log, Epoch? expected)
    {
        if (Server is null)
            return;
        var message = Rent(MessageKind.StartEpoch, log);
        message.Expected = expected;
        message.Epoch = _rules.NameEpoch(_simulation.Random);
        _simulation.Network.Send(message);
    }

    /// <summary>To be called after whatever may have moved a follower to another epoch.</summary>
    public void Adopted(Epoch before, int log)
    {
        if (_followers[log].Applied.Epoch != before)
            Note(Event.EpochAdopted, log);
        Appends.OnAdopted(log);
    }

    public Message Rent(MessageKind kind, int log)
    {
        var message = _simulation.Network.Rent();
        message.Kind = kind;
        message.Node = _node.Index;
        message.Life = _node.Life;
        message.Connection = Connection;
        message.Server = Server!;
        message.Log = log;
        return message;
    }

    public void Note(Event e, int log) => _simulation.Note(e, _node.Index, log);

    private void Connect()
    {
        Connection++;
        Server = _simulation.Faults.ServerFor(_node);
        if (Values is null || _simulation.Random.Below(2) == 0)
            Values = Server;
        Subscribe();
    }

    private void Subscribe()
    {
        _beatAt = _node.Now;
        _beatAwaited = false;
        Array.Clear(_reading);
        Appends.Reset();
        _simulation.Network.Send(Rent(MessageKind.Subscribe, 0));
    }

    private void Beat(bool withHeads)
    {
        _beatAt = _node.Now;
        _beatAwaited = true;
        _probeWanted = false;
        Array.Clear(_reading);
        var message = Rent(MessageKind.Beat, 0);
        message.HasHeads = withHeads;
        for (var log = 0; log < _followers.Length; log++)
            message.Probes[log] = _followers[log].MakeProbe(_beatAt);
        _simulation.Network.Send(message);
    }

    private void OnHeads(Message message)
    {
        var isCurrent = message.Connection == Connection && Server is not null;
        if (!isCurrent)
            Note(Event.ProbeTooLate, 0);
        if (isCurrent)
            _beatAwaited = false;
        if (message.Refused)
        {
            Note(Event.DeposedRefused, 0);
            if (isCurrent)
                Lose();
            return;
        }

        if (!message.HasHeads)
        {
            OnBeat(message);
            return;
        }

        for (var log = 0; log < _followers.Length; log++)
        {
            var head = message.Heads[log];
            // C13: no log, or one of another incarnation: it may have lost its tail.
            if (!head.Exists || !_rules.IsOfThisServer(head.Incarnation, message.Server.Incarnation))
            {
                if (isCurrent)
                    StartEpoch(log, head.Exists ? head.Head.Epoch : null);
                continue;
            }

            var before = _followers[log].Applied.Epoch;
            Do(_rules.OnHead(_followers[log], message.Probes[log], head.Head, _node.Now), log);
            Adopted(before, log);
            if (_followers[log].InContact(_node.Now))
                Note(Event.ContactProved, log);
        }
    }

    private void OnBeat(Message message)
    {
        Note(Event.BeatWithoutHeads, 0);
        for (var log = 0; log < _followers.Length; log++)
            Do(_followers[log].OnBeat(message.Probes[log]), log);
    }

    private void OnPush(Message message)
    {
        var follower = _followers[message.Log];
        var before = follower.Applied;
        var step = _rules.OnRecord(follower, message.Epoch, message.Record!);
        Note(follower.Applied != before ? Event.RecordApplied : step is FollowStep.ReadRecords ? Event.RecordGap : Event.RecordKnown, message.Log);
        Do(step, message.Log);
    }

    private void OnRecords(Message message)
    {
        var follower = _followers[message.Log];
        var before = follower.Applied;
        Note(message.Records.Records is null ? Event.LogTrimmed : Event.RecordsRead, message.Log);
        Do(_rules.OnRecords(follower, message.Probes[0], message.Records), message.Log);
        Adopted(before.Epoch, message.Log);
    }
}
