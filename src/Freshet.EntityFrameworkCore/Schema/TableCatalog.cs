using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>A column whose value may become a segment of a tag.</summary>
/// <param name="Name">Its normal name (<see cref="SqlNames.Normal"/>).</param>
/// <param name="Kind">What it holds; <see cref="KeyKind.Unsupported"/> when equality in the database is not equality of the text.</param>
internal readonly record struct KeyColumn(string Name, KeyKind Kind);

/// <summary>The columns of a table that hold the key of a parent, in the order of the collection's tag.</summary>
internal sealed record ParentColumns(EntityEdge Edge, IReadOnlyList<KeyColumn> Columns);

/// <summary>How a table holds rows of an entity type.</summary>
/// <param name="Entity">The type.</param>
/// <param name="Key">The columns of the key in the order of the row's tag; empty when rows cannot be told apart by tags.</param>
/// <param name="Tenant">The column that names the tenant.</param>
/// <param name="Parents">The parents whose keys the table holds.</param>
internal sealed record EntityTable(EntityType Entity, IReadOnlyList<KeyColumn> Key, KeyColumn? Tenant, IReadOnlyList<ParentColumns> Parents);

/// <summary>A mapped table or view.</summary>
/// <param name="Schema">Its schema; null for the default one.</param>
/// <param name="IsView">Whether it is a view: what it reads is not known.</param>
/// <param name="Entities">The entity types that it holds.</param>
internal sealed record MappedTable(string? Schema, bool IsView, IReadOnlyList<EntityTable> Entities);

/// <summary>The tables and views of a model, by name. Immutable.</summary>
internal sealed class TableCatalog
{
    private readonly Dictionary<string, List<MappedTable>> _tables;

    public TableCatalog(SqlDialect dialect, IReadOnlyList<EntityType> types, IEnumerable<(string Name, MappedTable Table)> tables)
    {
        Dialect = dialect;
        Types = types;
        // Names are compared without case whatever the database does: too many tables are found, never too few.
        _tables = tables.GroupBy(t => t.Name, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.Select(t => t.Table).ToList(), StringComparer.OrdinalIgnoreCase);
    }

    public SqlDialect Dialect { get; }

    /// <summary>The entity types of the model.</summary>
    public IReadOnlyList<EntityType> Types { get; }

    /// <summary>The tables of that name, whatever their schema.</summary>
    public IReadOnlyList<MappedTable> Named(string name) => _tables.TryGetValue(name, out var tables) ? tables : [];

    /// <summary>The tables that a name in a FROM clause may mean; null when it may be one that is not mapped.</summary>
    public IReadOnlyList<MappedTable>? Find(string name, string? schema)
    {
        var tables = Named(name);
        if (tables.Count == 0)
            return null;
        if (schema is null)
            return tables;
        var found = tables.Where(t => string.Equals(t.Schema, schema, StringComparison.OrdinalIgnoreCase)
            || (t.Schema is null && schema.ToUpperInvariant() is "PUBLIC" or "DBO" or "MAIN")).ToList();
        return found.Count > 0 ? found : null;
    }
}
