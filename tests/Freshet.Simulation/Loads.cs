using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>The loads of one node: whose turn it is, what each reads, and where its result goes.</summary>
internal sealed partial class Loads
{
    private const int StorePatience = 100;

    private readonly Scheduler _simulation;
    private readonly SimNode _node;
    private readonly Rules _rules;
    private readonly World _world = World.Instance;
    private readonly LoadTurns<Request>[] _turns = [.. World.Instance.Keys.Select(_ => new LoadTurns<Request>())];
    private readonly int[] _running = new int[World.Instance.Keys.Count];
    private readonly List<Load> _loads = [];
    private readonly StoredEntries _store;
    private readonly Stack<List<LoadTurns<Request>.Decision>> _decisionLists = new();
    private long _ticket;

    public Loads(Scheduler simulation, SimNode node)
    {
        (_simulation, _node, _rules) = (simulation, node, simulation.Rules);
        _store = new StoredEntries(simulation, node);
    }

    public int Count => _loads.Count;

    public bool IsIdle(Key key) => _turns[key.Index].IsIdle;

    /// <summary>A request that memory does not answer waits for a load, or leads one (C5).</summary>
    public void TakeTurn(Request request, Func<long, bool> knownTouched)
    {
        var decision = _rules.TakeTurn(_turns[request.Key.Index], request, knownTouched);
        if (decision.Turn is Turn.Lead && _running[request.Key.Index] > 0)
            _node.Note(Event.NextLoadLed, request.Key.Index);
        Do(decision, default, null);
    }

    /// <summary>One of the loads goes on.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool Step(Prng random)
    {
        var load = _loads[random.Below(_loads.Count)];
        var profile = _simulation.Profile;
        if (_simulation.Now < load.StuckUntil || (load.IsSlow && random.Below(16) != 0))
            return false;
        if (load.Turn is { WaiterCount: > 0 } turn && random.Chance(profile.WaiterLeaves))
            LeaveWaiter(load, turn, random);

        switch (load.Phase)
        {
            case LoadPhase.Store or LoadPhase.Check or LoadPhase.Ticket:
                if (_simulation.Now - load.WaitsSince <= StorePatience)
                    return false;
                load.Phase = LoadPhase.Origin;
                return true;
            case LoadPhase.Nested when random.Chance(profile.LoadCancelled):
                LeaveInside(load);
                return true;
            case LoadPhase.Origin:
                if (load.Writing is { State: not WriteState.Done })
                    return false; // its handler waits
                if (random.Chance(profile.LoadWrites) && load is { Writing: null, IsAmbient: false, Leader.Client: { } client })
                    load.Writing = _simulation.Writes.Begin(client, _node, load);
                else if (random.Chance(profile.LoadStuck))
                {
                    load.StuckUntil = _simulation.Now + random.Below(3 * profile.MaxStaleness);
                    _node.Note(Event.LoadStuck, load.Key.Index);
                }
                else if (random.Chance(profile.LoadFails))
                    End(load, LoadEnd.Failed);
                else if (random.Chance(profile.LoadCancelled))
                    End(load, LoadEnd.Cancelled);
                else if (load.NextPart < load.Key.Parts.Length)
                    ReadPart(load);
                else
                    End(load, _rules.MayShare(load) && !IsRefused(load) && !load.IsReleased ? LoadEnd.Shared : LoadEnd.NotShared);
                if (load is { Phase: LoadPhase.Origin, Turn: not null, IsReleased: false } && random.Chance(profile.LoadReleased))
                    Release(load);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The store answered a load.</summary>
    public void Receive(Message message)
    {
        var load = message.Load!;
        if (load.Phase is not (LoadPhase.Store or LoadPhase.Check or LoadPhase.Ticket) || load.Question != message.Attempt)
            return; // it has waited long enough, and goes on without
        if (message.Kind is MessageKind.Ticket)
        {
            load.Ticket = message.Ticket;
            load.Phase = LoadPhase.Origin;
            return;
        }

        var entry = message.Reading.Entry;
        var isValid = message.Kind is MessageKind.Checked ? _store.Accepts(load, message.Reading)
            : entry is null ? false
            : _store.Judge(load, entry);
        if (isValid is true)
        {
            load.Values = entry!.Values;
            load.HoldsStale = entry.HoldsStale;
            _node.Note(message.Kind is MessageKind.Checked ? Event.AnsweredByStoreClocks : Event.AnsweredFromStore, load.Key.Index);
            EndWithReading(load, entry);
        }
        else if (isValid is false)
        {
            _store.AskForTicket(load);
        }
    }

    /// <summary>A load ends; it is kept and stored where it may.</summary>
    public void End(Load load, LoadEnd end)
    {
        var fence = _rules.FenceOf(_node.Clocks, load);
        if (end is LoadEnd.Shared)
        {
            if (_node.InContact(load.Key))
            {
                if (_rules.MayKeep(load))
                {
                    Keep(load, fence, _node.Now + load.Key.LifeTime);
                    _store.Write(load, fence, _simulation.Now + load.Key.LifeTime);
                }
            }
            else
            {
                _node.Note(Event.LoadNotStoredNoContact, load.Key.Index);
            }
        }

        if (end is LoadEnd.Failed)
            _node.Note(Event.LoadFailed, load.Key.Index);
        else if (end is LoadEnd.Cancelled)
            _node.Note(Event.LoadCancelled, load.Key.Index);
        Finish(load, end, fence);
    }

    /// <summary>Does what was decided about a request.</summary>
    /// <param name="decision">What was decided.</param>
    /// <param name="end">How the load ended that it waited for, if it did.</param>
    /// <param name="ended">That load.</param>
    private void Do(LoadTurns<Request>.Decision decision, LoadEnd end, Load? ended)
    {
        var request = decision.Handle;
        switch (decision.Turn)
        {
            case Turn.Lead:
                if (decision.Load!.IsRetry)
                    _node.Note(Event.LoadRetried, request.Key.Index);
                Lead(request, decision.Load);
                break;
            case Turn.Alone:
                _node.Note(Event.LoadAlone, request.Key.Index);
                Lead(request, null);
                break;
            case Turn.Take when end is LoadEnd.Shared:
                _node.Answer(request, ended!.Values, Event.AnsweredByFollowing, ended.HoldsStale);
                break;
            case Turn.Take:
                _node.AnswerError(request, ended!);
                break;
        }
    }

    private void Lead(Request request, LoadTurns<Request>.Load? turn)
    {
        var key = request.Key;
        var load = new Load
        {
            Leader = request,
            Key = key,
            Turn = turn,
            Values = new int[key.Rows.Length],
            Phase = LoadPhase.Origin,
            IsAmbient = request.Snapshot is not null,
            IsSlow = _simulation.Random.Below(12) == 0,
        };
        _loads.Add(load);
        _node.Note(load.IsSlow ? Event.LoadStartedSlow : Event.LoadStarted, key.Index);
        if (load.IsAmbient)
            _node.Note(Event.LoadAmbient, key.Index);
        if (turn is not null)
            _simulation.Promise.AtMostTwoLoads(key, _node.Index, ++_running[key.Index]);

        if (_node.IsEmbedded || turn is null || load.IsAmbient || _node.Link.Values is null || !_node.InContact(key))
            return;
        if (_rules.NestedArrival(_node.Clocks, load).MustLoad)
        {
            _store.AskForTicket(load);
            return;
        }

        _store.AskForReading(load);
    }

    private void ReadPart(Load load)
    {
        var part = load.Key.Parts[load.NextPart++];
        switch (part.Kind)
        {
            case PartKind.Row:
                load.Values[part.At] = _node.Read(load.Leader, part.Source);
                break;
            case PartKind.Authenticated:
                load.Values[part.At] = load.Leader.Authenticated;
                break;
            case PartKind.Nested:
                _node.Note(Event.LoadNested, part.Source);
                load.Phase = LoadPhase.Nested;
                load.Inside = new Request
                {
                    Key = _world.Keys[part.Source],
                    Node = _node,
                    Parent = load,
                    HasArrived = true,
                    Arrival = _rules.NestedArrival(_node.Clocks, load),
                    OnlyIfThere = _simulation.Random.Below(16) == 0,
                };
                _node.LookUp(load.Inside);
                break;
        }
    }

    private void EndWithReading(Load load, StoredEntry stored)
    {
        var fence = load.StoredFence;
        var remaining = stored.ExpiresAt - _simulation.Now;
        Keep(load, fence, _node.Now + remaining);
        Finish(load, LoadEnd.Shared, fence);
    }

    private void Keep(Load load, long fence, long expiresAt)
    {
        var entry = new Entry(load.Values, _rules.ClocksOf(load), fence, ++_ticket, expiresAt, load.HoldsStale);
        var stored = _node.Memory[load.Key.Index];
        if (stored is not null)
        {
            if (!_rules.Replaces(entry.Fence, entry.Ticket, stored.Fence, stored.Ticket))
                return;
            _simulation.Promise.NeverStepsBack(entry.Fence, entry.Ticket, stored.Fence, stored.Ticket);
        }

        _node.Memory[load.Key.Index] = entry;
        _node.Note(Event.MemoryKept, load.Key.Index);
    }

    private void Finish(Load load, LoadEnd end, long fence)
    {
        load.Phase = LoadPhase.Ended;
        _loads.Remove(load);
        var decisions = RentDecisions();
        if (load.Turn is { } turn)
        {
            _running[load.Key.Index]--;
            var stillValid = end is LoadEnd.Shared && _rules.IsStillValid(load, fence, _node.InContact(load.Key));
            _turns[load.Key.Index].Complete(turn, end, stillValid, decisions);
        }

        // The leader takes what it brought; an error is its own.
        if (load.Leader.Parent is { } outer && end is LoadEnd.Shared or LoadEnd.NotShared)
            outer.HoldsUnknown |= load.HoldsUnknown;
        if (end is LoadEnd.Shared or LoadEnd.NotShared)
            _node.Answer(load.Leader, load.Values, Event.AnsweredByOwnLoad, load.HoldsStale);
        else if (end is LoadEnd.Failed)
            _node.AnswerError(load.Leader, load);
        else if (load.Leader.Parent is { } parent)
            EndInside(parent, load, LoadEnd.Cancelled);
        if (load.Writing is { } write)
            _simulation.Writes.Ended(write, hasAnswer: end is not LoadEnd.Cancelled);
        DoAll(decisions, end, load);
    }

    private List<LoadTurns<Request>.Decision> RentDecisions() =>
        _decisionLists.TryPop(out var list) ? list : [];

    private void DoAll(List<LoadTurns<Request>.Decision> decisions, LoadEnd end, Load ended)
    {
        foreach (var decision in decisions)
        {
            if (decision.Turn is Turn.Lead && end is LoadEnd.Shared)
                _node.Note(Event.FollowerSentOn, ended.Key.Index);
            Do(decision, end, ended);
        }

        decisions.Clear();
        _decisionLists.Push(decisions);
    }
}
