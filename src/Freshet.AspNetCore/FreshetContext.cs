using Freshet.AspNetCore.Http;
using Freshet.Keys;

namespace Freshet.AspNetCore;

/// <summary>What a handler can say to the cache, and ask it, about the request it serves. Of no effect where no cache is at work.</summary>
public readonly struct FreshetContext
{
    private readonly RequestState? _state;

    internal FreshetContext(RequestState? state) => _state = state;

    /// <summary>Why the request is answered as it is; <see cref="CacheReason.None"/> before the look-up.</summary>
    public CacheReason Verdict => _state?.Verdict ?? CacheReason.None;

    /// <summary>What the request demands of the version it writes against; null when it demands nothing.</summary>
    public IfMatch? IfMatch => _state?.IfMatch;

    /// <summary>The answer depends on this, in the tenant of the request.</summary>
    public void Tag(Dependency dependency) => _state?.Load?.DependsOn(dependency);

    /// <summary>
    /// The answer depends on this tag or subtree, such as <c>import/42</c> or <c>import/**</c>. A text that is none, because a
    /// whole segment is <c>*</c>, makes the answer one that is not stored (<see cref="CacheReason.TagInvalid"/>); it never throws
    /// for what a client sent.
    /// </summary>
    public void Tag(string dependency)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        if (_state?.Load is not { } load)
            return;
        if (!TagReadings.TryOfText(dependency, out var readings, out _))
        {
            load.DoNotStore(CacheReason.TagInvalid, "the text that its handler gave to Freshet().Tag(…) is empty, or has a segment * or **");
            return;
        }

        foreach (var reading in readings)
            load.DependsOn(reading);
    }

    /// <summary>The answer is neither stored nor shared.</summary>
    /// <param name="reason">What logs, metrics and headers will say.</param>
    public void DoNotStore(CacheReason reason = CacheReason.Declared) => _state?.Load?.DoNotStore(reason);

    /// <summary>
    /// Says which version is answered. It becomes part of the entity tag, for a client's <c>If-Match</c>. A policy with
    /// <see cref="CachePolicyBuilder.VersionFrom"/> finds it by itself.
    /// </summary>
    public void SetVersion(long version)
    {
        if (_state is not null)
            _state.Version = version;
    }
}
