using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>Brings messages to where they go, and has servers carry out what they are asked.</summary>
internal sealed class Delivery(Scheduler simulation)
{
    private readonly Scheduler _simulation = simulation;
    private readonly World _world = World.Instance;

    /// <summary>One message arrives.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Step()
    {
        if (_simulation.Network.IsIdle)
            return false;
        if (_simulation.Network.Take() is not { } message)
            return false;
        if (message.Server is null)
        {
            _simulation.Network.Return(message);
            return false;
        }

        switch (message.Kind)
        {
            case MessageKind.Subscribed or MessageKind.Heads or MessageKind.Push or MessageKind.Records or MessageKind.Appended
                or MessageKind.EpochStarted or MessageKind.Reading or MessageKind.Checked or MessageKind.Ticket:
                if (_simulation.Now < _simulation.Faults.StalledUntil[message.Node])
                {
                    _simulation.Network.Hold(message, _simulation.Faults.StalledUntil[message.Node]);
                    break;
                }

                var node = _simulation.Nodes[message.Node];
                if (node.Life == message.Life)
                {
                    if (message.Kind is MessageKind.Reading or MessageKind.Checked or MessageKind.Ticket)
                        node.Receive(message);
                    else
                        node.Link.Receive(message);
                }

                _simulation.Network.Return(message);
                break;
            default:
                Serve(message, message.Server);
                break;
        }

        return true;
    }

    /// <summary>A server carries out one request and answers it.</summary>
    private void Serve(Message message, Server server)
    {
        switch (message.Kind)
        {
            case MessageKind.Subscribe:
                server.Subscribers[message.Node] = message.Connection;
                Reply(message, MessageKind.Subscribed);
                break;
            case MessageKind.Beat:
                message.Refused = _simulation.Rules.ProbeIsRefused(server, _simulation.Now);
                for (var log = 0; message.HasHeads && log < _world.LogCount; log++)
                    message.Heads[log] = server.Head(log);
                Reply(message, MessageKind.Heads);
                break;
            case MessageKind.ReadRecords:
                message.Records = server.ReadAfter(message.Log, message.Probes[0].Applied);
                Reply(message, MessageKind.Records);
                break;
            case MessageKind.Append:
                message.Result = server.Append(message.Log, message.Tags!, _simulation.Now, out var at);
                message.Position = at;
                message.Deposed = server.IsDeposed;
                if (message.Result is AppendResult.Logged)
                    Publish(server, message.Log, at, message.Tags!);
                Reply(message, MessageKind.Appended);
                break;
            case MessageKind.StartEpoch:
                var started = server.StartEpoch(message.Log, message.Expected, message.Epoch);
                _simulation.Note(started ? Event.EpochStarted : Event.EpochStartLost, message.Node, message.Log);
                Reply(message, MessageKind.EpochStarted);
                break;
            case MessageKind.Read:
                message.Reading.Entry = server.Read(message.Load!.Key, _simulation.Now);
                Reply(message, MessageKind.Reading);
                break;
            case MessageKind.Check:
                server.Check(message.Load!.Key, message.Reading);
                Reply(message, MessageKind.Checked);
                break;
            case MessageKind.Miss:
                message.Ticket = server.Miss(message.Load!.Key);
                Reply(message, MessageKind.Ticket);
                break;
            case MessageKind.Write:
                _simulation.Note(server.Write(message.Load!.Key, message.Entry!) ? Event.StoreWrote : Event.StoreWriteRefused, message.Node, message.Load.Key.Index);
                _simulation.Network.Return(message);
                break;
        }
    }

    private void Reply(Message message, MessageKind kind)
    {
        message.Kind = kind;
        _simulation.Network.Send(message);
    }

    private void Publish(Server server, int log, Position at, IReadOnlyList<Tag> tags)
    {
        LogRecord? record = null;
        foreach (var node in _simulation.Nodes)
        {
            if (server.Subscribers[node.Index] == 0)
                continue;
            record ??= new LogRecord(at.Offset, tags);
            var push = _simulation.Network.Rent();
            push.Kind = MessageKind.Push;
            push.Node = node.Index;
            push.Life = node.Life;
            push.Connection = server.Subscribers[node.Index];
            push.Server = server;
            push.Log = log;
            push.Epoch = at.Epoch;
            push.Record = record;
            _simulation.Network.Send(push);
        }
    }
}
