namespace Freshet.AspNetCore.Http;

/// <summary>How long an answer may be used, all counted from its load.</summary>
/// <param name="Lifetime">How long it is fresh (RFC 9111 §4.2.1).</param>
/// <param name="StaleWhileRevalidate">How long past that it may be served while a load refreshes it (RFC 5861 §3).</param>
/// <param name="StaleIfError">How long past that it may be served because the load failed (RFC 5861 §4).</param>
internal readonly record struct FreshnessLimits(TimeSpan Lifetime, TimeSpan StaleWhileRevalidate, TimeSpan StaleIfError)
{
    /// <summary>The longest that anything of it may be used, so the longest that an entry must be kept.</summary>
    public TimeSpan Longest => Lifetime + (StaleWhileRevalidate > StaleIfError ? StaleWhileRevalidate : StaleIfError);
}

/// <summary>What the age of a valid answer allows. Whether it is valid (C4) is judged first, and elsewhere.</summary>
internal enum FreshnessVerdict : byte
{
    Fresh,

    /// <summary>Serve it, and refresh it in the background.</summary>
    StaleWhileRevalidate,

    /// <summary>Load; serve it only if the load fails.</summary>
    StaleIfError,

    Expired,
}

/// <summary>Freshness by age: RFC 9111 §4.2 and RFC 5861.</summary>
internal static class Freshness
{
    /// <summary>The limits of an answer: the policy's, shortened by what its handler said.</summary>
    public static FreshnessLimits Limit(FreshnessLimits policy, in CacheControl response)
    {
        // RFC 9111 §5.2.2.10: for a shared cache s-maxage goes before max-age.
        var lifetime = Shorter(policy.Lifetime, response.SharedMaxAge ?? response.MaxAge);

        // RFC 9111 §5.2.2.2 and §5.2.2.8: never to be used stale.
        if (response.Has(CacheDirectives.MustRevalidate | CacheDirectives.ProxyRevalidate))
            return new(lifetime, TimeSpan.Zero, TimeSpan.Zero);

        return new(lifetime, Shorter(policy.StaleWhileRevalidate, response.StaleWhileRevalidate), Shorter(policy.StaleIfError, response.StaleIfError));
    }

    public static FreshnessVerdict Judge(TimeSpan age, FreshnessLimits limits)
    {
        var past = age - limits.Lifetime;
        return past < TimeSpan.Zero ? FreshnessVerdict.Fresh
            : past < limits.StaleWhileRevalidate ? FreshnessVerdict.StaleWhileRevalidate
            : past < limits.StaleIfError ? FreshnessVerdict.StaleIfError
            : FreshnessVerdict.Expired;
    }

    /// <summary>
    /// Whether a request's directives leave a stored answer of that age usable. <c>max-age</c> and <c>min-fresh</c> bound the
    /// age that a client accepts; here a valid answer is as new as its source however long ago it was made, so they only rule
    /// out answers that are stale by age.
    /// </summary>
    public static bool AcceptsStale(in CacheControl request) =>
        !request.Has(CacheDirectives.NoCache) && request.MaxAge is null && request.MinFresh is null;

    private static TimeSpan Shorter(TimeSpan policy, long? seconds) =>
        seconds is { } s && s < policy.TotalSeconds ? TimeSpan.FromSeconds(s) : policy;
}
