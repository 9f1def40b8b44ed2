using Freshet.Coherence;
using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The store that holds the tenants' logs: in this process, or shared between nodes. The seam between the engine and what
/// keeps nodes coherent. Implementations are safe for concurrent use.
/// </summary>
internal interface IInvalidationStore
{
    /// <summary>Whether other nodes append to the same logs.</summary>
    bool IsShared { get; }

    /// <summary>Where nodes share what they have loaded; null where values stay in each node's memory.</summary>
    IEntryStore? Entries => null;

    /// <summary>Where nodes tell each other of keys of public data; null where this process is all.</summary>
    IPublicKeyStore? PublicKeys => null;

    /// <summary>
    /// In which setting this node differs from others that must agree with it, and what to change; null for none. Such a node has no
    /// contact with any log that it shares with them, and its writes are reported as pending.
    /// </summary>
    string? Disagreement => null;

    /// <summary>
    /// Completes when a log that this node has only begun to follow has come into contact, or should have long since; at once
    /// for every other one.
    /// </summary>
    ValueTask ReadyAsync(Tenant tenant) => default;

    /// <summary>
    /// From now on <paramref name="takeNote"/> is called whenever this node has applied something of a tenant's log, or has
    /// forgotten the tenant: on the thread that did, so it must return at once.
    /// </summary>
    void OnMoved(Action<Tenant> takeNote);

    /// <summary>
    /// Appends a record to the tenant's log. When it returns, the record is logged and this node judges by it (C9).
    /// </summary>
    /// <returns>Where it stands; null when it could not be logged: then it waits, and until it is logged nothing that it touches
    /// is answered from memory here (C14).</returns>
    ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change);

    /// <summary>
    /// The records after a position that this node has applied. None, when the log no longer reaches that far or has another
    /// epoch: what lies between cannot be known (C7). A position that lies ahead of this node has none after it yet.
    /// </summary>
    LogReading ReadAfter(Tenant tenant, Position position);

    /// <summary>The position that this node has applied.</summary>
    Position Applied(Tenant tenant);

    /// <summary>Whether everything up to a position that a client carries is applied here (C10).</summary>
    bool Covers(Tenant tenant, Position position);

    /// <summary>
    /// Whether, as far as can be told at once, all logs that this node follows are in live contact at that time. A hint: who is
    /// told wrongly that they are loads for himself (<see cref="Arrival.IsAlone"/>).
    /// </summary>
    bool IsInContact(long now);

    /// <summary>Whether the tenant's log is in live contact at that time (C6).</summary>
    bool InContact(Tenant tenant, long now);

    /// <summary>Whether the logs that the entry was made from are in live contact at that time (C6).</summary>
    bool InContact(CacheEntry entry, long now);
}
