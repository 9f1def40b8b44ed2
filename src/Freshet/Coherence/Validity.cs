namespace Freshet.Coherence;

/// <summary>The verdicts of the protocol on one entry. Pure.</summary>
internal static class Validity
{
    /// <summary>Whether an entry may answer a request, and why.</summary>
    /// <param name="clocks">The clocks the entry depends on.</param>
    /// <param name="fence">The entry's fence.</param>
    /// <param name="arrival">The request.</param>
    /// <param name="inContact">Whether every log that the entry was made from is in contact (C6).</param>
    /// <param name="now">The time, in the node's timestamps.</param>
    /// <param name="expiresAt">From when the entry is stale by age.</param>
    /// <returns><see cref="CacheReason.Fresh"/>; or <see cref="CacheReason.Expired"/> when only its age stands against it;
    /// else why it may not be used at all.</returns>
    public static CacheReason Judge(
        EntryClocks clocks, long fence, Arrival arrival, bool inContact, long now, long expiresAt)
    {
        // C10: an answer from before the client's position is never given. That the entry's load is younger than the arrival
        // does not help: it may hold nested reads that are older.
        if (arrival.MustLoad)
            return CacheReason.Session;
        if (!inContact)
            return CacheReason.NoContact; // C6
        // C4, and C15: a touched tag is never forgiven, so it is judged before age.
        if (!clocks.Untouched(fence))
            return CacheReason.Touched;
        return now < expiresAt ? CacheReason.Fresh : CacheReason.Expired;
    }

    /// <summary>C5: whether a request may take the result of a load that it did not begin.</summary>
    /// <param name="load">The arrival under which the load and all that is read inside it ran.</param>
    /// <param name="arrival">The request that waits.</param>
    /// <param name="stillValid">Whether the result is valid now, known by live contact; now is after the arrival.</param>
    public static bool MayFollow(Arrival load, Arrival arrival, bool stillValid) => arrival.MustLoad
        ? load.MustLoad && load.Tick >= arrival.Tick // C10: then nothing inside it is from before the arrival either
        : load.Tick >= arrival.Tick || stillValid;

    /// <summary>C11: whether a loaded entry replaces the one that is stored.</summary>
    public static bool Replaces(long fence, long ticket, long storedFence, long storedTicket) =>
        fence > storedFence || (fence == storedFence && ticket > storedTicket);
}
