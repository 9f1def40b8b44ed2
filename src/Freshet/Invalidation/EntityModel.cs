using System.Collections.Frozen;

namespace Freshet.Invalidation;

/// <summary>The entity types, their tags, their tenants and their cascades: built once at start, immutable.</summary>
internal sealed class EntityModel
{
    private readonly FrozenDictionary<string, EntityType> _byName;
    private readonly FrozenDictionary<Type, EntityType> _byType;

    public EntityModel(IReadOnlyList<EntityType> types)
    {
        Types = types;
        _byName = types.ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);
        _byType = types.Where(t => t.ClrType is not null).ToFrozenDictionary(t => t.ClrType!);
    }

    public IReadOnlyList<EntityType> Types { get; }

    public EntityType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The entity type in whose tree the tag is; null when it is in none.</summary>
    public EntityType? Of(Tag tag) => tag.Segments is [var type, ..] ? Find(type) : null;

    /// <summary>The entity type of a class: its own, or that of the nearest base class.</summary>
    public EntityType? Find(Type type)
    {
        for (var t = type; t is not null; t = t.BaseType)
        {
            if (_byType.TryGetValue(t, out var entity))
                return entity;
        }

        return null;
    }

    /// <exception cref="InvalidOperationException">The class is not in the model.</exception>
    public EntityType Get(Type type) => Find(type)
        ?? throw new InvalidOperationException($"{type} is not an entity type of the cache's model. Known: {string.Join(", ", Types.Select(t => t.Name))}.");
}
