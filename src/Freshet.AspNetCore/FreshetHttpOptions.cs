using System.Security.Claims;

namespace Freshet.AspNetCore;

/// <summary>The settings of HTTP caching, from code: <c>AddFreshet().Http(o => …)</c>.</summary>
public sealed class FreshetHttpOptions
{
    /// <summary>
    /// The claims that name a user, the first that is there counts. Default: <see cref="ClaimTypes.NameIdentifier"/>, <c>sub</c>.
    /// </summary>
    public IList<string> UserClaims { get; } = [ClaimTypes.NameIdentifier, "sub"];

    /// <summary>
    /// The secret that authenticates the positions which clients carry (C10); nodes that serve the same clients share it. At
    /// least 16 bytes. Default, or when empty: made from the secret that nodes of a shared store have in common; without such a store
    /// random, so positions are good for the life of the process.
    /// </summary>
    public byte[] SessionKey { get; set; } = [];

    /// <summary>
    /// Other secrets whose positions are read too, while <see cref="SessionKey"/> is being replaced: first the next one, then the former one. At
    /// least 16 bytes each, none twice. Default none; where <see cref="SessionKey"/> is made from the secret of a shared store, they are made from the
    /// secrets that are accepted there.
    /// </summary>
    public IList<byte[]> AcceptedSessionKeys { get; } = [];

    /// <summary>
    /// How long a Redis server may go on accepting writes after another one has taken over, and the nodes that wrote there may need to
    /// reach that one: more than <c>min-replicas-max-lag</c>, <c>cluster-node-timeout</c>, and what Sentinel needs. So long the positions
    /// that clients carry of the lost log make their requests load (C10). Default 30 s; more than zero, at most a day.
    /// </summary>
    public TimeSpan IsolationLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a handler that has flushed its answer may take to end it before it counts as streaming. Default 250 ms; more
    /// than zero. Streamed answers are passed on as they are made, and never stored.
    /// </summary>
    public TimeSpan StreamingAfter { get; set; } = TimeSpan.FromMilliseconds(250);
}
