using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Freshet.Memory;

namespace Freshet.Loading;

/// <summary>The running side of one load: its cancellation and what it brought. Guarded by the lock of its key.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A source without timer or wait handle holds nothing; disposing it would race with who cancels it.")]
internal sealed class LoadRun
{
    private readonly CancellationTokenSource _cancellation = new();
    private bool _leaderLeft;

    public CancellationToken Token => _cancellation.Token;

    public CacheEntry? Entry { get; set; }

    /// <summary>What the load has read so far; null before it runs.</summary>
    public LoadScope? Scope { get; set; }

    public ExceptionDispatchInfo? Error { get; set; }

    /// <summary>The leader's client is gone; the load goes on for as long as somebody waits for it.</summary>
    /// <returns>Whether the load should be cancelled.</returns>
    public bool LeaderLeft(int waiters)
    {
        _leaderLeft = true;
        return waiters == 0;
    }

    /// <summary>A follower left.</summary>
    /// <returns>Whether the load should be cancelled.</returns>
    public bool FollowerLeft(int waiters) => _leaderLeft && waiters == 0;

    public void Cancel() => _cancellation.Cancel();
}
