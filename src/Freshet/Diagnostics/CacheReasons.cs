namespace Freshet.Diagnostics;

/// <summary>What follows from a reason.</summary>
internal static class CacheReasons
{
    /// <summary>
    /// Whether the sources of the value are in doubt (C2, C3), so that whatever is made from it is in doubt as well; a
    /// value that is merely too large or not cacheable as a response leaves what encloses it alone.
    /// </summary>
    public static bool IsAboutSources(this CacheReason reason) => reason is CacheReason.AmbientTransaction
        or CacheReason.OpenWrite
        or CacheReason.UsedContext
        or CacheReason.LocalChanges
        or CacheReason.WroteDuringLoad
        or CacheReason.UnknownSource
        or CacheReason.NestedStale
        or CacheReason.NestedUnknown;

    /// <summary>Whether the next load of the key will very likely not be storable either, so nobody should wait for it (hit-for-pass).</summary>
    public static bool IsLikelyToLast(this CacheReason reason) => reason is not (CacheReason.None
        or CacheReason.Failed
        or CacheReason.Cancelled
        or CacheReason.Truncated
        or CacheReason.TouchedDuringLoad
        or CacheReason.NestedStale
        or CacheReason.NestedUnknown
        or CacheReason.OpenWrite
        or CacheReason.Superseded
        or CacheReason.RequestDirective // it says something of the one who asked, nothing of the key
        or CacheReason.NoContact);

    /// <summary>When an answer that was not stored for that reason is worth a warning. A reason that is not named here is a fault of the
    /// endpoint's code.</summary>
    public static Warning Warning(this CacheReason reason) => reason switch
    {
        // It was answered from the cache, or the request decided, or somebody else says it.
        <= CacheReason.KeyInvalid and not CacheReason.ScopeUnknown or CacheReason.RequestNotCacheable or CacheReason.HitForPass or CacheReason.CacheFault
            or CacheReason.Cancelled or CacheReason.Failed or CacheReason.Superseded => Diagnostics.Warning.None,
        // It is right for some answers of an endpoint, and a fault when it befalls all of them.
        CacheReason.ScopeUnknown or CacheReason.Status or CacheReason.ResponseDirective or CacheReason.TooLarge or CacheReason.Streamed or CacheReason.Truncated
            or CacheReason.Declared or CacheReason.TouchedDuringLoad or CacheReason.NestedStale or CacheReason.NestedUnknown or CacheReason.OpenWrite => Diagnostics.Warning.WhenNothingIsStored,
        _ => Diagnostics.Warning.AtOnce,
    };
}

/// <summary>When a reason is worth a warning.</summary>
internal enum Warning
{
    None,

    /// <summary>After some answers of the endpoint, none of which was stored.</summary>
    WhenNothingIsStored,

    /// <summary>At the first answer.</summary>
    AtOnce,
}
