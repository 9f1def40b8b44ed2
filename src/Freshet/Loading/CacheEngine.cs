using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Loading;

/// <summary>
/// What HTTP, <see cref="DataCache"/> and data layers stand on: look up, load, invalidate. Safe for concurrent use.
/// </summary>
internal sealed class CacheEngine(
    TagClocks clocks, MemoryStore memory, IInvalidationStore store, Loader loader, TimeProvider time, CacheMetrics metrics)
{
    public TimeProvider Time => time;

    /// <summary>Whether nodes share what they have loaded.</summary>
    public bool SharesValues => store.Entries is not null;

    /// <summary>The keys under which public data may be.</summary>
    public IPublicKeyStore PublicKeys { get; } = store.PublicKeys ?? new PublicKeys();

    /// <summary>Whether nothing at all was touched since the arrival.</summary>
    public bool IsNow(Arrival arrival) => clocks.LastTouch <= arrival.Tick;

    /// <summary>Starts a tick that touches nothing, so that what arrived before can be told from what arrives now.</summary>
    public long Advance() => clocks.Advance();

    /// <summary>Whether other nodes append to the logs, so that a client may know more than this node does.</summary>
    public bool IsShared => store.IsShared;

    /// <summary>To be taken first of all: what feeds an answer outside its key is read after it (C1).</summary>
    /// <param name="carriesPosition">Whether the client says that it carries one.</param>
    public Arrival Arrive(bool carriesPosition = false) =>
        // C5, C10: who may have to load gets a tick of its own while there is time for it. Where one process is all, nobody has to
        // wait for what others have written, and nothing is paid for it.
        store.IsShared && (carriesPosition || !store.IsInContact(time.GetTimestamp())) ? Arrival.WithOwnTick(clocks) : new(clocks.Now);

    /// <summary>The arrival of a read inside a load: what the load must load, it must load too (C3, C10).</summary>
    /// <remarks>
    /// Its tick may start here, after the enclosing load has been fed: what fed that load is judged by that load's own, older
    /// fence. What is read from here on is all that feeds this one.
    /// </remarks>
    public Arrival ArriveIn(LoadScope? enclosing) => enclosing is { MustLoad: true } ? Arrival.ThatMustLoad(clocks) : Arrive();

    /// <summary>The arrival of a request whose client carries a position (C10). It keeps the tick of its entry (C1).</summary>
    public Arrival WithSession(Arrival arrival, Tenant tenant, Position position) =>
        arrival.MustLoad || store.Covers(tenant, position) ? arrival : arrival with { MustLoad = true };

    /// <summary>Looks for an entry that may answer the request.</summary>
    /// <param name="key">The key, compared exactly.</param>
    /// <param name="arrival">The request's arrival.</param>
    /// <param name="entry">The entry when the verdict is <see cref="CacheReason.Fresh"/> or <see cref="CacheReason.Expired"/>
    /// (valid, stale by age); the <see cref="HitForPass"/> mark when it is that; else null.</param>
    /// <returns>The verdict. <see cref="CacheReason.HitForPass"/>: load alone, nobody should wait.</returns>
    public CacheReason Look(ReadOnlySpan<char> key, Arrival arrival, out CacheEntry? entry) => Look(key, arrival, out entry, out _);

    /// <inheritdoc cref="Look(ReadOnlySpan{char}, Arrival, out CacheEntry?)"/>
    /// <param name="key">The key, compared exactly.</param>
    /// <param name="arrival">The request's arrival.</param>
    /// <param name="entry">The entry, or null.</param>
    /// <param name="now">The timestamp by which the entry was judged; reading the clock costs as much as finding the entry.</param>
    public CacheReason Look(ReadOnlySpan<char> key, Arrival arrival, out CacheEntry? entry, out long now)
    {
        now = 0;
        if (!memory.TryGet(key, out entry))
            return CacheReason.Absent;

        now = time.GetTimestamp();
        var verdict = Validity.Judge(entry.Clocks, entry.Fence, arrival, store.InContact(entry, now), now, entry.ExpiresAt);
        if (verdict is CacheReason.Fresh)
            return HitForPass.Is(entry) ? CacheReason.HitForPass : verdict;
        if (verdict is not CacheReason.Expired || HitForPass.Is(entry))
            entry = null;
        return verdict;
    }

    /// <summary>Whether an entry that is stale by age may still be served (C15: age is all that is ever forgiven).</summary>
    public bool MayServeStale(CacheEntry entry) => time.GetTimestamp() < entry.StaleUntil;

    /// <summary>How long ago the entry was made.</summary>
    public TimeSpan AgeOf(CacheEntry entry) => AgeOf(entry, time.GetTimestamp());

    /// <summary>How old the entry was at that timestamp.</summary>
    public TimeSpan AgeOf(CacheEntry entry, long now) => time.GetElapsedTime(entry.CreatedAt, now);

    /// <inheritdoc cref="Loader.LoadAsync"/>
    public ValueTask<LoadOutcome> LoadAsync(string key, LoadRequest request, CancellationToken cancel) => LoadScope.Current is { } outer
        ? LoadInsideAsync(outer, key, request, cancel)
        : StartLoadAsync(key, request, cancel);

    /// <summary>What another node has stored under the key, if it is valid here; nothing is loaded.</summary>
    public async ValueTask<CacheEntry?> FindStoredAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        using var read = LoadScope.Current is { } outer ? new NestedRead(outer, request) : null;
        await store.ReadyAsync(request.Tenant).ConfigureAwait(false);
        var entry = await loader.FindStoredAsync(key, request, cancel).ConfigureAwait(false);
        if (entry is not null)
            read?.MadeFrom(entry);
        else if (!request.Arrival.MustLoad && request.Why is not CacheReason.NoContact)
            read?.FoundNothing(); // else something may be there, for others
        return entry;
    }

    // C3: the one way out of a load inside a load.
    private async ValueTask<LoadOutcome> LoadInsideAsync(LoadScope outer, string key, LoadRequest request, CancellationToken cancel)
    {
        using var read = new NestedRead(outer, request);
        return await StartLoadAsync(key, request with { Read = read }, cancel).ConfigureAwait(false);
    }

    private ValueTask<LoadOutcome> StartLoadAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        if (store.Entries is not null && !request.Arrival.MustLoad && !InContact(request.Tenant))
            return LoadWhenReadyAsync(key, request, cancel);
        return LoadNowAsync(key, request, cancel);
    }

    // A tenant's first request on this node: its log has only begun to be followed, and without contact nothing that is stored serves.
    private async ValueTask<LoadOutcome> LoadWhenReadyAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        await store.ReadyAsync(request.Tenant).ConfigureAwait(false);
        return await LoadNowAsync(key, request, cancel).ConfigureAwait(false);
    }

    private ValueTask<LoadOutcome> LoadNowAsync(string key, LoadRequest request, CancellationToken cancel)
    {
        // C6: while a log is out of contact ticks stand still, so who comes now takes only what is loaded from now on.
        if (!request.Arrival.MustLoad && !(InContact(request.Tenant) && InContact(Tenant.Public)))
            request = request with { Arrival = request.Arrival with { MustLoad = true } };
        return request.Why is CacheReason.HitForPass || request.Arrival.IsAlone
            ? loader.LoadAloneAsync(key, request, cancel)
            : loader.LoadAsync(key, request, cancel);
    }

    /// <summary>Invalidates all that depends on one of the tags. Call it once the write is known to have committed (C8).</summary>
    /// <param name="tenant">In whose log.</param>
    /// <param name="tags">What was touched.</param>
    /// <param name="change">What was done, for events.</param>
    /// <returns>The position from which on the write shows; by then this node judges by it (C9). Null when it is pending: it shows
    /// on this node, and on the others once it could be logged (C14).</returns>
    public async ValueTask<Position?> InvalidateAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change = default)
    {
        LoadScope.Current?.DoNotStore(CacheReason.WroteDuringLoad);
        // C17: before it is logged and before any clock moves, in every store.
        (tags, change) = (Coarsening.Of(tags), change.Bounded());
        var position = await store.AppendAsync(tenant, tags, change).ConfigureAwait(false);
        metrics.Invalidated();
        if (AcknowledgedWrites.Current is { } writes)
            await writes.AddAsync(tenant, position, tags).ConfigureAwait(false); // C9, C10
        return position;
    }

    /// <summary>
    /// Invalidates a tag that somebody names by hand. An answer that everyone shares carries it in the public log, any other
    /// one in its tenant's, and who names it does not know which there are.
    /// </summary>
    public async ValueTask InvalidateNamedAsync(IReadOnlyList<Tenant> tenants, IReadOnlyList<Tag> spellings)
    {
        if (!tenants[0].IsPublic)
            await InvalidateAsync(Tenant.Public, spellings).ConfigureAwait(false);
        foreach (var tenant in tenants)
            await InvalidateAsync(tenant, spellings).ConfigureAwait(false);
    }

    /// <summary>
    /// Invalidates what was made under a key of data. Public data too, when it may have been made under that key, on whatever node.
    /// </summary>
    public async ValueTask InvalidateKeyAsync(Tenant tenant, Tag key)
    {
        if (!tenant.IsPublic && await PublicKeys.MayHoldAsync(key).ConfigureAwait(false))
            await InvalidateAsync(Tenant.Public, [key]).ConfigureAwait(false);
        await InvalidateAsync(tenant, [key]).ConfigureAwait(false);
    }

    /// <summary>Whether the tenant's log is in live contact (C6).</summary>
    public bool InContact(Tenant tenant) => store.InContact(tenant, time.GetTimestamp());

    /// <summary>The position that this node has applied.</summary>
    public Position Applied(Tenant tenant) => store.Applied(tenant);
}
