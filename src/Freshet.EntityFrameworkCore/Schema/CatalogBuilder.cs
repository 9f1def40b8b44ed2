using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>Makes the catalog of a context's model.</summary>
internal sealed class CatalogBuilder(IModel model, EntityModel entities, SqlDialect dialect)
{
    public static SqlDialect DialectOf(string? provider) => provider switch
    {
        "Microsoft.EntityFrameworkCore.Sqlite" => SqlDialect.Sqlite,
        "Npgsql.EntityFrameworkCore.PostgreSQL" => SqlDialect.PostgreSql,
        "Microsoft.EntityFrameworkCore.SqlServer" => SqlDialect.SqlServer,
        _ => SqlDialect.Other,
    };

    public TableCatalog Build()
    {
        var relational = model.GetRelationalModel();
        var tables = relational.Tables.Select(t => (t.Name, Table(t, isView: false)))
            .Concat(relational.Views.Select(v => (v.Name, Table(v, isView: true))));
        // Everything is everything of the application: another context may map what this one's SQL names.
        return new TableCatalog(dialect, entities.Types, tables);
    }

    private MappedTable Table(ITableBase table, bool isView)
    {
        var found = new Dictionary<EntityType, EntityTable>();
        foreach (var type in table.EntityTypeMappings.Select(m => m.TypeBase).OfType<IEntityType>())
        {
            if (ModelDefaults.Find(entities, type) is not { } entity)
                continue;
            var mapping = type.IsOwned() ? Owned(table, type, entity) : Own(table, type, entity);
            found[entity] = Union(found.GetValueOrDefault(entity), mapping);
        }

        return new MappedTable(table.Schema, isView, [.. found.Values]);
    }

    // Several types of one hierarchy in one table.
    private static EntityTable Union(EntityTable? known, EntityTable more) => known is null
        ? more
        : more with { Parents = [.. known.Parents.Concat(more.Parents).DistinctBy(p => p.Edge)], Key = known.Key.Count > 0 ? known.Key : more.Key, Tenant = known.Tenant ?? more.Tenant };

    private EntityTable Own(ITableBase table, IEntityType type, EntityType entity)
    {
        var parents = new List<ParentColumns>();
        foreach (var edge in entity.Parents.Where(e => e.ForeignKey.Count > 0))
        {
            if (Columns(table, type, edge.ForeignKey) is { Count: > 0 } columns)
                parents.Add(new ParentColumns(edge, columns));
        }

        return new EntityTable(entity, Columns(table, type, entity.Key), Tenant(table, type, entity), parents);
    }

    // What is owned has the tag of its owner's row; its table holds the owner's key.
    private EntityTable Owned(ITableBase table, IEntityType type, EntityType entity)
    {
        var ownership = type.FindOwnership()!;
        var key = new List<KeyColumn>();
        if (!ownership.PrincipalEntityType.IsOwned())
        {
            foreach (var name in entity.Key)
            {
                var at = ownership.PrincipalKey.Properties.Select(p => p.Name).ToList().IndexOf(name);
                if (at >= 0 && Column(table, ownership.Properties[at]) is { } column)
                    key.Add(column);
            }
        }

        var tenantAt = ownership.PrincipalKey.Properties.Select(p => p.Name).ToList().IndexOf(entity.TenantProperty ?? "");
        return new EntityTable(
            entity,
            key.Count == entity.Key.Count ? key : [],
            tenantAt >= 0 ? Column(table, ownership.Properties[tenantAt]) : null,
            []);
    }

    private KeyColumn? Tenant(ITableBase table, IEntityType type, EntityType entity) =>
        entity.TenantProperty is { } name && type.FindProperty(name) is { } property ? Column(table, property) : null;

    private List<KeyColumn> Columns(ITableBase table, IEntityType type, IReadOnlyList<string> properties)
    {
        var columns = new List<KeyColumn>();
        foreach (var name in properties)
        {
            if (type.FindProperty(name) is not { } property || Column(table, property) is not { } column)
                return [];
            columns.Add(column);
        }

        return columns;
    }

    private KeyColumn? Column(ITableBase table, IProperty property) =>
        table.FindColumn(property) is { } column
            ? new KeyColumn(SqlNames.Normal(dialect, column.Name, isQuoted: true), KindOf(property, column))
            : null;

    private KeyKind KindOf(IProperty property, IColumnBase column)
    {
        var mapping = property.GetRelationalTypeMapping();
        var kind = KeyText.KindOf(mapping.Converter?.ProviderClrType ?? mapping.ClrType);
        return kind is KeyKind.Text && !IsOrdinal(property, column) ? KeyKind.Unsupported : kind;
    }

    // Only where the database compares strings code point by code point: its default, with no other collation declared.
    private bool IsOrdinal(IProperty property, IColumnBase column)
    {
        if (property.GetCollation() is not null || model.GetCollation() is not null)
            return false;
        var type = column.StoreType.Split('(')[0].Trim().ToUpperInvariant();
        return dialect switch
        {
            SqlDialect.Sqlite => type is "TEXT",
            SqlDialect.PostgreSql => type is "TEXT" or "VARCHAR" or "CHARACTER VARYING",
            _ => false,
        };
    }
}
