namespace Freshet.Coherence;

/// <summary>How a load ended, as far as its followers are concerned.</summary>
internal enum LoadEnd : byte
{
    /// <summary>With a result that may be shared.</summary>
    Shared,

    /// <summary>With a result that concerns nobody else.</summary>
    NotShared,

    /// <summary>With an error.</summary>
    Failed,

    /// <summary>It was given up; nothing was learnt.</summary>
    Cancelled,
}

/// <summary>What a waiting request does next.</summary>
internal enum Turn : byte
{
    /// <summary>It runs the load.</summary>
    Lead,

    /// <summary>It waits for the load.</summary>
    Follow,

    /// <summary>It takes the load's result, be it a value or an error.</summary>
    Take,

    /// <summary>It loads for itself, sharing with nobody.</summary>
    Alone,
}

/// <summary>
/// The loads of one key on one node (C5): at most two at once, the running and the next; everybody else waits. Pure: the
/// caller holds a lock around each call and carries out the decisions.
/// </summary>
/// <typeparam name="T">The caller's handle of a request.</typeparam>
/// <remarks>
/// The youngest of those who could not take a result leads the next load: its fence is at or after the arrival of all the
/// others, so they all take what it brings, and nobody waits for more than two loads.
/// </remarks>
internal sealed class LoadTurns<T>
    where T : class
{
    private Load? _running;
    private Load? _next;

    /// <summary>A load and those who wait for it.</summary>
    internal sealed class Load
    {
        internal Load(Arrival arrival, bool isRetry)
        {
            Arrival = arrival;
            IsRetry = isRetry;
        }

        /// <summary>What the load and all that is read inside it must obey: its leader's tick is its fence (C1), and nested
        /// reads answer at or after it (C3). It must load all the way down when one of those who wait for it must (C10).</summary>
        public Arrival Arrival { get; }

        public long Fence => Arrival.Tick;

        /// <summary>Whether an earlier load failed and this one is the only retry.</summary>
        public bool IsRetry { get; }

        public int WaiterCount => Waiters.Count;

        /// <summary>The caller's own: what runs the load, and what it brought.</summary>
        public object? State { get; set; }

        internal List<Waiter> Waiters { get; } = [];

        internal bool IsReleased { get; set; }
    }

    internal readonly record struct Waiter(T Handle, Arrival Arrival);

    /// <summary>One decision for one request.</summary>
    internal readonly record struct Decision(T Handle, Turn Turn, Load? Load);

    public bool IsIdle => _running is null && _next is null;

    /// <summary>A request comes for the key.</summary>
    /// <param name="handle">The caller's handle.</param>
    /// <param name="arrival">Its arrival; the fence of the load that it may come to lead.</param>
    /// <param name="knownTouched">Given the fence of the running load: whether what the key was last made from has been
    /// touched since, so that the running load is unlikely to serve. A hint: it saves waiting, it never decides.</param>
    public Decision Arrive(T handle, Arrival arrival, Func<long, bool> knownTouched)
    {
        if (_running is null)
            return new Decision(handle, Turn.Lead, _running = new Load(arrival, isRetry: false));
        if (_running.IsReleased)
            return new Decision(handle, Turn.Alone, null);

        var cannotServe = !Validity.MayFollow(_running.Arrival, arrival, stillValid: false)
            && (arrival.MustLoad || knownTouched(_running.Fence));
        if (cannotServe && _next is null)
            return new Decision(handle, Turn.Lead, _next = new Load(arrival, isRetry: false));
        if (cannotServe && _next!.IsReleased)
            return new Decision(handle, Turn.Alone, null);

        var load = cannotServe ? _next! : _running;
        load.Waiters.Add(new Waiter(handle, arrival));
        return new Decision(handle, Turn.Follow, load);
    }

    /// <summary>A load turned out not to be shareable before it ended: nobody waits for it any longer.</summary>
    public void Release(Load load, List<Decision> decisions)
    {
        load.IsReleased = true;
        foreach (var waiter in load.Waiters)
            decisions.Add(new Decision(waiter.Handle, Turn.Alone, null));
        load.Waiters.Clear();
    }

    /// <summary>A load ended.</summary>
    /// <param name="load">Which.</param>
    /// <param name="end">How.</param>
    /// <param name="stillValid">Whether its result is valid now, known by live contact (C5); false for a failure, of which that is not known.</param>
    /// <param name="decisions">Receives one decision for each request whose turn has come.</param>
    public void Complete(Load load, LoadEnd end, bool stillValid, List<Decision> decisions)
    {
        if (ReferenceEquals(load, _running))
            (_running, _next) = (_next, null);
        else if (ReferenceEquals(load, _next))
            _next = null;

        if (end is LoadEnd.NotShared)
        {
            Release(load, decisions);
            return;
        }

        var waiting = load.Waiters;
        // A failure is retried by at most one of those whom the load could serve; the failure of the retry is theirs. It says what there was
        // when the retry began, so a request that arrived later does not take it, as it would not take a value.
        if (end is LoadEnd.Shared || (end is LoadEnd.Failed && load.IsRetry))
        {
            waiting = [];
            foreach (var waiter in load.Waiters)
            {
                if (Validity.MayFollow(load.Arrival, waiter.Arrival, stillValid))
                    decisions.Add(new Decision(waiter.Handle, Turn.Take, load));
                else
                    waiting.Add(waiter);
            }
        }

        if (waiting.Count > 0)
            Requeue(waiting, isRetry: end is LoadEnd.Failed || (end is LoadEnd.Cancelled && load.IsRetry), decisions);
    }

    /// <summary>A request no longer waits.</summary>
    /// <returns>The load it waited for; null when its turn has come meanwhile, so that it has a decision to carry out.</returns>
    public Load? Leave(T handle) =>
        _running is { } running && TryLeave(running, handle) ? running
        : _next is { } next && TryLeave(next, handle) ? next
        : null;

    private static bool TryLeave(Load load, T handle)
    {
        for (var i = 0; i < load.Waiters.Count; i++)
        {
            if (!ReferenceEquals(load.Waiters[i].Handle, handle))
                continue;
            load.Waiters.RemoveAt(i);
            return true;
        }

        return false;
    }

    private void Requeue(List<Waiter> waiting, bool isRetry, List<Decision> decisions)
    {
        // A load that began after they arrived still runs: it serves them.
        if (_running is { IsReleased: false } running)
        {
            for (var i = waiting.Count - 1; i >= 0; i--)
            {
                if (!Validity.MayFollow(running.Arrival, waiting[i].Arrival, stillValid: false))
                    continue;
                running.Waiters.Add(waiting[i]);
                waiting.RemoveAt(i);
            }
        }

        if (waiting.Count == 0)
            return;

        var youngest = 0;
        var mustLoad = false;
        for (var i = 0; i < waiting.Count; i++)
        {
            mustLoad |= waiting[i].Arrival.MustLoad;
            if (waiting[i].Arrival.Tick > waiting[youngest].Arrival.Tick)
                youngest = i;
        }

        var leader = waiting[youngest];
        waiting.RemoveAt(youngest);
        var load = new Load(leader.Arrival with { MustLoad = mustLoad }, isRetry);
        load.Waiters.AddRange(waiting);
        if (_running is null)
            _running = load;
        else
            _next = load;
        decisions.Add(new Decision(leader.Handle, Turn.Lead, load));
    }
}
