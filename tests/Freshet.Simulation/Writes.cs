namespace Freshet.Simulation;

/// <summary>The clients' writes: each commits, is appended to its logs, and is acknowledged (C8, C9).</summary>
internal sealed class Writes(Scheduler simulation)
{
    private const int Most = 5;

    private readonly Scheduler _simulation = simulation;
    private readonly World _world = World.Instance;
    private readonly Change[][] _changesOf =
        [.. Enumerable.Range(0, World.Instance.LogCount).Select(log => World.Instance.Changes.Where(c => c.Touches[0].Log == log || c.Touches[0].Log == 1).ToArray())];
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
            if (!write.Heard[0] || (touches.Length > 1 && !write.Heard[1]))
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
            var changes = _changesOf[client.Log];
            var change = Coarsen(changes[_simulation.Random.Below(changes.Length)]);
            var begun = new Write { Client = client, Node = node, Life = node.Life, Change = change };
            begun.State = _simulation.Rules.AppendsAfterCommit ? WriteState.Begun : WriteState.Committed;
            if (begun.Change.Rows.Length == 0)
                _simulation.Coverage.Count(Event.TouchedNothing);
            _writes.Add(begun);
            return true;
        }

        if (_writes.Count == 0)
            return false;
        var write = _writes[_simulation.Random.Below(_writes.Count)];
        if (write.Life != write.Node.Life || _simulation.Nodes[write.Node.Index] != write.Node)
        {
            _writes.Remove(write);
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
            write.State = WriteState.Done;
            _writes.Remove(write);
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

    private void Complete(Write write)
    {
        write.State = WriteState.Done;
        _writes.Remove(write);
        // An outcome that was not known counts as committed: if it was, everybody may rely on it from here on (C8).
        if (!write.HasCommitted || write.IsAcknowledged)
            return;
        Acknowledge(write);
    }

    private void Acknowledge(Write write)
    {
        write.IsAcknowledged = true;
        if (write.WasPending)
        {
            _simulation.Note(Event.WritePending, write.Node.Index, write.Change.Rows.Length);
            _simulation.Promise.AcknowledgePending(write);
            if (write.Pending == 0)
                PendingLogged(write);
            return;
        }

        _simulation.Note(Event.WriteAcknowledged, write.Node.Index, write.Change.Rows.Length);
        if (write.Change.Touches.Length == 2)
            _simulation.Coverage.Count(Event.WriteInTwoLogs);
        if (write.ThroughDeposed)
        {
            _simulation.Note(Event.WriteThroughDeposed, write.Node.Index, 0);
            _unheard[write.Node.Index].Add(write);
        }

        _simulation.Promise.Acknowledge(write, _simulation.Now);
        // What only an old primary logged is the client's word alone until the writer has reached the new one.
        var until = write.ThroughDeposed ? long.MaxValue : _simulation.Now + _simulation.Profile.SessionLife;
        for (var touch = 0; touch < write.Change.Touches.Length; touch++)
        {
            if (write.Positions[touch].Offset > 0)
                write.Client.Carry(write.Change.Touches[touch].Log, write.Positions[touch], until);
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
