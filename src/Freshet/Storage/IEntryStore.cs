using Freshet.Loading;
using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The second tier: what nodes have loaded, shared between them, and the right to load (a lease), so that of all nodes one loads.
/// It judges nothing: what it gives is an entry with a fence of this node, to be judged like one from memory (C4). No call
/// fails: what goes wrong is an outcome, and the caller loads. Implementations are safe for concurrent use.
/// </summary>
internal interface IEntryStore
{
    /// <summary>The place of one key.</summary>
    /// <param name="tenant">Whose value it is.</param>
    /// <param name="key">The whole key.</param>
    /// <param name="codec">How the value is written.</param>
    /// <param name="memoryLifetime">The longest that a node may keep what it reads here; null: as long as it is fresh.</param>
    IEntrySlot Open(Tenant tenant, string key, ValueCodec codec, TimeSpan? memoryLifetime);
}

/// <summary>One key in the shared store, for one load. One call at a time.</summary>
internal interface IEntrySlot
{
    /// <summary>The whole key.</summary>
    string Key { get; }

    /// <summary>Reads what is stored.</summary>
    /// <param name="ticket">Drawn before the question: the place in memory of what is read (C11).</param>
    /// <param name="cancel">The reader leaves.</param>
    ValueTask<EntryReading> ReadAsync(long ticket, CancellationToken cancel);

    /// <summary>Asks for the right to load, unless something else was stored since this slot was read.</summary>
    /// <param name="fence">The fence of the load.</param>
    ValueTask<LeaseReply> LeaseAsync(long fence);

    /// <summary>As <see cref="ReadAsync"/>, and says whether somebody has the right to load.</summary>
    ValueTask<EntryReading> PollAsync(long ticket, CancellationToken cancel);

    /// <summary>
    /// Stores what was loaded, if it may be and nothing later is there (C4, C11, C13), and gives the right to load back. Returns at
    /// once: nobody waits for it.
    /// </summary>
    /// <param name="entry">The entry as this node keeps it.</param>
    /// <param name="lifetime">How long it is fresh, from <see cref="CacheEntry.CreatedAt"/>.</param>
    /// <param name="staleFor">How long after that it may be served stale by age.</param>
    void Store(CacheEntry entry, TimeSpan lifetime, TimeSpan staleFor);

    /// <summary>Gives the right to load back, if this slot has it: nothing comes of the load. Returns at once.</summary>
    void Release();
}

/// <summary>What was read.</summary>
/// <param name="Entry">An entry to be judged; null when there is none.</param>
/// <param name="Outcome">Why there is none; <see cref="StoreOutcome.Hit"/> when there is one.</param>
/// <param name="IsLeased">Whether somebody has the right to load; only <see cref="IEntrySlot.PollAsync"/> knows.</param>
internal readonly record struct EntryReading(CacheEntry? Entry, StoreOutcome Outcome, bool IsLeased = false);

/// <summary>What became of asking for the right to load.</summary>
/// <param name="Outcome"><see cref="StoreOutcome.Granted"/>; <see cref="StoreOutcome.Held"/> by another node;
/// <see cref="StoreOutcome.Changed"/>: look again; else it is not to be had, and the caller loads without it.</param>
/// <param name="Left">When it is held: for how long at most.</param>
/// <param name="HolderFence">When it is held: the fence of the holder's load, as a tick of this node; null when that is not known.</param>
internal readonly record struct LeaseReply(StoreOutcome Outcome, TimeSpan Left = default, long? HolderFence = null);

/// <summary>What became of a step in the shared store: the fixed vocabulary of its metrics.</summary>
internal enum StoreOutcome : byte
{
    /// <summary>Read, and valid here.</summary>
    Hit,

    /// <summary>Nothing is stored.</summary>
    Absent,

    /// <summary>Something it was made from was touched.</summary>
    Touched,

    /// <summary>It cannot be compared with what this node knows: another epoch, or no contact.</summary>
    Unknown,

    /// <summary>It is too old.</summary>
    Expired,

    /// <summary>Not what a node has written under this key: cut off, changed, or somebody else's.</summary>
    Damaged,

    /// <summary>Written by another release.</summary>
    Version,

    /// <summary>Something else than a value lies under the name.</summary>
    WrongType,

    /// <summary>The value's own format could not be read.</summary>
    Unreadable,

    /// <summary>The store could not be asked, or did not answer in time.</summary>
    Failed,

    /// <summary>The right to load was given.</summary>
    Granted,

    /// <summary>Another node loads.</summary>
    Held,

    /// <summary>Something was stored meanwhile.</summary>
    Changed,

    /// <summary>The log is not there, or not the one that this node follows (C12, C13).</summary>
    NoLog,

    /// <summary>Stored.</summary>
    Stored,

    /// <summary>What is stored comes from a later load (C11).</summary>
    Superseded,

    /// <summary>The position at which the load began is no longer known.</summary>
    NoPosition,

    /// <summary>It is larger than an entry in the store may be.</summary>
    TooLarge,

    /// <summary>The value cannot be written as bytes.</summary>
    Unwritable,

    /// <summary>Too much is on its way to the store already.</summary>
    Busy,

    /// <summary>Another node's load was waited for, and brought nothing in time.</summary>
    WaitedInVain,
}
