using System.Globalization;
using System.Text;
using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>A run's configuration; with the seed it determines everything that happens.</summary>
internal sealed record Setup(ulong Seed, int Nodes, Profile Profile, bool IsEmbedded = false)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"--seed {Seed} --nodes {Nodes} --profile {Profile.Name}{(IsEmbedded ? " --embedded" : "")}");
}

/// <summary>
/// A deterministic scheduler: each step picks something that may happen and lets it happen. The seed decides all of it.
/// </summary>
internal sealed class Scheduler
{
    public const int MaxNodes = 4;
    private const int ClientCount = 4;
    private const int MaxWrites = 5;
    private const int TraceLength = 120;

    private readonly Setup _setup;
    private readonly World _world = World.Instance;
    private readonly SimNode[] _nodes;
    private readonly Client[] _clients;
    private readonly Key[][] _keysOf;
    private readonly Change[][] _changesOf;
    private readonly List<Write> _writes = [];
    private readonly List<Write>[] _unheard;
    private readonly Server?[] _isolatedOn = new Server?[MaxNodes];
    private readonly long[] _stalledUntil = new long[MaxNodes];
    private readonly (long Step, long Time, int Node, Event Event, int About)[]? _trace;
    private Server _primary;
    private long _attempt;
    private long _notes;

    public Scheduler(Setup setup, Rules rules, bool trace = false)
    {
        _setup = setup;
        Rules = rules;
        Profile = setup.Profile;
        Random = new Prng(setup.Seed);
        Coverage = new Coverage();
        Promise = new Promise(Profile.MaxStaleness);
        Network = new Network(Random, Profile, Coverage);
        _trace = trace ? new (long, long, int, Event, int)[TraceLength] : null;
        _primary = NewServer();
        _clients = [.. Enumerable.Range(0, ClientCount).Select(i => new Client(i, i == ClientCount - 1 ? 2 : 0))];
        _keysOf = [.. Enumerable.Range(0, _world.LogCount).Select(log => _world.Keys.Where(k => k.Logs[0] == log || k.Logs[0] == 1).ToArray())];
        _changesOf = [.. Enumerable.Range(0, _world.LogCount).Select(log => _world.Changes.Where(c => c.Touches[0].Log == log || c.Touches[0].Log == 1).ToArray())];
        _unheard = [.. Enumerable.Range(0, MaxNodes).Select(_ => new List<Write>())];
        _nodes = [.. Enumerable.Range(0, setup.Nodes).Select(i => NewNode(i, life: 1))];
    }

    public Rules Rules { get; }

    public Profile Profile { get; }

    public Prng Random { get; }

    public Coverage Coverage { get; }

    public Promise Promise { get; }

    public Network Network { get; }

    /// <summary>The rows of the database: their versions.</summary>
    public int[] Rows { get; } = new int[World.Instance.RowCount];

    public long Now { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Runs that many steps. A broken promise is traced by running again up to it.</summary>
    /// <exception cref="PromiseBrokenException">With the seed, the step and the last events.</exception>
    public void Run(long steps)
    {
        try
        {
            for (var i = 0L; i < steps; i++)
                Step();
        }
        catch (PromiseBrokenException broken) when (_trace is null)
        {
            throw new PromiseBrokenException($"{_setup} breaks at step {Steps}: {broken.Message}{Trace()}");
        }
    }

    public long NextAttempt() => ++_attempt;

    /// <summary>The server that a node reaches when it connects.</summary>
    public Server ServerFor(SimNode node)
    {
        if (_isolatedOn[node.Index] is { } old && !old.Refuses(Now))
            return old;
        _isolatedOn[node.Index] = null;
        return _primary;
    }

    /// <summary>One of a write's appends was answered, or given up.</summary>
    public void Answered(Write write)
    {
        write.Unanswered--;
        if (write.Unanswered > 0)
            return;
        if (Rules.AppendsAfterCommit)
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
            Promise.Spread(write, Now);
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
            Promise.Spread(write, Now);
            Coverage.Count(Event.DeposedWriteHeard);
            if (!HasUnheard(write.Client))
            {
                for (var other = 0; other < _world.LogCount; other++)
                    write.Client.Limit(other, Now + Profile.SessionLife);
            }
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

    /// <summary>Counts an event and, when traced, notes it.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="node">On which node.</param>
    /// <param name="about">Which key, log or number of rows, as the event has it.</param>
    public void Note(Event e, int node, int about)
    {
        Coverage.Count(e);
        if (_trace is not null)
            _trace[_notes++ % TraceLength] = (Steps, Now, node, e, about);
    }

    private void Step()
    {
        Steps++;

        // Only what happens counts as a step.
        while (!TryStep(Random.Below(100)))
        {
        }

        // Faults are drawn apart, at their own rate.
        if ((Random.Next() & 7) == 0)
            Fault();
    }

    private bool TryStep(int what)
    {
        if (what < 30)
            return Deliver();
        if (what < 60)
            return NodeWithLoads() is { } node && node.StepLoad(Random);
        if (what < 74)
            return NodeWithWaiting() is { } waiting && waiting.StepRequest(Random);
        if (what < 82)
            return BeginRequest();
        if (what < 87)
            return StepWrite();
        if (what < 94)
            Advance();
        else
            return Maintain();
        return true;
    }

    private void Advance()
    {
        Now += 1 + Random.Below(4);
        Network.Advance(Now);
    }

    private SimNode AnyNode() => _nodes[Random.Below(_nodes.Length)];

    private SimNode? NodeWithLoads()
    {
        var first = Random.Below(_nodes.Length);
        for (var i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[(first + i) % _nodes.Length] is { HasLoads: true } node)
                return node;
        }

        return null;
    }

    private SimNode? NodeWithWaiting()
    {
        var first = Random.Below(_nodes.Length);
        for (var i = 0; i < _nodes.Length; i++)
        {
            if (_nodes[(first + i) % _nodes.Length] is { HasWaiting: true } node)
                return node;
        }

        return null;
    }

    private bool BeginRequest()
    {
        var node = AnyNode();
        if (node.IsBusy)
            return false;
        var client = _clients[Profile.IsSticky && node.Index > 0 ? 1 + Random.Below(ClientCount - 1) : Random.Below(ClientCount)];
        var keys = _keysOf[client.Log];
        var key = keys[Random.Below(keys.Length)];
        node.Begin(client, key, ambient: !key.HasNested && Random.Chance(Profile.Ambient));
        return true;
    }

    private bool Maintain()
    {
        var node = AnyNode();
        return !node.IsEmbedded && node.Link.Maintain();
    }

    private bool StepWrite()
    {
        if (_writes.Count < MaxWrites && Random.Chance(Profile.Writes))
        {
            // Clients that always reach the same node: only the first writes, and the other nodes' ticks may stand still.
            var node = Profile.IsSticky ? _nodes[0] : AnyNode();
            var client = _clients[Profile.IsSticky ? 0 : Random.Below(ClientCount)];
            var changes = _changesOf[client.Log];
            var begun = new Write { Client = client, Node = node, Life = node.Life, Change = changes[Random.Below(changes.Length)] };
            begun.State = Rules.AppendsAfterCommit ? WriteState.Begun : WriteState.Committed;
            if (begun.Change.Rows.Length == 0)
                Coverage.Count(Event.TouchedNothing);
            _writes.Add(begun);
            return true;
        }

        if (_writes.Count == 0)
            return false;
        var write = _writes[Random.Below(_writes.Count)];
        if (write.Life != write.Node.Life || _nodes[write.Node.Index] != write.Node)
        {
            _writes.Remove(write);
            return true;
        }

        switch (write.State)
        {
            case WriteState.Begun:
                Commit(write);
                break;
            case WriteState.Committed when !Rules.AppendsAfterCommit && write.Attempts[0] != 0:
                Commit(write);
                Complete(write);
                break;
            case WriteState.Committed:
                Append(write);
                break;
            case WriteState.Appending:
                if (!Random.Chance(Profile.AppendAbandoned) && Now - write.WaitsSince <= Profile.MaxStaleness)
                    return false;
                write.Node.Link.Abandon(write);
                break;
        }

        return true;
    }

    private void Commit(Write write)
    {
        if (Random.Chance(Profile.WriteFails))
        {
            Note(Event.WriteRolledBack, write.Node.Index, 0);
            write.State = WriteState.Done;
            _writes.Remove(write);
            return;
        }

        var unknown = Random.Chance(Profile.CommitUnknown);
        var committed = !unknown || Random.Below(2) == 0;
        if (unknown)
        {
            write.OutcomeUnknown = true;
            Note(Event.WriteCommitUnknown, write.Node.Index, 0);
        }

        if (committed)
        {
            write.HasCommitted = true;
            write.Versions = new int[write.Change.Rows.Length];
            for (var i = 0; i < write.Versions.Length; i++)
                write.Versions[i] = ++Rows[write.Change.Rows[i]];
            Note(Event.WriteCommitted, write.Node.Index, write.Change.Touches[0].Log);
        }

        write.State = WriteState.Committed;
        if (!Rules.AcknowledgesAfterAppend)
            Acknowledge(write);
    }

    private void Append(Write write)
    {
        if (write.OutcomeUnknown && !Rules.AppendsUnknownCommit)
        {
            Complete(write);
            return;
        }

        write.State = WriteState.Appending;
        write.WaitsSince = Now;
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
            Note(Event.WritePending, write.Node.Index, write.Change.Rows.Length);
            Promise.AcknowledgePending(write);
            if (write.Pending == 0)
                PendingLogged(write);
            return;
        }

        Note(Event.WriteAcknowledged, write.Node.Index, write.Change.Rows.Length);
        if (write.Change.Touches.Length == 2)
            Coverage.Count(Event.WriteInTwoLogs);
        if (write.ThroughDeposed)
        {
            Note(Event.WriteThroughDeposed, write.Node.Index, 0);
            _unheard[write.Node.Index].Add(write);
        }

        Promise.Acknowledge(write, Now);
        // What only an old primary logged is the client's word alone until the writer has reached the new one.
        var until = write.ThroughDeposed ? long.MaxValue : Now + Profile.SessionLife;
        for (var touch = 0; touch < write.Change.Touches.Length; touch++)
        {
            if (write.Positions[touch].Offset > 0)
                write.Client.Carry(write.Change.Touches[touch].Log, write.Positions[touch], until);
        }
    }

    private bool Deliver()
    {
        if (Network.IsIdle)
            return false;
        var message = Network.Take();
        if (message.Server is null)
        {
            Network.Return(message);
            return false;
        }

        switch (message.Kind)
        {
            case MessageKind.Subscribed or MessageKind.Heads or MessageKind.Push or MessageKind.Records or MessageKind.Appended
                or MessageKind.EpochStarted or MessageKind.Reading or MessageKind.Ticket:
                if (Now < _stalledUntil[message.Node])
                {
                    Network.Hold(message, _stalledUntil[message.Node]);
                    break;
                }

                var node = _nodes[message.Node];
                if (node.Life == message.Life)
                {
                    if (message.Kind is MessageKind.Reading or MessageKind.Ticket)
                        node.Receive(message);
                    else
                        node.Link.Receive(message);
                }

                Network.Return(message);
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
                message.Refused = Rules.ProbeIsRefused(server, Now);
                for (var log = 0; log < _world.LogCount; log++)
                    message.Heads[log] = server.Head(log);
                Reply(message, MessageKind.Heads);
                break;
            case MessageKind.ReadRecords:
                message.Records = server.ReadAfter(message.Log, message.Probes[0].Applied);
                Reply(message, MessageKind.Records);
                break;
            case MessageKind.Append:
                message.Result = server.Append(message.Log, message.Tags!, Now, out var at);
                message.Position = at;
                message.Deposed = server.IsDeposed;
                if (message.Result is AppendResult.Logged)
                    Publish(server, message.Log, at, message.Tags!);
                Reply(message, MessageKind.Appended);
                break;
            case MessageKind.StartEpoch:
                var started = server.StartEpoch(message.Log, message.Expected, message.Epoch);
                Note(started ? Event.EpochStarted : Event.EpochStartLost, message.Node, message.Log);
                Reply(message, MessageKind.EpochStarted);
                break;
            case MessageKind.Read:
                server.Read(message.Load!.Key, message.Reading, Now);
                Reply(message, MessageKind.Reading);
                break;
            case MessageKind.Miss:
                message.Ticket = server.Miss(message.Load!.Key);
                Reply(message, MessageKind.Ticket);
                break;
            case MessageKind.Write:
                Note(server.Write(message.Load!.Key, message.Entry!) ? Event.StoreWrote : Event.StoreWriteRefused, message.Node, message.Load.Key.Index);
                Network.Return(message);
                break;
        }
    }

    private void Reply(Message message, MessageKind kind)
    {
        message.Kind = kind;
        Network.Send(message);
    }

    private void Publish(Server server, int log, Position at, IReadOnlyList<Tag> tags)
    {
        LogRecord? record = null;
        foreach (var node in _nodes)
        {
            if (server.Subscribers[node.Index] == 0)
                continue;
            record ??= new LogRecord(at.Offset, tags);
            var push = Network.Rent();
            push.Kind = MessageKind.Push;
            push.Node = node.Index;
            push.Life = node.Life;
            push.Connection = server.Subscribers[node.Index];
            push.Server = server;
            push.Log = log;
            push.Epoch = at.Epoch;
            push.Record = record;
            Network.Send(push);
        }
    }

    private void Fault()
    {
        if (Random.Chance(Profile.EntryEvicted))
        {
            var key = Random.Below(_world.Keys.Count);
            if (Random.Below(2) == 0)
            {
                AnyNode().EvictMemory(key);
            }
            else if (!_setup.IsEmbedded)
            {
                _primary.EvictEntry(key);
                Note(Event.EntryEvicted, 0, key);
            }
        }

        if (Random.Chance(Profile.NodeRestart))
            Restart(Random.Below(_nodes.Length));
        if (_setup.IsEmbedded)
            return;
        if (Random.Chance(Profile.ContactLost))
            AnyNode().Link.GoDown(Random.Below(2 * Profile.MaxStaleness));
        if (Random.Chance(Profile.Stalled))
            _stalledUntil[Random.Below(_nodes.Length)] = Now + Random.Below(2 * Profile.MaxStaleness);
        if (Random.Chance(Profile.LogEvicted))
        {
            var log = Random.Below(_world.LogCount);
            Note(Event.LogEvicted, 0, log);
            _primary.EvictLog(log);
        }

        if (Random.Chance(Profile.Failover))
            FailOver();
        if (Random.Chance(Profile.StoreEmptied))
        {
            Note(Event.StoreEmptied, 0, 0);
            Replace(NewServer(), isolate: false);
        }
    }

    private void Restart(int index)
    {
        Note(Event.NodeRestarted, index, 0);
        var life = _nodes[index].Life + 1;
        _nodes[index].Link.Lose();
        _nodes[index] = NewNode(index, life);
        // A writer that dies before it reaches the new primary takes its word with it: its clients start again, too.
        foreach (var write in _unheard[index])
            _clients[write.Client.Index] = new Client(write.Client.Index, write.Client.Log);
        _unheard[index].Clear();
        Promise.Restarted(index);
    }

    private void FailOver()
    {
        Note(Event.FailedOver, 0, 0);
        Replace(_primary.TakeOver(Random.Name(), Random.Below(20)), isolate: true);
    }

    private void Replace(Server next, bool isolate)
    {
        var old = _primary;
        _primary = next;
        old.Depose(Now + (isolate ? Random.Below(Profile.MaxIsolation) : 0));
        foreach (var node in _nodes)
        {
            if (node.Link.Server != old)
                continue;
            if (isolate && Random.Chance(Profile.Isolated))
            {
                _isolatedOn[node.Index] = old;
                Note(Event.NodeIsolated, node.Index, 0);
            }
            else
            {
                node.Link.GoDown(Random.Below(Profile.MaxStaleness / 2));
            }
        }
    }

    private Server NewServer() => new(Random.Name(), Rules, Promise) { LogCapacity = Profile.LogCapacity };

    private SimNode NewNode(int index, int life) =>
        new(this, index, life, Random.Below(1_000_000) - 500_000L, _setup.IsEmbedded);

    private string Trace()
    {
        var again = new Scheduler(_setup, Rules, trace: true);
        try
        {
            again.Run(Steps);
        }
        catch (PromiseBrokenException)
        {
            // The same again: that is what the seed is for.
        }

        var text = new StringBuilder();
        for (var i = Math.Max(0, again._notes - TraceLength); i < again._notes; i++)
        {
            var (step, time, node, e, about) = again._trace![i % TraceLength];
            text.Append(CultureInfo.InvariantCulture, $"\n{step} at {time}: node {node} {e} {about}");
        }

        return text.ToString();
    }
}
