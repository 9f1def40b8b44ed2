namespace Freshet.Memory;

/// <summary>Why an entry left the memory tier.</summary>
internal enum RemovalCause
{
    /// <summary>A newer load of its key took its place.</summary>
    Replaced,

    /// <summary>Room was needed.</summary>
    Evicted,

    /// <summary>It became useless by age.</summary>
    Expired,

    /// <summary>One of its tags was touched.</summary>
    Touched,

    /// <summary>The engine removed it, or all of them.</summary>
    Removed,
}
