using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>
/// Every step that a rule governs, each one small method that calls the real code or does what a caller of it must do.
/// A deliberately broken variant overrides one of them and must be caught.
/// </summary>
internal class Rules
{
    // C1: the fence is taken at the request's entry, ahead of authentication.
    public virtual Arrival Arrive(TagClocks clocks, bool mustLoad) => mustLoad ? Arrival.ThatMustLoad(clocks) : new Arrival(clocks.Now);

    // C1: nothing that happens on the way to the load moves the fence.
    public virtual Arrival AtLookUp(TagClocks clocks, Arrival arrival) => arrival;

    // C1: an entry keeps the fence of its load.
    public virtual long FenceOf(TagClocks clocks, Load load) => load.Fence;

    // C2: a load that may have read the past is nobody else's.
    public virtual bool MayShare(Load load) => !load.IsAmbient;

    // C3: nested reads answer at or after the fence of the load that makes them.
    public virtual Arrival NestedArrival(TagClocks clocks, Load load) => load.Turn?.Arrival ?? load.Leader.Arrival;

    // C3: the dependencies of nested reads join those of the outer entry, whatever way the reads ended.
    public virtual EntryClocks ClocksOf(Load load)
    {
        if (load.FailedParts == 0)
            return load.KeyClocks.All;
        var clocks = ClocksSoFar(load);
        if (load.ReadInFailedParts is { } failed)
            clocks.Add(failed.ToClocks());
        return clocks.ToClocks();
    }

    // C3: a load inside which it is not known what was read is nobody else's.
    public virtual bool RefusesUnknown => true;

    /// <summary>What the load itself has read, and what it got inside: a command reports all that it reads before it runs.</summary>
    public static EntryClocks.Collector ClocksSoFar(Load load)
    {
        var clocks = new EntryClocks.Collector();
        if (load.NextPart == 0)
            return clocks;
        clocks.Add(load.KeyClocks.Own);
        for (var i = 0; i < load.NextPart; i++)
        {
            if (load.Key.Parts[i] is { Kind: PartKind.Nested } part && (load.FailedParts & (1 << i)) == 0)
                clocks.Add(load.Leader.Node.KeyClocks[part.Source].All);
        }

        return clocks;
    }

    // C3: something stale by age inside makes the outer result unstorable.
    public virtual bool MayKeep(Load load) => !load.HoldsStale;

    // C4, C6, C10: the verdict on an entry in memory.
    public virtual CacheReason Judge(
        KeyClocks key, Entry entry, Arrival arrival, bool inContact, long now) =>
        Validity.Judge(entry.Clocks, entry.Fence, arrival, inContact, now, entry.ExpiresAt);

    // C4, C12: the verdict on an entry in the store, by one of its logs.
    public virtual bool IsValidInStore(LogState? state, UInt128 server, Position fence, Key key, int index) =>
        state is not null && IsOfThisServer(state.Incarnation, server)
        && state.Log.Epoch == fence.Epoch && state.Untouched(key, index, fence.Offset);

    // C4: a stored entry is judged by the node's own clocks, from the tick that its position stands for here.
    public virtual long? FenceOfStored(LogFollower follower, TagClocks clocks, Position stored) => follower.FenceOf(stored);

    // C4: what the store judged counts here only at or after everything that this node had heard of when it asked.
    public virtual bool AcceptsReading(in LogHead head, Position heardWhenAsked) =>
        head.Exists && head.Head.Epoch == heardWhenAsked.Epoch && head.Head.Offset >= heardWhenAsked.Offset;

    // C4: the tick of an entry that the store has judged is the one from before the question was sent.
    public virtual long FenceOfReading(TagClocks clocks, Load load) => load.AskedAtTick;

    // C1: an entry is stored under the position that the node had applied at the fence of its load.
    public virtual Position? PositionOf(LogFollower follower, long fence) => follower.PositionAt(fence);

    // C5: whether the result of a load is still valid, known by live contact.
    public virtual bool IsStillValid(Load load, long fence, bool inContact) =>
        inContact && ClocksOf(load).Untouched(fence);

    // C5: who comes takes a turn.
    public virtual LoadTurns<Request>.Decision TakeTurn(LoadTurns<Request> turns, Request request, Func<long, bool> knownTouched) =>
        turns.Arrive(request, request.Arrival, knownTouched);

    // C6: contact.
    public virtual bool InContact(LogFollower follower, long now) => follower.InContact(now);

    // C6: the answer to a probe.
    public virtual FollowStep OnHead(LogFollower follower, in Probe probe, Position head, long now) => follower.OnHead(probe, head);

    // C6: the answer to a beat that read no head, where the stream is in order.
    public virtual bool BeatsWithoutHeads(Profile profile) => profile.IsStream;

    // C6: a probe writes, so a server that no longer leads cannot answer it.
    public virtual bool ProbeIsRefused(Server server, long now) => server.Refuses(now);

    // C6: a request that comes while a log is out of contact is served by a later load only.
    public virtual bool MustLoadWithoutContact => true;

    // C7: a pushed record.
    public virtual FollowStep OnRecord(LogFollower follower, Epoch epoch, LogRecord record) => follower.OnRecord(epoch, record);

    // C7: the records that were missing.
    public virtual FollowStep OnRecords(LogFollower follower, in Probe asked, LogReading reading) => follower.OnRecords(asked, reading);

    // C8: a record is appended only once its commit is known.
    public virtual bool AppendsAfterCommit => true;

    // C8: an outcome that is not known counts as committed.
    public virtual bool AppendsUnknownCommit => true;

    // C17: many tags of one type become fewer, coarser ones.
    public virtual IReadOnlyList<Tag> Coarsen(IReadOnlyList<Tag> tags, int mostOfType) => Coarsening.Of(tags, mostOfType, int.MaxValue, int.MaxValue);

    // C9: acknowledged means logged.
    public virtual bool AcknowledgesAfterAppend => true;

    // C9: from then on the writing node judges by it.
    public virtual FollowStep OnAppended(LogFollower follower, Position at, IReadOnlyList<Tag> tags) => follower.OnAppended(at, tags);

    // C9: the answer tells all positions; of what is written inside a load, too, and to clients without a tenant.
    public virtual bool Tells(Write write, int touch) => true;

    // C9: what is untold has to show everywhere before the answer ends.
    public virtual bool WaitsForTheUntold => true;

    // C10: writes that are on their way together share the room that their client has.
    public virtual bool WritesShareRoom => true;

    // C10: what a write on its way carries, its answer may name again; so its place is not given away.
    public virtual bool WritesKeepWhatTheyCarry => true;

    // C10: whether the node has applied what the client's position names.
    public virtual bool Covers(LogFollower follower, Position position) => follower.Covers(position);

    // C11: only a higher (fence, ticket) replaces an entry.
    public virtual bool Replaces(long fence, long ticket, long storedFence, long storedTicket) =>
        Validity.Replaces(fence, ticket, storedFence, storedTicket);

    // C13: a log of another incarnation may have lost its tail.
    public virtual bool IsOfThisServer(UInt128 log, UInt128 server) => log == server;

    // C13: an epoch is named by its caller, never twice the same.
    public virtual Epoch NameEpoch(Prng random) => new(random.Name());

    // C13: what may have been logged only on a server that no longer led is told to all.
    public virtual bool TellsOthersOfTheLost => true;

    // C14: what could not be logged is invalid here, and contact waits for it.
    public virtual void OnNotLogged(LogFollower follower, IReadOnlyList<Tag> tags) => follower.OnNotLogged(tags);

    // C15: stale is forgiven by age only.
    public virtual bool MayServeStale(CacheReason verdict) => verdict is CacheReason.Expired;
}
