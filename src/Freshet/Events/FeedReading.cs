using Freshet.Coherence;
using Freshet.Invalidation;

namespace Freshet.Events;

/// <summary>What lies between a place in the logs and now. Immutable; shared by all readers that stood at the same place.</summary>
internal sealed class FeedReading
{
    /// <summary>How many names one event holds at most; above, they are coarser.</summary>
    public const int MaxGroups = 256;

    private readonly Tenant _reader;
    private readonly EntityModel _model;
    private readonly GroupNames _names;
    private readonly IReadOnlyList<(Tenant Tenant, LogRecord Record)> _records;

    public FeedReading(
        Tenant reader, EntityModel model, GroupNames names, SessionPositions to, FeedGap gap, IReadOnlyList<(Tenant Tenant, LogRecord Record)> records)
    {
        _reader = reader;
        _model = model;
        _names = names;
        _records = records;
        To = to;
        Gap = gap;
        Users = records.SelectMany(r => r.Record.Tags).Select(t => UserScope.UserOf(model, t)).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Up to where it reaches.</summary>
    public SessionPositions To { get; }

    /// <summary>Anything but <see cref="FeedGap.None"/>: the reader must take all that it kept as touched.</summary>
    public FeedGap Gap { get; }

    /// <summary>The users who are told more than the others.</summary>
    public IReadOnlySet<string> Users { get; }

    /// <summary>What is told to a user, or to everyone when that is null; null when it is nothing.</summary>
    public FeedEvent? For(string? user)
    {
        var touched = new HashSet<(Tenant, Tag)>();
        var entities = new SortedSet<string>(StringComparer.Ordinal);
        var changes = new List<(ChangeSummary Change, bool MayName)>();
        foreach (var (tenant, record) in _records)
        {
            var (hasTold, hasWithheld) = (false, false);
            foreach (var tag in record.Tags)
            {
                if (UserScope.UserOf(_model, tag) is { } told && !string.Equals(told, user, StringComparison.Ordinal))
                {
                    hasWithheld = true;
                    continue;
                }

                hasTold = true;
                touched.Add((tenant, tag));
                if (tag.Segments.Length > 0 && _model.Find(tag.Segments[0]) is { } entity)
                    entities.Add(entity.Name);
            }

            // A row's id goes where the row's own tag goes, and to nobody who may not be told of all that changed.
            if (hasTold)
                changes.Add((record.Change, !hasWithheld && MayName(tenant, record)));
        }

        if (touched.Count == 0)
            return null;

        // One write may have records in both logs: what the one names the other may repeat.
        var named = changes.Where(c => c.MayName).Select(c => c.Change).ToHashSet();
        var change = ChangeSummary.Of(changes.Select(c => named.Contains(c.Change) ? c.Change : c.Change with { Id = null }));
        if (change.Entity is { } name && !entities.Contains(name))
            change = new ChangeSummary(change.Action);
        return new FeedEvent(change, [.. entities], _names.OfTouches(touched, MaxGroups));
    }

    // A type's tag reaches more readers than the row does: all users, and through the public log all tenants.
    private bool MayName(Tenant log, LogRecord record) => record.Change is { Entity: { } name, Id: { } id } && _model.Find(name) is { } entity
        && (!log.IsPublic || _reader == Tenant.Default || entity.Tenancy is Tenancy.Public)
        && record.Tags.Any(tag => string.Equals(EntityTags.IdOf(tag, entity), id, StringComparison.Ordinal));
}
