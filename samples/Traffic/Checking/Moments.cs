namespace Traffic.Checking;

/// <summary>Which moment of the ledger it was some time ago. Safe for concurrent use.</summary>
internal sealed class Moments(Ledger ledger, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Timestamp, long Moment)> _noted = new();
    private long _old;

    /// <summary>The moment now, and the last one that was noted at least <paramref name="span"/> ago: never a later one than it was then.</summary>
    /// <param name="span">The same at each call.</param>
    public (long Now, long Ago) Take(TimeSpan span)
    {
        lock (_lock)
        {
            var now = ledger.Begin();
            while (_noted.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Timestamp) >= span) _old = _noted.Dequeue().Moment;
            _noted.Enqueue((time.GetTimestamp(), now));
            return (now, _old);
        }
    }
}
