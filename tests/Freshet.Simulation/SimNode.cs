using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>
/// One node: the real clocks, followers and turns, a memory, and its requests and loads. Each call is one step; between
/// two steps anything may happen.
/// </summary>
internal sealed class SimNode
{
    private const int ShortLife = 400;
    private const int LongLife = 10_000;
    private const int StorePatience = 100;

    private readonly Scheduler _simulation;
    private readonly Rules _rules;
    private readonly World _world = World.Instance;
    private readonly long _clockOffset;
    private readonly Entry?[] _memory = new Entry?[World.Instance.Keys.Count];
    private readonly LoadTurns<Request>[] _turns;
    private readonly int[] _running = new int[World.Instance.Keys.Count];
    private readonly List<Request> _waiting = [];
    private readonly List<Load> _loads = [];
    private readonly InvalidationLog[]? _embedded;
    private readonly Func<long, bool> _knownTouched;
    private readonly Stack<List<LoadTurns<Request>.Decision>> _decisionLists = new();
    private Entry? _lookedUp;
    private long _ticket;

    public SimNode(Scheduler simulation, int index, int life, long clockOffset, bool isEmbedded)
    {
        _simulation = simulation;
        _rules = simulation.Rules;
        _clockOffset = clockOffset;
        Index = index;
        Life = life;
        Clocks = new TagClocks(World.NodeClockCount);
        Link = new Link(simulation, this);
        _turns = new LoadTurns<Request>[_world.Keys.Count];
        for (var i = 0; i < _turns.Length; i++)
            _turns[i] = new LoadTurns<Request>();
        if (isEmbedded)
        {
            _embedded = new InvalidationLog[_world.LogCount];
            for (var log = 0; log < _embedded.Length; log++)
                _embedded[log] = new InvalidationLog(_rules.NameEpoch(simulation.Random), simulation.Profile.LogCapacity);
        }

        // A hint only: whether the entry that was looked up last has been touched since a load began.
        _knownTouched = fence => _lookedUp is { } entry && !Clocks.Untouched(entry.Clocks, fence);
    }

    public int Index { get; }

    public int Life { get; }

    public TagClocks Clocks { get; }

    public Link Link { get; }

    public bool IsEmbedded => _embedded is not null;

    /// <summary>Its own clock: at a true rate, but it says another time than the others'.</summary>
    public long Now => _simulation.Now + _clockOffset;

    public bool IsBusy => _waiting.Count + _loads.Count >= 12;

    public bool HasWaiting => _waiting.Count > 0;

    public bool HasLoads => _loads.Count > 0;

    // Requests.

    /// <summary>A client asks for a key.</summary>
    public void Begin(Client client, Key key, bool ambient)
    {
        var request = new Request
        {
            Key = key,
            Node = this,
            Client = client,
            BeganAt = _simulation.Now,
            Snapshot = ambient ? (int[])_simulation.Rows.Clone() : null,
        };
        _simulation.Promise.Require(request, client, _simulation.Now);
        if (!ambient)
            Arrive(request);
        _waiting.Add(request);
    }

    /// <summary>One of the requests goes on: it arrives, is authenticated, or looks its key up.</summary>
    public bool StepRequest(Prng random)
    {
        var at = random.Below(_waiting.Count);
        var request = _waiting[at];
        if (!request.HasArrived)
        {
            Arrive(request);
        }
        else if (request.Key.AuthenticatedRow >= 0 && request.Authenticated < 0)
        {
            request.Authenticated = Read(request, request.Key.AuthenticatedRow);
        }
        else
        {
            _waiting[at] = _waiting[^1];
            _waiting.RemoveAt(_waiting.Count - 1);
            request.Arrival = _rules.AtLookUp(Clocks, request.Arrival);
            LookUp(request);
        }

        return true;
    }

    /// <summary>One of the loads goes on.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool StepLoad(Prng random)
    {
        var load = _loads[random.Below(_loads.Count)];
        var profile = _simulation.Profile;
        if (_simulation.Now < load.StuckUntil || (load.IsSlow && random.Below(16) != 0))
            return false;
        if (load.Turn is { WaiterCount: > 0 } turn && random.Chance(profile.WaiterLeaves))
            LeaveWaiter(load, turn, random);

        switch (load.Phase)
        {
            case LoadPhase.Store or LoadPhase.Ticket:
                if (_simulation.Now - load.WaitsSince <= StorePatience)
                    return false;
                load.Phase = LoadPhase.Origin;
                return true;
            case LoadPhase.Origin:
                if (random.Chance(profile.LoadStuck))
                {
                    load.StuckUntil = _simulation.Now + random.Below(3 * profile.MaxStaleness);
                    Note(Event.LoadStuck, load.Key.Index);
                }
                else if (random.Chance(profile.LoadFails))
                    End(load, LoadEnd.Failed);
                else if (random.Chance(profile.LoadCancelled))
                    End(load, LoadEnd.Cancelled);
                else if (load.NextPart < load.Key.Parts.Length)
                    ReadPart(load);
                else
                    End(load, _rules.MayShare(load) && !load.IsReleased ? LoadEnd.Shared : LoadEnd.NotShared);
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
        if (message.Kind is MessageKind.Ticket)
        {
            if (load.Phase is not LoadPhase.Ticket || load.AskedOn != message.Connection)
                return;
            load.Ticket = message.Ticket;
            load.Phase = LoadPhase.Origin;
            return;
        }

        if (load.Phase is not LoadPhase.Store || load.AskedOn != message.Connection)
            return;
        if (message.Reading.Entry is { } entry && message.Connection == Link.Connection && Accepts(load, message))
        {
            load.Values = entry.Values;
            load.HoldsStale = entry.HoldsStale;
            Note(Event.AnsweredFromStore, load.Key.Index);
            EndWithReading(load, entry);
            return;
        }

        AskForTicket(load);
    }

    public void EvictMemory(int key)
    {
        if (_memory[key] is null)
            return;
        _memory[key] = null;
        Note(Event.MemoryEvicted, key);
    }

    // Writes.

    public void Append(Write write, int touch)
    {
        if (_embedded is null)
        {
            Link.SendAppend(write, touch);
            return;
        }

        var (log, tags) = write.Change.Touches[touch];
        write.Attempts[touch] = -1;
        write.Positions[touch] = _embedded[log].Append(tags);
        Clocks.Touch(_world.Tenants[log], tags);
        _simulation.Answered(write);
    }

    private void Arrive(Request request)
    {
        var mustLoad = (request.Client is { } client && !Covers(client)) || (_rules.MustLoadWithoutContact && !InContact(request.Key));
        request.Arrival = _rules.Arrive(Clocks, mustLoad);
        request.AppliedAtArrival = Applied();
        request.HasArrived = true;
        if (mustLoad)
            Note(Event.ArrivalMustLoad, request.Key.Index);
    }

    private bool Covers(Client client)
    {
        client.Forget(_simulation.Now);
        for (var log = 0; log < client.Session.Length; log++)
        {
            foreach (var (position, _) in client.Session[log])
            {
                var covered = _embedded is not null
                    ? position.Epoch == _embedded[log].Epoch && position.Offset <= _embedded[log].Head.Offset
                    : _rules.Covers(Link.Follower(log), position);
                if (!covered)
                    return false;
            }
        }

        return true;
    }

    private Position[] Applied()
    {
        var applied = new Position[_world.LogCount];
        for (var log = 0; log < applied.Length; log++)
            applied[log] = _embedded is not null ? _embedded[log].Head : Link.Follower(log).Applied;
        return applied;
    }

    private bool InContact(Key key)
    {
        if (_embedded is not null)
            return true;
        foreach (var log in key.Logs)
        {
            if (!Link.InContact(log))
                return false;
        }

        return true;
    }

    private int Read(Request request, int row) => request.Snapshot is { } snapshot ? snapshot[row] : _simulation.Rows[row];

    private void LookUp(Request request)
    {
        var key = request.Key;
        var entry = _lookedUp = _memory[key.Index];
        if (entry is not null)
        {
            var verdict = _rules.Judge(Clocks, key, entry, request.Arrival, InContact(key), Now);
            Note(verdict, key);
            if (verdict is CacheReason.Fresh)
            {
                Answer(request, entry.Values, Event.AnsweredFresh, entry.HoldsStale);
                return;
            }

            if (verdict is CacheReason.Expired && ServesStale(key) && (request.Client is not null || request.Parent is not null))
            {
                if (_turns[key.Index].IsIdle)
                    Refresh(key);
                Answer(request, entry.Values, Event.AnsweredStaleWhileRevalidate, holdsStale: true);
                return;
            }
        }

        var decision = _rules.TakeTurn(_turns[key.Index], request, _knownTouched);
        if (decision.Turn is Turn.Lead && _running[key.Index] > 0)
            Note(Event.NextLoadLed, key.Index);
        Do(decision, default, null);
    }

    // Half of the keys live so long that only a touch ends them; the others serve stale while they revalidate.
    private static bool ServesStale(Key key) => (key.Index & 1) == 1;

    private static int LifeTime(Key key) => ServesStale(key) ? ShortLife : LongLife;

    private void Refresh(Key key)
    {
        var refresh = new Request { Key = key, Node = this, BeganAt = _simulation.Now };
        Arrive(refresh);
        _waiting.Add(refresh);
        Note(Event.RefreshInBackground, key.Index);
    }

    private void Do(LoadTurns<Request>.Decision decision, LoadEnd end, Load? ended)
    {
        var request = decision.Handle;
        switch (decision.Turn)
        {
            case Turn.Lead:
                if (decision.Load!.IsRetry)
                    Note(Event.LoadRetried, request.Key.Index);
                Lead(request, decision.Load);
                break;
            case Turn.Alone:
                Note(Event.LoadAlone, request.Key.Index);
                Lead(request, null);
                break;
            case Turn.Take when end is LoadEnd.Shared:
                Answer(request, ended!.Values, Event.AnsweredByFollowing, ended.HoldsStale);
                break;
            case Turn.Take:
                AnswerError(request);
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
        Note(load.IsSlow ? Event.LoadStartedSlow : Event.LoadStarted, key.Index);
        if (load.IsAmbient)
            Note(Event.LoadAmbient, key.Index);
        if (turn is not null)
            _simulation.Promise.AtMostTwoLoads(key, Index, ++_running[key.Index]);

        if (_embedded is not null || turn is null || load.IsAmbient || !InContact(key))
            return;
        if (_rules.NestedArrival(Clocks, load).MustLoad)
        {
            AskForTicket(load);
            return;
        }

        load.Phase = LoadPhase.Store;
        load.AskedAtTick = Clocks.Now;
        load.AppliedWhenAsked = Applied();
        Ask(load, MessageKind.Read);
    }

    private void AskForTicket(Load load)
    {
        if (!Link.IsSubscribed)
        {
            load.Phase = LoadPhase.Origin;
            return;
        }

        load.Phase = LoadPhase.Ticket;
        Ask(load, MessageKind.Miss);
    }

    private void Ask(Load load, MessageKind kind)
    {
        load.WaitsSince = _simulation.Now;
        load.AskedOn = Link.Connection;
        var message = Rent(kind);
        message.Load = load;
        _simulation.Network.Send(message);
    }

    private Message Rent(MessageKind kind)
    {
        var message = _simulation.Network.Rent();
        message.Kind = kind;
        message.Node = Index;
        message.Life = Life;
        message.Connection = Link.Connection;
        message.Server = Link.Server!;
        return message;
    }

    private bool Accepts(Load load, Message message)
    {
        for (var i = 0; i < load.Key.Logs.Length; i++)
        {
            if (!_rules.AcceptsReading(message.Reading.Heads[i], load.AppliedWhenAsked[load.Key.Logs[i]]))
                return false;
        }

        return _rules.IsStillValid(Clocks, load.Key, _rules.FenceOfReading(Clocks, load), InContact(load.Key));
    }

    private void ReadPart(Load load)
    {
        var part = load.Key.Parts[load.NextPart++];
        switch (part.Kind)
        {
            case PartKind.Row:
                load.Values[part.At] = Read(load.Leader, part.Source);
                break;
            case PartKind.Authenticated:
                load.Values[part.At] = load.Leader.Authenticated;
                break;
            case PartKind.Nested:
                Note(Event.LoadNested, part.Source);
                load.Phase = LoadPhase.Nested;
                LookUp(new Request
                {
                    Key = _world.Keys[part.Source],
                    Node = this,
                    Parent = load,
                    HasArrived = true,
                    Arrival = _rules.NestedArrival(Clocks, load),
                    AppliedAtArrival = load.Leader.AppliedAtArrival,
                });
                break;
        }
    }

    private void Release(Load load)
    {
        Note(Event.LoadReleased, load.Key.Index);
        load.IsReleased = true;
        var decisions = RentDecisions();
        _turns[load.Key.Index].Release(load.Turn!, decisions);
        DoAll(decisions, LoadEnd.NotShared, load);
    }

    private void LeaveWaiter(Load load, LoadTurns<Request>.Load turn, Prng random)
    {
        var waiter = turn.Waiters[random.Below(turn.WaiterCount)].Handle;
        if (waiter.Parent is null && _turns[load.Key.Index].Leave(waiter) is not null)
            Note(Event.WaiterLeft, load.Key.Index);
    }

    private void EndWithReading(Load load, StoredEntry stored)
    {
        var fence = _rules.FenceOfReading(Clocks, load);
        var remaining = stored.ExpiresAt - _simulation.Now;
        Keep(load, fence, Now + remaining);
        Finish(load, LoadEnd.Shared, fence);
    }

    private void End(Load load, LoadEnd end)
    {
        var fence = _rules.FenceOf(Clocks, load);
        if (end is LoadEnd.Shared)
        {
            if (InContact(load.Key))
            {
                if (_rules.MayKeep(load))
                {
                    Keep(load, fence, Now + LifeTime(load.Key));
                    Store(load);
                }
            }
            else
            {
                Note(Event.LoadNotStoredNoContact, load.Key.Index);
            }
        }

        if (end is LoadEnd.Failed)
            Note(Event.LoadFailed, load.Key.Index);
        else if (end is LoadEnd.Cancelled)
            Note(Event.LoadCancelled, load.Key.Index);
        Finish(load, end, fence);
    }

    private void Keep(Load load, long fence, long expiresAt)
    {
        var entry = new Entry(load.Values, _rules.ClocksOf(load.Key), fence, ++_ticket, expiresAt, load.HoldsStale);
        var stored = _memory[load.Key.Index];
        if (stored is not null)
        {
            if (!_rules.Replaces(entry.Fence, entry.Ticket, stored.Fence, stored.Ticket))
                return;
            _simulation.Promise.NeverStepsBack(entry.Fence, entry.Ticket, stored.Fence, stored.Ticket);
        }

        _memory[load.Key.Index] = entry;
        Note(Event.MemoryKept, load.Key.Index);
    }

    private void Store(Load load)
    {
        if (load.Ticket < 0 || load.AskedOn != Link.Connection || !Link.IsSubscribed)
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
            ExpiresAt = _simulation.Now + LifeTime(load.Key),
            HoldsStale = load.HoldsStale,
        };
        _simulation.Network.Send(message);
    }

    private void Finish(Load load, LoadEnd end, long fence)
    {
        load.Phase = LoadPhase.Ended;
        _loads.Remove(load);
        var decisions = RentDecisions();
        if (load.Turn is { } turn)
        {
            _running[load.Key.Index]--;
            var stillValid = end is LoadEnd.Shared && _rules.IsStillValid(Clocks, load.Key, fence, InContact(load.Key));
            _turns[load.Key.Index].Complete(turn, end, stillValid, decisions);
        }

        // The leader takes what it brought; an error is its own.
        if (end is LoadEnd.Shared or LoadEnd.NotShared)
            Answer(load.Leader, load.Values, Event.AnsweredByOwnLoad, load.HoldsStale);
        else if (end is LoadEnd.Failed)
            AnswerError(load.Leader);
        else if (load.Leader.Parent is { } parent)
            End(parent, LoadEnd.Cancelled);
        DoAll(decisions, end, load);
    }

    private void Answer(Request request, int[] values, Event how, bool holdsStale)
    {
        Note(how, request.Key.Index);
        if (request.Parent is { } parent)
        {
            if (how is Event.AnsweredFresh)
                Note(Event.NestedHit, request.Key.Index);
            if (holdsStale)
                Note(Event.NestedStale, request.Key.Index);
            var part = parent.Key.Parts[parent.NextPart - 1];
            values.CopyTo(parent.Values, part.At);
            parent.HoldsStale |= holdsStale;
            parent.Phase = LoadPhase.Origin;
        }
        else if (request.Client is not null)
        {
            _simulation.Promise.Check(request, values, Link.IsIsolated, how is Event.AnsweredFresh, holdsStale);
        }
    }

    private void AnswerError(Request request)
    {
        // C15: an error is covered by what is stale by age only.
        if (request.Client is not null && _memory[request.Key.Index] is { } entry
            && _rules.MayServeStale(_rules.Judge(Clocks, request.Key, entry, request.Arrival, InContact(request.Key), Now)))
        {
            Answer(request, entry.Values, Event.AnsweredStaleOnError, holdsStale: true);
            return;
        }

        Note(Event.AnsweredError, request.Key.Index);
        if (request.Parent is { } parent)
            End(parent, LoadEnd.Failed);
    }

    private List<LoadTurns<Request>.Decision> RentDecisions() =>
        _decisionLists.TryPop(out var list) ? list : [];

    private void DoAll(List<LoadTurns<Request>.Decision> decisions, LoadEnd end, Load ended)
    {
        foreach (var decision in decisions)
        {
            if (decision.Turn is Turn.Lead && end is LoadEnd.Shared)
                Note(Event.FollowerSentOn, ended.Key.Index);
            Do(decision, end, ended);
        }

        decisions.Clear();
        _decisionLists.Push(decisions);
    }

    private void Note(CacheReason verdict, Key key)
    {
        var e = verdict switch
        {
            CacheReason.Touched => Event.VerdictTouched,
            CacheReason.NoContact => Event.VerdictNoContact,
            CacheReason.Session => Event.VerdictSession,
            CacheReason.Expired => Event.VerdictExpired,
            _ => (Event?)null,
        };
        if (e is { } known)
            Note(known, key.Index);
    }

    private void Note(Event e, int key) => _simulation.Note(e, Index, key);
}
