using Traffic.Checking;
using Traffic.Measuring;

namespace Traffic.Playing;

/// <summary>What clients keep between two pages.</summary>
internal enum Keeping
{
    /// <summary>Bodies with their ETag, as browsers do: each use is a call that may be answered with 304.</summary>
    ETags,

    /// <summary>Answers, until an event, a write or their expiry says otherwise: <c>Freshet.Client</c>.</summary>
    UntilEvents,
}

/// <summary>What the clients of one play share.</summary>
internal sealed record PlayContext(Checker Checker, Moments Moments, EventDelays Delays, LoadedKeys Loads, Keeping Keeping, TimeProvider Time)
{
    /// <summary>Whether what one node wrote may show on another as late as MaxStaleness: several nodes, each with a memory of its own.</summary>
    public bool NodesMayLag { get; init; }
}
