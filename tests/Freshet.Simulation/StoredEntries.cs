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
        load.AskedAtTick = _node.Clocks.Now;
        load.AppliedWhenAsked = _node.Applied();
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
    public bool Accepts(Load load, Message message)
    {
        for (var i = 0; i < load.Key.Logs.Length; i++)
        {
            if (!_rules.AcceptsReading(message.Reading.Heads[i], load.AppliedWhenAsked[load.Key.Logs[i]]))
                return false;
        }

        return _rules.IsStillValid(_node.Clocks, load.Key, _rules.FenceOfReading(_node.Clocks, load), _node.InContact(load.Key));
    }

    /// <summary>Stores what a load brought.</summary>
    public void Write(Load load, long expiresAt)
    {
        if (load.Ticket < 0 || load.AskedOn != _node.Link.Connection || !_node.Link.IsSubscribed)
            return;
        var logs = load.Key.Logs;
        var fence = new Position[logs.Length];
        for (var i = 0; i < logs.Length; i++)
            fence[i] = load.Leader.AppliedAtArrival[logs[i]];
        var message = Rent(MessageKind.Write);
        message.Load = load;
        message.Entry = new StoredEntry
        {
            Values = load.Values,
            Fence = fence,
            Ticket = load.Ticket,
            ExpiresAt = expiresAt,
            HoldsStale = load.HoldsStale,
        };
        _simulation.Network.Send(message);
    }

    private void Ask(Load load, MessageKind kind)
    {
        load.WaitsSince = _simulation.Now;
        load.AskedOn = _node.Link.Connection;
        var message = Rent(kind);
        message.Load = load;
        _simulation.Network.Send(message);
    }

    private Message Rent(MessageKind kind)
    {
        var message = _simulation.Network.Rent();
        message.Kind = kind;
        message.Node = _node.Index;
        message.Life = _node.Life;
        message.Connection = _node.Link.Connection;
        message.Server = _node.Link.Server!;
        return message;
    }
}
