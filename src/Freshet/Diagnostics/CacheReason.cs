namespace Freshet;

/// <summary>
/// Why a request was answered as it was: one vocabulary for logs, metrics, <c>Cache-Status</c>, explain and tests. In
/// text a reason is its name in kebab case: <see cref="TouchedDuringLoad"/> is <c>touched-during-load</c>.
/// </summary>
public enum CacheReason
{
    /// <summary>No verdict yet.</summary>
    None = 0,

    // Answered from the cache.

    /// <summary>The entry is valid and within its lifetime.</summary>
    Fresh,

    /// <summary>Another node has loaded it: its entry in the shared store is valid here and within its lifetime.</summary>
    FreshInStore,

    /// <summary>A load that was running, or began after this request arrived, gave the answer.</summary>
    Coalesced,

    /// <summary>The entry is valid but past its lifetime; it was served while a load refreshes it (RFC 5861 §3).</summary>
    StaleWhileRevalidate,

    /// <summary>The entry is valid but past its lifetime; it was served because the load failed (RFC 5861 §4).</summary>
    StaleIfError,

    // Loaded.

    /// <summary>No entry is stored under the key.</summary>
    Absent,

    /// <summary>The entry is past its lifetime.</summary>
    Expired,

    /// <summary>Something the entry was made from has been touched since its fence.</summary>
    Touched,

    /// <summary>The client carries a position that the entry cannot be shown to include (C10).</summary>
    Session,

    /// <summary>The node has no live contact with the log, so its memory may not answer (C6).</summary>
    NoContact,

    /// <summary>The request accepts no stored answer of that age (RFC 9111 §5.2.1).</summary>
    RequestDirective,

    // Bypassed.

    /// <summary>The endpoint declares no caching.</summary>
    NoPolicy,

    /// <summary>The cache is switched off.</summary>
    Disabled,

    /// <summary>The request's method is not cached.</summary>
    Method,

    /// <summary>The policy's condition said no for this request.</summary>
    Condition,

    /// <summary>The endpoint needs authorisation which has not run before the cache.</summary>
    AuthorizationNotRun,

    /// <summary>The tenant, the user or a claim that the key needs is not known.</summary>
    ScopeUnknown,

    /// <summary>A part of the key is too long or not well-formed.</summary>
    KeyInvalid,

    /// <summary>The request has a body, or asks for an upgrade.</summary>
    RequestNotCacheable,

    /// <summary>The last load of this key could not be stored, so it is not made to wait (hit-for-pass).</summary>
    HitForPass,

    /// <summary>The cache itself failed; the request was served without it.</summary>
    CacheFault,

    // Loaded, and neither stored nor shared.

    /// <summary>The status code is not one that the policy declares.</summary>
    Status,

    /// <summary>The answer sets a cookie.</summary>
    SetCookie,

    /// <summary>The handler said <c>no-store</c> or <c>private</c>.</summary>
    ResponseDirective,

    /// <summary>The answer varies by something that the key does not hold.</summary>
    ResponseVary,

    /// <summary>The answer is larger than an entry may be.</summary>
    TooLarge,

    /// <summary>The answer was streamed.</summary>
    Streamed,

    /// <summary>The answer ended early or its length is not the declared one.</summary>
    Truncated,

    /// <summary>The load was cancelled.</summary>
    Cancelled,

    /// <summary>The load failed.</summary>
    Failed,

    /// <summary>The load's code asked not to store it.</summary>
    Declared,

    /// <summary>Something the answer was made from was touched while it was loaded.</summary>
    TouchedDuringLoad,

    /// <summary>A value read inside the load was stale by age (C3).</summary>
    NestedStale,

    /// <summary>A read inside the load ended without saying what it was made from: a cached read was left before it ended, or
    /// failed before it read anything; or the database failed (C3).</summary>
    NestedUnknown,

    /// <summary>The load read under an ambient transaction (C2).</summary>
    AmbientTransaction,

    /// <summary>The load read on a connection that was open before its fence, so that a reader or a transaction from before may be
    /// open on it (C2).</summary>
    OpenConnection,

    /// <summary>The load read what a transaction has written of which it is not known whether it has ended (C8).</summary>
    OpenWrite,

    /// <summary>The load read through a context that had been used before its fence (C2).</summary>
    UsedContext,

    /// <summary>The load read through a context with unsaved changes (C2).</summary>
    LocalChanges,

    /// <summary>The load wrote data itself.</summary>
    WroteDuringLoad,

    /// <summary>It could not be known what the load read.</summary>
    UnknownSource,

    /// <summary>A data layer is registered, and the answer depends on nothing that it has seen, on no tag, and its policy does not say
    /// that only age ends it.</summary>
    NoDependency,

    /// <summary>A tag that the policy or the load's code names could not be made.</summary>
    TagInvalid,

    /// <summary>The entry that is stored came from a later load (C11).</summary>
    Superseded,
}
