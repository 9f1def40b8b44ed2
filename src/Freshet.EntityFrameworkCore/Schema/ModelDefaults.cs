using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>
/// What Entity Framework knows about the entity types, added to what was declared about them: keys, parents, and what the
/// database does to children.
/// </summary>
internal static class ModelDefaults
{
    /// <exception cref="InvalidOperationException">A declaration contradicts the model of Entity Framework.</exception>
    public static void Contribute(EntityModelBuilder builder, IModel model)
    {
        RequireRoots(builder, model);
        foreach (var root in Roots(model))
            Key(DraftOf(builder, root), root);
        foreach (var root in Roots(model))
            Parents(builder, root);
    }

    /// <summary>The entity types that have tags of their own: the roots of hierarchies, without what is owned.</summary>
    public static IEnumerable<IEntityType> Roots(IModel model) => model.GetEntityTypes().Where(t => t.BaseType is null && !t.IsOwned());

    /// <summary>The type of the tags of a mapped type; what is owned has those of its owner.</summary>
    public static EntityType? Find(EntityModel model, IEntityType type)
    {
        while (type.FindOwnership() is { } ownership)
            type = ownership.PrincipalEntityType;
        var root = type.GetRootType();
        return root.HasSharedClrType ? model.Find(root.ShortName()) : model.Find(root.ClrType);
    }

    private static EntityDraft DraftOf(EntityModelBuilder builder, IEntityType root) =>
        root.HasSharedClrType ? builder.Named(root.ShortName()) : builder.Draft(root.ClrType);

    // An entity of a hierarchy shares its table and its keys: its rows are rows of the root.
    private static void RequireRoots(EntityModelBuilder builder, IModel model)
    {
        foreach (var draft in builder.Drafts)
        {
            if (draft.ClrType is { } type && model.FindEntityType(type) is { BaseType: not null } mapped)
            {
                throw new InvalidOperationException(
                    $"'{draft.Label}' declares {type.Name}, which is mapped in the hierarchy of {mapped.GetRootType().ClrType.Name}: declare that one.");
            }
        }
    }

    private static void Key(EntityDraft draft, IEntityType root)
    {
        if (draft.TenantProperty is { } tenant && root.FindProperty(tenant) is null)
            throw new InvalidOperationException($"The tenant of '{draft.Label}' is {tenant}, which Entity Framework does not map.");

        string[] key = [.. root.FindPrimaryKey()?.Properties.Select(p => p.Name) ?? []];
        if (draft.Key is { } declared && key.Length > 0 && !declared.ToHashSet(StringComparer.Ordinal).SetEquals(key))
        {
            throw new InvalidOperationException(
                $"The key of '{draft.Label}' is declared as {string.Join(", ", declared)}; Entity Framework has {string.Join(", ", key)}.");
        }

        if (key.Length > 0)
            draft.Key = key;
        foreach (var property in root.GetProperties())
        {
            draft.Kinds[property.Name] = KeyText.KindOf(property.GetTypeMapping().Converter?.ProviderClrType ?? property.ClrType);
            if (property.GetTypeMapping().Converter is { } converter)
                draft.Converters[property.Name] = value => property.ClrType.IsInstanceOfType(value) ? converter.ConvertToProvider(value) : value;
        }
    }

    private static void Parents(EntityModelBuilder builder, IEntityType root)
    {
        var draft = DraftOf(builder, root);
        foreach (var key in root.GetDerivedTypesInclusive().SelectMany(t => t.GetDeclaredForeignKeys()))
        {
            var parent = key.PrincipalEntityType.GetRootType();
            // A table split between two types has a key that points at itself: one row.
            if (key.IsOwnership || parent.IsOwned())
                continue;

            var found = new EdgeDraft
            {
                ParentType = parent.HasSharedClrType ? null : parent.ClrType,
                ParentName = parent.HasSharedClrType ? parent.ShortName() : null,
                ForeignKey = ForeignKey(key, draft, DraftOf(builder, parent)),
                Cascades = key.DeleteBehavior is DeleteBehavior.Cascade or DeleteBehavior.ClientCascade,
                OnDelete = key.DeleteBehavior switch
                {
                    DeleteBehavior.Cascade => DatabaseAction.Delete,
                    DeleteBehavior.SetNull => DatabaseAction.SetNull,
                    _ => DatabaseAction.None,
                },
                Moves = key.Properties.Any(p => p.GetAfterSaveBehavior() is PropertySaveBehavior.Save),
                Found = true,
            };
            Merge(draft, found, key);
        }

        // A parent that is declared where the database has no foreign key.
        foreach (var edge in draft.Parents.Where(e => !e.Found && e.ForeignKey.Count > 0))
        {
            if (edge.ForeignKey.FirstOrDefault(p => root.GetDerivedTypesInclusive().All(t => t.FindProperty(p) is null)) is { } missing)
                throw new InvalidOperationException($"'{draft.Label}' names its parent {edge.ParentLabel} by {missing}, which Entity Framework does not map.");
            if (edge.OnDelete is DatabaseAction.Unknown)
                edge.OnDelete = DatabaseAction.None;
        }
    }

    private static void Merge(EntityDraft draft, EdgeDraft found, IForeignKey key)
    {
        string[] properties = [.. key.Properties.Select(p => p.Name)];
        var declared = draft.Parents.Find(e => !e.Found
            && e.ParentType == found.ParentType
            && string.Equals(e.ParentName, found.ParentName, StringComparison.Ordinal)
            && e.ForeignKey.Count > 0
            && e.ForeignKey.All(p => properties.Contains(p, StringComparer.Ordinal)));
        if (declared is null)
        {
            draft.Parents.Add(found);
            return;
        }

        declared.ForeignKey = found.ForeignKey;
        declared.OnDelete = found.OnDelete;
        declared.Moves &= found.Moves;
    }

    // In the order of the parent's key, without the tenant; empty when the parent's tag cannot be made from it.
    private static List<string> ForeignKey(IForeignKey key, EntityDraft child, EntityDraft parent)
    {
        var names = new List<string>();
        if (!key.PrincipalKey.IsPrimaryKey())
            return names;
        for (var i = 0; i < key.Properties.Count; i++)
        {
            var ofChild = string.Equals(key.Properties[i].Name, child.TenantProperty, StringComparison.Ordinal);
            var ofParent = string.Equals(key.PrincipalKey.Properties[i].Name, parent.TenantProperty, StringComparison.Ordinal);
            if (ofChild != ofParent)
                return [];
            if (!ofChild)
                names.Add(key.Properties[i].Name);
        }

        return names;
    }
}
