namespace Freshet.Simulation;

/// <summary>What the loads of one node ask the shared store: for an entry, for a ticket, and to keep an entry.</summary>
internal sealed class StoredEntries(Scheduler simulation, SimNode node)
{
    private readonly Scheduler _simulation = simulation;
    private readonly SimNode _node = node;
    private readonly Rules _rules = simulation.Rules;

    /// <summary>Asks whether another node has stored the entry.</summary>
    public void AskForReading(Load load)
    {
        load.Phase = LoadPhase.Store;
        Ask(load, MessageKind.Read);
    }

    /// <summary>Asks for a ticket, which the origin's answer will be stored under (C11).</summary>
    public void AskForTicket(Load load)
    {
        if (!_node.Link.IsSubscribed)
        {
            load.Phase = LoadPhase.Origin;
            return;
        }

        load.Phase = LoadPhase.Ticket;
        Ask(load, MessageKind.Miss);
    }

    /// <summary>Whether what the store has is valid where the node stands (C4).</summary>
    /// <returns>Null when only the store's clocks can tell: they have been asked.</returns>
    public bool? Judge(Load load, StoredEntry entry)
    {
        var fence = long.MaxValue;
        for (var i = 0; i < load.Key.Logs.Length; i++)
        {
            var follower = _node.Link.Follower(load.Key.Logs[i]);
            // Often as if the node did not remember that far back: then only the store's clocks can judge.
            if (_simulation.Random.Below(4) != 0 && _rules.FenceOfStored(follower, _node.Clocks, entry.Fence[i]) is { } translated)
            {
                fence = Math.Min(fence, translated);
                continue;
            }

            if (entry.Fence[i].Epoch != follower.Applied.Epoch)
                return false; // C12
            load.Phase = LoadPhase.Check;
            load.AskedAtTick = _node.Clocks.Now;
            load.HeardWhenAsked = _node.Link.Heard();
            Ask(load, MessageKind.Check, entry);
            return null;
        }

        return Accept(load, fence);
    }

    /// <summary>The same, once the store has judged it by its clocks.</summary>
    public bool Accepts(Load load, StoreReading reading)
    {
        for (var i = 0; i < load.Key.Logs.Length; i++)
        {
            if (!reading.IsValid[i] || !_rules.AcceptsReading(reading.Heads[i], load.HeardWhenAsked[load.Key.Logs[i]]))
                return false;
        }

        return Accept(load, _rules.FenceOfReading(_node.Clocks, load));
    }

    /// <summary>Stores what a load brought.</summary>
    public void Write(Load load, long fence, long expiresAt)
    {
        if (load.Ticket < 0 || _node.Link.Values is null)
            return;
        var logs = load.Key.Logs;
        var positions = new Position[logs.Length];
        for (var i = 0; i < logs.Length; i++)
        {
            if (_rules.PositionOf(_node.Link.Follower(logs[i]), fence) is not { } position)
                return;
            positions[i] = position;
        }

        var message = Rent(MessageKind.Write);
        message.Load = load;
        message.Entry = new StoredEntry
        {
            Values = load.Values,
            Fence = positions,
            Ticket = load.Ticket,
            ExpiresAt = expiresAt,
            HoldsStale = load.HoldsStale,
        };
        _simulation.Network.Send(message);
    }

    private bool Accept(Load load, long fence)
    {
        load.StoredFence = fence;
        return _rules.IsStillValid(load, fence, _node.InContact(load.Key));
    }

    private void Ask(Load load, MessageKind kind, StoredEntry? entry = null)
    {
        load.WaitsSince = _simulation.Now;
        load.Question = _simulation.NextAttempt();
        var message = Rent(kind);
        message.Load = load;
        message.Attempt = load.Question;
        message.Reading.Entry = entry;
        _simulation.Network.Send(message);
    }

    private Message Rent(MessageKind kind)
    {
        var message = _simulation.Network.Rent();
        message.Kind = kind;
        message.Node = _node.Index;
        message.Life = _node.Life;
        message.Connection = _node.Link.Connection;
        message.Server = _node.Link.Values!;
        return message;
    }
}
