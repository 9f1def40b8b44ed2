namespace Freshet.Simulation;

/// <summary>What goes wrong: connections, nodes, logs and servers. It also knows which server leads.</summary>
internal sealed class Faults
{
    private readonly Scheduler _simulation;
    private readonly World _world = World.Instance;
    private readonly bool _isEmbedded;
    private readonly Server?[] _isolatedOn = new Server?[Scheduler.MaxNodes];
    private readonly long[] _stalledUntil = new long[Scheduler.MaxNodes];
    private Server _primary;

    public Faults(Scheduler simulation, bool isEmbedded)
    {
        (_simulation, _isEmbedded) = (simulation, isEmbedded);
        _primary = NewServer();
    }

    /// <summary>By node: until when no message reaches it.</summary>
    public IReadOnlyList<long> StalledUntil => _stalledUntil;

    /// <summary>The server that a node reaches when it connects.</summary>
    public Server ServerFor(SimNode node)
    {
        if (_isolatedOn[node.Index] is { } old && !old.Refuses(_simulation.Now))
            return old;
        _isolatedOn[node.Index] = null;
        return _primary;
    }

    /// <summary>Lets each fault happen at the rate that the profile gives it.</summary>
    public void Step()
    {
        if (_simulation.Random.Chance(_simulation.Profile.EntryEvicted))
        {
            var key = _simulation.Random.Below(_world.Keys.Count);
            if (_simulation.Random.Below(2) == 0)
            {
                _simulation.AnyNode().EvictMemory(key);
            }
            else if (!_isEmbedded)
            {
                _primary.EvictEntry(key);
                _simulation.Note(Event.EntryEvicted, 0, key);
            }
        }

        if (_simulation.Profile.Aged > 0 && _simulation.Random.Chance(_simulation.Profile.Aged))
            Age(_simulation.Random.Below(_world.LogCount));
        if (_simulation.Random.Chance(_simulation.Profile.NodeRestart))
            Restart(_simulation.Random.Below(_simulation.Nodes.Length));
        if (_isEmbedded)
            return;
        if (_simulation.Random.Chance(_simulation.Profile.ContactLost))
            _simulation.AnyNode().Link.GoDown(_simulation.Random.Below(2 * _simulation.Profile.MaxStaleness));
        if (_simulation.Random.Chance(_simulation.Profile.Stalled))
            _stalledUntil[_simulation.Random.Below(_simulation.Nodes.Length)] = _simulation.Now + _simulation.Random.Below(2 * _simulation.Profile.MaxStaleness);
        if (_simulation.Random.Chance(_simulation.Profile.LogEvicted))
        {
            var log = _simulation.Random.Below(_world.LogCount);
            _simulation.Note(Event.LogEvicted, 0, log);
            _primary.EvictLog(log);
        }

        if (_simulation.Random.Chance(_simulation.Profile.Failover))
            FailOver();
        if (_simulation.Random.Chance(_simulation.Profile.StoreEmptied))
        {
            _simulation.Note(Event.StoreEmptied, 0, 0);
            Replace(NewServer(), isolate: false);
        }
    }

    private void Age(int log)
    {
        _simulation.Note(Event.LogAged, 0, log);
        if (!_isEmbedded && _simulation.Random.Below(2) == 0)
            _primary.Age(log);
        else
            _simulation.AnyNode().Age(log);
    }

    private void Restart(int index)
    {
        _simulation.Note(Event.NodeRestarted, index, 0);
        var life = _simulation.Nodes[index].Life + 1;
        _simulation.Nodes[index].Link.Lose();
        _simulation.Nodes[index] = _simulation.NewNode(index, life);
        // A writer that dies before it reaches the new primary takes its word with it: its clients start again, too.
        foreach (var client in _simulation.Writes.Forget(index))
            _simulation.Clients[client.Index] = new Client(client.Index, client.Log);
        _simulation.Promise.Restarted(index);
    }

    private void FailOver()
    {
        _simulation.Note(Event.FailedOver, 0, 0);
        Replace(_primary.TakeOver(_simulation.Random.Name(), _simulation.Random.Below(20)), isolate: true);
    }

    private void Replace(Server next, bool isolate)
    {
        var old = _primary;
        _primary = next;
        old.Depose(_simulation.Now + (isolate ? _simulation.Random.Below(_simulation.Profile.MaxIsolation) : 0));
        foreach (var node in _simulation.Nodes)
        {
            if (node.Link.Server != old)
                continue;
            if (isolate && _simulation.Random.Chance(_simulation.Profile.Isolated))
            {
                _isolatedOn[node.Index] = old;
                _simulation.Note(Event.NodeIsolated, node.Index, 0);
            }
            else
            {
                node.Link.GoDown(_simulation.Random.Below(_simulation.Profile.MaxStaleness / 2));
            }
        }
    }

    private Server NewServer() => new(_simulation.Random.Name(), _simulation.Rules, _simulation.Promise) { LogCapacity = _simulation.Profile.LogCapacity };
}
