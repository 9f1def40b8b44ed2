using System.Reflection;

namespace Freshet.Invalidation;

/// <summary>
/// Finds the entity types of which nobody said whose rows they hold, in an application that has tenants: a write of one goes to the
/// public log, which every tenant hears. Pure.
/// </summary>
internal static class UndeclaredTenants
{
    /// <returns>The declaration to write for each, in the order of the model; empty when there are none, or no tenants.</returns>
    public static IReadOnlyList<string> Of(EntityModel model, bool hasTenants)
    {
        if (!hasTenants && !model.Types.Any(t => t.IsInTenants))
            return [];
        var names = model.Types.Select(t => t.TenantProperty).OfType<string>().Append("TenantId").Append("Tenant").ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. model.Types.Where(t => t.Tenancy is Tenancy.Shared).Select(t => Declaration(t, names))];
    }

    private static string Declaration(EntityType type, HashSet<string> names)
    {
        var property = type.ClrType?.GetProperties(BindingFlags.Public | BindingFlags.Instance).FirstOrDefault(p => names.Contains(p.Name));
        var entity = type.ClrType is { IsGenericType: false } clr ? $"model.Entity<{clr.Name}>(\"{type.Name}\")" : $"model.Entity(\"{type.Name}\")";
        return property is null ? $"{entity}.InAmbientTenant()" : $"{entity}.Tenant(x => x.{property.Name})";
    }
}
