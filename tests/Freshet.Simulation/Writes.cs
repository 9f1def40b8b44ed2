namespace Freshet.Simulation;

/// <summary>The clients' writes: each commits, is appended to its logs, and is acknowledged (C8, C9).</summary>
internal sealed partial class Writes(Scheduler simulation)
{
    private const int Most = 5;

    private readonly Scheduler _simulation = simulation;
    private readonly World _world = World.Instance;
    private readonly IReadOnlyList<Change>[] _changesOf = [.. Enumerable.Range(0, World.Instance.LogCount)
        .Select(log => World.Instance.Changes.Where(c => c.Touches.All(t => t.Log == log || t.Log == World.Public)).ToArray())];
    private readonly List<Write> _writes = [];
    private readonly List<Write>[] _unheard = [.. Enumerable.Range(0, Scheduler.MaxNodes).Select(_ => new List<Write>())];

    /// <summary>A node dies. What it logged on an old primary and told nobody else dies with it.</summary>
    /// <returns>The clients that were told.</returns>
    public List<Client> Forget(int node)
    {
        var told = _unheard[node].ConvertAll(write => write.Client);
        _unheard[node].Clear();
        return told;
    }

    /// <summary>One of a write's appends was answered, or given up.</summary>
    public void Answered(Write write)
    {
        write.Unanswered--;
        if (write.Unanswered > 0)
            return;
        if (_simulation.Rules.AppendsAfterCommit)
            Complete(write);
        else
            write.State = WriteState.Committed;
    }

    /// <summary>The last of a write's tags that waited has been logged.</summary>
    public void PendingLogged(Write write)
    {
        if (!write.HasCommitted || write.Unanswered > 0)
            return;
        if (write.ThroughDeposed)
            _unheard[write.Node.Index].Add(write);
        else
            _simulation.Promise.Spread(write, _simulation.Now);
    }

    /// <summary>A node has told a log to forget everything, because another server took over (C13): what it had logged on
    /// the old one is known to all from now on.</summary>
    public void Heard(int node, int log)
    {
        var unheard = _unheard[node];
        for (var i = unheard.Count - 1; i >= 0; i--)
        {
            var write = unheard[i];
            var touches = write.Change.Touches;
            for (var touch = 0; touch < touches.Length; touch++)
                write.Heard[touch] |= touches[touch].Log == log;
            if (Array.IndexOf(write.Heard, false, 0, touches.Length) >= 0)
                continue;
            unheard.RemoveAt(i);
            _simulation.Promise.Spread(write, _simulation.Now);
            _simulation.Coverage.Count(Event.DeposedWriteHeard);
            if (!HasUnheard(write.Client))
            {
                for (var other = 0; other < _world.LogCount; other++)
                    write.Client.Limit(other, _simulation.Now + _simulation.Profile.SessionLife);
            }
        }
    }

    /// <summary>A write begins, or goes on.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool Step()
    {
        if (_writes.Count < Most && _simulation.Random.Chance(_simulation.Profile.Writes))
        {
            // Clients that always reach the same node: only the first writes, and the other nodes' ticks may stand still.
            var node = _simulation.Profile.IsSticky ? _simulation.Nodes[0] : _simulation.AnyNode();
            var client = _simulation.Clients[_simulation.Profile.IsSticky ? 0 : _simulation.Random.Below(_simulation.Clients.Length)];
            Begin(client, node, inside: null);
            return true;
        }

        if (EndHeld())
            return true;
        if (_writes.Count == 0)
            return false;
        var write = _writes[_simulation.Random.Below(_writes.Count)];
        if (IsLost(write))
        {
            Drop(write);
            return true;
        }

        switch (write.State)
        {
            case WriteState.Begun:
                Commit(write);
                break;
            case WriteState.Committed when !_simulation.Rules.AppendsAfterCommit && write.Attempts[0] != 0:
                Commit(write);
                Complete(write);
                break;
            case WriteState.Committed:
                Append(write);
                break;
            case WriteState.Appending:
                if (!_simulation.Random.Chance(_simulation.Profile.AppendAbandoned) && _simulation.Now - write.WaitsSince <= _simulation.Profile.MaxStaleness)
                    return false;
                write.Node.Link.Appends.Abandon(write);
                break;
        }

        return true;
    }

    /// <summary>A client writes.</summary>
    /// <param name="client">Who.</param>
    /// <param name="node">Where.</param>
    /// <param name="inside">The load whose handler writes; null for a request that writes.</param>
    public Write Begin(Client client, SimNode node, Load? inside)
    {
        // Whoever has no tenant yet, or administers others, writes everywhere.
        var changes = client.Log == Client.NoLog || _simulation.Random.Below(6) == 0 ? _world.Changes : _changesOf[client.Log];
        var change = Coarsen(changes[_simulation.Random.Below(changes.Count)]);
        client.LandAll(IsLost);
        var (carried, room) = client.Depart(_simulation.Rules, isRead: inside is not null, _simulation.Now);
        var write = new Write { Client = client, Node = node, Life = node.Life, Change = change, Inside = inside, Carried = carried, Room = room };
        write.State = _simulation.Rules.AppendsAfterCommit ? WriteState.Begun : WriteState.Committed;
        write.IsLate = inside?.IsReleased ?? _simulation.Random.Chance(_simulation.Profile.WriteIsLate);
        if (change.Rows.Length == 0)
            _simulation.Coverage.Count(Event.TouchedNothing);
        if (inside is not null)
            _simulation.Note(Event.WriteInsideALoad, node.Index, inside.Key.Index);
        _writes.Add(write);
        client.Sent(write);
        return write;
    }

    // The node died: no answer comes.
    private bool IsLost(Write write) => write.Life != write.Node.Life || _simulation.Nodes[write.Node.Index] != write.Node;

    private Change Coarsen(Change change)
    {
        var most = _simulation.Profile.MostOfType;
        if (change.Touches.All(t => t.Tags.Count <= most))
            return change;
        _simulation.Coverage.Count(Event.TouchedCoarser);
        return change with { Touches = [.. change.Touches.Select(t => (t.Log, _simulation.Rules.Coarsen(t.Tags, most)))] };
    }

    private void Commit(Write write)
    {
        if (_simulation.Random.Chance(_simulation.Profile.WriteFails))
        {
            _simulation.Note(Event.WriteRolledBack, write.Node.Index, 0);
            Drop(write);
            return;
        }

        var unknown = _simulation.Random.Chance(_simulation.Profile.CommitUnknown);
        var committed = !unknown || _simulation.Random.Below(2) == 0;
        if (unknown)
        {
            write.OutcomeUnknown = true;
            _simulation.Note(Event.WriteCommitUnknown, write.Node.Index, 0);
        }

        if (committed)
        {
            write.HasCommitted = true;
            write.Versions = new int[write.Change.Rows.Length];
            for (var i = 0; i < write.Versions.Length; i++)
                write.Versions[i] = ++_simulation.Rows[write.Change.Rows[i]];
            _simulation.Note(Event.WriteCommitted, write.Node.Index, write.Change.Touches[0].Log);
        }

        write.State = WriteState.Committed;
        if (!_simulation.Rules.AcknowledgesAfterAppend)
            Acknowledge(write);
    }

    private void Append(Write write)
    {
        if (write.OutcomeUnknown && !_simulation.Rules.AppendsUnknownCommit)
        {
            Complete(write);
            return;
        }

        write.State = WriteState.Appending;
        write.WaitsSince = _simulation.Now;
        var touches = write.Change.Touches;
        write.Unanswered = 0;
        for (var touch = 0; touch < touches.Length; touch++)
        {
            if (write.Attempts[touch] == 0)
                write.Unanswered++;
            else if (write.Attempts[touch] > 0)
                write.Unanswered++;
        }

        for (var touch = 0; touch < touches.Length; touch++)
        {
            if (write.Attempts[touch] == 0)
                write.Node.Append(write, touch);
        }
    }

    private bool HasUnheard(Client client)
    {
        foreach (var unheard in _unheard)
        {
            foreach (var write in unheard)
            {
                if (write.Client == client)
                    return true;
            }
        }

        return false;
    }
}
