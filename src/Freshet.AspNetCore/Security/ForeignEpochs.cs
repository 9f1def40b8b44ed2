using System.Collections.Concurrent;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// The epochs that clients carry positions of and this node does not follow, and since when it has known of each. Safe for concurrent use.
/// </summary>
/// <param name="time">Measures how long; what it says does not matter.</param>
/// <param name="limit">How long a server that was replaced may go on accepting writes, and its writers need to reach the one that
/// took over.</param>
internal sealed class ForeignEpochs(TimeProvider time, TimeSpan limit)
{
    // Only epochs that a node has signed are noted, so there are as many as logs have been lost: more than those of all the logs that a
    // node follows, three of each, for what is forgotten is counted anew, and each request loads until then.
    private const int Max = 1 << 16;
    private readonly ConcurrentDictionary<(Tenant Log, Epoch Foreign), (Epoch Own, long Since)> _met = new();

    /// <summary>
    /// Whether positions of an epoch need not be looked at any longer. While they must, each request that carries one must load.
    /// </summary>
    /// <remarks>
    /// C10: the node met the epoch, and has still contact (which the caller must see to) with a server that leads another one after the time in which any server but the
    /// last gives up. So the epoch it met is not the newer of the two, nobody writes in it any more, and who did has told the epoch
    /// that this node follows to forget everything (C13).
    /// </remarks>
    /// <param name="log">Whose log.</param>
    /// <param name="foreign">The epoch of the client's position.</param>
    /// <param name="own">The epoch that this node follows.</param>
    public bool IsOver(Tenant log, Epoch foreign, Epoch own)
    {
        if (_met.TryGetValue((log, foreign), out var met) && met.Own == own)
            return time.GetElapsedTime(met.Since) > limit;
        if (_met.Count >= Max)
            _met.Clear();
        _met[(log, foreign)] = (own, time.GetTimestamp());
        return false;
    }
}
