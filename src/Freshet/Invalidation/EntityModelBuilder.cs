using Freshet.Invalidation;

namespace Freshet;

/// <summary>
/// Declares the entity types that entries are made from: their tags, their tenants, and what hangs on what. What is left
/// out is taken from the data layer's own model where there is one. Used while the application starts; not thread-safe.
/// </summary>
/// <example><code>
/// model.Entity&lt;Import&gt;("import").Tenant(i => i.TenantId).Parent&lt;Engagement&gt;(i => i.EngagementId);
/// model.Entity&lt;Country&gt;("country").Public();
/// model.Entity("context").DerivedFrom&lt;User&gt;(sameKey: true);
/// </code></example>
public sealed class EntityModelBuilder
{
    private readonly List<EntityDraft> _drafts = [];

    internal IReadOnlyList<EntityDraft> Drafts => _drafts;

    /// <summary>Declares a class of the application, or goes on with its declaration.</summary>
    /// <typeparam name="T">The entity's class; of a hierarchy that is mapped together, the base class.</typeparam>
    /// <param name="tag">The first segment of its tags; when null, the name of the class.</param>
    /// <exception cref="ArgumentException">The tag is empty, begins with <c>@</c> or is not a valid segment.</exception>
    public EntityBuilder<T> Entity<T>(string? tag = null)
        where T : class => new(Draft(typeof(T), tag));

    /// <summary>Declares something that entries are made from and that is no class, or goes on with its declaration.</summary>
    /// <param name="tag">The first segment of its tags.</param>
    /// <exception cref="ArgumentException">The tag is empty, begins with <c>@</c> or is not a valid segment.</exception>
    public EntityBuilder Entity(string tag)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return new EntityBuilder(Named(tag));
    }

    internal EntityDraft Draft(Type type, string? tag = null)
    {
        var draft = _drafts.Find(d => d.ClrType == type);
        if (draft is null)
            _drafts.Add(draft = new EntityDraft { ClrType = type });
        if (tag is not null)
            draft.Name = EntityDraft.RequireName(tag);
        return draft;
    }

    internal EntityDraft Named(string tag)
    {
        var draft = _drafts.Find(d => d.ClrType is null && string.Equals(d.Name, tag, StringComparison.Ordinal));
        if (draft is null)
            _drafts.Add(draft = new EntityDraft { Name = EntityDraft.RequireName(tag) });
        return draft;
    }

    /// <summary>Checks the declarations and makes them a model.</summary>
    /// <exception cref="InvalidOperationException">Two types have one tag, a parent is not known, or cascades form a cycle.</exception>
    internal EntityModel Build() => EntityModelCompiler.Compile(_drafts);
}
