using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>A model of Entity Framework as a context has it.</summary>
/// <param name="Context">The context.</param>
/// <param name="Model">The model of design time: the one that runs has no collations.</param>
/// <param name="Provider">The name of the provider.</param>
internal sealed record MappedModel(Type Context, IModel Model, string? Provider)
{
    public static MappedModel Of(DbContext context) =>
        new(context.GetType(), context.GetService<IDesignTimeModel>().Model, context.Database.ProviderName);
}

/// <summary>
/// The tables of all models, and those that several map to different entity types: a row that is written as one is read as
/// another. Filled while the entity model is built; safe for concurrent use from then on.
/// </summary>
internal sealed class SharedTables
{
    private readonly List<MappedModel> _models = [];
    private readonly List<DeclaredTable> _declared = [];
    private readonly Lazy<Dictionary<EntityType, EntityType[]>> _others;

    public SharedTables(EntityModelSource source) => _others = new(() => Find(source.Model));

    public void Add(MappedModel model) => _models.Add(model);

    public void Add(DeclaredTable table) => _declared.Add(table);

    /// <summary>The model of a context, or of one that is derived from it.</summary>
    public MappedModel? ModelOf(Type context) => _models.Find(m => context.IsAssignableFrom(m.Context));

    /// <summary>The entity types as which another context reads the rows of this one, and whose tags it alone would not touch.</summary>
    public IReadOnlyList<EntityType> OthersOf(EntityType entity) => _others.Value.GetValueOrDefault(entity, []);

    private Dictionary<EntityType, EntityType[]> Find(EntityModel entities)
    {
        var mapped = _models.SelectMany(m => m.Model.GetRelationalModel().Tables).Select(t => (
            t.Name,
            t.Schema,
            Types: t.EntityTypeMappings.Select(m => m.TypeBase).OfType<IEntityType>().Select(e => ModelDefaults.Find(entities, e)).OfType<EntityType>().ToHashSet()));
        var tables = mapped.Concat(_declared.Select(t => (t.Name, t.Schema, Types: new HashSet<EntityType> { entities.Get(t.Class) })));
        // Who reads a table depends on every type that its own context maps to it.
        var pairs =
            from sameName in tables.GroupBy(t => t.Name, StringComparer.OrdinalIgnoreCase)
            from written in sameName
            from read in sameName
            where IsSameSchema(written.Schema, read.Schema)
            from type in written.Types
            where !read.Types.Contains(type)
            from other in read.Types
            select (type, other);
        return pairs.Distinct().GroupBy(p => p.type, p => p.other).ToDictionary(g => g.Key, g => g.ToArray());
    }

    // Which schema the default one is, is the connection's affair.
    private static bool IsSameSchema(string? one, string? other) =>
        one is null || other is null || string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
