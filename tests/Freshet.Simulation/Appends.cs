namespace Freshet.Simulation;

/// <summary>What a node appends to the logs, and what waits there because it could not be logged (C9, C14).</summary>
internal sealed class Appends
{
    private readonly Scheduler _simulation;
    private readonly SimNode _node;
    private readonly Link _link;
    private readonly Rules _rules;
    private readonly Queue<Write?>[] _pendingWrites = new Queue<Write?>[World.Instance.LogCount];
    private readonly long[] _pendingAttempt = new long[World.Instance.LogCount];

    public Appends(Scheduler simulation, SimNode node, Link link)
    {
        (_simulation, _node, _link, _rules) = (simulation, node, link, simulation.Rules);
        for (var log = 0; log < _pendingWrites.Length; log++)
            _pendingWrites[log] = new Queue<Write?>();
    }

    /// <summary>A new connection: no answer to what was asked on the old one counts.</summary>
    public void Reset() => Array.Clear(_pendingAttempt);

    /// <summary>What the follower itself put among the pending tags belongs to no write.</summary>
    public void OnAdopted(int log)
    {
        while (_pendingWrites[log].Count < _link.Follower(log).Pending.Count)
            _pendingWrites[log].Enqueue(null);
    }

    public void Send(Write write, int touch)
    {
        var (log, tags) = write.Change.Touches[touch];
        write.WaitsSince = _simulation.Now;
        if (_link.Server is null)
        {
            write.Attempts[touch] = -1;
            NotLogged(write, log, tags);
            return;
        }

        var message = _link.Rent(MessageKind.Append, log);
        message.Write = write;
        message.Tags = tags;
        message.Attempt = write.Attempts[touch] = _simulation.NextAttempt();
        _simulation.Network.Send(message);
    }

    /// <summary>The answer to an append did not come in time: the outcome is not known.</summary>
    public void Abandon(Write write)
    {
        for (var touch = 0; touch < write.Change.Touches.Length; touch++)
        {
            if (write.Attempts[touch] < 0)
                continue;
            write.Attempts[touch] = -1;
            NotLogged(write, write.Change.Touches[touch].Log, write.Change.Touches[touch].Tags);
        }
    }

    public void OnAppended(Message message, Write write)
    {
        var touch = Array.FindIndex(write.Change.Touches, t => t.Log == message.Log);
        if (write.Attempts[touch] != message.Attempt)
            return;

        switch (message.Result)
        {
            case AppendResult.Logged:
                write.Attempts[touch] = -1;
                write.Positions[touch] = message.Position;
                write.ThroughDeposed |= message.Deposed;
                _link.Do(_rules.OnAppended(_link.Follower(message.Log), message.Position, message.Tags!), message.Log);
                OnAdopted(message.Log);
                _simulation.Writes.Answered(write);
                break;
            case AppendResult.NeedsEpoch:
                _link.Note(Event.AppendNeededEpoch, message.Log);
                write.Attempts[touch] = 0;
                write.State = WriteState.Committed;
                _link.StartEpoch(message.Log, message.Position.Epoch == default ? null : message.Position.Epoch);
                break;
            default:
                write.Attempts[touch] = -1;
                NotLogged(write, message.Log, message.Tags!);
                break;
        }
    }

    /// <summary>Logs the oldest of the tags that wait (C14).</summary>
    public void LogPending(int log)
    {
        if (_link.Follower(log).Pending.Count == 0 || _pendingAttempt[log] != 0)
            return;
        if (_pendingWrites[log].Peek() is null && !_rules.TellsOthersOfTheLost)
        {
            _pendingWrites[log].Dequeue();
            _link.Follower(log).OnPendingLogged(_link.Follower(log).Applied);
            _simulation.Writes.Heard(_node.Index, log);
            return;
        }

        var message = _link.Rent(MessageKind.Append, log);
        message.Tags = _link.Follower(log).Pending[0];
        message.Attempt = _pendingAttempt[log] = _simulation.NextAttempt();
        _simulation.Network.Send(message);
    }

    public void OnPendingAppended(Message message)
    {
        var log = message.Log;
        if (message.Attempt != _pendingAttempt[log] || _link.Follower(log).Pending.Count == 0)
            return;
        _pendingAttempt[log] = 0;
        if (message.Result is AppendResult.Refused)
            return;
        if (message.Result is AppendResult.NeedsEpoch)
        {
            _link.StartEpoch(log, message.Position.Epoch == default ? null : message.Position.Epoch);
            return;
        }

        _link.Note(Event.PendingLogged, log);
        var pending = _pendingWrites[log].Dequeue();
        var before = _link.Follower(log).Applied.Epoch;
        _link.Do(_link.Follower(log).OnPendingLogged(message.Position), log);
        _link.Adopted(before, log);
        if (pending is null && !message.Deposed)
            _simulation.Writes.Heard(_node.Index, log);
        if (pending is { } write)
        {
            write.ThroughDeposed |= message.Deposed;
            if (--write.Pending == 0)
                _simulation.Writes.PendingLogged(write);
        }
    }

    private void NotLogged(Write write, int log, IReadOnlyList<Tag> tags)
    {
        _rules.OnNotLogged(_link.Follower(log), tags);
        write.WasPending = true;
        if (_link.Follower(log).Pending.Count > _pendingWrites[log].Count)
        {
            write.Pending++;
            _pendingWrites[log].Enqueue(write);
        }

        _simulation.Writes.Answered(write);
    }
}
