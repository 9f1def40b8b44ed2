using Freshet.Memory;

namespace Freshet.Storage;

/// <summary>
/// The store that holds the tenants' logs: in this process, or shared between nodes. The seam between the engine and what
/// keeps nodes coherent. Implementations are safe for concurrent use.
/// </summary>
internal interface IInvalidationStore
{
    /// <summary>
    /// Appends a record to the tenant's log. When it returns, the record is logged and this node judges by it (C9).
    /// </summary>
    ValueTask<Position> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags);

    /// <summary>The position that this node has applied.</summary>
    Position Applied(Tenant tenant);

    /// <summary>Whether everything up to a position that a client carries is applied here (C10).</summary>
    bool Covers(Tenant tenant, Position position);

    /// <summary>Whether the logs that the entry was made from are in live contact at that time (C6).</summary>
    bool InContact(CacheEntry entry, long now);
}
