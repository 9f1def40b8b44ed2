using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>
/// One node: the real clocks, followers and turns, a memory, and its requests. Each call is one step; between
/// two steps anything may happen.
/// </summary>
internal sealed class SimNode
{
    private readonly Scheduler _simulation;
    private readonly Rules _rules;
    private readonly World _world = World.Instance;
    private readonly long _clockOffset;
    private readonly Loads _loads;
    private readonly List<Request> _waiting = [];
    private readonly InvalidationLog[]? _embedded;
    private readonly Func<long, bool> _knownTouched;
    private Entry? _lookedUp;

    public SimNode(Scheduler simulation, int index, int life, long clockOffset, bool isEmbedded)
    {
        _simulation = simulation;
        _rules = simulation.Rules;
        _clockOffset = clockOffset;
        Index = index;
        Life = life;
        Clocks = World.NewClocks();
        KeyClocks = [.. _world.Keys.Select(key => Simulation.KeyClocks.Of(key, Clocks, _world))];
        Link = new Link(simulation, this);
        _loads = new Loads(simulation, this);
        if (isEmbedded)
        {
            _embedded = new InvalidationLog[_world.LogCount];
            for (var log = 0; log < _embedded.Length; log++)
                _embedded[log] = new InvalidationLog(_rules.NameEpoch(simulation.Random), simulation.Profile.LogCapacity);
        }

        // A hint only: whether the entry that was looked up last has been touched since a load began.
        _knownTouched = fence => _lookedUp is { } entry && !entry.Clocks.Untouched(fence);
    }

    public int Index { get; }

    public int Life { get; }

    public TagClocks Clocks { get; }

    /// <summary>The clocks of each key.</summary>
    public KeyClocks[] KeyClocks { get; }

    public Link Link { get; }

    /// <summary>Its memory: the entry of each key.</summary>
    public Entry?[] Memory { get; } = new Entry?[World.Instance.Keys.Count];

    public bool IsEmbedded => _embedded is not null;

    /// <summary>Its own clock: at a true rate, but it says another time than the others'.</summary>
    public long Now => _simulation.Now + _clockOffset;

    public bool IsBusy => _waiting.Count + _loads.Count >= 12;

    public bool HasWaiting => _waiting.Count > 0;

    public bool HasLoads => _loads.Count > 0;

    public void Age(int log)
    {
        if (_embedded is not null)
            _embedded[log].Age();
        else
            Link.Follower(log).Age();
    }

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

    public bool StepLoad(Prng random) => _loads.Step(random);

    /// <summary>The store answered a load.</summary>
    public void Receive(Message message) => _loads.Receive(message);

    public void EvictMemory(int key)
    {
        if (Memory[key] is null)
            return;
        Memory[key] = null;
        Note(Event.MemoryEvicted, key);
    }

    public void Append(Write write, int touch)
    {
        if (_embedded is null)
        {
            Link.Appends.Send(write, touch);
            return;
        }

        var (log, tags) = write.Change.Touches[touch];
        write.Attempts[touch] = -1;
        write.Positions[touch] = _embedded[log].Append(tags);
        Clocks.Touch(_world.Tenants[log], tags);
        _simulation.Writes.Answered(write);
    }

    public bool InContact(Key key)
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

    /// <summary>Reads a row of the database, as the request's transaction sees it.</summary>
    public int Read(Request request, int row) => request.Snapshot is { } snapshot ? snapshot[row] : _simulation.Rows[row];

    /// <summary>A request, or the nested read of a load, asks memory.</summary>
    public void LookUp(Request request)
    {
        var key = request.Key;
        var entry = _lookedUp = Memory[key.Index];
        if (entry is not null)
        {
            var verdict = _rules.Judge(KeyClocks[key.Index], entry, request.Arrival, InContact(key), Now);
            Note(verdict, key);
            if (verdict is CacheReason.Fresh)
            {
                Answer(request, entry.Values, Event.AnsweredFresh, entry.HoldsStale);
                return;
            }

            if (verdict is CacheReason.Expired && key.ServesStale && (request.Client is not null || request.Parent is not null))
            {
                if (_loads.IsIdle(key))
                    Refresh(key);
                Answer(request, entry.Values, Event.AnsweredStaleWhileRevalidate, holdsStale: true);
                return;
            }
        }

        if (request.OnlyIfThere)
            _loads.FoundNothing(request);
        else
            _loads.TakeTurn(request, _knownTouched);
    }

    public void Answer(Request request, int[] values, Event how, bool holdsStale)
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

    /// <summary>A request gets the failure of a load: its own, or that of the load it waited for.</summary>
    public void AnswerError(Request request, Load failed)
    {
        // C15: an error is covered by what is stale by age only.
        if (request.Client is not null && Memory[request.Key.Index] is { } entry
            && _rules.MayServeStale(_rules.Judge(KeyClocks[request.Key.Index], entry, request.Arrival, InContact(request.Key), Now)))
        {
            Answer(request, entry.Values, Event.AnsweredStaleOnError, holdsStale: true);
            return;
        }

        Note(Event.AnsweredError, request.Key.Index);
        if (request.Parent is { } parent)
            _loads.EndInside(parent, failed, LoadEnd.Failed);
    }

    public void Note(Event e, int key) => _simulation.Note(e, Index, key);

    private void Arrive(Request request)
    {
        var mustLoad = (request.Client is { } client && !Covers(client)) || (_rules.MustLoadWithoutContact && !InContact(request.Key));
        request.Arrival = _rules.Arrive(Clocks, mustLoad);
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

    private void Refresh(Key key)
    {
        var refresh = new Request { Key = key, Node = this, BeganAt = _simulation.Now };
        Arrive(refresh);
        _waiting.Add(refresh);
        Note(Event.RefreshInBackground, key.Index);
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
}
