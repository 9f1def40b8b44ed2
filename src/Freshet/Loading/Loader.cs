using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Invalidation;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Loading;

/// <summary>
/// Runs loads: at most two at once for each key, shared with those who may share them (C5), bounded over all keys, stored
/// when nothing stands against it.
/// </summary>
/// <remarks>
/// The decisions are those of <see cref="LoadTurns{T}"/>, made under the lock of the key; this class carries them out. A
/// follower waits on its own signal, so its cancellation concerns nobody else.
/// </remarks>
internal sealed class Loader(
    TagClocks clocks, MemoryStore memory, IInvalidationStore store, OriginGate gate, LoaderSettings settings, TimeProvider time, CacheMetrics metrics,
    EntityModelSource? model = null)
{
    // Null where values stay in this process.
    private readonly SharedEntries? _shared = store.Entries is { } entries ? new(entries, memory, store, settings, time, metrics) : null;
    private readonly ConcurrentDictionary<string, KeyLoads> _keys = new(StringComparer.Ordinal);
    private long _ticket;

    /// <summary>How many keys have loads at the moment.</summary>
    public int KeysLoading => _keys.Count;

    /// <summary>Loads the value, or takes what a load that is running or comes next brings.</summary>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public async ValueTask<LoadOutcome> LoadAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        // A load that asks for its own key would wait for itself.
        for (var scope = request.Read?.Outer; scope is not null; scope = scope.Parent)
        {
            if (string.Equals(scope.Key, key, StringComparison.Ordinal))
                return await RunAsync(key, request, CacheReason.HitForPass, null, null, cancel).ConfigureAwait(false);
        }

        var caller = new Caller();
        var (loads, decision) = Arrive(key, caller, request.Arrival);
        if (decision.Turn is Turn.Follow)
            decision = await FollowAsync(loads, caller, cancel).ConfigureAwait(false);

        switch (decision.Turn)
        {
            case Turn.Lead:
                return await RunAsync(key, request, request.Why, loads, decision.Load, cancel).ConfigureAwait(false);
            case Turn.Take:
                var run = (LoadRun)decision.Load!.State!;
                if (run.Error is { } error)
                {
                    request.Read?.FailedIn(run.Scope!, error.SourceException); // C3
                    error.Throw();
                }

                metrics.Coalesced();
                request.Read?.MadeFrom(run.Entry!); // C3
                return new LoadOutcome(run.Entry!.Value, run.Entry, CacheReason.Coalesced, CacheReason.None);
            default:
                return await RunAsync(key, request, CacheReason.HitForPass, null, null, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Loads for this caller alone; the result is stored if it may be, and shared with nobody that waits.</summary>
    public ValueTask<LoadOutcome> LoadAloneAsync(string key, LoadRequest request, CancellationToken cancel) =>
        RunAsync(key, request, request.Why, null, null, cancel);

    /// <summary>What another node has stored, if it is valid here; nothing is loaded.</summary>
    public async ValueTask<CacheEntry?> FindStoredAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        if (_shared is null || request.Codec is null || request.Arrival.MustLoad || request.Skips.HasFlag(TierSkips.SharedRead))
            return null;
        var ticket = Interlocked.Increment(ref _ticket);
        return await _shared.LookAsync(_shared.Open(request.Tenant, key, request), request, request.Arrival, ticket, cancel).ConfigureAwait(false);
    }

    private (KeyLoads Loads, LoadTurns<Caller>.Decision Decision) Arrive(string key, Caller caller, Arrival arrival)
    {
        while (true)
        {
            var loads = _keys.GetOrAdd(key, static _ => new KeyLoads());
            lock (loads.Gate)
            {
                if (loads.IsRetired)
                    continue;
                var decision = loads.Turns.Arrive(caller, arrival, fence => IsKnownTouched(key, fence));
                if (decision.Turn is Turn.Lead)
                    decision.Load!.State = new LoadRun();
                return (loads, decision);
            }
        }
    }

    // What the key was last made from, even if that entry is no longer valid, tells whether a touch since concerns it.
    private bool IsKnownTouched(string key, long fence) =>
        memory.TryGet(key, out var last) && !last.Clocks.Untouched(fence);

    private async ValueTask<LoadTurns<Caller>.Decision> FollowAsync(KeyLoads loads, Caller caller, CancellationToken cancel)
    {
        try
        {
            return await caller.Signal.Task.WaitAsync(settings.FollowerWait, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LoadRun? abandoned = null;
            bool left;
            lock (loads.Gate)
            {
                var load = loads.Turns.Leave(caller);
                left = load is not null;
                if (load?.State is LoadRun run && run.FollowerLeft(load.WaiterCount))
                    abandoned = run;
            }

            abandoned?.Cancel();
            // Its turn came in the same moment: the decision must be carried out, or the next load would never run.
            if (!left)
                return await caller.Signal.Task.ConfigureAwait(false);
            if (e is TimeoutException)
                return new LoadTurns<Caller>.Decision(caller, Turn.Alone, null);
            throw;
        }
    }

    private async ValueTask<LoadOutcome> RunAsync(
        string key, LoadRequest request, CacheReason why, KeyLoads? loads, LoadTurns<Caller>.Load? load, CancellationToken cancel)
    {
        var run = load?.State as LoadRun ?? new LoadRun();
        var parent = request.Read?.Outer;
        // C1: the fence is the arrival's tick, read before anything that feeds this load.
        var arrival = load?.Arrival ?? request.Arrival;
        IEntrySlot? slot = null;
        var scope = new LoadScope(clocks, request.Tenant, key, arrival, parent, load is null ? null : _ =>
        {
            slot?.Release(); // nobody waits for what will not be stored, on whatever node
            Release(loads!, load);
        }, request.Self, model);
        run.Scope = scope;
        await using var leaderLeaves = cancel.UnsafeRegister(_ => LeaderLeft(loads, load, run), null).ConfigureAwait(false);

        var end = LoadEnd.Failed;
        var hasPlace = false;
        // C11: of two loads with one fence the one that began later stays, whichever ends last.
        var ticket = Interlocked.Increment(ref _ticket);
        try
        {
            // Only who leads asks the other nodes. C10: what they have stored is no answer for a load that must load.
            if (_shared is not null && load is not null && request.Codec is not null && !arrival.MustLoad && !request.Skips.HasFlag(TierSkips.SharedRead))
            {
                slot = _shared.Open(request.Tenant, key, request);
                if (await _shared.FindAsync(slot, request, arrival, ticket, run.Token).ConfigureAwait(false) is { } stored)
                {
                    run.Entry = stored;
                    end = LoadEnd.Shared;
                    request.Read?.MadeFrom(stored); // C3
                    return new LoadOutcome(stored.Value, stored, CacheReason.FreshInStore, CacheReason.None);
                }
            }

            hasPlace = parent is null && await gate.EnterAsync(run.Token).ConfigureAwait(false);
            run.Token.ThrowIfCancellationRequested();
            using var activity = FreshetActivities.StartLoad();
            var started = time.GetTimestamp();
            LoadScope.Current = scope;
            var loaded = await request.Load(scope, run.Token).ConfigureAwait(false);
            LoadScope.Current = parent;
            metrics.Loaded(time.GetElapsedTime(started));

            var (entry, notStored) = Keep(key, request, scope, loaded, ticket);
            if (_shared is not null && request.Codec is not null && entry is not null && notStored is CacheReason.None
                && loaded.Lifetime > TimeSpan.Zero && !request.Skips.HasFlag(TierSkips.SharedWrite))
            {
                (slot ?? _shared.Open(request.Tenant, key, request)).Store(entry, loaded.Lifetime, loaded.StaleFor);
                slot = null;
            }

            run.Entry = entry;
            end = entry is null ? LoadEnd.NotShared : LoadEnd.Shared;
            if (entry is not null)
                request.Read?.MadeFrom(entry); // C3
            else
                request.Read?.MadeFrom(scope);
            return new LoadOutcome(loaded.Value, entry, why, notStored) { Detail = scope.RefusalDetail };
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            end = LoadEnd.Cancelled;
            // Nobody wants it any longer, the caller included.
            cancel.ThrowIfCancellationRequested();
            throw;
        }
        catch (Exception e)
        {
            metrics.LoadFailed();
            request.Read?.FailedIn(scope, e); // C3
            run.Error = ExceptionDispatchInfo.Capture(e);
            throw;
        }
        finally
        {
            LoadScope.Current = parent;
            scope.End();
            if (hasPlace)
                gate.Leave();
            slot?.Release(); // nothing came of it: another node may load at once
            if (load is not null)
                Complete(key, loads!, load, end, run.Entry);
        }
    }

    // Stores what may be stored. No entry means that nobody may share the value either.
    private (CacheEntry? Entry, CacheReason NotStored) Keep(string key, in LoadRequest request, LoadScope scope, in Loaded loaded, long ticket)
    {
        scope.End();
        var refusal = scope.Refusal;
        if (refusal is not CacheReason.None || loaded.Value is null)
        {
            refusal = refusal is CacheReason.None ? CacheReason.Declared : refusal;
            if (refusal.IsLikelyToLast())
                memory.Put(new HitForPass(refusal, scope.RefusalDetail).Entry(scope.Tenant, key, scope.Fence, time, settings.HitForPass));
            return (null, refusal);
        }

        var (dependencies, entryClocks) = scope.Snapshot();
        var now = time.GetTimestamp();
        var expiresAt = now + Timestamps(request.MemoryLifetime is { } longest && longest < loaded.Lifetime ? longest : loaded.Lifetime);
        var entry = new CacheEntry
        {
            Key = key,
            Value = loaded.Value,
            Bytes = loaded.Bytes,
            Fence = scope.Fence,
            Ticket = ticket,
            Clocks = entryClocks,
            Dependencies = EntryDependencies.Of(dependencies),
            Tenant = scope.Tenant,
            CreatedAt = now,
            ExpiresAt = expiresAt,
            StaleUntil = expiresAt + Timestamps(loaded.StaleFor),
        };

        // An entry that is touched already would only take room. One that is touched after this look is found invalid when
        // it is read (C4), so nothing depends on the order here.
        if (!entryClocks.Untouched(scope.Fence))
            return (entry, CacheReason.TouchedDuringLoad);
        if (!store.InContact(entry, now))
            return (entry, CacheReason.NoContact); // C14
        if (loaded.Lifetime <= TimeSpan.Zero && loaded.StaleFor <= TimeSpan.Zero)
            return (entry, CacheReason.Declared);
        if (request.Skips.HasFlag(TierSkips.MemoryWrite))
            return (entry, CacheReason.None);

        return (entry, memory.Put(entry) switch
        {
            PutVerdict.Stored => CacheReason.None,
            PutVerdict.NotNewer => CacheReason.Superseded,
            PutVerdict.TooLarge => CacheReason.TooLarge,
            var other => throw new UnreachableException($"Unknown verdict {other}."),
        });
    }

    // What is fresh for ever is so for ten years: a later time could not be told from an earlier one.
    private long Timestamps(TimeSpan span) => (long)(Math.Min(span.TotalDays, 3650) * 86_400 * time.TimestampFrequency);

    private static void LeaderLeft(KeyLoads? loads, LoadTurns<Caller>.Load? load, LoadRun run)
    {
        var cancel = true;
        if (load is not null)
        {
            lock (loads!.Gate)
                cancel = run.LeaderLeft(load.WaiterCount);
        }

        if (cancel)
            run.Cancel();
    }

    private void Release(KeyLoads loads, LoadTurns<Caller>.Load load)
    {
        var decisions = new List<LoadTurns<Caller>.Decision>();
        bool abandoned;
        lock (loads.Gate)
        {
            loads.Turns.Release(load, decisions);
            abandoned = load.State is LoadRun run && run.FollowerLeft(load.WaiterCount);
        }

        Carry(decisions);
        // Its leader is gone and those who waited have just left it: nobody wants it any longer.
        if (abandoned)
            ((LoadRun)load.State!).Cancel();
    }

    private void Complete(string key, KeyLoads loads, LoadTurns<Caller>.Load load, LoadEnd end, CacheEntry? entry)
    {
        var decisions = new List<LoadTurns<Caller>.Decision>();
        lock (loads.Gate)
        {
            // C5: judged under the lock under which followers arrive. Who arrived before it read its tick before it, so a
            // touch that precedes his arrival is seen here.
            var stillValid = entry is not null
                && entry.Clocks.Untouched(entry.Fence)
                && store.InContact(entry, time.GetTimestamp());
            loads.Turns.Complete(load, end, stillValid, decisions);
            foreach (var decision in decisions)
            {
                if (decision.Turn is Turn.Lead)
                    decision.Load!.State = new LoadRun();
            }

            if (loads.Turns.IsIdle)
            {
                loads.IsRetired = true;
                _keys.TryRemove(KeyValuePair.Create(key, loads));
            }
        }

        Carry(decisions);
    }

    private static void Carry(List<LoadTurns<Caller>.Decision> decisions)
    {
        foreach (var decision in decisions)
            decision.Handle.Signal.SetResult(decision);
    }

    private sealed class Caller
    {
        // Continuations run elsewhere: whoever completes a load must not run the requests of its followers.
        public TaskCompletionSource<LoadTurns<Caller>.Decision> Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class KeyLoads
    {
        public Lock Gate { get; } = new();

        public LoadTurns<Caller> Turns { get; } = new();

        public bool IsRetired { get; set; }
    }
}

/// <summary>The bounds of loading.</summary>
/// <param name="FollowerWait">How long a follower waits before it loads for itself.</param>
/// <param name="HitForPass">For how long a key is remembered whose value could not be shared.</param>
internal sealed record LoaderSettings(TimeSpan FollowerWait, TimeSpan HitForPass);
