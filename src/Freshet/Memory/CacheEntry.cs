using Freshet.Coherence;
using Freshet.Loading;

namespace Freshet.Memory;

/// <summary>
/// What is remembered under one key: a value, where in the log it was made, and from what. Immutable, except for the state
/// that <see cref="MemoryStore"/> keeps in it so that eviction and expiry need no node of their own.
/// </summary>
internal class CacheEntry : TimerLink
{
    /// <summary>The whole key, compared exactly.</summary>
    public required string Key { get => _key; init => _key = value; }

    public required object Value { get; init; }

    /// <summary>How many bytes of memory <see cref="Value"/> takes: all objects of it that nobody else shares.</summary>
    public required long Bytes { get; init; }

    /// <summary>The tick that was known before the load began (C1).</summary>
    public required long Fence { get; init; }

    /// <summary>Orders the loads of one fence (C11).</summary>
    public required long Ticket { get; init; }

    /// <summary>The clocks of the tags that the value was made from.</summary>
    public EntryClocks Clocks { get; init; }

    /// <summary>What it was made from, for people and for events; <see cref="Clocks"/> is what it is judged by.</summary>
    public EntryDependencies Dependencies { get; init; }

    /// <summary>Whose it is.</summary>
    public Tenant Tenant { get; init; }

    /// <summary>The logs that it was made from, in the words of the store that keeps them; null until the store was asked.</summary>
    public object[]? Logs { get; set; }

    /// <summary>When the load ended, as a timestamp of the engine's <see cref="TimeProvider"/>.</summary>
    public long CreatedAt { get; init; }

    /// <summary>The timestamp from which the entry is stale by age; <see cref="long.MaxValue"/>: never.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;

    /// <summary>The timestamp until which it may be served stale by age; no effect when before <see cref="ExpiresAt"/>.</summary>
    public long StaleUntil { get; init; } = long.MinValue;

    /// <summary>The timestamp from which nobody may be given this entry any more.</summary>
    internal long UselessAt => Math.Max(ExpiresAt, StaleUntil);

    /// <summary>
    /// How many bytes of memory the entry takes, by which the store is bounded: its value, its key, what it was made from, this object
    /// and its share of the store's tables. Tests hold it against what the collector sees.
    /// </summary>
    internal long Footprint => Bytes + Overhead + ObjectSize.String(Key) + Clocks.Bytes + Dependencies.Bytes
        + (Logs is { Length: > 1 } several ? ObjectSize.Array(several.Length, ObjectSize.Reference) : 0);

    // This object; its node in the table; of the array of buckets and of the ghosts, which grow by doubling, what is there on average.
    private const int Self = 168;
    private const int Node = 48;
    private const int Buckets = 12;
    private const int Ghosts = 24;
    private const int Overhead = Self + Node + Buckets + Ghosts;

    private string _key = "";

    /// <summary>Takes over the key object of the entry that this one replaces: the table keeps that one, so ours can go.</summary>
    internal void ShareKeyOf(CacheEntry replaced) => _key = replaced._key;

    // Uses since the eviction last looked, up to EvictionPolicy.MaxFrequency. Written without a lock by readers: a lost
    // increment costs nothing that matters. All that follows is guarded by the store's lock.
    internal byte Frequency;
    internal EvictionQueue? Queue;
    internal CacheEntry? Newer;
    internal CacheEntry? Older;
}
