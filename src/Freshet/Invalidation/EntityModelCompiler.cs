using System.Reflection;

namespace Freshet.Invalidation;

/// <summary>Checks declarations and makes them an immutable <see cref="EntityModel"/>.</summary>
internal static class EntityModelCompiler
{
    public static EntityModel Compile(IReadOnlyList<EntityDraft> drafts)
    {
        var types = drafts.ToDictionary(d => d, Type);
        var clash = drafts.GroupBy(d => d.Label, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (clash is not null)
        {
            var owners = string.Join(" and ", clash.Select(d => d.ClrType?.FullName ?? "a name without a class"));
            throw new InvalidOperationException($"{owners} have the same tag '{clash.Key}'. Give one of them another: model.Entity<…>(\"…\").");
        }

        foreach (var draft in drafts)
        {
            foreach (var edge in draft.Parents)
                EntityType.Connect(Edge(types, draft, edge));
        }

        RequireNoCycle(drafts, types, e => e.Cascades, "cascades");
        RequireNoCycle(drafts, types, e => e.OnChange, "derivations");
        return new EntityModel([.. types.Values]);
    }

    private static EntityType Type(EntityDraft draft) => new(
        draft.Label,
        draft.ClrType,
        draft.Tenancy ?? Tenancy.Shared,
        draft.TenantProperty,
        [.. (draft.Key ?? []).Where(p => !string.Equals(p, draft.TenantProperty, StringComparison.Ordinal))],
        draft.Converters,
        Kinds(draft),
        draft.IsUserScoped);

    private static Dictionary<string, KeyKind> Kinds(EntityDraft draft)
    {
        var kinds = new Dictionary<string, KeyKind>(draft.Kinds, StringComparer.Ordinal);
        foreach (var name in (draft.Key ?? []).Append(draft.TenantProperty).OfType<string>())
        {
            if (draft.ClrType?.GetProperty(name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance) is { } property)
                kinds.TryAdd(name, KeyText.KindOf(property.PropertyType));
        }

        return kinds;
    }

    private static EntityEdge Edge(Dictionary<EntityDraft, EntityType> types, EntityDraft child, EdgeDraft edge)
    {
        var parent = ParentOf(types.Keys, edge) ?? throw new InvalidOperationException(
            $"The entity '{child.Label}' names the parent {edge.ParentLabel}, which is not in the model. Declare it, or correct the name.");

        // The tenant is part of no tag's path, on either side.
        IReadOnlyList<string> foreignKey = [.. edge.ForeignKey.Where(p => !string.Equals(p, child.TenantProperty, StringComparison.Ordinal))];
        var key = types[parent].Key;
        if (!edge.Found && foreignKey.Count > 0 && key.Count > 0 && foreignKey.Count != key.Count)
        {
            throw new InvalidOperationException(
                $"The entity '{child.Label}' names {foreignKey.Count} properties for the key of its parent '{parent.Label}', which has {key.Count}.");
        }

        var sameKey = edge.SameKey || (foreignKey.Count > 0 && foreignKey.SequenceEqual(types[child].Key, StringComparer.Ordinal));
        return new EntityEdge(types[parent], types[child], foreignKey, sameKey, edge.Cascades, edge.OnChange, edge.Moves, edge.OnDelete);
    }

    private static EntityDraft? ParentOf(IEnumerable<EntityDraft> drafts, EdgeDraft edge) => drafts.FirstOrDefault(d =>
        edge.ParentType is not null ? d.ClrType == edge.ParentType : string.Equals(d.Label, edge.ParentName, StringComparison.Ordinal));

    private static void RequireNoCycle(
        IReadOnlyList<EntityDraft> drafts,
        Dictionary<EntityDraft, EntityType> types,
        Func<EdgeDraft, bool> counts,
        string what)
    {
        var done = new HashSet<EntityDraft>();
        var path = new List<EntityDraft>();
        foreach (var draft in drafts)
            Visit(draft);

        void Visit(EntityDraft draft)
        {
            var at = path.IndexOf(draft);
            if (at >= 0)
            {
                // The path climbs from child to parent; the message reads downwards.
                var cycle = path.Skip(at).Append(draft).Reverse().Select(d => d.Label);
                throw new InvalidOperationException($"The {what} form a cycle: {string.Join(" -> ", cycle)}. Break it with cascade: false on one parent.");
            }

            if (!done.Add(draft))
                return;
            path.Add(draft);
            foreach (var edge in draft.Parents.Where(e => !e.Found && counts(e)))
                Visit(ParentOf(types.Keys, edge)!);
            path.RemoveAt(path.Count - 1);
        }
    }
}
