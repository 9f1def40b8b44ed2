using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Loading;

/// <summary>What a load brought.</summary>
/// <param name="Value">The value to store and share; null when there is none to share (then the scope says why).</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Lifetime">For how long it is fresh, from the end of the load.</param>
/// <param name="StaleFor">For how long after that it may be served stale by age (RFC 5861).</param>
internal readonly record struct Loaded(object? Value, long Bytes, TimeSpan Lifetime, TimeSpan StaleFor = default);

/// <summary>One request for the value under a key.</summary>
/// <param name="Tenant">Whose value it is; the tenant is part of the key as well.</param>
/// <param name="Arrival">Taken before anything was read that the value depends on outside the key (C1).</param>
/// <param name="Why">Why no stored entry answered it; the verdict of the request when it leads the load.</param>
/// <param name="Load">Loads the value; its token is cancelled only when nobody wants the result any longer.</param>
/// <param name="Codec">How the value is written for other nodes; null: it stays in this node's memory.</param>
/// <param name="Skips">The tiers that are left alone.</param>
/// <param name="MemoryLifetime">The longest that it may be kept in memory; null: as long as it is fresh.</param>
/// <param name="Self">The tag of the key itself, on which whatever comes of the request depends; null: the key has none.</param>
/// <param name="Read">The read that this is inside another load (C3); null outside of loads.</param>
internal readonly record struct LoadRequest(
    Tenant Tenant, Arrival Arrival, CacheReason Why, Func<LoadScope, CancellationToken, ValueTask<Loaded>> Load,
    ValueCodec? Codec = null, TierSkips Skips = TierSkips.None, TimeSpan? MemoryLifetime = null, Tag? Self = null, NestedRead? Read = null);

/// <summary>What a request got.</summary>
/// <param name="Value">The value; null when the load brought none to share.</param>
/// <param name="Entry">The entry that holds the value, stored or not; null when the load was refused or brought none.</param>
/// <param name="Reason">Why it was answered so: <see cref="CacheReason.Coalesced"/> for a follower, else why it was loaded.</param>
/// <param name="NotStored">Why the value was not stored; <see cref="CacheReason.None"/> when it was.</param>
internal readonly record struct LoadOutcome(object? Value, CacheEntry? Entry, CacheReason Reason, CacheReason NotStored)
{
    /// <summary>What exactly stood against storing it; null when the reason says it all.</summary>
    public string? Detail { get; init; }

    public bool IsFollower => Reason is CacheReason.Coalesced;
}
