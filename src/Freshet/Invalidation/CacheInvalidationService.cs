using Freshet.Coherence;
using Freshet.Invalidation;
using Freshet.Loading;

namespace Freshet;

/// <summary>
/// Says that something changed which the cache cannot see by itself: by entity, id, parent or tenant, never by pattern.
/// What hangs on it follows from the entity model. Each call returns once the change is logged and this node judges by it
/// (C9); call it after the change has been committed (C8). Safe for concurrent use.
/// </summary>
/// <remarks>
/// A type whose rows belong to tenants is taken to be meant in the tenant at work; where none is known, every tenant's rows of
/// the type are touched. What a call touches, and why, is answered by <see cref="Explain"/>.
/// </remarks>
public sealed class CacheInvalidationService
{
    private readonly EntityModelSource _source;
    private readonly TenantContext _tenants;
    private readonly Func<Tenant, IReadOnlyList<Tag>, ChangeSummary, ValueTask<Position?>> _append;

    internal CacheInvalidationService(EntityModelSource source, TenantContext tenants, CacheEngine engine)
        : this(source, tenants, engine.InvalidateAsync)
    {
    }

    internal CacheInvalidationService(
        EntityModelSource source,
        TenantContext tenants,
        Func<Tenant, IReadOnlyList<Tag>, ChangeSummary, ValueTask<Position?>> append)
    {
        _source = source;
        _tenants = tenants;
        _append = append;
    }

    private EntityModel Model => _source.Model;

    private Tenant Ambient => _tenants.TryGet(out var tenant) ? tenant : Tenant.Public;

    /// <summary>One row changed, and what cascades from it.</summary>
    /// <typeparam name="T">Its entity type.</typeparam>
    /// <param name="key">The values of its key in order, without its tenant.</param>
    /// <exception cref="InvalidOperationException">The type is not in the model.</exception>
    /// <exception cref="ArgumentException">The number of values is not that of the key.</exception>
    public ValueTask InvalidateAsync<T>(params IReadOnlyList<object> key)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(key);
        var entity = Model.Get(typeof(T));
        return AppendAsync(Segments(entity, key) is { } row ? RowChange(entity, row, TenantsOf(entity)) : TypeChange(entity));
    }

    /// <summary>That row changed, under the parents that the object names, and what cascades from it.</summary>
    /// <param name="entity">The object; its key, its tenant and its parents are read from its properties.</param>
    /// <exception cref="InvalidOperationException">Its type is not in the model, or has no key there.</exception>
    public ValueTask InvalidateEntityAsync(object entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return AppendAsync(EntityReader.Read(Model.Get(entity.GetType()), entity, TenantsOf(Model.Get(entity.GetType()))));
    }

    /// <summary>Any rows of the type changed, and what cascades from them.</summary>
    /// <typeparam name="T">The entity type.</typeparam>
    /// <exception cref="InvalidOperationException">The type is not in the model.</exception>
    public ValueTask InvalidateAllAsync<T>()
        where T : class => AppendAsync(TypeChange(Model.Get(typeof(T))));

    /// <summary>The rows of a type that hang on one parent changed: what was read by that parent.</summary>
    /// <typeparam name="T">The entity type.</typeparam>
    /// <typeparam name="TParent">The parent's type.</typeparam>
    /// <param name="parentKey">The values of the parent's key in order, without its tenant.</param>
    /// <exception cref="InvalidOperationException">A type is not in the model, or the one has no such parent.</exception>
    public ValueTask InvalidateChildrenAsync<T, TParent>(params IReadOnlyList<object> parentKey)
        where T : class
        where TParent : class
    {
        ArgumentNullException.ThrowIfNull(parentKey);
        var (child, parent) = (Model.Get(typeof(T)), Model.Get(typeof(TParent)));
        if (!child.Parents.Any(e => e.Parent == parent))
            throw new InvalidOperationException($"The model gives '{child.Name}' no parent '{parent.Name}'.");
        return AppendAsync(Segments(parent, parentKey) is { } of
            ? Cascade.Collection(child, parent, of, TenantsOf(child), Ambient)
            : Cascade.Expand(TypeChange(child), Ambient));
    }

    /// <summary>A tag was touched: what depends on it, on the subtrees above it, and on everything under it.</summary>
    /// <param name="tag">The tag, in the tenant at work and in what is public. Without a tenant, an entity's tag touches the whole type for
    /// every tenant.</param>
    /// <exception cref="InvalidOperationException">The application declares tenants, none is at work, and the tag is no entity's: the tenants
    /// that depend on it cannot be reached.</exception>
    public async ValueTask InvalidateAsync(Tag tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        _source.Tags.InCode(tag);
        if (_tenants.TryGet(out var tenant))
        {
            // An answer that everyone shares carries the tag in the public log; who names it does not know whether there is one.
            if (!tenant.IsPublic)
                await _append(Tenant.Public, _source.SpellingsOf(tag), default).ConfigureAwait(false);
            foreach (var owner in _source.OwnersOf(tag, tenant))
                await _append(owner, _source.SpellingsOf(tag), default).ConfigureAwait(false);
            return;
        }

        var entity = Model.Of(tag) ?? throw new InvalidOperationException(
            $"No tenant is set here, so it is not known for whom the tag '{tag}' is to be touched. Enter the tenant, using (tenants.Enter(\"name\")), once for each that is meant; for what is public, enter Tenant.Public.");
        await _append(Tenant.Public, entity.IsInTenants ? [entity.TypeTag] : _source.SpellingsOf(tag), default).ConfigureAwait(false);
    }

    /// <summary>Everything that a tenant has changed.</summary>
    /// <param name="tenant">The tenant's name.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or not well-formed.</exception>
    public ValueTask InvalidateTenantAsync(string tenant) => InvalidateTenantAsync(Tenant.Named(tenant));

    /// <summary>Everything that a tenant has changed.</summary>
    /// <param name="tenant">The tenant.</param>
    public async ValueTask InvalidateTenantAsync(Tenant tenant) => await _append(tenant, [Tag.Root], default).ConfigureAwait(false);

    /// <summary>What a change of the thing that the tag names would touch in the tenant at work, and by which rule of the model.</summary>
    /// <param name="tag">A row (<c>import/42</c>), the rows of a parent (<c>mapping/@import/42</c>), a type (<c>import</c>), or any other tag.</param>
    public IReadOnlyList<TouchExplanation> Explain(Tag tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return [.. Touches(tag).Select(t => new TouchExplanation(t.Tenant, t.Tag, t.Rule))];
    }

    private IReadOnlyList<Touch> Touches(Tag tag)
    {
        tag = RowSpelling.OtherOf(tag, Model) ?? tag;
        var segments = tag.Segments;
        if (segments.Length == 0 || Model.Find(segments[0]) is not { } entity)
            return [new Touch(Ambient, tag, "not an entity of the model: the tag itself")];
        if (segments.Length == 1)
            return Cascade.Expand(TypeChange(entity), Ambient);

        string[] rest = [.. segments[1..]];
        if (EntityTags.CollectionParent(tag, entity) is { } parent)
            return Cascade.Collection(entity, parent, rest[1..], TenantsOf(entity), Ambient);
        return rest.Length == entity.Key.Count || entity.Key.Count == 0
            ? Cascade.Expand(RowChange(entity, rest, TenantsOf(entity)), Ambient)
            : [new Touch(Ambient, tag, $"not a row of {entity.Name}: the tag itself")];
    }

    // Under which parents the row is, nobody says: what was read by a parent is reached through the type.
    private static EntityChange RowChange(EntityType entity, string[] key, Tenant[] tenants) => new(entity, ChangeKind.Declared)
    {
        Key = key,
        Tenants = tenants,
        Parents = [.. entity.Parents.Where(e => e.ForeignKey.Count > 0).Select(e => new ParentKey(e, null))],
    };

    private EntityChange TypeChange(EntityType entity) => new(entity, ChangeKind.Declared)
    {
        Tenants = TenantsOf(entity),
        Reason = "type: all rows",
    };

    // The implicit tenant of an application without tenants owns no rows that name another.
    private Tenant[] TenantsOf(EntityType entity) =>
        entity.Tenancy is Tenancy.Property && Ambient is { IsPublic: false } ambient && ambient != Tenant.Default ? entity.OwnersOf(ambient) : [];

    // As rows spell it; null for a key that no row has, which may be another name of one.
    private static string[]? Segments(EntityType entity, IReadOnlyList<object> key)
    {
        if (key.Count == 0 || (entity.Key.Count > 0 && key.Count != entity.Key.Count))
            throw new ArgumentException($"The key of '{entity.Name}' has {entity.Key.Count} values ({string.Join(", ", entity.Key)}).", nameof(key));

        var segments = new string[key.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            var value = entity.Key.Count > 0 ? entity.ToDatabase(entity.Key[i], key[i]) : key[i];
            // A text that no row's tag holds is below the type's tag, on which whatever read such a row depends.
            if (!KeyText.TryFormat(value, out var segment) && (segment = value as string) is null)
                throw new ArgumentException($"A value of type {value?.GetType().Name ?? "null"} cannot be part of a tag; use InvalidateAllAsync.", nameof(key));
            segments[i] = segment;
        }

        return entity.KeyKinds.Count == 0 || RowSpelling.TrySpell(segments, entity.KeyKinds) ? segments : null;
    }

    private ValueTask AppendAsync(EntityChange change) => AppendAsync(Cascade.Expand(change, Ambient));

    private async ValueTask AppendAsync(IReadOnlyList<Touch> touches)
    {
        foreach (var group in touches.GroupBy(t => t.Tenant))
            await _append(group.Key, [.. group.Select(t => t.Tag)], ChangeSummary.Of(group.Select(t => t.Change))).ConfigureAwait(false);
    }
}
