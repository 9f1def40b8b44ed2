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
}
