using Freshet.Coherence;
using Freshet.Invalidation;
using Freshet.Storage;

namespace Freshet.Events;

/// <summary>
/// The logs as clients follow them: a tenant's own and the public one. It keeps nothing of its readers: a place in the logs is
/// all that one needs, so a slow one costs nothing and one that comes back goes on where it was. Safe for concurrent use.
/// </summary>
internal sealed class InvalidationFeed(IInvalidationStore store, EntityModelSource model, GroupNames names)
{
    /// <inheritdoc cref="IInvalidationStore.OnMoved"/>
    public void OnMoved(Action<Tenant> takeNote) => store.OnMoved(takeNote);

    /// <summary>Whether both logs are in live contact (C6): only then silence means that nothing was touched.</summary>
    /// <param name="tenant">The reader's tenant.</param>
    /// <param name="now">The time, in the node's timestamps.</param>
    public bool InContact(Tenant tenant, long now) => store.InContact(tenant, now) && store.InContact(Tenant.Public, now);

    /// <summary>Where the logs are now.</summary>
    /// <param name="tenant">The reader's tenant.</param>
    public SessionPositions Head(Tenant tenant) => new(store.Applied(tenant), store.Applied(Tenant.Public));

    /// <summary>What lies after a place in the logs.</summary>
    /// <param name="tenant">The reader's tenant.</param>
    /// <param name="from">Where the reader is. A log in which it has no place counts as trimmed.</param>
    public FeedReading Read(Tenant tenant, SessionPositions from)
    {
        var records = new List<(Tenant, LogRecord)>();
        var gap = FeedGap.None;
        var own = Read(tenant, from.Own, records, ref gap);
        var shared = Read(Tenant.Public, from.Public, records, ref gap);
        return new FeedReading(tenant, model.Model, names, new SessionPositions(own, shared), gap, records);
    }

    /// <summary>Whether the logs still tell all that lies after a place in them.</summary>
    public bool Reaches(Tenant tenant, SessionPositions from)
    {
        var gap = FeedGap.None;
        Read(tenant, from.Own, [], ref gap);
        Read(Tenant.Public, from.Public, [], ref gap);
        return gap is FeedGap.None;
    }

    private Position Read(Tenant tenant, Position? from, List<(Tenant, LogRecord)> records, ref FeedGap gap)
    {
        if (from is not { } position)
        {
            gap = FeedGap.Trimmed;
            return store.Applied(tenant);
        }

        var reading = store.ReadAfter(tenant, position);
        if (reading.Records is { } after)
        {
            foreach (var record in after)
                records.Add((tenant, record));
        }
        else if (reading.Head.Epoch != position.Epoch)
        {
            gap = FeedGap.Epoch;
        }

        // What another node has told and this one has not applied yet is told again when it has.
        else if (reading.Head.Offset > position.Offset)
        {
            gap = FeedGap.Trimmed;
        }

        return reading.Head;
    }
}
