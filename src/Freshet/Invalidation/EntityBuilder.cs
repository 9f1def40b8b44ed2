using System.Linq.Expressions;
using Freshet.Invalidation;

namespace Freshet;

/// <summary>Declares something that entries are made from and that is no class of the application.</summary>
public class EntityBuilder
{
    internal EntityBuilder(EntityDraft draft) => Draft = draft;

    internal EntityDraft Draft { get; }

    /// <summary>It is the same for every tenant: its tags are in the public log.</summary>
    public EntityBuilder Public()
    {
        Draft.Tenancy = Tenancy.Public;
        return this;
    }

    /// <summary>It belongs to the tenant at work: each tenant has a database or a schema of its own.</summary>
    public EntityBuilder InAmbientTenant()
    {
        Draft.Tenancy = Tenancy.Ambient;
        return this;
    }

    /// <summary>
    /// Each row belongs to one user: the first value of its key, without the tenant, is the user's id. Events about a row go to
    /// that user alone, and an answer for anybody else that was made from one names no groups.
    /// </summary>
    public EntityBuilder UserScoped()
    {
        Draft.IsUserScoped = true;
        return this;
    }

    /// <summary>It is made from another entity without reading it: every change of that one touches it.</summary>
    /// <typeparam name="TParent">The entity it is made from.</typeparam>
    /// <param name="sameKey">Whether it has the key of what it is made from, so that exactly its row is touched; else all are.</param>
    public EntityBuilder DerivedFrom<TParent>(bool sameKey = false)
        where TParent : class
    {
        Draft.Parents.Add(new EdgeDraft
        {
            ParentType = typeof(TParent),
            ForeignKey = [],
            SameKey = sameKey,
            Cascades = true,
            OnChange = true,
            OnDelete = DatabaseAction.None,
        });
        return this;
    }

    /// <summary>It is made from something that is no class; every change of that one touches it.</summary>
    /// <param name="parent">The tag of what it is made from.</param>
    /// <param name="sameKey">Whether it has the key of what it is made from, so that exactly its row is touched; else all are.</param>
    public EntityBuilder DerivedFrom(string parent, bool sameKey = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(parent);
        Draft.Parents.Add(new EdgeDraft
        {
            ParentName = parent,
            ForeignKey = [],
            SameKey = sameKey,
            Cascades = true,
            OnChange = true,
            OnDelete = DatabaseAction.None,
        });
        return this;
    }
}

/// <summary>Declares an entity type of the application.</summary>
/// <typeparam name="T">Its class.</typeparam>
public sealed class EntityBuilder<T> : EntityBuilder
    where T : class
{
    internal EntityBuilder(EntityDraft draft)
        : base(draft)
    {
    }

    /// <summary>The key, when the data layer does not know it: <c>x => x.Id</c> or <c>x => new { x.TenantId, x.Id }</c>.</summary>
    /// <param name="key">A property, or an anonymous object of properties.</param>
    /// <exception cref="ArgumentException">The expression is neither.</exception>
    public EntityBuilder<T> Key(Expression<Func<T, object?>> key)
    {
        Draft.Key = PropertyNames.Of(key);
        return this;
    }

    /// <summary>The property that names the row's tenant; it beats the tenant at work, and is left out of the tag's path.</summary>
    /// <param name="tenant">A property.</param>
    /// <exception cref="ArgumentException">The expression is not one property.</exception>
    public EntityBuilder<T> Tenant(Expression<Func<T, object?>> tenant)
    {
        var names = PropertyNames.Of(tenant);
        if (names.Count != 1)
            throw new ArgumentException("The tenant is one property.", nameof(tenant));
        Draft.Tenancy = Tenancy.Property;
        Draft.TenantProperty = names[0];
        return this;
    }

    /// <summary>The rows are the same for every tenant: their tags are in the public log.</summary>
    public new EntityBuilder<T> Public()
    {
        base.Public();
        return this;
    }

    /// <summary>The rows belong to the tenant at work: each tenant has a database or a schema of its own.</summary>
    public new EntityBuilder<T> InAmbientTenant()
    {
        base.InAmbientTenant();
        return this;
    }

    /// <summary>A parent: rows of one parent have a tag of their own, and the parent's removal cascades.</summary>
    /// <typeparam name="TParent">The parent's class.</typeparam>
    /// <param name="foreignKey">The properties that hold the parent's key, in its order: <c>x => x.ImportId</c>.</param>
    /// <param name="cascade">Whether the parent's removal, its change of tenant and its explicit invalidation reach the rows.</param>
    /// <param name="onChange">Whether every change of the parent reaches them, because something made from them shows the parent
    /// without reading it.</param>
    /// <param name="moves">Whether a row may move from one parent to another. When false, or when the rows have a concurrency
    /// token, it is known under which parent a changed row is; else its changes touch every row of the type.</param>
    /// <exception cref="ArgumentException">The expression names no properties.</exception>
    public EntityBuilder<T> Parent<TParent>(
        Expression<Func<T, object?>> foreignKey,
        bool cascade = true,
        bool onChange = false,
        bool moves = true)
        where TParent : class
    {
        Draft.Parents.Add(new EdgeDraft
        {
            ParentType = typeof(TParent),
            ForeignKey = PropertyNames.Of(foreignKey),
            Cascades = cascade,
            OnChange = onChange,
            Moves = moves,
        });
        return this;
    }

    /// <inheritdoc cref="EntityBuilder.UserScoped"/>
    public new EntityBuilder<T> UserScoped()
    {
        base.UserScoped();
        return this;
    }

    /// <inheritdoc cref="EntityBuilder.DerivedFrom{TParent}(bool)"/>
    public new EntityBuilder<T> DerivedFrom<TParent>(bool sameKey = false)
        where TParent : class
    {
        base.DerivedFrom<TParent>(sameKey);
        return this;
    }
}
