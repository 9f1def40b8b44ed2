namespace Traffic.Measuring;

/// <summary>
/// What loads have brought, by key: when one brings what an earlier one of the same key had brought, nothing it shows was written
/// in between, and the cache could have given it. Safe for concurrent use.
/// </summary>
internal sealed class LoadedKeys
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string? Sharer, string Path, string Tag)> _known = [];
    private long _again;

    /// <summary>How often that was so.</summary>
    public long Again => Interlocked.Read(ref _again);

    /// <summary>One load.</summary>
    /// <param name="sharer">The user or the tenant that the answer is for; null when it is for everybody.</param>
    /// <param name="path">What was asked for.</param>
    /// <param name="tag">The answer's entity tag.</param>
    public void Loaded(string? sharer, string path, string tag)
    {
        bool isNew;
        lock (_lock) isNew = _known.Add((sharer, path, tag));
        if (!isNew) Interlocked.Increment(ref _again);
    }

    /// <summary>Counts anew; what was loaded stays known.</summary>
    public void Forget() => Interlocked.Exchange(ref _again, 0);
}
