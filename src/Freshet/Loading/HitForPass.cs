using Freshet.Memory;

namespace Freshet.Loading;

/// <summary>
/// The mark of a key whose last load could not be shared: for a while its requests load side by side instead of waiting
/// for one another. It keeps why. It lies in the memory tier, under the key, so it is bounded and evicted like any entry.
/// </summary>
/// <param name="Reason">Why the last load was not shared.</param>
/// <param name="Detail">What exactly stood against it, without a value or a key; null when the reason says it all.</param>
internal sealed record HitForPass(CacheReason Reason, string? Detail)
{
    public static bool Is(CacheEntry entry) => entry.Value is HitForPass;

    public CacheEntry Entry(Tenant tenant, string key, long fence, TimeProvider time, TimeSpan lifetime)
    {
        var now = time.GetTimestamp();
        return new CacheEntry
        {
            Key = key,
            Tenant = tenant,
            Value = this,
            Bytes = 0,
            Fence = fence,
            // Below every load of the same fence: a value that can be stored after all replaces the mark.
            Ticket = 0,
            CreatedAt = now,
            ExpiresAt = now + (long)(lifetime.TotalSeconds * time.TimestampFrequency),
        };
    }
}
