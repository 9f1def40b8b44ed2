using System.Reflection;

namespace Freshet.Invalidation;

/// <summary>Reads the key, the tenant and the parents of an object from its properties.</summary>
internal static class EntityReader
{
    public static EntityChange Read(EntityType entity, object value, Tenant[] tenants)
    {
        var key = Segments(entity, entity.Key, value);
        if (entity.Key.Count == 0)
            throw new InvalidOperationException($"The model does not know the key of '{entity.Name}'. Declare it: .Key(x => x.Id).");
        if (entity.TenantProperty is { } property)
        {
            tenants = KeyText.TryFormat(entity.ToDatabase(property, Property(value, property)), out var name) ? [Tenant.Named(name)] : [];
        }

        return new EntityChange(entity, ChangeKind.Declared)
        {
            Key = key,
            Tenants = tenants,
            Parents =
            [
                .. entity.Parents
                    .Where(e => e.ForeignKey.Count > 0)
                    .Select(e => new ParentKey(e, Segments(entity, e.ForeignKey, value))),
            ],
        };
    }

    private static string[]? Segments(EntityType entity, IReadOnlyList<string> properties, object value)
    {
        var segments = new string[properties.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            if (!KeyText.TryFormat(entity.ToDatabase(properties[i], Property(value, properties[i])), out var segment))
                return null;
            segments[i] = segment;
        }

        return segments;
    }

    private static object? Property(object value, string name) =>
        value.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)?.GetValue(value);
}
