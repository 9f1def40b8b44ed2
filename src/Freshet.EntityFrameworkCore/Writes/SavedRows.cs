using Freshet.EntityFrameworkCore.Schema;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// The rows that one SaveChanges writes. Read when its first command is about to run, when nothing can change them any
/// more; what the database generates is read again when it is done.
/// </summary>
internal sealed class SavedRows
{
    private readonly List<EntityChange> _changes = [];
    private readonly List<EntityEntry> _generated = [];
    private readonly ContextModel _model;
    private readonly IReadOnlySet<object> _attached;

    private SavedRows(ContextModel model, IReadOnlySet<object> attached)
    {
        _model = model;
        _attached = attached;
    }

    /// <param name="context">The context that saves.</param>
    /// <param name="model">Its model.</param>
    /// <param name="attached">The tracked objects that no query brought: their values need not be those of the row.</param>
    public static SavedRows Of(DbContext context, ContextModel model, IReadOnlySet<object> attached)
    {
        var rows = new SavedRows(model, attached);
        foreach (var entry in Entries(context).Where(e => e.State is EntityState.Added or EntityState.Modified or EntityState.Deleted))
        {
            rows._changes.AddRange(rows.ChangesOf(entry));
            if (!entry.Metadata.IsOwned() && (entry.State is EntityState.Added || entry.Properties.Any(p => p.IsTemporary)))
                rows._generated.Add(entry);
        }

        return rows;
    }

    /// <summary>The tracked entries as they are, without looking for changes.</summary>
    public static IEnumerable<EntityEntry> Entries(DbContext context)
    {
        var tracker = context.ChangeTracker;
        var detects = tracker.AutoDetectChangesEnabled;
        tracker.AutoDetectChangesEnabled = false;
        try
        {
            return [.. tracker.Entries()];
        }
        finally
        {
            tracker.AutoDetectChangesEnabled = detects;
        }
    }

    /// <summary>The rows are saved: keys that the database generated are known now.</summary>
    /// <returns>The objects that are in the database exactly as they are here.</returns>
    public IReadOnlyList<object> Done()
    {
        var inserted = _generated.Select(e => e.Entity).ToArray();
        foreach (var entry in _generated)
            _changes.Add(Change(entry, ChangeKind.Insert, isCurrentOnly: true) ?? Unknown(entry, ChangeKind.Insert));
        _generated.Clear();
        return inserted;
    }

    /// <summary>What the save touches so far. Rows whose keys are not known, and those that may never be, touch their type.</summary>
    public IReadOnlyList<Touch> Touches(Tenant ambient) =>
        WrittenTags.Of([.. _changes, .. _generated.Select(e => Unknown(e, ChangeKind.Insert))], _model, ambient);

    private IEnumerable<EntityChange> ChangesOf(EntityEntry entry)
    {
        if (entry.Metadata.IsOwned())
        {
            // What is owned has the tag of its owner, whose row and parents are not at hand.
            if (_model.TypeOf(entry.Metadata) is { } ofOwner)
                yield return new EntityChange(ofOwner, ChangeKind.Update) { Reason = "type: something that it owns changed" };
            yield break;
        }

        if (entry.State is EntityState.Added)
            yield break;
        var kind = entry.State is EntityState.Deleted ? ChangeKind.Delete : ChangeKind.Update;
        if (Change(entry, kind, isCurrentOnly: false) is { } change)
            yield return change;
        else if (_model.TypeOf(entry.Metadata) is not null)
            yield return Unknown(entry, kind);
    }

    private EntityChange Unknown(EntityEntry entry, ChangeKind kind) => new(_model.TypeOf(entry.Metadata)!, kind) { Reason = "type: the key of a row is not known" };

    private EntityChange? Change(EntityEntry entry, ChangeKind kind, bool isCurrentOnly)
    {
        if (entry.Metadata.IsOwned() || _model.TypeOf(entry.Metadata) is not { } entity || entity.Key.Count == 0)
            return null;
        if (Segments(entry, entity.Key, original: false) is not { } key)
            return null;

        var tenants = new HashSet<Tenant>();
        if (entity.TenantProperty is { } tenant)
        {
            Add(tenants, entry.Property(tenant), original: false);
            if (!isCurrentOnly)
                Add(tenants, entry.Property(tenant), original: true);
            if (!isCurrentOnly && _attached.Contains(entry.Entity) && !entry.Property(tenant).Metadata.IsPrimaryKey())
                tenants.Clear();
        }

        return new EntityChange(entity, kind) { Key = key, Tenants = [.. tenants], Parents = ParentsOf(entry, entity, isCurrentOnly) };
    }

    private List<ParentKey> ParentsOf(EntityEntry entry, EntityType entity, bool isCurrentOnly)
    {
        var parents = new List<ParentKey>();
        foreach (var edge in entity.Parents.Where(e => e.ForeignKey.Count > 0))
        {
            // A sibling in the hierarchy may hold the key that this one does not.
            if (edge.ForeignKey.Any(p => entry.Metadata.FindProperty(p) is null))
                continue;
            if (!isCurrentOnly && !IsParentKnown(entry, edge))
            {
                parents.Add(new ParentKey(edge, null));
                continue;
            }

            Add(parents, entry, edge, original: false);
            if (!isCurrentOnly)
                Add(parents, entry, edge, original: true);
        }

        return parents;
    }

    // The parent that a row had is known when it is part of the row's key, or when the row was read by a query and cannot
    // have moved since: it never moves, or the concurrency token in the same statement says that nobody changed it.
    private bool IsParentKnown(EntityEntry entry, EntityEdge edge)
    {
        if (edge.ForeignKey.All(p => entry.Metadata.FindProperty(p)!.IsPrimaryKey()))
            return true;
        return !_attached.Contains(entry.Entity) && (!edge.Moves || entry.Metadata.GetProperties().Any(p => p.IsConcurrencyToken));
    }

    private static void Add(List<ParentKey> parents, EntityEntry entry, EntityEdge edge, bool original)
    {
        if (edge.ForeignKey.Any(p => Value(entry.Property(p), original) is null))
            return;
        // A key that is still to be generated is learnt when the save is done.
        if (!original && edge.ForeignKey.Any(p => entry.Property(p).IsTemporary))
            return;
        parents.Add(new ParentKey(edge, Segments(entry, edge.ForeignKey, original)));
    }

    private static void Add(HashSet<Tenant> tenants, PropertyEntry property, bool original)
    {
        if (Segment(property, original) is { } name)
            tenants.Add(Tenant.Named(name));
    }

    private static string[]? Segments(EntityEntry entry, IReadOnlyList<string> properties, bool original)
    {
        var segments = new string[properties.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            if (Segment(entry.Property(properties[i]), original) is not { } segment)
                return null;
            segments[i] = segment;
        }

        return segments;
    }

    private static string? Segment(PropertyEntry property, bool original)
    {
        var mapping = property.Metadata.GetTypeMapping();
        var value = Value(property, original);
        if (value is not null && mapping.Converter is { } converter)
            value = converter.ConvertToProvider(value);
        return KeyText.TryFormat(value, KeyText.KindOf(mapping.Converter?.ProviderClrType ?? mapping.ClrType), out var segment) ? segment : null;
    }

    private static object? Value(PropertyEntry property, bool original) => original ? property.OriginalValue : property.CurrentValue;
}
