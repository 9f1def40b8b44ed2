namespace Freshet.AspNetCore.Endpoints;

/// <summary>
/// Why the answers of one endpoint were not stored. It is as large as the vocabulary of reasons, whatever is asked for, and goes with the
/// endpoint. Safe for concurrent use.
/// </summary>
internal sealed class Refusals
{
    // One bit for each reason.
    private long _warned;
    private int _count;
    private volatile bool _hasStored;
    private volatile Refusal? _last;

    /// <summary>The last refusal; null when there was none.</summary>
    public Refusal? Last => _last;

    /// <summary>An answer was stored, here or by another node.</summary>
    public void Stored() => _hasStored = true;

    /// <summary>An answer was not stored.</summary>
    /// <returns>How many there were, while none was ever stored; 0 afterwards.</returns>
    public int Refused(CacheReason reason, string? detail)
    {
        if (_last is not { } last || last.Reason != reason || !string.Equals(last.Detail, detail, StringComparison.Ordinal))
            _last = new Refusal(reason, detail);
        return _hasStored ? 0 : Interlocked.Increment(ref _count);
    }

    /// <summary>True for the first call with that reason.</summary>
    public bool TryWarn(CacheReason reason)
    {
        var bit = 1L << (int)reason;
        return (Interlocked.Or(ref _warned, bit) & bit) == 0;
    }
}

/// <param name="Reason">Why an answer was not stored.</param>
/// <param name="Detail">What exactly stood against it, without a value or a key; null when the reason says it all.</param>
internal sealed record Refusal(CacheReason Reason, string? Detail);
