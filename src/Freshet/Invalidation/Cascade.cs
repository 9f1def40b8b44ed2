using Freshet.Coherence;

namespace Freshet.Invalidation;

/// <summary>
/// A change in, the touched tags and the rule behind each out: a pure function of the model. Whatever is not known exactly
/// touches the type's tag, which hits everything below it.
/// </summary>
internal static class Cascade
{
    /// <summary>The rule of a touch that is to reach every tenant, because the write has none.</summary>
    public const string NoTenant = "type: its tenant is not known";

    /// <param name="change">What happened.</param>
    /// <param name="ambient">The tenant at work.</param>
    /// <returns>Each pair of tenant and tag once, in the order of the rules.</returns>
    public static IReadOnlyList<Touch> Expand(EntityChange change, Tenant ambient)
    {
        var expansion = new Expansion(ambient, change.Summary);
        expansion.Row(change);
        return expansion.Touches;
    }

    /// <summary>The rows of a type under one parent, said to have changed.</summary>
    public static IReadOnlyList<Touch> Collection(EntityType child, EntityType parent, string[] key, Tenant[] tenants, Tenant ambient)
    {
        var expansion = new Expansion(ambient, new ChangeSummary(ChangeAction.BulkOperation, child.Name));
        expansion.Collection(child, parent, key, tenants);
        return expansion.Touches;
    }

    private sealed class Expansion(Tenant ambient, ChangeSummary summary)
    {
        private readonly HashSet<(Tenant, Tag)> _seen = [];
        private readonly HashSet<(EntityType, bool)> _types = [];

        public List<Touch> Touches { get; } = [];

        public void Row(EntityChange change)
        {
            var entity = change.Entity;
            var logs = LogsOf(entity, change.Tenants);
            var tenantUnknown = IsTenantUnknown(entity, change.Tenants);
            var removes = change.Kind is ChangeKind.Delete or ChangeKind.Declared || change.Tenants.Count > 1;

            if (change.Key is null || tenantUnknown)
            {
                Touch(logs, entity.TypeTag, change.Reason ?? (tenantUnknown ? NoTenant : "type: the row is not known"));
                Below(entity, change.Tenants, removes);
                return;
            }

            Touch(logs, EntityTags.Row(entity, change.Key), "row");
            foreach (var (edge, key) in change.Parents)
            {
                if (key is null)
                    Touch(logs, entity.TypeTag, change.Reason ?? $"type: its {edge.Parent.Name} is not known");
                else
                    Touch(logs, EntityTags.Collection(entity, edge.Parent, key), $"{entity.Name} of {edge.Parent.Name}");
            }

            foreach (var edge in entity.Children)
            {
                if (edge.OnChange)
                    Derived(edge, change.Key, change.Tenants);
                if (removes)
                    Removed(edge, change);
            }
        }

        public void Collection(EntityType child, EntityType parent, string[] key, Tenant[] tenants)
        {
            var logs = LogsOf(child, tenants);
            if (IsTenantUnknown(child, tenants))
                Touch(logs, child.TypeTag, NoTenant);
            else
                Touch(logs, EntityTags.Collection(child, parent, key), $"{child.Name} of {parent.Name}");
            Below(child, tenants, removes: true);
        }

        // The parent's row is gone or has moved to another tenant: its children, exactly; below them the ids are not known.
        private void Removed(EntityEdge edge, EntityChange change)
        {
            var deleted = change.Kind is ChangeKind.Delete;
            if (!edge.Cascades && !(deleted && edge.DatabaseActs))
                return;

            Children(edge, change.Key!, change.Tenants, $"cascade: {edge.Child.Name} of {edge.Parent.Name}");
            if (deleted && edge.OnDelete is not DatabaseAction.None && !edge.SameKey)
                Touch(LogsOf(edge.Child, change.Tenants), edge.Child.TypeTag, $"type: the database may change {edge.Child.Name} by itself");
            Below(edge.Child, change.Tenants, edge.ChildGoes);
        }

        private void Derived(EntityEdge edge, string[] key, IReadOnlyList<Tenant> tenants)
        {
            Children(edge, key, tenants, $"{edge.Child.Name} is derived from {edge.Parent.Name}");
            if (!edge.SameKey)
            {
                Below(edge.Child, tenants, removes: false);
                return;
            }

            // Ends, because what is derived on change has no cycles.
            foreach (var below in edge.Child.Children.Where(e => e.OnChange))
                Derived(below, key, tenants);
        }

        // The rows of the child that belong to one row of the parent, as exactly as the edge tells.
        private void Children(EntityEdge edge, string[] key, IReadOnlyList<Tenant> tenants, string rule)
        {
            var logs = LogsOf(edge.Child, tenants);
            if (IsTenantUnknown(edge.Child, tenants))
            {
                Touch(logs, edge.Child.TypeTag, rule + ", tenant not known");
                return;
            }

            if (edge.ForeignKey.Count > 0)
                Touch(logs, EntityTags.Collection(edge.Child, edge.Parent, key), rule);
            if (edge.SameKey)
                Touch(logs, EntityTags.Row(edge.Child, key), rule + ", by the same key");
            else if (edge.OnChange || edge.ForeignKey.Count == 0)
                Touch(logs, edge.Child.TypeTag, rule + ", ids not known");
        }

        // What hangs below rows whose ids are not known: by type.
        private void Below(EntityType entity, IReadOnlyList<Tenant> tenants, bool removes)
        {
            foreach (var edge in entity.Children)
            {
                if (!edge.OnChange && !(removes && (edge.Cascades || edge.DatabaseActs)))
                    continue;

                // A database's own graph may have cycles (a tree of categories): each type once.
                var childGoes = removes && edge.ChildGoes;
                if (!_types.Add((edge.Child, childGoes)))
                    continue;
                Touch(LogsOf(edge.Child, tenants), edge.Child.TypeTag, $"cascade: {edge.Child.Name} below {edge.Parent.Name}, ids not known");
                Below(edge.Child, tenants, childGoes);
            }
        }

        // The logs of all tenants cannot be named: what has no tenant touches its type in the public log, on which every read of such a
        // type depends.
        private bool IsTenantUnknown(EntityType entity, IReadOnlyList<Tenant> tenants) =>
            tenants.Count == 0 && (entity.Tenancy is Tenancy.Property || (entity.Tenancy is Tenancy.Ambient && ambient.IsPublic));

        private List<Tenant> LogsOf(EntityType entity, IReadOnlyList<Tenant> tenants) => entity.Tenancy switch
        {
            Tenancy.Public => [Tenant.Public],
            // A cascade is in the tenant of the row that it came from, and in the one at work.
            Tenancy.Ambient when tenants.Count == 0 || ambient.IsPublic => tenants.Count == 0 ? [ambient] : [.. tenants],
            Tenancy.Ambient => [.. tenants.Append(ambient).Distinct()],
            // Dependencies declared by hand are in the tenant at work, or in that of the row it is made from.
            Tenancy.Shared => [.. tenants.Append(ambient).Prepend(Tenant.Public).Distinct()],
            _ when tenants.Count == 0 => ambient.IsPublic ? [Tenant.Public] : [Tenant.Public, ambient],
            _ => [.. tenants],
        };

        private void Touch(List<Tenant> logs, Tag tag, string rule)
        {
            foreach (var log in logs)
            {
                if (_seen.Add((log, tag)))
                    Touches.Add(new Touch(log, tag, rule, summary));
            }
        }
    }
}
