using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>A table that was declared without Entity Framework.</summary>
/// <param name="Class">The entity whose rows it holds.</param>
/// <param name="Name">Its name.</param>
/// <param name="Schema">Its schema; null for the default one.</param>
/// <param name="Column">The column of a property.</param>
internal sealed record DeclaredTable(Type Class, string Name, string? Schema, Func<string, string> Column)
{
    public static TableCatalog Catalog(IReadOnlyList<DeclaredTable> tables, EntityModel entities, SqlDialect dialect) =>
        new(dialect, entities.Types, tables.Select(t => (t.Name, t.Map(entities, dialect))));

    private MappedTable Map(EntityModel entities, SqlDialect dialect)
    {
        var entity = entities.Get(Class);
        var parents = entity.Parents.Where(e => e.ForeignKey.Count > 0).Select(e => new ParentColumns(e, Columns(e.ForeignKey)));
        KeyColumn? tenant = entity.TenantProperty is { } property ? ColumnOf(property) : null;
        return new MappedTable(Schema, IsView: false, [new EntityTable(entity, Columns(entity.Key), tenant, [.. parents])]);

        IReadOnlyList<KeyColumn> Columns(IReadOnlyList<string> properties) => [.. properties.Select(ColumnOf)];

        KeyColumn ColumnOf(string property)
        {
            var column = Column(property);
            var isQuoted = column is ['"', .., '"'];
            return new KeyColumn(SqlNames.Normal(dialect, isQuoted ? column[1..^1] : column, isQuoted), KindOf(property, dialect));
        }
    }

    // Only where the database compares strings code point by code point, unless it was told otherwise.
    private KeyKind KindOf(string property, SqlDialect dialect)
    {
        var kind = Class.GetProperty(property) is { } found ? KeyText.KindOf(found.PropertyType) : KeyKind.Unsupported;
        return kind is KeyKind.Text && dialect is not (SqlDialect.Sqlite or SqlDialect.PostgreSql) ? KeyKind.Unsupported : kind;
    }
}
